import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { SettingsFile } from './settings-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'orrery-settings-'))
const path = join(folder, 'inner', 'settings.json')
afterEach(() => rmSync(join(folder, 'inner'), { recursive: true, force: true }))

test('changes are merged, told and kept', () => {
  const file = new SettingsFile(path)
  const told: unknown[] = []
  file.onChange((settings) => told.push(settings))
  file.set({ theme: 'light', speed: 2 })
  file.set({ speed: null, own: { any: 'thing' } })
  expect(told).toEqual([
    { theme: 'light', speed: 2 },
    { theme: 'light', own: { any: 'thing' } },
  ])
  expect(new SettingsFile(path).get()).toEqual({ theme: 'light', own: { any: 'thing' } })
})

test('a file that is no settings counts as empty, and is replaced', () => {
  new SettingsFile(path).set({ theme: 'dark' })
  writeFileSync(path, 'not json')
  const file = new SettingsFile(path)
  expect(file.get()).toEqual({})
  file.set({ theme: 'light' })
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ theme: 'light' })
})

test('settings too large to keep are refused', () => {
  expect(() => new SettingsFile(path).set({ layout: { x: 'y'.repeat(100_000) } })).toThrow('are more than 65536')
})

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { markdownOf, parseConformance } from './conformance-table.ts'

const root = join(import.meta.dirname, '../..')
const entries = parseConformance(readFileSync(join(import.meta.dirname, 'conformance.txt'), 'utf8'))

test('every behaviour is named once, under an area', () => {
  const names = entries.map(({ area, name }) => `${area} ${name}`)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  expect(new Set(entries.map(({ area }) => area))).toEqual(new Set(['sig-api-machinery', 'sig-apps', 'sig-architecture', 'sig-auth', 'sig-cli', 'sig-instrumentation', 'sig-network', 'sig-node', 'sig-scheduling', 'sig-storage']))
})

test('what is said to work names tests that exist, and what does not says why', () => {
  for (const { state, references, reason, name } of entries) {
    if (state === 'works') expect([references.length > 0, ...references.filter((path) => !existsSync(join(root, path)))], name).toEqual([true])
    else expect(reason, name).not.toBe('')
  }
})

/** `npx vitest run test/conformance/conformance.test.ts -u` writes it anew. (With -u first, every test runs.) */
test('README.md is the table', async () => {
  await expect(markdownOf(entries)).toMatchFileSnapshot('README.md')
})

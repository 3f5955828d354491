import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readTar, writeTar } from './tar-archive.ts'

const name = fc.array(fc.stringMatching(/^[a-z0-9é._-]{1,40}$/), { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'))

test('what is written is read again', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ name, bytes: fc.uint8Array({ maxLength: 1500 }), mode: fc.constantFrom(0o644, 0o755) }), { maxLength: 5 }), (files) => {
      const entries = files.map(({ name, bytes, mode }) => ({ name, type: 'file' as const, mode, modifiedMs: 1_700_000_000_000, bytes }))
      const read = readTar(writeTar(entries))
      expect(read.map(({ bytes, ...rest }) => ({ ...rest, bytes: [...bytes] }))).toEqual(entries.map(({ bytes, ...rest }) => ({ ...rest, bytes: [...bytes] })))
    }),
    { numRuns: 50 },
  )
})

test('folders and links keep what they are', () => {
  const read = readTar(writeTar([
    { name: 'a', type: 'folder', mode: 0o755, modifiedMs: 0, bytes: new Uint8Array() },
    { name: 'b', type: 'link', mode: 0o777, modifiedMs: 0, bytes: new Uint8Array(), target: '/etc/x' },
  ]))
  expect(read.map(({ name, type, target }) => [name, type, target])).toEqual([['a', 'folder', undefined], ['b', 'link', '/etc/x']])
})

test('anything else is refused', () => {
  expect(() => readTar(new TextEncoder().encode('x'.repeat(600)))).toThrow('archive/tar: invalid tar header')
})

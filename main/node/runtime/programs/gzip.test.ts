import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gunzip, GzipWriter } from './gzip.ts'

const bytes = fc.oneof(fc.uint8Array({ maxLength: 5000 }), fc.array(fc.constantFrom('ab', 'kubernetes ', '\n', 'x'.repeat(300)), { maxLength: 500 }).map((parts) => new TextEncoder().encode(parts.join(''))))

test('what is written, zlib reads', () => {
  fc.assert(fc.property(fc.array(bytes, { maxLength: 5 }), (parts) => {
    const writer = new GzipWriter()
    const whole = Buffer.concat([writer.begin(), ...parts.map((part) => writer.wrap(part)), writer.end()])
    expect(gunzipSync(whole).equals(Buffer.concat(parts))).toBe(true)
  }), { numRuns: 50 })
  const large = new Uint8Array(200_000).map((_, index) => index % 251)
  const writer = new GzipWriter()
  expect(gunzipSync(Buffer.concat([writer.begin(), writer.wrap(large), writer.end()])).equals(large)).toBe(true)
})

test('what zlib wrote is read, in every form of block', () => {
  fc.assert(fc.property(bytes, fc.constantFrom(0, 1, 9), fc.constantFrom(0, 4), (given, level, strategy) => {
    expect(Buffer.from(gunzip(gzipSync(given, { level, strategy }), 1_000_000)!).equals(given)).toBe(true)
  }), { numRuns: 150 })
})

test('damage and bombs are noticed', () => {
  const good = gzipSync(Buffer.alloc(100_000))
  expect(gunzip(good, 99_999)).toBeUndefined()
  for (let length = 0; length < good.length - 8; length++) expect(gunzip(good.subarray(0, length), 100_000)).toBeUndefined()
  fc.assert(fc.property(bytes, (garbage) => {
    const answer = gunzip(Buffer.concat([good.subarray(0, 10), garbage]), 10_000)
    expect(answer === undefined || answer.length <= 10_000).toBe(true)
  }), { numRuns: 200 })
})

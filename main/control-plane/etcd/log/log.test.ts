import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Compare, RequestOp, TxnRequest } from '../client.ts'
import type { Entry, Proposal } from '../proposal.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { crc32c } from './crc.ts'
import { readEntry, writeEntry } from './entry-codec.ts'
import { appendRecord, readRecords } from './records.ts'

const key = fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)), minLength: 1, maxLength: 12 })
const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const value = fc.uint8Array({ maxLength: 20 })
const optionalEnd = fc.option(key, { nil: undefined }).map((rangeEnd) => (rangeEnd === undefined ? {} : { rangeEnd }))
const put = fc.tuple(key, value, number).map(([name, bytes, lease]) => ({ key: name, value: bytes, ...(lease && { lease }) }))
const span = fc.tuple(key, optionalEnd).map(([name, end]) => ({ key: name, ...end }))
const compare: fc.Arbitrary<Compare> = fc
  .tuple(span, fc.constantFrom('version' as const, 'create' as const, 'mod' as const, 'value' as const, 'lease' as const), fc.constantFrom('equal' as const, 'greater' as const, 'less' as const, 'notEqual' as const), number, value)
  .map(([where, target, result, amount, bytes]) => ({ ...where, target, result, value: target === 'value' ? bytes : amount - (amount === Number.MAX_SAFE_INTEGER ? 1 : 0) }))
const { txn } = fc.letrec<{ txn: TxnRequest; operation: RequestOp }>((tie) => ({
  operation: fc.oneof(
    { depthSize: 'small' },
    put.map((request): RequestOp => ({ type: 'put', request })),
    span.map((request): RequestOp => ({ type: 'deleteRange', request })),
    span.map((request): RequestOp => ({ type: 'range', request: { ...request, limit: 3, keysOnly: true, sort: { target: 'mod', order: 'descend' } } })),
    tie('txn').map((request): RequestOp => ({ type: 'txn', request })),
  ),
  txn: fc.record({ compare: fc.array(compare, { maxLength: 3 }), success: fc.array(tie('operation'), { maxLength: 3 }), failure: fc.array(tie('operation'), { maxLength: 2 }) }),
}))
const proposal: fc.Arbitrary<Proposal> = fc.oneof(
  put.map((request): Proposal => ({ type: 'put', request })),
  span.map((request): Proposal => ({ type: 'deleteRange', request })),
  txn.map((request): Proposal => ({ type: 'txn', request })),
  number.map((revision): Proposal => ({ type: 'compact', revision })),
  fc.tuple(number, fc.nat(1_000)).map(([id, ttlSeconds]): Proposal => ({ type: 'leaseGrant', id, ttlSeconds })),
  number.map((id): Proposal => ({ type: 'leaseRevoke', id })),
  fc.tuple(fc.constantFrom('NOSPACE' as const, 'CORRUPT' as const), fc.boolean()).map(([alarm, active]): Proposal => ({ type: 'alarm', alarm, active })),
)

describe('crc32c', () => {
  it('agrees with the published check value, at once and in parts', () => {
    const bytes = new TextEncoder().encode('123456789')
    expect(crc32c(bytes).toString(16)).toBe('e3069283')
    expect(crc32c(bytes.subarray(4), crc32c(bytes.subarray(0, 4))).toString(16)).toBe('e3069283')
  })
})

describe('entry codec', () => {
  it('reads back every entry that it wrote', () => {
    fc.assert(
      fc.property(fc.record({ index: number, term: number, proposal }), (entry: Entry) => {
        const writer = new ByteWriter(8)
        writeEntry(writer, entry)
        const bytes = writer.take()
        const reader = new ByteReader(bytes)
        expect(readEntry(reader)).toEqual(entry)
        expect(reader.left).toBe(0)
      }),
    )
  })
})

describe('records', () => {
  const write = (payloads: readonly Uint8Array[]): { bytes: Uint8Array; ends: number[] } => {
    const writer = new ByteWriter(16)
    const ends: number[] = []
    let crc = 0
    for (const payload of payloads) {
      crc = appendRecord(writer, crc, (to) => {
        for (const byte of payload) to.byte(byte)
      })
      ends.push(writer.length)
    }
    return { bytes: writer.take(), ends }
  }
  const payloads = [1, 40, 3, 17].map((length, index) => new Uint8Array(length).fill(index + 1))

  it('stops at the last whole record wherever the file was cut', () => {
    const { bytes, ends } = write(payloads)
    for (let length = 0; length <= bytes.length; length++) {
      const read = readRecords(bytes.subarray(0, length))
      const whole = ends.filter((end) => end <= length)
      expect(read.records).toHaveLength(whole.length)
      expect(read.goodBytes).toBe(whole.at(-1) ?? 0)
      expect(read.tail).toBe(read.goodBytes === length ? 'clean' : 'torn')
    }
  })

  it('takes pages that never came for a torn write', () => {
    const { bytes, ends } = write(payloads)
    for (let from = ends[2]! + 1; from < bytes.length; from++) {
      const zeroed = bytes.slice()
      zeroed.fill(0, from)
      expect(readRecords(zeroed)).toMatchObject({ goodBytes: ends[2], tail: 'torn' })
    }
  })

  it('calls a changed byte in the middle damage', () => {
    const { bytes, ends } = write(payloads)
    for (let at = ends[0]! + 8; at < ends[1]!; at++) {
      const damaged = bytes.slice()
      damaged[at]! ^= 0xff
      expect(readRecords(damaged)).toMatchObject({ goodBytes: ends[0], tail: 'damaged' })
    }
  })
})

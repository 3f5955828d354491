import type { ByteWriter } from './bytes.ts'
import { crc32c } from './crc.ts'

/** Length, checksum: what stands before each record. */
const frameBytes = 8

/** Adds one record to `writer`: its length, a checksum that goes on from the record before, and what `fill` writes. Answers the
 *  checksum, the seed for the next. */
export function appendRecord(writer: ByteWriter, seed: number, fill: (writer: ByteWriter) => void): number {
  const start = writer.length
  writer.fixed(0)
  writer.fixed(0)
  fill(writer)
  const crc = crc32c(writer.view(start + frameBytes), seed)
  writer.patchFixed(start, writer.length - start - frameBytes)
  writer.patchFixed(start + 4, crc)
  return crc
}

export interface ReadRecords {
  /** Where each intact record's payload begins and ends. */
  readonly records: readonly { readonly start: number; readonly end: number }[]
  /** Bytes up to the end of the last intact record. */
  readonly goodBytes: number
  readonly crc: number
  /** What follows the good bytes: nothing, the torn end of an interrupted write, or damage in the middle of the file. */
  readonly tail: 'clean' | 'torn' | 'damaged'
}

/** Reads records until the end or the first one that is not whole. A write that was cut short leaves a record that the file
 *  does not hold completely, or one whose last pages never came (zeros) with nothing behind it; a bad record with more behind
 *  it is damage, and nobody may pretend that it was never written. */
export function readRecords(bytes: Uint8Array): ReadRecords {
  const records: { start: number; end: number }[] = []
  let at = 0
  let crc = 0
  while (at < bytes.length) {
    const start = at + frameBytes
    if (start > bytes.length) return { records, goodBytes: at, crc, tail: 'torn' }
    const length = fixedAt(bytes, at)
    const end = start + length
    if (end > bytes.length || length === 0) return { records, goodBytes: at, crc, tail: length === 0 && !onlyZeros(bytes, at) ? 'damaged' : 'torn' }
    const actual = crc32c(bytes.subarray(start, end), crc)
    if (actual !== fixedAt(bytes, at + 4)) {
      return { records, goodBytes: at, crc, tail: end === bytes.length || onlyZeros(bytes, end) ? 'torn' : 'damaged' }
    }
    crc = actual
    records.push({ start, end })
    at = end
  }
  return { records, goodBytes: at, crc, tail: 'clean' }
}

function fixedAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

function onlyZeros(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at++) if (bytes[at] !== 0) return false
  return true
}

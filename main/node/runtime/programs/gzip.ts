import { joinBytes } from './http1.ts'

/** gzip (RFC 1952) for programs: written in stored blocks, so nothing gets smaller; read in whatever form other programs wrote. */

let crcTable: Uint32Array | undefined

function crc32(bytes: Uint8Array, seed: number): number {
  const table = (crcTable ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
    return crc >>> 0
  }))
  let crc = ~seed
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

const storedMax = 0xffff

/** One gzip member, made as its bytes come: `begin`, then `wrap` of each part, then `end`. */
export class GzipWriter {
  #crc = 0
  #length = 0

  begin(): Uint8Array {
    return Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3)
  }

  wrap(bytes: Uint8Array): Uint8Array {
    this.#crc = crc32(bytes, this.#crc)
    this.#length = (this.#length + bytes.length) >>> 0
    const parts: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += storedMax) {
      const part = bytes.subarray(at, at + storedMax)
      parts.push(Uint8Array.of(0, part.length & 0xff, part.length >>> 8, ~part.length & 0xff, (~part.length >>> 8) & 0xff), part)
    }
    return joinBytes(parts)
  }

  end(): Uint8Array {
    const tail = new DataView(new ArrayBuffer(13))
    tail.setUint8(0, 1)
    tail.setUint16(3, storedMax, true)
    tail.setUint32(5, this.#crc, true)
    tail.setUint32(9, this.#length, true)
    return new Uint8Array(tail.buffer)
  }
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** The contents of one gzip member; undefined if it is damaged, cut short or holds more than `lengthMax` bytes. */
export function gunzip(bytes: Uint8Array, lengthMax: number): Uint8Array | undefined {
  if (!isGzip(bytes) || bytes[2] !== 8) return undefined
  const flags = bytes[3]!
  let at = 10
  if (flags & 4) at += 2 + bytes[at]! + bytes[at + 1]! * 256
  for (const flag of [8, 16]) if (flags & flag) while (at < bytes.length && bytes[at++] !== 0);
  if (flags & 2) at += 2
  return inflate(bytes.subarray(at), lengthMax)
}

interface Codes {
  /** How many codes have each length. */
  readonly counts: Uint16Array
  readonly symbols: number[]
}

function codesOf(lengths: readonly number[]): Codes {
  const counts = new Uint16Array(16)
  for (const length of lengths) if (length) counts[length]!++
  const symbols = lengths.map((_, symbol) => symbol).filter((symbol) => lengths[symbol]! > 0).sort((a, b) => lengths[a]! - lengths[b]! || a - b)
  return { counts, symbols }
}

const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

/** RFC 1951. */
function inflate(bytes: Uint8Array, lengthMax: number): Uint8Array | undefined {
  let out = new Uint8Array(Math.max(1024, bytes.length * 4))
  let length = 0
  let at = 0
  let held = 0
  let heldBits = 0
  const take = (count: number): number => {
    for (; heldBits < count; heldBits += 8) {
      if (at >= bytes.length) return NaN
      held |= bytes[at++]! << heldBits
    }
    const value = held & ((1 << count) - 1)
    held >>>= count
    heldBits -= count
    return value
  }
  const symbolOf = ({ counts, symbols }: Codes): number => {
    let code = 0
    let first = 0
    let index = 0
    for (let size = 1; size < 16; size++) {
      const bit = take(1)
      if (Number.isNaN(bit)) return NaN
      code |= bit
      const count = counts[size]!
      if (code - count < first) return symbols[index + code - first]!
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    return NaN
  }
  /** False when that is too much. */
  const room = (count: number): boolean => {
    if (length + count > lengthMax) return false
    if (length + count > out.length) {
      const larger = new Uint8Array(Math.max(out.length * 2, length + count))
      larger.set(out.subarray(0, length))
      out = larger
    }
    return true
  }
  for (;;) {
    const last = take(1)
    const type = take(2)
    if (Number.isNaN(type) || type === 3) return undefined
    if (type === 0) {
      held = heldBits = 0
      const count = bytes[at]! | (bytes[at + 1]! << 8)
      if (at + 4 + count > bytes.length || !room(count)) return undefined
      out.set(bytes.subarray(at + 4, at + 4 + count), length)
      length += count
      at += 4 + count
    } else {
      let literals: number[] = Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8))
      let distances: number[] = Array<number>(30).fill(5)
      if (type === 2) {
        const [literalCount, distanceCount, lengthCount] = [take(5) + 257, take(5) + 1, take(4) + 4]
        if (Number.isNaN(lengthCount)) return undefined
        const sizes = Array<number>(19).fill(0)
        for (let index = 0; index < lengthCount; index++) sizes[order[index]!] = take(3)
        const codes = codesOf(sizes)
        const all: number[] = []
        while (all.length < literalCount + distanceCount) {
          const symbol = symbolOf(codes)
          if (!(symbol <= 18) || (symbol === 16 && all.length === 0)) return undefined
          if (symbol < 16) all.push(symbol)
          else {
            const repeats = symbol === 16 ? 3 + take(2) : symbol === 17 ? 3 + take(3) : 11 + take(7)
            if (Number.isNaN(repeats)) return undefined
            const value = symbol === 16 ? all.at(-1)! : 0
            for (let index = 0; index < repeats; index++) all.push(value)
          }
        }
        literals = all.slice(0, literalCount)
        distances = all.slice(literalCount, literalCount + distanceCount)
      }
      const literalCodes = codesOf(literals)
      const distanceCodes = codesOf(distances)
      for (;;) {
        const symbol = symbolOf(literalCodes)
        if (!(symbol < 286)) return undefined
        if (symbol === 256) break
        if (symbol < 256) {
          if (!room(1)) return undefined
          out[length++] = symbol
          continue
        }
        const step = symbol - 257
        const extra = step < 8 || step === 28 ? 0 : (step - 4) >> 2
        const count = (step === 28 ? 258 : step < 8 ? 3 + step : 3 + ((4 + (step & 3)) << extra)) + (extra ? take(extra) : 0)
        const far = symbolOf(distanceCodes)
        if (!(far < 30)) return undefined
        const farExtra = far < 4 ? 0 : (far - 2) >> 1
        const distance = (far < 4 ? 1 + far : 1 + ((2 + (far & 1)) << farExtra)) + (farExtra ? take(farExtra) : 0)
        if (Number.isNaN(count) || !(distance <= length) || !room(count)) return undefined
        for (let index = 0; index < count; index++, length++) out[length] = out[length - distance]!
      }
    }
    if (last) return out.slice(0, length)
  }
}

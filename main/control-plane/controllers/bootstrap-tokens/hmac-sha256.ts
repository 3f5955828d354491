/** HMAC with SHA-256 (RFC 2104, FIPS 180-4). */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const block = new Uint8Array(blockBytes)
  block.set(key.length > blockBytes ? sha256(key) : key)
  const inner = sha256(concat(block.map((byte) => byte ^ 0x36), message))
  return sha256(concat(block.map((byte) => byte ^ 0x5c), inner))
}

const blockBytes = 64

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}

/** The first 32 bits of the fractional parts of roots of the first primes; made when first needed. */
let constants: { readonly round: Uint32Array; readonly start: Uint32Array } | undefined

function constantsOf(): { readonly round: Uint32Array; readonly start: Uint32Array } {
  if (constants) return constants
  const primes: number[] = []
  for (let candidate = 2; primes.length < 64; candidate++) if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate)
  const fraction = (value: number): number => Math.floor((value - Math.floor(value)) * 2 ** 32)
  return (constants = { round: Uint32Array.from(primes, (prime) => fraction(Math.cbrt(prime))), start: Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime))) })
}

export function sha256(message: Uint8Array): Uint8Array {
  const { round, start } = constantsOf()
  const padded = new Uint8Array(Math.ceil((message.length + 9) / blockBytes) * blockBytes)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor((message.length * 8) / 2 ** 32))
  view.setUint32(padded.length - 4, (message.length * 8) >>> 0)
  const state = Uint32Array.from(start)
  const words = new Uint32Array(64)
  for (let offset = 0; offset < padded.length; offset += blockBytes) {
    for (let at = 0; at < 16; at++) words[at] = view.getUint32(offset + at * 4)
    for (let at = 16; at < 64; at++) {
      const a = words[at - 15]!
      const b = words[at - 2]!
      words[at] = words[at - 16]! + (turned(a, 7) ^ turned(a, 18) ^ (a >>> 3)) + words[at - 7]! + (turned(b, 17) ^ turned(b, 19) ^ (b >>> 10))
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
    for (let at = 0; at < 64; at++) {
      const one = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + round[at]! + words[at]!) >>> 0
      const two = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) >>> 0
      ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + one) >>> 0, c, b, a, (one + two) >>> 0]
    }
    for (const [at, value] of [a, b, c, d, e, f, g, h].entries()) state[at] = state[at]! + value
  }
  const digest = new Uint8Array(32)
  const out = new DataView(digest.buffer)
  state.forEach((value, at) => out.setUint32(at * 4, value))
  return digest
}

function turned(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits))
}

const right = (value: number, count: number): number => (value >>> count) | (value << (32 - count))

let roundConstants: number[] | undefined

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
function sha256Constants(): number[] {
  if (roundConstants) return roundConstants
  roundConstants = []
  for (let candidate = 2; roundConstants.length < 64; candidate++) {
    let prime = true
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) prime = false
    if (prime) roundConstants.push(Math.floor((Math.cbrt(candidate) % 1) * 2 ** 32))
  }
  return roundConstants
}

function padded(bytes: Uint8Array): Uint8Array {
  const length = Math.ceil((bytes.length + 9) / 64) * 64
  const result = new Uint8Array(length)
  result.set(bytes)
  result[bytes.length] = 0x80
  const view = new DataView(result.buffer)
  const bits = bytes.length * 8
  view.setUint32(length - 4, bits >>> 0)
  view.setUint32(length - 8, Math.floor(bits / 2 ** 32))
  return result
}

/** SHA-256 of some bytes (FIPS 180-4), in hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return sha256Words(bytes)
    .map((word) => (word >>> 0).toString(16).padStart(8, '0'))
    .join('')
}

/** SHA-256 of some bytes: 32 bytes. */
export function sha256Bytes(bytes: Uint8Array): Uint8Array {
  const digest = new Uint8Array(32)
  const view = new DataView(digest.buffer)
  for (const [index, word] of sha256Words(bytes).entries()) view.setInt32(index * 4, word)
  return digest
}

/** The eight words of the digest, signed. */
function sha256Words(bytes: Uint8Array): number[] {
  const constants = sha256Constants()
  const state = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]
  const data = padded(bytes)
  const view = new DataView(data.buffer)
  const words = new Int32Array(64)
  for (let block = 0; block < data.length; block += 64) {
    for (let index = 0; index < 16; index++) words[index] = view.getInt32(block + index * 4)
    for (let index = 16; index < 64; index++) {
      const a = words[index - 15]!
      const b = words[index - 2]!
      words[index] = words[index - 16]! + words[index - 7]! + (right(a, 7) ^ right(a, 18) ^ (a >>> 3)) + (right(b, 17) ^ right(b, 19) ^ (b >>> 10))
    }
    let [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number]
    for (let index = 0; index < 64; index++) {
      const first = (h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + ((e & f) ^ (~e & g)) + constants[index]! + words[index]!) | 0
      const second = ((right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + first) | 0
      d = c
      c = b
      b = a
      a = (first + second) | 0
    }
    ;[a, b, c, d, e, f, g, h].forEach((value, index) => {
      state[index] = (state[index]! + value) | 0
    })
  }
  return state
}

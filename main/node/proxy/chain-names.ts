import { sha256 } from '../../api/machinery/sha256.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const known = new Map<string, string>()
const knownMax = 20_000

/** The first `length` characters of the hash that kube-proxy puts into the names of chains: base32 of SHA-256. */
export function chainHash(text: string, length: number): string {
  let hash = known.get(text)
  if (hash === undefined) {
    const hex = sha256(new TextEncoder().encode(text))
    hash = ''
    for (let at = 0; hash.length < 16; at += 5) {
      const bit = at % 4
      const window = parseInt(hex.slice((at - bit) / 4, (at - bit) / 4 + 3), 16)
      hash += alphabet[(window >> (7 - bit)) & 31]
    }
    if (known.size >= knownMax) known.clear()
    known.set(text, hash)
  }
  return hash.slice(0, length)
}

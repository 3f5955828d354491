/** Short stable hashes, as names and labels carry them. */
import { compareBytes } from './go-text.ts'

const encoder = new TextEncoder()

/** FNV-1a, 32 bits, unsigned. */
export function fnv32a(data: string | Uint8Array): number {
  const bytes = typeof data === 'string' ? encoder.encode(data) : data
  let hash = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  return hash >>> 0
}

/** The characters that generated names are made of: no vowels, nothing that looks like another. */
export const safeAlphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** Maps each character into the safe alphabet (upstream's rand.SafeEncodeString). */
export function safeEncode(text: string): string {
  let out = ''
  for (const byte of encoder.encode(text)) out += safeAlphabet[byte % safeAlphabet.length]
  return out
}

/** A JSON text that is equal for equal values: keys sorted, absent and undefined alike. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const map = value as { [key: string]: unknown }
    const keys = Object.keys(map).filter((key) => map[key] !== undefined).sort(compareBytes)
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(map[key])}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}

/** The hash of a pod template with its collision count, in the safe alphabet: `pod-template-hash`, and `controller-revision-hash`.
 *  The value differs from upstream's (which hashes a Go dump), its length and alphabet do not. */
export function podTemplateHash(template: unknown, collisionCount?: number): string {
  const text = canonicalJson(template) + (collisionCount === undefined ? '' : String(collisionCount))
  return safeEncode(String(fnv32a(text)))
}

import { sha256Bytes } from '../../../api/machinery/sha256.ts'

/** HMAC with SHA-256 (RFC 2104): 32 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const block = new Uint8Array(blockBytes)
  block.set(key.length > blockBytes ? sha256Bytes(key) : key)
  const inner = sha256Bytes(concat(block.map((byte) => byte ^ 0x36), message))
  return sha256Bytes(concat(block.map((byte) => byte ^ 0x5c), inner))
}

const blockBytes = 64

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}

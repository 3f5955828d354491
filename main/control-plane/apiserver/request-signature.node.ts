import { createPublicKey, verify } from 'node:crypto'
import type { CertificateRequest } from '../../api/kinds/certificates/certificate-request.ts'

/** Algorithms of signatures by their object identifiers: the hash, and what Go says when the signature is wrong. */
const algorithms: Readonly<Record<string, readonly [hash: string | null, failure: string]>> = {
  '1.2.840.113549.1.1.5': ['sha1', 'crypto/rsa: verification error'],
  '1.2.840.113549.1.1.11': ['sha256', 'crypto/rsa: verification error'],
  '1.2.840.113549.1.1.12': ['sha384', 'crypto/rsa: verification error'],
  '1.2.840.113549.1.1.13': ['sha512', 'crypto/rsa: verification error'],
  '1.2.840.10045.4.3.2': ['sha256', 'x509: ECDSA verification failure'],
  '1.2.840.10045.4.3.3': ['sha384', 'x509: ECDSA verification failure'],
  '1.2.840.10045.4.3.4': ['sha512', 'x509: ECDSA verification failure'],
  '1.3.101.112': [null, 'x509: Ed25519 verification failure'],
}

/** Whether a certificate request was signed with the key that it is for: what is wrong, in Go's words, or undefined. */
export function requestSignatureProblem({ algorithm, signed, publicKey, signature }: CertificateRequest): string | undefined {
  const known = Object.hasOwn(algorithms, algorithm) ? algorithms[algorithm] : undefined
  if (!known) return 'x509: cannot verify signature: algorithm unimplemented'
  const [hash, failure] = known
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
    return verify(hash, signed, key, signature) ? undefined : failure
  } catch {
    return failure
  }
}

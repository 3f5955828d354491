import { createPrivateKey, sign } from 'node:crypto'
import type { CertificateAuthority } from './certificate.ts'

/** The cluster's authority from its certificate and its EC private key, both PEM (--cluster-signing-cert-file and -key-file). */
export function certificateAuthority(files: { readonly certificate: string; readonly key: string }): CertificateAuthority {
  const key = createPrivateKey(files.key)
  return { certificate: files.certificate, sign: (bytes) => new Uint8Array(sign('sha256', bytes, key)) }
}

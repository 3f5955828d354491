import type { TLSSocket } from 'node:tls'
import type { PresentedCertificate } from './authn/credentials.ts'

/** Kubernetes' own place for a user's uid in a certificate's subject. */
const uidId = '1.3.6.1.4.1.57683.2'
const certificates = new WeakMap<TLSSocket, PresentedCertificate | null>()

/** The client certificate of a connection, and why it proves nothing if it does not. */
export function certificateOf(socket: TLSSocket): PresentedCertificate | undefined {
  let known = certificates.get(socket)
  if (known === undefined) certificates.set(socket, (known = read(socket) ?? null))
  return known ?? undefined
}

function read(socket: TLSSocket): PresentedCertificate | undefined {
  const peer = socket.getPeerCertificate(false)
  if (!peer || Object.keys(peer).length === 0) return undefined
  const subject = peer.subject as Readonly<Record<string, string | string[] | undefined>>
  const [commonName = ''] = listOf(subject['CN'])
  const uids = listOf(subject[uidId])
  const problem = socket.authorized ? uidProblem(uids) : problemText(socket.authorizationError as unknown, peer.valid_from, peer.valid_to)
  return {
    commonName,
    organizations: listOf(subject['O']),
    fingerprint: peer.fingerprint256.replaceAll(':', '').toLowerCase(),
    ...(uids.length === 1 ? { uid: uids[0]! } : {}),
    ...(problem === undefined ? {} : { problem }),
  }
}

function listOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

function uidProblem(uids: readonly string[]): string | undefined {
  if (uids.length > 1) return `expected 1 UID, but found multiple: [${uids.join(' ')}]`
  return uids[0] === '' ? 'UID cannot be an empty string' : undefined
}

const unknownAuthority: ReadonlySet<string> = new Set(['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'CERT_SIGNATURE_FAILURE'])

/** OpenSSL's reason in the words of Go's x509. */
function problemText(error: unknown, validFrom: string, validTo: string): string {
  const code = error instanceof Error ? ((error as { code?: string }).code ?? error.message) : String(error)
  if (code === 'CERT_HAS_EXPIRED') return `x509: certificate has expired or is not yet valid: current time is after ${validTo}`
  if (code === 'CERT_NOT_YET_VALID') return `x509: certificate has expired or is not yet valid: current time is before ${validFrom}`
  if (code === 'INVALID_PURPOSE') return 'x509: certificate specifies an incompatible key usage'
  return unknownAuthority.has(code) ? 'x509: certificate signed by unknown authority' : `x509: ${code}`
}

/** What a request carries to show who sent it. */
import type { HttpRequest } from '../../../kernel/http.ts'

/** A client certificate as the TLS edge saw it. */
export interface PresentedCertificate {
  readonly commonName: string
  readonly organizations: readonly string[]
  /** Why it proves nothing (expired, another authority). */
  readonly problem?: string
  /** SHA-256 of its bytes, in hex; inside the simulation there are none. */
  readonly fingerprint?: string
  readonly uid?: string
}

/** A bearer token, or what is wrong with the way in which it is given. */
export type BearerToken = { readonly token: string } | { readonly problem: string }

/** The text in which a warning says that a token was overlooked. */
export const extraSpaceWarning = 'the provided Authorization header contains extra space before the bearer token, and is ignored'

/** The token of the Authorization header. */
export function bearerTokenOf(authorization: string | undefined, warn: (text: string) => void): BearerToken | undefined {
  if (authorization === undefined) return undefined
  const parts = authorization.trim().split(' ')
  if (parts.length < 2 || parts[0]!.toLowerCase() !== 'bearer') return undefined
  if (parts[1] !== '') return { token: parts[1]! }
  if (parts.length > 2) warn(extraSpaceWarning)
  return undefined
}

const protocolPrefix = 'base64url.bearer.authorization.k8s.io.'

/** The token that a WebSocket client, which can set no headers, carries among its sub-protocols. */
export function webSocketTokenOf({ headers }: HttpRequest): BearerToken | undefined {
  if (headers['upgrade']?.toLowerCase() !== 'websocket') return undefined
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim())
  const carrying = protocols.filter((protocol) => protocol.startsWith(protocolPrefix))
  if (carrying.length === 0) return undefined
  if (carrying.length > 1) return { problem: 'multiple base64.bearer.authorization tokens specified' }
  const encoded = carrying[0]!.slice(protocolPrefix.length)
  const token = decoded(encoded)
  if (token === undefined) return { problem: 'invalid base64.bearer.authorization token encoding' }
  if (token === '') return undefined
  if (protocols.filter((protocol) => protocol !== '').length === 1) return { problem: 'missing additional subprotocol' }
  return { token }
}

/** Base64url without padding. */
function decoded(text: string): string | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

import type { Tokens } from '../tokens.ts'
import type { TokenProblem } from './token-authenticator.ts'

type Json = Readonly<Record<string, unknown>>

/** What was read of tokens: their bearers show them with every request. Pure, so it may be forgotten at any time. */
const read = new Map<string, Json | null>()
const readMax = 4_096
const tokenMax = 8_192

/** The payload of a JSON Web Token, unverified; undefined when it is none that this server could have signed. */
export function unverifiedClaims(token: string): Json | undefined {
  let claims = read.get(token)
  if (claims === undefined) {
    claims = readClaims(token) ?? null
    if (read.size >= readMax) read.clear()
    // A text that is no token, or longer than any that the server makes, is not worth keeping.
    if (claims && token.length <= tokenMax) read.set(token, claims)
  }
  return claims ?? undefined
}

function readClaims(token: string): Json | undefined {
  const parts = token.split('.')
  if (parts.length !== 3) return undefined
  const [header, claims] = [jsonOf(parts[0]!), jsonOf(parts[1]!)]
  return header && claims && signingAlgorithms.has(String(header['alg'])) ? claims : undefined
}

/** What upstream's server accepts as signatures. */
const signingAlgorithms: ReadonlySet<string> = new Set(['RS256', 'ES256', 'ES384', 'ES512'])

/** Reads tokens, and remembers what it read: clients come with the same one again and again. */
export class TokenReader {
  readonly #tokens: Tokens
  readonly #read = new Map<string, Json | undefined>()

  constructor(tokens: Tokens) {
    this.#tokens = tokens
  }

  /** The verified claims of a token of an issuer, the reason why it is none, or undefined when it is somebody else's. */
  claimsFrom(token: string, issuer: string): { readonly claims: Json } | TokenProblem | undefined {
    let unverified = this.#read.get(token)
    if (unverified === undefined && !this.#read.has(token)) {
      unverified = unverifiedClaims(token)
      this.#read.set(token, unverified)
      if (this.#read.size > rememberedMax) this.#read.delete(this.#read.keys().next().value!)
    }
    if (unverified?.['iss'] !== issuer) return undefined
    return this.#tokens.verify(token) ? { claims: unverified } : { problem: 'go-jose/go-jose: error in cryptographic primitive' }
  }
}

const rememberedMax = 2_000

/** Clocks may differ by so much. */
const leewaySeconds = 60

/** What is wrong with a token's times, in seconds since the epoch. */
export function timeProblem(claims: Json, nowSeconds: number): string | undefined {
  const at = (claim: string): number | undefined => (typeof claims[claim] === 'number' ? claims[claim] : undefined)
  if ((at('nbf') ?? 0) > nowSeconds + leewaySeconds) return 'service account token is not valid yet'
  if ((at('exp') ?? Infinity) < nowSeconds - leewaySeconds) return 'service account token has expired'
  if ((at('iat') ?? 0) > nowSeconds + leewaySeconds) return 'service account token is issued in the future'
  return undefined
}

function jsonOf(part: string): Json | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return undefined
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

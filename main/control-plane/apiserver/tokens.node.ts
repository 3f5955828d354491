import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { TokenClaims, Tokens } from './tokens.ts'

/** A new key for signing service-account tokens, as PEM. */
export function generateTokenKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}

/** Tokens signed with ES256 by the given private key (PEM). */
export function es256Tokens(privateKeyPem: string): Tokens {
  const privateKey = createPrivateKey(privateKeyPem)
  const publicKey = createPublicKey(privateKey)
  const keyId = keyIdOf(publicKey)
  const header = base64url(JSON.stringify({ alg: 'ES256', kid: keyId }))
  const verified = new Map<string, TokenClaims | undefined>()
  return {
    sign(claims) {
      const content = `${header}.${base64url(JSON.stringify(claims))}`
      return `${content}.${sign('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
    },
    verify(token) {
      if (verified.has(token)) return verified.get(token)
      const claims = check(token, publicKey)
      verified.set(token, claims)
      if (verified.size > verifiedMax) verified.delete(verified.keys().next().value!)
      return claims
    },
    publicKeys() {
      const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
      return [{ use: 'sig', kty: kty!, kid: keyId, crv: crv!, alg: 'ES256', x: x!, y: y! }]
    },
  }
}

/** How many tokens' outcomes are remembered: checking a signature costs a tenth of a millisecond. */
const verifiedMax = 2_000

function check(token: string, publicKey: KeyObject): TokenClaims | undefined {
  const parts = token.split('.')
  if (parts.length !== 3) return undefined
  const [header, payload, signature] = parts as [string, string, string]
  try {
    const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg?: unknown }
    if (alg !== 'ES256') return undefined
    if (!verify('sha256', Buffer.from(`${header}.${payload}`), { key: publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))) return undefined
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as TokenClaims
  } catch {
    return undefined
  }
}

/** As upstream: base64url of the SHA-256 of the public key's DER. */
function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('base64url')
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}

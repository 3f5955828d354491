/** Service-account tokens: JSON Web Tokens that the server signs and checks. The signing itself needs real keys and lives in
 *  tokens.node.ts. */

/** The part of a token's claims that names an object it is bound to. */
export interface BoundObject {
  readonly name: string
  readonly uid: string
}

export interface KubernetesClaims {
  readonly namespace: string
  readonly serviceaccount: BoundObject
  readonly pod?: BoundObject
  readonly secret?: BoundObject
  readonly node?: BoundObject
  /** Seconds since the epoch after which the kubelet should have renewed it. */
  readonly warnafter?: number
}

/** A service-account token's payload. Times are in seconds since the epoch. */
export interface TokenClaims {
  readonly aud: readonly string[]
  readonly exp: number
  readonly iat: number
  readonly iss: string
  readonly jti: string
  readonly 'kubernetes.io': KubernetesClaims
  readonly nbf: number
  /** `system:serviceaccount:<namespace>:<name>` */
  readonly sub: string
}

/** The payload of a Secret's token, which never expires. */
export interface SecretTokenClaims {
  readonly iss: string
  readonly sub: string
  readonly 'kubernetes.io/serviceaccount/namespace': string
  readonly 'kubernetes.io/serviceaccount/secret.name': string
  readonly 'kubernetes.io/serviceaccount/service-account.name': string
  readonly 'kubernetes.io/serviceaccount/service-account.uid': string
}

/** Signs and checks; both at once, so that a request that needs them stays one event. */
export interface Tokens {
  /** The compact JWT. */
  sign(claims: TokenClaims | SecretTokenClaims): string
  /** The claims of a token that one of this cluster's keys signed, whatever they say; undefined for any other text. */
  verify(token: string): TokenClaims | undefined
  /** The public keys as a JSON Web Key Set's members. */
  publicKeys(): readonly Readonly<Record<string, string>>[]
}

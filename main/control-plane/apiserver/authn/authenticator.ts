import type { HttpRequest } from '../../../kernel/http.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { TokenClaims, Tokens } from '../tokens.ts'
import { anonymous, authenticatedGroup, serviceAccountGroups, serviceAccountName } from './user.ts'
import type { User } from './user.ts'

/** A client certificate as the TLS edge saw it: `problem` says why it proves nothing (expired, another authority). */
export interface PresentedCertificate {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly problem?: string
}

export interface AuthenticatorOptions {
  readonly tokens: Tokens
  readonly issuer: string
  readonly audiences: readonly string[]
  /** Virtual ms since the epoch. */
  readonly now: () => number
  /** Looks up what a token is bound to: serviceaccounts, pods, secrets, nodes. */
  readonly lookup: (resource: 'serviceaccounts' | 'pods' | 'secrets' | 'nodes', namespace: string | undefined, name: string) => KubeObject | undefined
}

export interface TokenAnswer {
  readonly user: User
  readonly audiences: readonly string[]
}

/** Says who sent a request: client certificate, then bearer token, then anonymous. */
export class Authenticator {
  readonly #options: AuthenticatorOptions

  constructor(options: AuthenticatorOptions) {
    this.#options = options
  }

  /** The user, or the reason why the credentials are no good (an answer of 401). */
  authenticate(request: HttpRequest): User | { readonly problem: string } {
    const certificate = request.certificate as PresentedCertificate | undefined
    let problem: string | undefined
    if (certificate) {
      if (certificate.problem === undefined && certificate.commonName !== '') {
        return { name: certificate.commonName, groups: [...certificate.organizations, authenticatedGroup] }
      }
      problem = certificate.problem ?? 'x509: subject has no common name'
    }
    const token = bearerToken(request.headers)
    if (token !== undefined) {
      const answer = this.reviewToken(token, this.#options.audiences)
      return 'problem' in answer ? answer : answer.user
    }
    return problem === undefined ? anonymous : { problem }
  }

  /** Whom a service-account token names, if it is good for one of the audiences. */
  reviewToken(token: string, audiences: readonly string[]): TokenAnswer | { readonly problem: string } {
    const claims = this.#options.tokens.verify(token)
    if (!claims || claims.iss !== this.#options.issuer) return { problem: 'invalid bearer token' }
    const seconds = this.#options.now() / 1000
    if (claims.exp <= seconds) return { problem: '[invalid bearer token, service account token has expired]' }
    if (claims.nbf > seconds + 60) return { problem: '[invalid bearer token, service account token is not valid yet]' }
    const shared = claims.aud.filter((audience) => audiences.includes(audience))
    if (shared.length === 0) return { problem: `[invalid bearer token, token audiences ${JSON.stringify(claims.aud)} is invalid for the target audiences ${JSON.stringify(audiences)}]` }
    const problem = this.#unboundProblem(claims)
    if (problem !== undefined) return { problem: `[invalid bearer token, ${problem}]` }
    const { namespace, serviceaccount, pod, node } = claims['kubernetes.io']
    const extra: Record<string, string[]> = { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] }
    if (pod) {
      extra['authentication.kubernetes.io/pod-name'] = [pod.name]
      extra['authentication.kubernetes.io/pod-uid'] = [pod.uid]
    }
    if (node) {
      extra['authentication.kubernetes.io/node-name'] = [node.name]
      extra['authentication.kubernetes.io/node-uid'] = [node.uid]
    }
    const user: User = { name: serviceAccountName(namespace, serviceaccount.name), uid: serviceaccount.uid, groups: [...serviceAccountGroups(namespace), authenticatedGroup], extra }
    return { user, audiences: shared }
  }

  /** Whether everything that the token is bound to still exists. */
  #unboundProblem(claims: TokenClaims): string | undefined {
    const { namespace, serviceaccount, pod, secret, node } = claims['kubernetes.io']
    const account = this.#options.lookup('serviceaccounts', namespace, serviceaccount.name)
    if (!account) return `serviceaccounts "${serviceaccount.name}" not found`
    if (account.metadata.uid !== serviceaccount.uid) return `service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`
    if (pod && this.#options.lookup('pods', namespace, pod.name)?.metadata.uid !== pod.uid) return 'service account token has been invalidated'
    if (secret && this.#options.lookup('secrets', namespace, secret.name)?.metadata.uid !== secret.uid) return 'service account token has been invalidated'
    if (node && !pod && this.#options.lookup('nodes', undefined, node.name)?.metadata.uid !== node.uid) return 'service account token has been invalidated'
    return undefined
  }
}

/** The token of an Authorization header, or of the WebSocket sub-protocol that browsers use in its place. */
function bearerToken(headers: Readonly<Record<string, string>>): string | undefined {
  const authorization = headers['authorization']
  if (authorization !== undefined) {
    const [scheme, token] = authorization.trim().split(/ +/, 2)
    return scheme?.toLowerCase() === 'bearer' && token ? token : undefined
  }
  const protocols = headers['sec-websocket-protocol']
  const prefix = 'base64url.bearer.authorization.k8s.io.'
  const carried = protocols?.split(',').map((protocol) => protocol.trim()).find((protocol) => protocol.startsWith(prefix))
  if (carried === undefined) return undefined
  try {
    return atob(carried.slice(prefix.length).replaceAll('-', '+').replaceAll('_', '/'))
  } catch {
    return undefined
  }
}

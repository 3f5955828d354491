import { aggregateText } from '../../../api/machinery/go-text.ts'
import type { HttpRequest } from '../../../kernel/http.ts'
import { remoteUserOf } from '../aggregation/front-proxy.ts'
import { bearerTokenOf, webSocketTokenOf } from './credentials.ts'
import type { BearerToken, PresentedCertificate } from './credentials.ts'
import type { Annotate, TokenAnswer, TokenAuthenticator, TokenOutcome } from './token-authenticator.ts'
import { anonymous, authenticatedGroup, unauthenticatedGroup } from './user.ts'
import type { User } from './user.ts'

export type { PresentedCertificate } from './credentials.ts'

export interface AuthenticatorOptions {
  /** The ways in which bearer tokens are understood, in the order in which they are tried. */
  readonly tokens: readonly TokenAuthenticator[]
  /** Whom tokens have to be for. */
  readonly audiences: readonly string[]
}

/** Who sent a request, or why its credentials are no good (an answer of 401). */
export type Authenticated = { readonly user: User } | { readonly problem: string }

/** What a request's credentials had as side effects. */
export interface AuthenticationNotes {
  /** A text for a Warning header. */
  warn(text: string): void
  annotate: Annotate
}

const silent: AuthenticationNotes = { warn: () => undefined, annotate: () => undefined }
const invalidToken = 'invalid bearer token'

/** Says who sent a request: a front proxy's headers, client certificate, bearer token, then (without any credentials) nobody in particular. What is refused
 *  by one way may pass by another. Follows the union of authenticators that kubeadm's flags turn on. */
export class Authenticator {
  readonly #options: AuthenticatorOptions

  constructor(options: AuthenticatorOptions) {
    this.#options = options
  }

  /** Answers at once, but for tokens that the server's caches do not know enough about. */
  authenticate(request: HttpRequest, notes: AuthenticationNotes = silent): Authenticated | Promise<Authenticated> {
    const problems: string[] = []
    const certificate = request.certificate as PresentedCertificate | undefined
    // A front proxy's certificate comes from an authority of its own, which only the simulation's wires have: there it is taken at its word.
    const remote = certificate?.problem === undefined && certificate?.fingerprint === undefined ? remoteUserOf(request) : undefined
    if (remote) return { user: withAuthenticatedGroup(remote) }
    if (certificate?.problem !== undefined) problems.push(certificate.problem)
    else if (certificate && certificate.commonName !== '') return { user: userOfCertificate(certificate) }
    const bearer = bearerTokenOf(request.headers['authorization'], notes.warn) ?? webSocketTokenOf(request)
    if (!bearer) return problems.length > 0 ? { problem: aggregateText(problems) } : { user: anonymous }
    const outcome = this.#outcomeOf(bearer, this.#options.audiences, notes)
    const finish = (found: TokenOutcome): Authenticated => {
      if (!found || 'problem' in found) return { problem: aggregateText([invalidToken, ...problems, found?.problem ?? invalidToken]) }
      if (found.warning !== undefined) notes.warn(found.warning)
      return { user: withAuthenticatedGroup(found.user) }
    }
    return outcome instanceof Promise ? outcome.then(finish) : finish(outcome)
  }

  /** Whom a token names, if it is good for one of the audiences (none: the server's own). */
  async reviewToken(token: string, audiences: readonly string[]): Promise<TokenAnswer | { readonly problem: string | undefined }> {
    const bearer = bearerTokenOf(`Bearer ${token}`, () => undefined)
    if (!bearer) return { problem: undefined }
    const outcome = await this.#outcomeOf(bearer, audiences.length > 0 ? audiences : this.#options.audiences, silent)
    if (!outcome || 'problem' in outcome) return { problem: aggregateText([invalidToken, outcome?.problem ?? invalidToken]) }
    return { ...outcome, user: withAuthenticatedGroup(outcome.user) }
  }

  #outcomeOf(bearer: BearerToken, audiences: readonly string[], { annotate }: AuthenticationNotes): TokenOutcome | Promise<TokenOutcome> {
    if ('problem' in bearer) return bearer
    const problems: string[] = []
    const tryFrom = (index: number): TokenOutcome | Promise<TokenOutcome> => {
      for (let at = index; at < this.#options.tokens.length; at++) {
        const outcome = this.#options.tokens[at]!.authenticate(bearer.token, audiences, annotate)
        if (outcome instanceof Promise) return outcome.then((found) => (note(found) ? found : tryFrom(at + 1)))
        if (note(outcome)) return outcome
      }
      return problems.length > 0 ? { problem: aggregateText(problems) } : undefined
    }
    const note = (outcome: TokenOutcome): outcome is TokenAnswer => {
      if (outcome && 'problem' in outcome) problems.push(outcome.problem)
      return outcome !== undefined && 'user' in outcome
    }
    return tryFrom(0)
  }
}

function userOfCertificate({ commonName, organizations, fingerprint, uid }: PresentedCertificate): User {
  const user: User = { name: commonName, groups: organizations, ...(uid === undefined ? {} : { uid }), ...(fingerprint === undefined ? {} : { extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] } }) }
  return withAuthenticatedGroup(user)
}

/** Whoever was recognised is authenticated, unless their groups say something of it themselves. */
function withAuthenticatedGroup(user: User): User {
  if (user.groups.includes(authenticatedGroup) || user.groups.includes(unauthenticatedGroup)) return user
  return { ...user, groups: [...user.groups, authenticatedGroup] }
}

import type { User } from './user.ts'

/** Whom a token stands for. */
export interface TokenAnswer {
  readonly user: User
  /** Those of the audiences asked for that the token is good for. */
  readonly audiences: readonly string[]
  /** Said to whoever comes with the token. */
  readonly warning?: string
}

/** A token that this authenticator knows, and that is not good. */
export interface TokenProblem {
  readonly problem: string
}

/** Undefined: not one of this authenticator's tokens. */
export type TokenOutcome = TokenAnswer | TokenProblem | undefined

/** One way in which bearer tokens are understood. Answers at once when its caches know enough. */
export interface TokenAuthenticator {
  authenticate(token: string, audiences: readonly string[], annotate: Annotate): TokenOutcome | Promise<TokenOutcome>
}

/** Notes something for the audit log. */
export type Annotate = (key: string, value: string) => void

import { mastersGroup } from '../authn/user.ts'
import type { Attributes, Authorizer, Judgement } from './attributes.ts'

/** Members of system:masters may do everything, before anybody else is asked. */
const superuser: Judgement = { decision: 'allow', reason: '' }

/** Asks one authorizer after another until one decides. */
export class UnionAuthorizer implements Authorizer {
  readonly #authorizers: readonly Authorizer[]

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers
  }

  authorize(attributes: Attributes): Judgement {
    if (attributes.user.groups.includes(mastersGroup)) return superuser
    const reasons: string[] = []
    for (const authorizer of this.#authorizers) {
      const judgement = authorizer.authorize(attributes)
      if (judgement.decision !== 'no-opinion') return judgement
      if (judgement.reason !== '') reasons.push(judgement.reason)
    }
    return { decision: 'no-opinion', reason: reasons.join('\n') }
  }
}

import { quote } from '../../../api/machinery/go-text.ts'
import { isDns1123Subdomain, regexError } from '../../../api/machinery/names.ts'
import type { StatusError } from '../../../api/machinery/status-error.ts'
import { anonymousName, authenticatedGroup, mastersGroup, nodesGroup, nodeUserPrefix, serviceAccountGroups, splitServiceAccountName, unauthenticatedGroup } from '../authn/user.ts'
import type { User } from '../authn/user.ts'
import type { Attributes, Authorizer } from './attributes.ts'
import { forbiddenError } from './forbidden.ts'

export interface Impersonated {
  readonly user: User
  /** The verb that allowed it, for the audit log; '' for plain `impersonate`. */
  readonly constraint: string
}

/** A way to be allowed to act for others: for some who ask and some who are asked for. */
interface Mode {
  /** `associated-node` …; '' for the original one, which asks for the verb `impersonate` alone. */
  readonly name: string
  applies(wanted: User, requestor: User): boolean
}

const nodeNameOf = (name: string): string | undefined => (name.startsWith(nodeUserPrefix) && isDns1123Subdomain(name.slice(nodeUserPrefix.length)).length === 0 ? name.slice(nodeUserPrefix.length) : undefined)
const isNameOnly = ({ uid, groups, extra }: User): boolean => !uid && groups.length === 0 && Object.keys(extra ?? {}).length === 0

const modes: readonly Mode[] = [
  {
    name: 'associated-node',
    applies(wanted, requestor) {
      const node = nodeNameOf(wanted.name)
      const own = requestor.extra?.['authentication.kubernetes.io/node-name']
      return isNameOnly(wanted) && node !== undefined && splitServiceAccountName(requestor.name) !== undefined && own?.length === 1 && own[0] === node
    },
  },
  { name: 'arbitrary-node', applies: (wanted) => isNameOnly(wanted) && nodeNameOf(wanted.name) !== undefined },
  { name: 'serviceaccount', applies: (wanted) => isNameOnly(wanted) && splitServiceAccountName(wanted.name) !== undefined },
  { name: 'user-info', applies: (wanted) => nodeNameOf(wanted.name) === undefined && splitServiceAccountName(wanted.name) === undefined },
  { name: '', applies: () => true },
]

/** How many requestors' last successful modes are remembered. */
const rememberedMax = 10_000
/** From so many groups or extra values on, one question for all of them comes first. */
const manyChecks = 4

/** Says whether somebody may make a request as somebody else. Follows upstream's constrained impersonation, on by default in 1.36: who may
 *  `impersonate:<mode>` somebody and do the request's verb `impersonate-on:<mode>:<verb>` may; so may who may `impersonate`. */
export class Impersonation {
  readonly #authorizer: Authorizer
  readonly #lastMode = new Map<string, Mode>()

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer
  }

  /** The user that the request is made as. `attributes` are the request's own, with its real user. Throws Forbidden in the words of the
   *  mode that was asked first. */
  judge(wanted: User, attributes: Attributes): Impersonated {
    const requestor = attributes.user
    const last = this.#lastMode.get(requestor.name)
    let first: StatusError | undefined
    for (const mode of last ? [last, ...modes.filter((each) => each !== last)] : modes) {
      if (!mode.applies(wanted, requestor)) continue
      const outcome = this.#tryMode(mode, wanted, attributes)
      if ('user' in outcome) {
        this.#remember(requestor.name, mode)
        return outcome
      }
      first ??= outcome.error
    }
    throw first!
  }

  #remember(name: string, mode: Mode): void {
    this.#lastMode.delete(name)
    this.#lastMode.set(name, mode)
    if (this.#lastMode.size > rememberedMax) this.#lastMode.delete(this.#lastMode.keys().next().value!)
  }

  #tryMode(mode: Mode, wanted: User, attributes: Attributes): Impersonated | { readonly error: StatusError } {
    const isConstrained = mode.name !== ''
    // What a daemon's pods may do for their nodes depends on none of the nodes: so do the questions.
    const requestor = mode.name === 'associated-node' ? { ...attributes.user, extra: { 'authentication.kubernetes.io/associated-node-keys': Object.keys(attributes.user.extra ?? {}).sort() } } : attributes.user
    if (isConstrained) {
      const error = this.#refusal({ ...attributes, user: requestor, verb: `impersonate-on:${mode.name}:${attributes.verb}` })
      if (error) return { error }
    }
    const verb = isConstrained ? `impersonate:${mode.name}` : 'impersonate'
    const authentication = { group: 'authentication.k8s.io', version: 'v1' }
    const core = isConstrained ? authentication : { group: '', version: 'v1' }
    const about = (facts: Partial<Attributes>): Attributes => ({ user: requestor, verb, isResource: true, group: '', version: '', resource: '', subresource: '', namespace: '', name: '', path: '', ...facts })
    const account = splitServiceAccountName(wanted.name)
    const node = isConstrained ? nodeNameOf(wanted.name) : undefined
    let groups: readonly string[] = wanted.groups
    const questions: (Attributes | (() => StatusError | undefined))[] = []
    if (account) {
      questions.push(about({ ...core, resource: 'serviceaccounts', namespace: account.namespace, name: account.name }))
      if (groups.length === 0) groups = serviceAccountGroups(account.namespace)
    } else if (node !== undefined) {
      questions.push(about({ ...core, resource: 'nodes', name: mode.name === 'associated-node' ? '*' : node }))
      groups = [nodesGroup]
    } else questions.push(about({ ...core, resource: 'users', name: wanted.name }))
    if (wanted.uid) questions.push(about({ ...authentication, resource: 'uids', name: wanted.uid }))
    questions.push(() => this.#groupsRefusal(wanted.groups, isConstrained, (name) => about({ ...core, resource: 'groups', name })))
    questions.push(() => this.#extraRefusal(wanted.extra ?? {}, isConstrained, (subresource, name) => about({ ...authentication, resource: 'userextras', subresource, name })))
    for (const question of questions) {
      const error = typeof question === 'function' ? question() : this.#refusal(question)
      if (error) return { error }
    }
    return { user: { ...wanted, groups: withOwnGroup(wanted.name, groups) }, constraint: isConstrained ? verb : '' }
  }

  #groupsRefusal(groups: readonly string[], isConstrained: boolean, about: (name: string) => Attributes): StatusError | undefined {
    if (groups.length === 0) return undefined
    if (isConstrained) {
      if (groups.includes('')) return forbiddenError(about(''), 'impersonating the empty string group is not allowed')
      if (groups.includes(mastersGroup)) return forbiddenError(about(mastersGroup), 'impersonating the system:masters group is not allowed')
      if (groups.length >= manyChecks && !this.#refusal(about('*'))) return undefined
    }
    return this.#firstRefusal(groups.map(about))
  }

  #extraRefusal(extra: Readonly<Record<string, readonly string[]>>, isConstrained: boolean, about: (key: string, value: string) => Attributes): StatusError | undefined {
    const entries = Object.entries(extra)
    if (entries.length === 0) return undefined
    if (isConstrained) {
      const problem = entries.map(([key, values]) => extraProblem(key, values)).find((text) => text !== undefined)
      if (problem !== undefined) return forbiddenError(about('', ''), problem)
      const count = entries.reduce((sum, [, values]) => sum + values.length, 0)
      if ((entries.length >= manyChecks || count >= manyChecks) && !this.#refusal(about('*', '*'))) return undefined
    }
    return this.#firstRefusal(entries.flatMap(([key, values]) => values.map((value) => about(key, value))))
  }

  #firstRefusal(questions: readonly Attributes[]): StatusError | undefined {
    for (const question of questions) {
      const error = this.#refusal(question)
      if (error) return error
    }
    return undefined
  }

  #refusal(attributes: Attributes): StatusError | undefined {
    const { decision, reason } = this.#authorizer.authorize(attributes)
    return decision === 'allow' ? undefined : forbiddenError(attributes, reason)
  }
}

/** Nobody but the anonymous is unauthenticated, unless the groups say so. */
function withOwnGroup(name: string, groups: readonly string[]): readonly string[] {
  const own = name === anonymousName ? unauthenticatedGroup : authenticatedGroup
  return groups.includes(own) || groups.includes(unauthenticatedGroup) ? groups : [...groups, own]
}

/** What makes an extra value one that constrained impersonation does not pass on. */
function extraProblem(key: string, values: readonly string[]): string | undefined {
  if (key === '') return 'impersonating the empty string key in extra is not allowed'
  const problems = domainPathProblems(key)
  if (problems.length > 0) return `impersonating an invalid key in extra is not allowed: ${problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`}`
  if (key !== key.toLowerCase()) return `impersonating a non-lowercase key in extra is not allowed: ${quote(key)}`
  if (values.length === 0) return 'impersonating empty values in extra is not allowed'
  return values.includes('') ? 'impersonating the empty string value in extra is not allowed' : undefined
}

/** upstream's IsDomainPrefixedPath: `example.com/path` */
function domainPathProblems(key: string): string[] {
  const at = 'extra.key: Invalid value'
  const slash = key.indexOf('/')
  if (slash <= 0 || slash === key.length - 1) return [`${at}: ${quote(key)}: must be a domain-prefixed path (such as "acme.io/foo")`]
  const [host, path] = [key.slice(0, slash), key.slice(slash + 1)]
  const wrongHost = isDns1123Subdomain(host).map((message) => `${at}: ${quote(host)}: ${message}`)
  if (wrongHost.length > 0) return wrongHost
  return pathPattern.test(path) ? [] : [`${at}: ${quote(path)}: ${regexError('Invalid path', pathFormat)}`]
}

const pathFormat = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"
const pathPattern = new RegExp(`^${pathFormat}$`)

/** Which FlowSchema a request belongs to. */
import type { FlowSchema, FlowcontrolSubject, NonResourcePolicyRule, ResourcePolicyRule } from '../../../api/generated/types.ts'
import { serviceAccountName, serviceAccountPrefix } from '../authn/user.ts'
import type { User } from '../authn/user.ts'
import type { RequestInfo } from '../request-info/request-info.ts'

/** What is matched against: a request and who sends it. */
export interface Asked {
  readonly user: User
  readonly info: RequestInfo
}

export interface FlowMatcher {
  readonly name: string
  readonly uid: string
  readonly level: string
  readonly distinguisher: 'ByUser' | 'ByNamespace' | ''
  readonly matches: (asked: Asked) => boolean
}

/** The schemas in the order in which they are tried: by precedence, then name. */
export function flowMatchers(schemas: readonly FlowSchema[]): FlowMatcher[] {
  const precedenceOf = ({ spec }: FlowSchema): number => spec?.matchingPrecedence ?? 1_000
  return [...schemas]
    .sort((a, b) => precedenceOf(a) - precedenceOf(b) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
    .map((schema) => {
      const rules = (schema.spec?.rules ?? []).map((rule) => {
        const isMeant = subjectsMatcher(rule.subjects)
        const resourceRules = rule.resourceRules ?? []
        const otherRules = rule.nonResourceRules ?? []
        return (asked: Asked) => isMeant(asked.user) && (asked.info.isResource ? resourceRules.some((each) => matchesResource(each, asked.info)) : otherRules.some((each) => matchesPath(each, asked.info)))
      })
      return {
        name: schema.metadata.name ?? '',
        uid: schema.metadata.uid ?? '',
        level: schema.spec?.priorityLevelConfiguration.name ?? '',
        distinguisher: (schema.spec?.distinguisherMethod?.type ?? '') as FlowMatcher['distinguisher'],
        matches: (asked: Asked) => rules.some((rule) => rule(asked)),
      }
    })
}

/** What tells the flows of a schema apart. */
export function distinguisherOf({ distinguisher }: FlowMatcher, { user, info }: Asked): string {
  return distinguisher === 'ByUser' ? user.name : distinguisher === 'ByNamespace' ? info.namespace : ''
}

function subjectsMatcher(subjects: readonly FlowcontrolSubject[]): (user: User) => boolean {
  const users = new Set<string>()
  const groups = new Set<string>()
  const namespaces: string[] = []
  for (const { kind, user, group, serviceAccount } of subjects) {
    if (kind === 'User' && user) users.add(user.name)
    else if (kind === 'Group' && group) groups.add(group.name)
    else if (kind === 'ServiceAccount' && serviceAccount) {
      if (serviceAccount.name === '*') namespaces.push(`${serviceAccountPrefix}${serviceAccount.namespace}:`)
      else users.add(serviceAccountName(serviceAccount.namespace, serviceAccount.name))
    }
  }
  const everybody = users.has('*') || groups.has('*')
  return (user) => everybody || users.has(user.name) || user.groups.some((group) => groups.has(group)) || namespaces.some((prefix) => user.name.startsWith(prefix))
}

function takes(wanted: readonly string[], value: string): boolean {
  return wanted.includes('*') || wanted.includes(value)
}

function matchesResource({ verbs, apiGroups, resources, clusterScope, namespaces }: ResourcePolicyRule, info: RequestInfo): boolean {
  if (!takes(verbs, info.verb) || !takes(apiGroups, info.group) || !takes(resources, info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`)) return false
  return info.namespace === '' ? clusterScope === true : takes(namespaces ?? [], info.namespace)
}

function matchesPath({ verbs, nonResourceURLs }: NonResourcePolicyRule, { verb, path }: RequestInfo): boolean {
  return takes(verbs, verb) && nonResourceURLs.some((url) => url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1))))
}

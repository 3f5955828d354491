/** Nobody may grant what they do not have: upstream's checks on writing roles and bindings. */
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '../../../api/generated/types.ts'
import { compareBytes, quote } from '../../../api/machinery/go-text.ts'
import { jsonEqual } from '../../../api/machinery/equality.ts'
import { notFound } from '../../../api/machinery/status-error.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts'
import { refused } from '../admission/admission.ts'
import { mastersGroup } from '../authn/user.ts'
import type { Authorizer } from './attributes.ts'
import type { RbacAuthorizer } from './rbac-authorizer.ts'

const group = 'rbac.authorization.k8s.io'

/** Checks that who writes a role holds its rules (or may `escalate`), and that who writes a binding holds the rules of its role (or
 *  may `bind` it). */
export function escalationCheck(rbac: RbacAuthorizer, authorizer: Authorizer): AdmissionPlugin {
  const mayDo = ({ context, kind, name, namespace }: AdmissionAttributes, verb: string, resource: string, about: string): boolean =>
    authorizer.authorize({ user: context.user, verb, isResource: true, group, version: kind.version, resource, subresource: '', namespace, name: about || name, path: '' }).decision === 'allow'
  return {
    name: 'RBACEscalationCheck',
    handles: ({ kind, operation, context }) => kind.group === group && (operation === 'CREATE' || operation === 'UPDATE') && !context.user.groups.includes(mastersGroup),
    validate(attributes) {
      const { kind, object, oldObject } = attributes
      if (kind.plural === 'roles' || kind.plural === 'clusterroles') {
        const role = object as Role | ClusterRole
        if (oldObject && jsonEqual(role.rules, (oldObject as Role).rules) && jsonEqual((role as ClusterRole).aggregationRule, (oldObject as ClusterRole).aggregationRule)) return
        if (mayDo(attributes, 'escalate', kind.plural, role.metadata.name)) return
        const aggregates = [role, oldObject].some((each) => (each as ClusterRole | undefined)?.aggregationRule)
        if (aggregates && lacking(rbac.rulesFor(attributes.context.user, '').rules, everything).length > 0) throw refused(attributes, 'must have cluster-admin privileges to use an aggregationRule')
        return checkHeld(attributes, role.rules ?? [])
      }
      const binding = object as RoleBinding | ClusterRoleBinding
      if (oldObject && jsonEqual(binding.subjects, (oldObject as RoleBinding).subjects) && jsonEqual(binding.roleRef, (oldObject as RoleBinding).roleRef)) return
      const { roleRef } = binding
      if (mayDo(attributes, 'bind', roleRef.kind === 'Role' ? 'roles' : 'clusterroles', roleRef.name)) return
      const rules = rbac.rulesOfRole(roleRef.kind, attributes.namespace, roleRef.name)
      if (!rules) throw notFound({ group, resource: roleRef.kind === 'Role' ? 'roles' : 'clusterroles' }, roleRef.name)
      checkHeld(attributes, rules)
    },
  }

  function checkHeld(attributes: AdmissionAttributes, wanted: readonly PolicyRule[]): void {
    const { user } = attributes.context
    const { rules: held, errors } = rbac.rulesFor(user, attributes.namespace)
    const missing = lacking(held, wanted)
    if (missing.length === 0) return
    const groups = user.groups.map(quote).join(' ')
    const texts = [...new Set(compact(missing).map(ruleText))].sort(compareBytes)
    throw refused(attributes, `user ${quote(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${texts.join('\n')}${errors.length > 0 ? `; resolution errors: [${errors.join(' ')}]` : ''}`)
  }
}

/** What only cluster-admin has. */
const everything: readonly PolicyRule[] = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] }]

/** What is wanted and not among what is held, taken apart. */
function lacking(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(singleRules).filter((rule) => !held.some((own) => covers(own, rule)))
}

/** A rule for each single verb, resource and name that it grants. */
function singleRules(rule: PolicyRule): PolicyRule[] {
  const singles: PolicyRule[] = []
  for (const verb of rule.verbs) {
    for (const apiGroup of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        if (!rule.resourceNames?.length) singles.push({ verbs: [verb], apiGroups: [apiGroup], resources: [resource] })
        for (const name of rule.resourceNames ?? []) singles.push({ verbs: [verb], apiGroups: [apiGroup], resources: [resource], resourceNames: [name] })
      }
    }
    for (const url of rule.nonResourceURLs ?? []) singles.push({ verbs: [verb], nonResourceURLs: [url] })
  }
  return singles
}

function covers(own: PolicyRule, { verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): boolean {
  const has = (list: readonly string[] | undefined, wanted: string): boolean => list !== undefined && (list.includes('*') || list.includes(wanted))
  if (!has(own.verbs, verbs[0]!)) return false
  if (nonResourceURLs) return own.nonResourceURLs?.some((url) => url === '*' || url === nonResourceURLs[0] || (url.endsWith('*') && nonResourceURLs[0]!.startsWith(url.slice(0, -1)))) ?? false
  const resource = resources![0]!
  const slash = resource.indexOf('/')
  const coversResource = has(own.resources, resource) || (slash >= 0 && (own.resources?.includes(`*${resource.slice(slash)}`) ?? false))
  return has(own.apiGroups, apiGroups![0]!) && coversResource && (!own.resourceNames?.length || (resourceNames !== undefined && own.resourceNames.includes(resourceNames[0]!)))
}

/** Single rules about the same resource as one with all their verbs. */
function compact(rules: readonly PolicyRule[]): PolicyRule[] {
  const byTarget = new Map<string, PolicyRule>()
  for (const rule of rules) {
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames, rule.nonResourceURLs])
    const known = byTarget.get(key)
    byTarget.set(key, known ? { ...known, verbs: [...known.verbs, ...rule.verbs] } : rule)
  }
  return [...byTarget.values()]
}

function ruleText({ apiGroups, resources, resourceNames, nonResourceURLs, verbs }: PolicyRule): string {
  const list = (items: readonly string[]): string => `[${items.map(quote).join(' ')}]`
  const parts: string[] = []
  if (nonResourceURLs?.length) parts.push(`NonResourceURLs:${list(nonResourceURLs)}`)
  if (apiGroups?.length) parts.push(`APIGroups:${list(apiGroups)}`)
  if (resources?.length) parts.push(`Resources:${list(resources)}`)
  if (resourceNames?.length) parts.push(`ResourceNames:${list(resourceNames)}`)
  parts.push(`Verbs:${list(verbs)}`)
  return `{${parts.join(', ')}}`
}

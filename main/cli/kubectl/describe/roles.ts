import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '../../../api/generated/types.ts'
import { compareBytes, listText } from '../../../api/machinery/go-text.ts'
import { Description } from './description.ts'
import { describeAnnotations, describeLabels } from './labels.ts'

export async function describeRole(role: Role | ClusterRole): Promise<string> {
  const out = new Description()
  out.write(0, `Name:\t${role.metadata.name}\n`)
  describeLabels(out, 'Labels', role.metadata.labels)
  describeAnnotations(out, 'Annotations', role.metadata.annotations)
  out.write(0, 'PolicyRule:\n')
  out.write(1, 'Resources\tNon-Resource URLs\tResource Names\tVerbs\n')
  out.write(1, '---------\t-----------------\t--------------\t-----\n')
  for (const { resources = [], apiGroups = [], nonResourceURLs = [], resourceNames = [], verbs } of compactRules(role.rules ?? [])) {
    out.write(1, `${resourceText(resources, apiGroups)}\t${listText(nonResourceURLs)}\t${listText(resourceNames)}\t${listText(verbs)}\n`)
  }
  return out.toString()
}

/** One rule for each resource, group and name (or URL and verb), verbs gathered, in the order of their text. */
function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const gathered = new Map<string, PolicyRule>()
  const plain: PolicyRule[] = []
  for (const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [], verbs } of rules) {
    for (const group of apiGroups) {
      for (const resource of resources) {
        for (const verb of verbs) {
          for (const names of resourceNames.length > 0 ? resourceNames.map((name) => [name]) : [[]]) {
            const key = JSON.stringify([group, resource, names])
            const known = gathered.get(key)
            if (!known) gathered.set(key, { apiGroups: [group], resources: [resource], resourceNames: names, verbs: [verb] })
            else if (!known.verbs.includes(verb)) known.verbs.push(verb)
          }
        }
      }
    }
    for (const url of nonResourceURLs) for (const verb of verbs) plain.push({ nonResourceURLs: [url], verbs: [verb] })
  }
  return [...plain, ...gathered.values()].sort((a, b) => compareBytes(ruleText(a), ruleText(b)))
}

function ruleText({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule): string {
  return `&PolicyRule{Verbs:${listText(verbs)},APIGroups:${listText(apiGroups)},Resources:${listText(resources)},ResourceNames:${listText(resourceNames)},NonResourceURLs:${listText(nonResourceURLs)},}`
}

/** `deployments.apps/scale`. */
function resourceText([resource = '']: readonly string[], [group = '']: readonly string[]): string {
  const [name, ...sub] = resource.split('/')
  return `${name}${group === '' ? '' : `.${group}`}${sub.length > 0 ? `/${sub.join('/')}` : ''}`
}

export async function describeRoleBinding(binding: RoleBinding | ClusterRoleBinding): Promise<string> {
  const out = new Description()
  out.write(0, `Name:\t${binding.metadata.name}\n`)
  describeLabels(out, 'Labels', binding.metadata.labels)
  describeAnnotations(out, 'Annotations', binding.metadata.annotations)
  out.write(0, 'Role:\n')
  out.write(1, `Kind:\t${binding.roleRef.kind}\n`)
  out.write(1, `Name:\t${binding.roleRef.name}\n`)
  out.write(0, 'Subjects:\n')
  out.write(1, 'Kind\tName\tNamespace\n')
  out.write(1, '----\t----\t---------\n')
  for (const { kind, name, namespace = '' } of binding.subjects ?? []) out.write(1, `${kind}\t${name}\t${namespace}\n`)
  return out.toString()
}

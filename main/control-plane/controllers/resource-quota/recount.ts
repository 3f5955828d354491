import type { ResourceQuota } from '../../../api/generated/types.ts'
import { addAmounts, amountsEqual, maskAmounts } from '../../../api/kinds/quota/amounts.ts'
import type { Amounts } from '../../../api/kinds/quota/amounts.ts'
import { quotaEvaluator, quotaMatches } from '../../../api/kinds/quota/evaluator.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { ResourceList } from '../../../api/machinery/quantity.ts'

/** A resource by its group and plural. */
export interface CountedResource {
  readonly group: string
  readonly plural: string
}

const oldNames: readonly string[] = ['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets']
const claimName = /^(?:requests\.storage|.*\.storageclass\.storage\.k8s\.io\/.*)$/

/** The resources whose objects use what a quota limits. */
export function resourcesOf(hard: Amounts): CountedResource[] {
  const found = new Map<string, CountedResource>()
  for (const name of Object.keys(hard)) {
    const resource = resourceOf(name)
    found.set(`${resource.plural}.${resource.group}`, resource)
  }
  return [...found.values()]
}

/** `count/deployments.apps` is about deployments, `requests.cpu` about pods. */
function resourceOf(name: string): CountedResource {
  const counted = /^count\/([^.]+)(?:\.(.+))?$/.exec(name)
  if (counted) return { group: counted[2] ?? '', plural: counted[1]! }
  if (oldNames.includes(name)) return { group: '', plural: name }
  if (name === 'services' || name.startsWith('services.')) return { group: '', plural: 'services' }
  if (name === 'persistentvolumeclaims' || claimName.test(name)) return { group: '', plural: 'persistentvolumeclaims' }
  return { group: '', plural: 'pods' }
}

/** What a quota's status has to say, or undefined when it says so already. `objects` answers all objects of a resource in the quota's
 *  namespace, undefined where they cannot be had: then what was counted before stays. */
export function recount(quota: ResourceQuota, objects: (resource: CountedResource) => readonly KubeObject[] | undefined, now: number): ResourceQuota['status'] | undefined {
  const hard = quota.spec?.hard ?? {}
  const names = Object.keys(hard)
  const used: ResourceList = { ...maskAmounts(quota.status?.used ?? {}, names) }
  for (const resource of resourcesOf(hard)) {
    const found = objects(resource)
    if (!found) continue
    const evaluator = quotaEvaluator(resource.group, resource.plural)
    const counted = evaluator.matching(names)
    let sum: Amounts = Object.fromEntries(counted.map((name) => [name, '0']))
    for (const object of found) if (quotaMatches(quota, evaluator, object, hard)) sum = addAmounts(sum, maskAmounts(evaluator.usage(object, now), counted))
    Object.assign(used, sum)
  }
  for (const name of names) used[name] ??= '0'
  const { status } = quota
  if (status?.hard && status.used && amountsEqual(status.hard, hard) && amountsEqual(status.used, used)) return undefined
  return { hard: { ...hard }, used }
}

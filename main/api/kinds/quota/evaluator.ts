import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../../generated/types.ts'
import type { KubeObject } from '../../machinery/object.ts'
import type { Amounts } from './amounts.ts'
import { claimEvaluator } from './claim-evaluator.ts'
import { podEvaluator } from './pod-evaluator.ts'
import { scopesOf } from './scopes.ts'
import { serviceEvaluator } from './service-evaluator.ts'

/** How objects of one resource count against quotas. Shared by the API server, which charges, and the controller, which recounts. */
export interface QuotaEvaluator {
  /** Whether an operation can raise what is used. */
  handles(operation: string, subresource: string): boolean
  /** Those of a quota's resources that these objects use. */
  matching(names: readonly string[]): string[]
  /** Whether the object falls into a scope. */
  inScope(object: KubeObject, scope: ScopedResourceSelectorRequirement): boolean
  /** What the object would have to say to be counted: `must specify cpu for: a`. */
  constraint?(names: readonly string[], object: KubeObject): string | undefined
  /** What the object uses. `now` is in virtual ms. */
  usage(object: KubeObject, now: number): Amounts
}

/** Resources whose number could be limited before `count/…` existed. */
const oldNames: readonly string[] = ['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets']

const special: Readonly<Record<string, QuotaEvaluator>> = { pods: podEvaluator, services: serviceEvaluator, persistentvolumeclaims: claimEvaluator }
const counters = new Map<string, QuotaEvaluator>()

/** The evaluator of a resource. Every resource can be counted. */
export function quotaEvaluator(group: string, plural: string): QuotaEvaluator {
  if (group === '' && Object.hasOwn(special, plural)) return special[plural]!
  const name = countName(group, plural)
  let counter = counters.get(name)
  if (!counter) counters.set(name, (counter = objectCounter(group, plural)))
  return counter
}

/** `count/deployments.apps` */
export function countName(group: string, plural: string): string {
  return `count/${plural}${group === '' ? '' : `.${group}`}`
}

function objectCounter(group: string, plural: string): QuotaEvaluator {
  const names = [countName(group, plural), ...(group === '' && oldNames.includes(plural) ? [plural] : [])]
  const usage = Object.fromEntries(names.map((name) => [name, '1']))
  return {
    handles: (operation, subresource) => operation === 'CREATE' && subresource === '',
    matching: (asked) => asked.filter((name) => names.includes(name)),
    inScope: () => false,
    usage: () => usage,
  }
}

/** Whether a quota is about an object: some of its resources are, and all of its scopes. */
export function quotaMatches(quota: ResourceQuota, evaluator: QuotaEvaluator, object: KubeObject, hard: Amounts = quota.status?.hard ?? {}): boolean {
  return evaluator.matching(Object.keys(hard)).length > 0 && scopesOf(quota).every((scope) => evaluator.inScope(object, scope))
}

/** Conditions of CustomResourceDefinitions, as upstream's apihelpers keep them. */
import type { CustomResourceDefinition, CustomResourceDefinitionCondition } from '../../generated/types.ts'
import { conditionOf } from '../../machinery/conditions.ts'

/** The conditions with this one set; the time of transition moves only when the status does. */
export function withCrdCondition(conditions: readonly CustomResourceDefinitionCondition[] | undefined, condition: CustomResourceDefinitionCondition, timestamp: string): CustomResourceDefinitionCondition[] {
  const known = conditions ?? []
  const old = conditionOf(known, condition.type)
  const lastTransitionTime = old && old.status === condition.status && old.lastTransitionTime ? old.lastTransitionTime : timestamp
  const next: CustomResourceDefinitionCondition = { lastTransitionTime, ...condition }
  return old ? known.map((each) => (each === old ? next : each)) : [...known, next]
}

export function isCrdConditionTrue(crd: Pick<CustomResourceDefinition, 'status'>, type: string): boolean {
  return conditionOf(crd.status?.conditions, type)?.status === 'True'
}

/** Whether a condition says the same as the one that is there. */
export function sameCondition(a: CustomResourceDefinitionCondition | undefined, b: CustomResourceDefinitionCondition | undefined): boolean {
  return a?.status === b?.status && a?.reason === b?.reason && a?.message === b?.message
}

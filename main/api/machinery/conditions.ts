/** Condition lists: find one, set one with transition times. */

/** What all condition types share. */
export interface ConditionLike {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
}

/** The condition of that type. */
export function conditionOf<C extends { type: string }>(conditions: readonly C[] | undefined, type: string): C | undefined {
  return conditions?.find((condition) => condition.type === type)
}

/** Whether the condition of that type has that status (default True). */
export function hasCondition(conditions: readonly { type: string; status: string }[] | undefined, type: string, status = 'True'): boolean {
  return conditionOf(conditions, type)?.status === status
}

/** The list with that condition: updated in place, or last. lastTransitionTime moves to `timestamp` only when the status
 *  changes. The same list when nothing changed. */
export function withCondition<C extends ConditionLike>(conditions: readonly C[] | undefined, condition: C, timestamp: string): C[] {
  const list = conditions ?? []
  const at = list.findIndex((old) => old.type === condition.type)
  const old = list[at]
  if (!old) return [...list, { ...condition, lastTransitionTime: condition.lastTransitionTime ?? timestamp }]
  const lastTransitionTime = old.status === condition.status ? (old.lastTransitionTime ?? timestamp) : (condition.lastTransitionTime ?? timestamp)
  const next = { ...old, ...condition, lastTransitionTime }
  const same = (Object.keys(next) as (keyof C)[]).every((key) => next[key] === old[key])
  if (same) return list as C[]
  return list.map((each, index) => (index === at ? next : each))
}

/** The list without that condition; the same list when it was not there. */
export function withoutCondition<C extends { type: string }>(conditions: readonly C[] | undefined, type: string): C[] {
  const list = conditions ?? []
  return list.some((condition) => condition.type === type) ? list.filter((condition) => condition.type !== type) : (list as C[])
}

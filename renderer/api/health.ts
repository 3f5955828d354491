import type { Health, HealthMark } from '../../main/api/kinds/kind.ts'
import type { ApiObject } from './object.ts'

export const healthMarks: readonly HealthMark[] = ['running', 'pending', 'failed', 'terminating', 'unknown', 'completed']

/** The worst first: what a group of things is judged by. */
const gravity: Readonly<Record<HealthMark, number>> = { failed: 0, unknown: 1, pending: 2, terminating: 3, running: 4, completed: 5 }

export function worstOf(marks: Iterable<HealthMark>): HealthMark | undefined {
  let worst: HealthMark | undefined
  for (const mark of marks) if (worst === undefined || gravity[mark] < gravity[worst]) worst = mark
  return worst
}

interface Condition {
  readonly type?: string
  readonly status?: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

export function conditionsOf(object: ApiObject): readonly Condition[] {
  const conditions = (object.status as { conditions?: unknown } | undefined)?.conditions
  return Array.isArray(conditions) ? (conditions as Condition[]) : []
}

/** How an object of a kind that says nothing of its health is doing, judged by what all kinds share: deletion, the observed
 *  generation, and the usual conditions. */
export function commonHealth(object: ApiObject): Health {
  if (object.metadata.deletionTimestamp) return { mark: 'terminating', sentence: 'Being deleted' }
  const observed = (object.status as { observedGeneration?: number } | undefined)?.observedGeneration
  if (observed !== undefined && object.metadata.generation !== undefined && observed < object.metadata.generation) {
    return { mark: 'pending', sentence: 'The latest change has not been acted on yet' }
  }
  const conditions = conditionsOf(object)
  const bad = conditions.find((condition) => condition.type === 'Failed' && condition.status === 'True')
  if (bad) return { mark: 'failed', sentence: bad.message || bad.reason || 'Failed' }
  const complete = conditions.find((condition) => condition.type === 'Complete' && condition.status === 'True')
  if (complete) return { mark: 'completed', sentence: complete.message || 'Complete' }
  const ready = conditions.find((condition) => condition.type === 'Ready' || condition.type === 'Available')
  if (ready && ready.status !== 'True') return { mark: ready.status === 'Unknown' ? 'unknown' : 'pending', sentence: ready.message || ready.reason || `Not ${ready.type?.toLowerCase()}` }
  return { mark: 'running', sentence: ready ? `${ready.type}` : 'Exists; this kind has no state of its own' }
}

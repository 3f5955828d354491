import type { Pod, PodTemplateSpec, ReplicaSetCondition, ReplicaSetStatus } from '../../../api/generated/types.ts'
import { conditionOf, withoutCondition } from '../../../api/machinery/conditions.ts'
import type { Selector } from '../../../api/machinery/labels.ts'
import { podAvailableAt } from '../../../api/machinery/pod.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { podsToDelete } from '../framework/deletion-order.ts'
import { podFacts } from './pod-facts.ts'

/** So many pods at most are created or deleted in one sync. */
export const burstReplicas = 500

/** What a ReplicaSet and a ReplicationController have in common. */
export interface ReplicaView {
  readonly replicas: number
  readonly selector: Selector
  readonly template: PodTemplateSpec | undefined
  readonly minReadySeconds: number
  readonly generation: number | undefined
  readonly status: ReplicaSetStatus
}

export interface ReplicaPlan {
  readonly create: number
  readonly remove: readonly Pod[]
}

/** How many pods to make or which to lose, so that there are as many active ones as wanted. */
export function planReplicas(set: ReplicaView, active: readonly Pod[], siblings: () => readonly Pod[], now: number): ReplicaPlan {
  const missing = set.replicas - active.length
  if (missing > 0) return { create: Math.min(missing, burstReplicas), remove: [] }
  if (missing < 0) return { create: 0, remove: podsToDelete(active, siblings(), Math.min(-missing, burstReplicas), now) }
  return { create: 0, remove: [] }
}

/** The status that the pods make of a set with that uid. `failure` is what kept the plan from being carried out. */
export function statusOf(set: ReplicaView, uid: string, active: readonly Pod[], terminating: number | undefined, failure: string | undefined, now: number): ReplicaSetStatus {
  let fullyLabeledReplicas = 0
  let readyReplicas = 0
  let availableReplicas = 0
  const labels = set.template?.metadata?.labels
  for (const pod of active) {
    const { fullyLabeled, ready } = podFacts(pod, uid, set.selector, labels)
    if (fullyLabeled) fullyLabeledReplicas++
    if (!ready) continue
    readyReplicas++
    if (set.minReadySeconds === 0 || podAvailableAt(pod, set.minReadySeconds)! <= now) availableReplicas++
  }
  const conditions = conditionsOf(set, active.length, failure, now)
  return {
    replicas: active.length,
    ...(fullyLabeledReplicas ? { fullyLabeledReplicas } : {}),
    ...(readyReplicas ? { readyReplicas } : {}),
    ...(availableReplicas ? { availableReplicas } : {}),
    ...(terminating === undefined ? {} : { terminatingReplicas: terminating }),
    ...(set.generation === undefined ? {} : { observedGeneration: set.generation }),
    ...(conditions.length > 0 ? { conditions } : {}),
  }
}

function conditionsOf(set: ReplicaView, active: number, failure: string | undefined, now: number): ReplicaSetCondition[] {
  const conditions = set.status.conditions ?? []
  const known = conditionOf(conditions, 'ReplicaFailure')
  if (failure === undefined) return known ? withoutCondition(conditions, 'ReplicaFailure') : conditions
  if (known) return conditions
  const reason = active < set.replicas ? 'FailedCreate' : active > set.replicas ? 'FailedDelete' : ''
  return [...conditions, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: formatTime(now), reason, message: failure }]
}

/** How long until the next ready pod becomes available; undefined when none is waiting. */
export function nextAvailabilityMs(active: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  let next: number | undefined
  for (const pod of active) {
    const at = podAvailableAt(pod, minReadySeconds)
    if (at !== undefined && at > now && (next === undefined || at < next)) next = at
  }
  return next === undefined ? undefined : next - now
}

import type { Pod, StatefulSet, StatefulSetStatus } from '../../../api/generated/types.ts'
import { scaledValue } from '../../../api/machinery/int-or-string.ts'
import { isPodAvailable, isPodReady } from '../../../api/machinery/pod.ts'
import { ordinalOf, replicasOf, revisionNameOf, startOf } from './stateful-pods.ts'

/** Names of the revision that pods have had and of the one that they get. */
export interface Revisions {
  readonly current: string
  readonly update: string
}

export type Step =
  | { readonly do: 'create'; readonly ordinal: number; readonly revision: string }
  /** It has ended: it goes, so that the next sync makes it again. */
  | { readonly do: 'recreate'; readonly pod: Pod }
  | { readonly do: 'delete'; readonly pod: Pod }

/** What to do next. In order: one thing at a time, each pod ready before the next; Parallel: all that is missing or too much
 *  at once. An update goes from the highest ordinal down, one pod (or maxUnavailable) at a time. Follows
 *  stateful_set_control's updateStatefulSet. */
export function planStatefulSet(set: StatefulSet, revisions: Revisions, pods: readonly Pod[], now: number): Step[] {
  if (set.metadata.deletionTimestamp) return []
  const ordered = set.spec?.podManagementPolicy !== 'Parallel'
  const start = startOf(set)
  const count = replicasOf(set)
  const minReadySeconds = set.spec?.minReadySeconds ?? 0
  const available = (pod: Pod): boolean => isRunningAndReady(pod) && isPodAvailable(pod, minReadySeconds, now)
  const wanted: (Pod | undefined)[] = Array.from({ length: count })
  const condemned: { pod: Pod; ordinal: number }[] = []
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod)
    if (ordinal === undefined) continue
    if (ordinal >= start && ordinal < start + count) wanted[ordinal - start] = pod
    else condemned.push({ pod, ordinal })
  }
  condemned.sort((a, b) => b.ordinal - a.ordinal)
  const steps: Step[] = []

  for (const [index, pod] of wanted.entries()) {
    if (pod?.status?.phase === 'Failed' || pod?.status?.phase === 'Succeeded') {
      if (!pod.metadata.deletionTimestamp) steps.push({ do: 'recreate', pod })
      if (ordered) return steps
    } else if (!pod) {
      steps.push({ do: 'create', ordinal: start + index, revision: revisionFor(set, revisions, start + index) })
      if (ordered) return steps
    } else if (ordered && (pod.metadata.deletionTimestamp || !available(pod))) return steps
  }

  const firstUnhealthy = [...wanted, ...condemned.map((each) => each.pod).reverse()].find((pod) => pod && (!isRunningAndReady(pod) || pod.metadata.deletionTimestamp))
  for (const { pod } of condemned) {
    if (pod.metadata.deletionTimestamp) {
      if (ordered) return steps
      continue
    }
    if (ordered && !available(pod) && pod !== firstUnhealthy) return steps
    steps.push({ do: 'delete', pod })
    if (ordered) return steps
  }

  const strategy = set.spec?.updateStrategy
  if (strategy?.type === 'OnDelete') return steps
  const partition = strategy?.rollingUpdate?.partition ?? 0
  const maxUnavailable = Math.max(1, scaledValue(strategy?.rollingUpdate?.maxUnavailable ?? 1, count, 'up'))
  let unavailable = 0
  for (let index = count - 1; index >= Math.max(0, partition - start); index--) {
    const pod = wanted[index]
    if (!pod) continue
    if (revisionNameOf(pod) !== revisions.update && !pod.metadata.deletionTimestamp) {
      if (unavailable >= maxUnavailable) break
      steps.push({ do: 'delete', pod })
      unavailable++
    } else if (pod.metadata.deletionTimestamp || !available(pod)) unavailable++
    if (unavailable >= maxUnavailable) break
  }
  return steps
}

/** Below the partition (or the number that still has the old revision) pods are remade as they were. */
function revisionFor(set: StatefulSet, { current, update }: Revisions, ordinal: number): string {
  const strategy = set.spec?.updateStrategy
  if (strategy?.type !== 'RollingUpdate') return update
  const partition = strategy.rollingUpdate?.partition
  const bound = partition ?? set.status?.currentReplicas ?? 0
  return ordinal < startOf(set) + bound ? current : update
}

export function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isPodReady(pod)
}

/** Counts, and the revision that counts as current once the update is through. */
export function statefulStatus(set: StatefulSet, { current, update }: Revisions, pods: readonly Pod[], now: number): StatefulSetStatus {
  const minReadySeconds = set.spec?.minReadySeconds ?? 0
  let ready = 0
  let available = 0
  let currentReplicas = 0
  let updatedReplicas = 0
  for (const pod of pods) {
    if (isRunningAndReady(pod)) {
      ready++
      if (isPodAvailable(pod, minReadySeconds, now)) available++
    }
    if (pod.metadata.deletionTimestamp) continue
    if (revisionNameOf(pod) === current) currentReplicas++
    if (revisionNameOf(pod) === update) updatedReplicas++
  }
  const replicas = pods.length
  const through = set.spec?.updateStrategy?.type === 'RollingUpdate' && updatedReplicas === replicas && ready === replicas && replicas === replicasOf(set)
  const { collisionCount } = set.status ?? {}
  return {
    replicas,
    availableReplicas: available,
    ...(ready ? { readyReplicas: ready } : {}),
    ...((through ? updatedReplicas : currentReplicas) ? { currentReplicas: through ? updatedReplicas : currentReplicas } : {}),
    ...(updatedReplicas ? { updatedReplicas } : {}),
    ...(set.metadata.generation ? { observedGeneration: set.metadata.generation } : {}),
    currentRevision: through ? update : current,
    updateRevision: update,
    collisionCount: collisionCount ?? 0,
    ...(set.status?.conditions ? { conditions: set.status.conditions } : {}),
  }
}

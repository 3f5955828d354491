import type { Node, Pod } from '../../api/generated/types.ts'
import { semanticEqual } from '../../api/machinery/equality.ts'
import type { ClusterEventName } from './framework/cluster-event.ts'
import { podInfoOf } from './framework/pod-info.ts'

/** What of a node's change scheduling cares for. */
export function nodeChanges(old: Node, next: Node): ClusterEventName[] {
  const changes: ClusterEventName[] = []
  if (!semanticEqual(old.status?.allocatable, next.status?.allocatable)) changes.push('NodeAllocatableChange')
  if (!semanticEqual(old.metadata.labels, next.metadata.labels)) changes.push('NodeLabelChange')
  if (!semanticEqual(old.spec?.taints, next.spec?.taints) || Boolean(old.spec?.unschedulable) !== Boolean(next.spec?.unschedulable)) changes.push('NodeTaintChange')
  if (!semanticEqual(conditions(old), conditions(next))) changes.push('NodeConditionChange')
  if (!semanticEqual(old.metadata.annotations, next.metadata.annotations)) changes.push('NodeAnnotationChange')
  return changes
}

function conditions(node: Node): Record<string, string> {
  return Object.fromEntries((node.status?.conditions ?? []).map(({ type, status }) => [type, status]))
}

/** What of a pod's change scheduling cares for, with the words for a pod that has a node, or waits for one. */
export function podChanges(old: Pod, next: Pod, assigned: boolean): ClusterEventName[] {
  const changes: ClusterEventName[] = []
  if (!semanticEqual(old.metadata.labels, next.metadata.labels)) changes.push(assigned ? 'AssignedPodLabelChange' : 'PodLabelChange')
  const [before, after] = [podInfoOf(old).requests, podInfoOf(next).requests]
  if (before.milliCpu > after.milliCpu || before.memory > after.memory || before.ephemeralStorage > after.ephemeralStorage) changes.push(assigned ? 'AssignedPodScaleDown' : 'PodScaleDown')
  if (assigned) return changes
  if ((old.spec?.schedulingGates?.length ?? 0) > 0 && (next.spec?.schedulingGates?.length ?? 0) === 0) changes.push('PodSchedulingGatesEliminated')
  if (!semanticEqual(old.status?.resourceClaimStatuses, next.status?.resourceClaimStatuses)) changes.push('PodClaimsGenerated')
  if (!semanticEqual(old.spec?.tolerations, next.spec?.tolerations)) changes.push('PodTolerationChange')
  return changes
}

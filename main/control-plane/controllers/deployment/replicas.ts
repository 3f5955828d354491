import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../../api/generated/types.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { resolveFenceposts } from '../../../api/machinery/int-or-string.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import { parseTime } from '../../../api/machinery/time.ts'
import { revisionOf } from './revision.ts'

export const templateHashLabel = 'pod-template-hash'

export function replicasOf(object: Deployment | ReplicaSet): number {
  return object.spec?.replicas ?? 1
}

export function availableOf(set: ReplicaSet): number {
  return set.status?.availableReplicas ?? 0
}

export function isRolling(deployment: Deployment): boolean {
  return deployment.spec?.strategy?.type === 'RollingUpdate'
}

function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  const { maxSurge, maxUnavailable } = deployment.spec?.strategy?.rollingUpdate ?? {}
  return resolveFenceposts(maxSurge, maxUnavailable, replicasOf(deployment))
}

/** How many pods more than wanted there may be. */
export function maxSurgeOf(deployment: Deployment): number {
  return isRolling(deployment) ? fenceposts(deployment).surge : 0
}

/** How many pods fewer than wanted may be available. */
export function maxUnavailableOf(deployment: Deployment): number {
  const replicas = replicasOf(deployment)
  if (!isRolling(deployment) || replicas === 0) return 0
  return Math.min(fenceposts(deployment).unavailable, replicas)
}

export function sumOf(sets: readonly ReplicaSet[], valueOf: (set: ReplicaSet) => number | undefined): number {
  let sum = 0
  for (const set of sets) sum += valueOf(set) ?? 0
  return sum
}

/** Those that should have pods. */
export function activeOf(sets: readonly ReplicaSet[]): ReplicaSet[] {
  return sets.filter((set) => replicasOf(set) > 0)
}

/** Whether two templates are the same but for the hash label that the controller adds. */
export function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return semanticEqual(withoutHash(a), withoutHash(b))
}

function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const { [templateHashLabel]: _, ...labels } = template?.metadata?.labels ?? {}
  return { ...template, metadata: { ...template?.metadata, labels } }
}

export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  return (parseTime(a.metadata.creationTimestamp) ?? 0) - (parseTime(b.metadata.creationTimestamp) ?? 0) || compareBytes(a.metadata.name, b.metadata.name)
}

export function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  return revisionOf(a) - revisionOf(b) || byCreation(a, b)
}

/** The oldest set with the Deployment's template: two may exist, one must always be chosen. */
export function newReplicaSetOf(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return [...sets].sort(byCreation).find((set) => sameTemplate(set.spec?.template, deployment.spec?.template))
}

export function maxRevisionOf(sets: readonly ReplicaSet[]): number {
  return Math.max(0, ...sets.map(revisionOf))
}

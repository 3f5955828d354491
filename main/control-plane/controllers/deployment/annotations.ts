import type { Deployment, ReplicaSet } from '../../../api/generated/types.ts'
import { maxSurgeOf, replicasOf } from './replicas.ts'
import { integerOf, revisionAnnotation } from './revision.ts'

const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history'
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas'
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas'

/** What a ReplicaSet does not take over from its Deployment. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration', revisionAnnotation, revisionHistoryAnnotation, desiredReplicasAnnotation, maxReplicasAnnotation,
  'deprecated.deployment.rollback.to',
])

const historyLengthMax = 2000

type Annotations = { readonly [key: string]: string }

export function desiredReplicasOf(set: ReplicaSet): number | undefined {
  return integerOf(set.metadata.annotations?.[desiredReplicasAnnotation])
}

export function maxReplicasOf(set: ReplicaSet): number | undefined {
  return integerOf(set.metadata.annotations?.[maxReplicasAnnotation])
}

/** The annotations of a Deployment's new ReplicaSet: copied ones, its revision (with former ones in the history), and, when
 *  it is `made` just now, the sizes that scaling measures by. The same object when nothing changes. */
export function newReplicaSetAnnotations(deployment: Deployment, present: Annotations | undefined, revision: number, made: boolean): Annotations {
  let next: Annotations = present ?? {}
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!notCopied.has(key) && next[key] !== value) next = { ...next, [key]: value }
  }
  const text = present?.[revisionAnnotation]
  const old = integerOf(text) ?? 0
  if (old < revision) {
    next = { ...next, [revisionAnnotation]: String(revision) }
    if (text !== undefined && integerOf(text) !== undefined) next = { ...next, [revisionHistoryAnnotation]: historyWith(next[revisionHistoryAnnotation], text) }
  }
  return made ? withSizes(next, deployment) : next
}

/** Drops the oldest revisions rather than growing without end. */
function historyWith(history: string | undefined, revision: string): string {
  const revisions = history ? history.split(',') : []
  let length = revision.length + (history ? history.length + 1 : 0)
  while (revisions.length > 0 && length > historyLengthMax) length -= revisions.shift()!.length + 1
  return [...revisions, revision].join(',')
}

/** The annotations with the Deployment's size and the most pods it may have. The same object when they are right already. */
export function withSizes(present: Annotations | undefined, deployment: Deployment): Annotations {
  const desired = String(replicasOf(deployment))
  const max = String(replicasOf(deployment) + maxSurgeOf(deployment))
  if (present?.[desiredReplicasAnnotation] === desired && present[maxReplicasAnnotation] === max) return present
  return { ...present, [desiredReplicasAnnotation]: desired, [maxReplicasAnnotation]: max }
}

import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../../api/generated/types.ts'
import { conditionOf, withoutCondition } from '../../../api/machinery/conditions.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { formatTime, timeOr0 } from '../../../api/machinery/time.ts'
import { availableOf, maxUnavailableOf, replicasOf, sumOf } from './replicas.ts'

type Conditions = readonly DeploymentCondition[]

export function deploymentCondition(type: string, status: 'True' | 'False' | 'Unknown', reason: string, message: string, now: number): DeploymentCondition {
  const time = formatTime(now)
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message }
}

/** The conditions with that one last. One of the same status and reason stays as it is; the same status keeps its time. */
export function withDeploymentCondition(conditions: Conditions | undefined, condition: DeploymentCondition): DeploymentCondition[] {
  const present = conditionOf(conditions, condition.type)
  if (present?.status === condition.status && present.reason === condition.reason) return [...(conditions ?? [])]
  const kept = present?.status === condition.status && present.lastTransitionTime ? { ...condition, lastTransitionTime: present.lastTransitionTime } : condition
  return [...withoutCondition(conditions, condition.type), kept]
}

/** Whether progress has a deadline. */
export function hasDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec?.progressDeadlineSeconds
  return seconds !== undefined && seconds !== 2147483647
}

/** Counts, and whether the least is available. `all` includes the new set. */
export function countedStatus(deployment: Deployment, all: readonly ReplicaSet[], newSet: ReplicaSet | undefined, now: number): DeploymentStatus {
  const available = sumOf(all, availableOf)
  const conditions = withDeploymentCondition(
    deployment.status?.conditions,
    available >= replicasOf(deployment) - maxUnavailableOf(deployment)
      ? deploymentCondition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', now)
      : deploymentCondition('Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.', now),
  )
  const { collisionCount } = deployment.status ?? {}
  return {
    ...nonZero({
      observedGeneration: deployment.metadata.generation ?? 0,
      replicas: sumOf(all, (set) => set.status?.replicas),
      updatedReplicas: newSet?.status?.replicas ?? 0,
      readyReplicas: sumOf(all, (set) => set.status?.readyReplicas),
      availableReplicas: available,
      unavailableReplicas: Math.max(0, sumOf(all, replicasOf) - available),
    }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...terminatingOf(all),
    conditions,
  }
}

/** Known only when every set says it. */
function terminatingOf(all: readonly ReplicaSet[]): { terminatingReplicas?: number } {
  const known = all.every((set) => set.status?.terminatingReplicas !== undefined || (set.status?.observedGeneration ?? 0) === 0)
  return known ? { terminatingReplicas: sumOf(all, (set) => set.status?.terminatingReplicas) } : {}
}

function nonZero<T extends { [field: string]: number }>(counts: T): Partial<T> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)) as Partial<T>
}

/** Whether everything wanted is there, updated and available, and nothing old is left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = replicasOf(deployment)
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  )
}

function isProgressing(was: DeploymentStatus, is: DeploymentStatus): boolean {
  const oldReplicas = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0)
  return (
    (is.updatedReplicas ?? 0) > (was.updatedReplicas ?? 0) ||
    oldReplicas(is) < oldReplicas(was) ||
    (is.readyReplicas ?? 0) > (was.readyReplicas ?? 0) ||
    (is.availableReplicas ?? 0) > (was.availableReplicas ?? 0)
  )
}

function isTimedOut(deployment: Deployment, status: DeploymentStatus, now: number): boolean {
  const condition = conditionOf(status.conditions, 'Progressing')
  if (!hasDeadline(deployment) || !condition || condition.reason === 'NewReplicaSetAvailable') return false
  if (condition.reason === 'ProgressDeadlineExceeded') return true
  return timeOr0(condition.lastUpdateTime) + deployment.spec!.progressDeadlineSeconds! * 1000 < now
}

/** The status during a rollout: the counts, whether it gets on, and what its sets complain of. */
export function rolloutStatus(deployment: Deployment, all: readonly ReplicaSet[], newSet: ReplicaSet | undefined, now: number): DeploymentStatus {
  const status = countedStatus(deployment, all, newSet, now)
  let conditions: DeploymentCondition[] = status.conditions ?? []
  if (!hasDeadline(deployment)) conditions = withoutCondition(conditions, 'Progressing')
  const present = conditionOf(deployment.status?.conditions, 'Progressing')
  const wasComplete = status.replicas === status.updatedReplicas && present?.reason === 'NewReplicaSetAvailable'
  if (hasDeadline(deployment) && !wasComplete) {
    const subject = newSet ? `ReplicaSet ${quote(newSet.metadata.name)}` : `Deployment ${quote(deployment.metadata.name)}`
    if (isComplete(deployment, status)) {
      conditions = withDeploymentCondition(conditions, deploymentCondition('Progressing', 'True', 'NewReplicaSetAvailable', `${subject} has successfully progressed.`, now))
    } else if (isProgressing(deployment.status ?? {}, status)) {
      const made = deploymentCondition('Progressing', 'True', 'ReplicaSetUpdated', `${subject} is progressing.`, now)
      // Replaced even when it says the same, because its update time is the last progress.
      const kept = present?.status === 'True' && present.lastTransitionTime ? { ...made, lastTransitionTime: present.lastTransitionTime } : made
      conditions = [...withoutCondition(conditions, 'Progressing'), kept]
    } else if (isTimedOut(deployment, status, now)) {
      conditions = withDeploymentCondition(conditions, deploymentCondition('Progressing', 'False', 'ProgressDeadlineExceeded', `${subject} has timed out progressing.`, now))
    }
  }
  const failure = failureOf(all, newSet)
  conditions = failure ? withDeploymentCondition(conditions, failure) : withoutCondition(conditions, 'ReplicaFailure')
  return { ...status, conditions }
}

/** The complaint of the new set, or of an old one. */
function failureOf(all: readonly ReplicaSet[], newSet: ReplicaSet | undefined): DeploymentCondition | undefined {
  for (const set of newSet ? [newSet, ...all] : all) {
    const condition = conditionOf(set.status?.conditions, 'ReplicaFailure')
    if (!condition) continue
    const { type, status, reason = '', message = '', lastTransitionTime } = condition
    return { type, status, reason, message, ...(lastTransitionTime ? { lastTransitionTime, lastUpdateTime: lastTransitionTime } : {}) }
  }
  return undefined
}

/** When to look again whether the rollout has timed out; undefined when it need not be. */
export function deadlineCheckMs(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const condition = conditionOf(deployment.status?.conditions, 'Progressing')
  if (!hasDeadline(deployment) || !condition) return undefined
  if (isComplete(deployment, status) || condition.reason === 'ProgressDeadlineExceeded') return undefined
  return timeOr0(condition.lastUpdateTime) + deployment.spec!.progressDeadlineSeconds! * 1000 - now
}

import type { Deployment, ReplicaSet } from '../../../api/generated/types.ts'
import { keyOf } from '../../../api/machinery/object.ts'
import { desiredReplicasOf, maxReplicasOf } from './annotations.ts'
import { activeOf, availableOf, byCreation, byRevision, isRolling, maxSurgeOf, maxUnavailableOf, replicasOf, sumOf } from './replicas.ts'

/** A ReplicaSet and the size it gets. */
export interface Scaling {
  readonly set: ReplicaSet
  readonly size: number
}

/** Whether the Deployment's own size was changed since its ReplicaSets were last sized. */
export function wasScaled(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return activeOf(sets).some((set) => {
    const desired = desiredReplicasOf(set)
    return desired !== undefined && desired !== replicasOf(deployment)
  })
}

/** How many replicas the new ReplicaSet may have now. `present` is what it has (0 before it exists); `all` includes it. */
export function newReplicaSetSize(deployment: Deployment, all: readonly ReplicaSet[], present: number): number {
  const wanted = replicasOf(deployment)
  if (!isRolling(deployment)) return wanted
  const room = wanted + maxSurgeOf(deployment) - sumOf(all, replicasOf)
  if (room <= 0) return present
  return present + Math.min(room, wanted - present)
}

/** The next step up of a rolling update, if there is one. */
export function planNewReplicaSet(deployment: Deployment, all: readonly ReplicaSet[], newSet: ReplicaSet): Scaling | undefined {
  const present = replicasOf(newSet)
  const wanted = replicasOf(deployment)
  if (present === wanted) return undefined
  const size = present > wanted ? wanted : newReplicaSetSize(deployment, all, present)
  return size === present ? undefined : { set: newSet, size }
}

/** The next steps down of a rolling update: first what is not healthy anyway, then as many available pods as can be spared
 *  without going below the least that must be available. A set may appear twice; steps are taken in order. Throws when a status lags behind. */
export function planOldReplicaSets(deployment: Deployment, newSet: ReplicaSet, old: readonly ReplicaSet[]): Scaling[] {
  const oldest = activeOf(old).sort(byCreation)
  if (oldest.length === 0) return []
  const all = [...oldest, newSet]
  const leastAvailable = replicasOf(deployment) - maxUnavailableOf(deployment)
  const newUnavailable = replicasOf(newSet) - availableOf(newSet)
  let spare = sumOf(all, replicasOf) - leastAvailable - newUnavailable
  if (spare <= 0) return []
  const sizes = new Map(oldest.map((set) => [set, replicasOf(set)]))
  const steps: Scaling[] = []
  const lower = (set: ReplicaSet, by: number): void => {
    if (by <= 0) return
    const size = sizes.get(set)! - by
    sizes.set(set, size)
    steps.push({ set, size })
  }
  for (const set of oldest) {
    if (spare <= 0) break
    const size = replicasOf(set)
    const unhealthy = Math.min(spare, size - availableOf(set))
    // Its status is behind its last scaling: counting on it would take too many. Upstream fails so, too, and tries again.
    if (unhealthy < 0) throw new Error(`when cleaning up unhealthy replicas, got invalid request to scale down ${keyOf(set)} ${size} -> ${size - unhealthy}`)
    spare -= unhealthy
    lower(set, unhealthy)
  }
  let surplus = sumOf(all, availableOf) - leastAvailable
  for (const set of oldest) {
    const fewer = Math.max(0, Math.min(sizes.get(set)!, surplus))
    surplus -= fewer
    lower(set, fewer)
  }
  return steps
}

/** How a Deployment whose size changed (or that is paused) sizes its ReplicaSets, without rolling on. */
export function planScaling(deployment: Deployment, newSet: ReplicaSet | undefined, old: readonly ReplicaSet[]): Scaling[] {
  const wanted = replicasOf(deployment)
  const only = activeOrLatest(newSet, old)
  if (only) return replicasOf(only) === wanted ? [] : [{ set: only, size: wanted }]
  if (isSaturated(deployment, newSet)) return activeOf(old).map((set) => ({ set, size: 0 }))
  return isRolling(deployment) ? planProportionally(deployment, activeOf(newSet ? [...old, newSet] : old)) : []
}

/** The one set that has pods, or the newest when none has; undefined when several have. */
function activeOrLatest(newSet: ReplicaSet | undefined, old: readonly ReplicaSet[]): ReplicaSet | undefined {
  if (!newSet && old.length === 0) return undefined
  const active = activeOf(newSet ? [...old, newSet] : old)
  if (active.length === 0) return newSet ?? [...old].sort(byCreation).at(-1)
  return active.length === 1 ? active[0] : undefined
}

function isSaturated(deployment: Deployment, set: ReplicaSet | undefined): boolean {
  const wanted = replicasOf(deployment)
  return set !== undefined && desiredReplicasOf(set) === wanted && replicasOf(set) === wanted && availableOf(set) === wanted
}

/** In the middle of a rollout the change is shared out by size, so that a rollout that turns out bad has not got all of it. */
function planProportionally(deployment: Deployment, active: readonly ReplicaSet[]): Scaling[] {
  const wanted = replicasOf(deployment)
  const allowed = wanted > 0 ? wanted + maxSurgeOf(deployment) : 0
  const change = allowed - sumOf(active, replicasOf)
  const sets = [...active].sort((a, b) => replicasOf(b) - replicasOf(a) || (change > 0 ? byRevisionDescending(a, b) : byRevision(a, b)))
  let given = 0
  const sizes = sets.map((set) => {
    const share = change === 0 ? 0 : shareOf(set, deployment, change, given)
    given += share
    return replicasOf(set) + share
  })
  // What rounding left over goes to the largest.
  if (change !== 0 && sizes.length > 0) sizes[0] = Math.max(0, sizes[0]! + change - given)
  return sets.map((set, index) => ({ set, size: sizes[index]! }))
}

function byRevisionDescending(a: ReplicaSet, b: ReplicaSet): number {
  return byRevision(b, a)
}

function shareOf(set: ReplicaSet, deployment: Deployment, change: number, given: number): number {
  const size = replicasOf(set)
  if (size === 0 || change === given) return 0
  const left = change - given
  const fraction = fractionOf(set, deployment)
  return change > 0 ? Math.min(fraction, left) : Math.max(fraction, left)
}

function fractionOf(set: ReplicaSet, deployment: Deployment): number {
  const size = replicasOf(set)
  const wanted = replicasOf(deployment)
  if (wanted === 0) return -size
  const before = maxReplicasOf(set) || (deployment.status?.replicas ?? 0)
  if (before === 0) return 0
  return roundAwayFromZero((size * (wanted + maxSurgeOf(deployment))) / before) - size
}

function roundAwayFromZero(value: number): number {
  return value < 0 ? Math.ceil(value - 0.5) : Math.floor(value + 0.5)
}

/** Old sets beyond the history limit, oldest first, that have no pods and whose status is up to date. */
export function planCleanUp(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = deployment.spec?.revisionHistoryLimit
  if (limit === undefined || limit === 2147483647) return []
  const alive = old.filter((set) => !set.metadata.deletionTimestamp)
  const surplus = alive.length - limit
  if (surplus <= 0) return []
  return alive
    .sort(byRevision)
    .slice(0, surplus)
    .filter((set) => (set.status?.replicas ?? 0) === 0 && replicasOf(set) === 0 && (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0))
}

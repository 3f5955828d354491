import type { DaemonSet, DaemonSetStatus, Node, Pod } from '../../../api/generated/types.ts'
import { scaledValue } from '../../../api/machinery/int-or-string.ts'
import { isPodAvailable, isPodReady } from '../../../api/machinery/pod.ts'
import { byAge, daemonFits, isUpdated } from './daemon-pods.ts'

export type PodsByNode = ReadonlyMap<string, readonly Pod[]>

export interface DaemonPlan {
  readonly create: readonly string[]
  readonly remove: readonly Pod[]
  /** Ended pods that are removed so that new ones come; their removal is announced and, for failed ones, held back. */
  readonly ended: readonly { readonly node: string; readonly pod: Pod }[]
}

/** Which nodes lack a daemon pod, and which pods are too many, where none should be, or have ended. */
export function planNodes(set: DaemonSet, nodes: readonly Node[], pods: PodsByNode, hash: string, now: number): DaemonPlan {
  const create: string[] = []
  const remove: Pod[] = []
  const ended: { node: string; pod: Pod }[] = []
  const surges = surgeOf(set, nodes.length) > 0
  const minReadySeconds = set.spec?.minReadySeconds ?? 0
  for (const node of nodes) {
    const here = pods.get(node.metadata.name) ?? []
    const { run, stay } = daemonFits(set, node)
    if (run && here.length === 0) create.push(node.metadata.name)
    else if (!stay) remove.push(...here.filter((pod) => !pod.metadata.deletionTimestamp))
    else {
      const live: Pod[] = []
      for (const pod of here) {
        if (pod.metadata.deletionTimestamp) continue
        if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') ended.push({ node: node.metadata.name, pod })
        else live.push(pod)
      }
      live.sort(byAge)
      if (live.length <= 1) continue
      if (!surges) remove.push(...live.slice(1))
      else remove.push(...surplusWhileSurging(live, hash, minReadySeconds, now))
    }
  }
  return { create, remove, ended }
}

/** While surging a node may have one old and one new pod: the old one goes when it is of no use, or the new one is ready. */
function surplusWhileSurging(live: readonly Pod[], hash: string, minReadySeconds: number, now: number): Pod[] {
  const newest = live.find((pod) => isUpdated(pod, hash))
  const oldest = live.find((pod) => !isUpdated(pod, hash))
  const surplus = live.filter((pod) => pod !== newest && pod !== oldest)
  if (newest && oldest && (!isPodReady(oldest) || isPodAvailable(newest, minReadySeconds, now))) surplus.push(oldest)
  return surplus
}

export function surgeOf(set: DaemonSet, desired: number): number {
  if (set.spec?.updateStrategy?.type !== 'RollingUpdate') return 0
  return scaledValue(set.spec.updateStrategy.rollingUpdate?.maxSurge ?? 0, desired, 'up')
}

function unavailableOf(set: DaemonSet, desired: number): number {
  return scaledValue(set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, desired, 'up')
}

/** The next step of a rolling update: old pods to remove, and with a surge nodes that get a new one beside the old. */
export function planUpdate(set: DaemonSet, nodes: readonly Node[], pods: PodsByNode, hash: string, now: number): { readonly remove: readonly Pod[]; readonly create: readonly string[] } {
  if (!hasStale(pods, hash)) return { create: [], remove: [] }
  const desired = nodes.filter((node) => daemonFits(set, node).run).length
  const surge = surgeOf(set, desired)
  const minReadySeconds = set.spec?.minReadySeconds ?? 0
  const available = (pod: Pod): boolean => isPodAvailable(pod, minReadySeconds, now)
  if (surge === 0) {
    const maxUnavailable = Math.max(1, unavailableOf(set, desired))
    let unavailable = 0
    const useless: Pod[] = []
    const candidates: Pod[] = []
    for (const here of pods.values()) {
      const { newPod, oldPod, clear } = generationsOf(here, hash)
      if (!clear || (!newPod && !oldPod)) unavailable++
      else if (newPod) unavailable += available(newPod) ? 0 : 1
      else if (!available(oldPod!)) {
        useless.push(oldPod!)
        unavailable++
      } else if (unavailable < maxUnavailable) candidates.push(oldPod!)
    }
    return { create: [], remove: [...useless, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))] }
  }
  let surging = 0
  const remove: Pod[] = []
  const useless: string[] = []
  const candidates: string[] = []
  for (const [node, here] of pods) {
    const { newPod, oldPod, clear } = generationsOf(here, hash)
    if (!clear) surging++
    else if (newPod && oldPod) {
      if (available(newPod)) remove.push(oldPod)
      else surging++
    } else if (!newPod && oldPod) {
      if (available(oldPod)) candidates.push(node)
      else useless.push(node)
    } else if (newPod && !available(newPod)) continue
  }
  return { remove, create: [...useless, ...candidates.slice(0, Math.max(0, surge - surging))] }
}

/** Whether any living pod is of an older template. */
function hasStale(pods: PodsByNode, hash: string): boolean {
  for (const here of pods.values()) for (const pod of here) if (!isUpdated(pod, hash) && !pod.metadata.deletionTimestamp) return true
  return false
}

/** The one new and the one old living pod of a node; not clear when there are more. */
function generationsOf(here: readonly Pod[], hash: string): { newPod?: Pod; oldPod?: Pod; clear: boolean } {
  const living = here.filter((pod) => !pod.metadata.deletionTimestamp)
  const fresh = living.filter((pod) => isUpdated(pod, hash))
  const stale = living.filter((pod) => !isUpdated(pod, hash))
  return { ...(fresh[0] ? { newPod: fresh[0] } : {}), ...(stale[0] ? { oldPod: stale[0] } : {}), clear: fresh.length <= 1 && stale.length <= 1 }
}

/** What the pods on the nodes amount to. */
export function daemonStatus(set: DaemonSet, nodes: readonly Node[], pods: PodsByNode, hash: string, updateGeneration: boolean, now: number): DaemonSetStatus {
  let desired = 0
  let current = 0
  let misscheduled = 0
  let ready = 0
  let available = 0
  let updated = 0
  for (const node of nodes) {
    const here = pods.get(node.metadata.name) ?? []
    if (!daemonFits(set, node).run) {
      if (here.length > 0) misscheduled++
      continue
    }
    desired++
    if (here.length === 0) continue
    current++
    const pod = [...here].sort(byAge)[0]!
    if (isPodReady(pod)) {
      ready++
      if (isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, now)) available++
    }
    if (isUpdated(pod, hash)) updated++
  }
  const unavailable = desired - available
  const observedGeneration = updateGeneration ? set.metadata.generation : set.status?.observedGeneration
  const { collisionCount, conditions } = set.status ?? {}
  return {
    currentNumberScheduled: current,
    numberMisscheduled: misscheduled,
    desiredNumberScheduled: desired,
    numberReady: ready,
    ...(observedGeneration ? { observedGeneration } : {}),
    ...(updated ? { updatedNumberScheduled: updated } : {}),
    ...(available ? { numberAvailable: available } : {}),
    ...(unavailable ? { numberUnavailable: unavailable } : {}),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions ? { conditions } : {}),
  }
}

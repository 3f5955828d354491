import type { Pod } from '../../../api/generated/types.ts'
import { isPodReady, isSidecar, podCondition } from '../../../api/machinery/pod.ts'
import { parseTime } from '../../../api/machinery/time.ts'

/** The annotation with which one says that a pod is cheaper (negative) or dearer to lose. */
export const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost'

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }

/** The `count` pods to lose first. `siblings` are the active pods of all sets with the same owner: of pods alike otherwise,
 *  those on nodes with more siblings go first. Follows controller_utils' ActivePodsWithRanks. */
export function podsToDelete(pods: readonly Pod[], siblings: readonly Pod[], count: number, now: number): Pod[] {
  if (count >= pods.length) return [...pods]
  const perNode = new Map<string, number>()
  for (const { spec } of siblings) if (spec?.nodeName) perNode.set(spec.nodeName, (perNode.get(spec.nodeName) ?? 0) + 1)
  const rank = (pod: Pod): number => perNode.get(pod.spec?.nodeName ?? '') ?? 0
  return [...pods].sort((a, b) => compare(a, b, rank(a), rank(b), now)).slice(0, count)
}

/** Negative when `a` goes before `b`. */
function compare(a: Pod, b: Pod, rankOfA: number, rankOfB: number, now: number): number {
  return (
    Number(Boolean(a.spec?.nodeName)) - Number(Boolean(b.spec?.nodeName)) ||
    phaseOf(a) - phaseOf(b) ||
    Number(isPodReady(a)) - Number(isPodReady(b)) ||
    costOf(a) - costOf(b) ||
    rankOfB - rankOfA ||
    (isPodReady(a) && isPodReady(b) ? byAge(parseTime(podCondition(a, 'Ready')?.lastTransitionTime), parseTime(podCondition(b, 'Ready')?.lastTransitionTime), a, b, now) : 0) ||
    restartsOf(b, false) - restartsOf(a, false) ||
    restartsOf(b, true) - restartsOf(a, true) ||
    byAge(parseTime(a.metadata.creationTimestamp), parseTime(b.metadata.creationTimestamp), a, b, now)
  )
}

function phaseOf(pod: Pod): number {
  return phaseRank[pod.status?.phase ?? 'Pending'] ?? 0
}

function costOf(pod: Pod): number {
  const text = pod.metadata.annotations?.[deletionCostAnnotation]
  return text !== undefined && /^(-?[1-9]\d*|0)$/.test(text) ? Number(text) : 0
}

/** The younger first, by order of magnitude only: within one the uid decides, which is as good as chance. */
function byAge(a: number | undefined, b: number | undefined, podA: Pod, podB: Pod, now: number): number {
  if (a === b) return 0
  if (a === undefined) return -1
  if (b === undefined) return 1
  return magnitude(now - a) - magnitude(now - b) || ((podA.metadata.uid ?? '') < (podB.metadata.uid ?? '') ? -1 : 1)
}

function magnitude(ms: number): number {
  return ms > 0 ? Math.floor(Math.log2(ms * 1_000_000)) : -1
}

/** The most restarts of one app container, or of one sidecar. */
function restartsOf(pod: Pod, ofSidecars: boolean): number {
  if (!ofSidecars) return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount))
  const sidecars = new Set((pod.spec?.initContainers ?? []).filter(isSidecar).map((container) => container.name))
  return Math.max(0, ...(pod.status?.initContainerStatuses ?? []).filter((status) => sidecars.has(status.name)).map((status) => status.restartCount))
}

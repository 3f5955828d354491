import type { Node, Pod, PodDisruptionBudget } from '../../../api/generated/types.ts'
import { controllerOf } from '../../../api/machinery/object.ts'
import { cachedSelectorOf, matchesSelector } from '../../../api/machinery/labels.ts'
import { cpuMillis, quantityValue } from '../../../api/machinery/quantity.ts'

const safeToEvict = 'cluster-autoscaler.kubernetes.io/safe-to-evict'
const safeLocalVolumes = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes'
const scaleDownDisabled = 'cluster-autoscaler.kubernetes.io/scale-down-disabled'
/** --scale-down-utilization-threshold. */
const utilizationMax = 0.5

export function isMirror(pod: Pod): boolean {
  return pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined
}

export function isOfDaemonSet(pod: Pod): boolean {
  return controllerOf(pod)?.kind === 'DaemonSet'
}

/** The part of a node's processors or memory that its pods request, whichever is greater. */
export function utilizationOf(node: Node, pods: readonly Pod[]): number {
  const share = (resource: 'cpu' | 'memory'): number => {
    const amountOf = resource === 'cpu' ? cpuMillis : quantityValue
    const available = amountOf(node.status?.allocatable?.[resource])
    const requested = pods.reduce((sum, pod) => sum + (pod.spec?.containers ?? []).reduce((own, container) => own + amountOf(container.resources?.requests?.[resource]), 0), 0)
    return available > 0 ? requested / available : 1
  }
  return Math.max(share('cpu'), share('memory'))
}

/** Why a pod may not be moved off its node; undefined when it may. Follows upstream's drainability rules. Pure. */
export function blockedBy(pod: Pod, budgets: readonly PodDisruptionBudget[]): string | undefined {
  const { annotations, namespace } = pod.metadata
  if (isMirror(pod) || isOfDaemonSet(pod) || pod.metadata.deletionTimestamp || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return undefined
  const safe = annotations?.[safeToEvict]
  const matching = budgets.filter((budget) => budget.metadata.namespace === namespace && matchesSelector(cachedSelectorOf(budget.spec?.selector), pod.metadata.labels))
  if (matching.some((budget) => (budget.status?.disruptionsAllowed ?? 0) < 1)) return 'NotEnoughPdb'
  if (safe === 'true') return undefined
  if (safe === 'false') return 'NotSafeToEvictAnnotation'
  if (!controllerOf(pod)) return 'NotReplicated'
  if (namespace === 'kube-system' && matching.length === 0) return 'UnmovableKubeSystemPod'
  const allowed = new Set((annotations?.[safeLocalVolumes] ?? '').split(',').map((name) => name.trim()))
  if (pod.spec?.volumes?.some((volume) => (volume.hostPath || (volume.emptyDir && volume.emptyDir.medium !== 'Memory')) && !allowed.has(volume.name))) return 'LocalStorageRequested'
  return undefined
}

/** Why a node is needed whatever happens to its pods; undefined when it might go. Pure. */
export function neededBecause(node: Node, pods: readonly Pod[], budgets: readonly PodDisruptionBudget[]): string | undefined {
  if (node.metadata.annotations?.[scaleDownDisabled] === 'true') return 'ScaleDownDisabledAnnotation'
  if (utilizationOf(node, pods) >= utilizationMax) return 'NotUnderutilized'
  for (const pod of pods) {
    const why = blockedBy(pod, budgets)
    if (why) return why
  }
  return undefined
}

import type { Container, Pod } from '../../api/generated/types.ts'
import { canonicalQuantity, quantityValue } from '../../api/machinery/quantity.ts'
import { podRequests } from './admission.ts'
import type { EvictionSignal } from './eviction-thresholds.ts'
import { isStaticPod } from './static-pods.ts'

/** What a pod and its containers use, in the unit of one signal. */
export interface PodUsage {
  readonly pod: Pod
  readonly containers: ReadonlyMap<string, PodContainerUsage>
  /** Of scratch volumes on disk, by volume. */
  readonly volumes: ReadonlyMap<string, number>
}

export interface PodContainerUsage {
  readonly memoryBytes: number
  readonly processes: number
  readonly storageBytes: number
}

const systemCriticalPriority = 2_000_000_000

/** Static pods and those of system priority stay, whatever happens. */
export function isCriticalPod(pod: Pod): boolean {
  return isStaticPod(pod) || (pod.spec?.priority ?? 0) >= systemCriticalPriority
}

/** Pods in the order in which they are evicted for a signal: those above their requests first, then by priority, then by how far above
 *  (upstream's rankMemoryPressure, rankDiskPressureFunc and rankPIDPressure). */
export function rankForEviction(signal: EvictionSignal, pods: readonly PodUsage[]): PodUsage[] {
  const rank = pods.map((usage) => {
    const used = usageOf(signal, usage)
    const requests = podRequests(usage.pod)
    const requested = signal === 'memory.available' ? requests.memory : signal === 'pid.available' ? 0 : requests.storage
    return { usage, exceeds: signal !== 'pid.available' && used > requested, priority: usage.pod.spec?.priority ?? 0, over: used - requested }
  })
  rank.sort((a, b) => Number(b.exceeds) - Number(a.exceeds) || a.priority - b.priority || b.over - a.over || ((a.usage.pod.metadata.uid ?? '') < (b.usage.pod.metadata.uid ?? '') ? -1 : 1))
  return rank.map(({ usage }) => usage)
}

function usageOf(signal: EvictionSignal, { containers, volumes }: PodUsage): number {
  let sum = 0
  for (const each of containers.values()) sum += signal === 'memory.available' ? each.memoryBytes : signal === 'pid.available' ? each.processes : each.storageBytes
  if (signal !== 'memory.available' && signal !== 'pid.available') for (const bytes of volumes.values()) sum += bytes
  return sum
}

/** Why a pod was evicted for a lack of `resource`, in upstream's words. */
export function evictionMessage(resource: string, thresholdBytes: number, availableBytes: number, { pod, containers }: PodUsage): string {
  let message = `The node was low on resource: ${resource}. Threshold quantity: ${amountText(resource, thresholdBytes)}, available: ${amountText(resource, availableBytes)}. `
  if (resource === 'pids') return message
  for (const container of pod.spec?.containers ?? []) {
    const used = containers.get(container.name)
    if (!used) continue
    const bytes = resource === 'memory' ? used.memoryBytes : used.storageBytes
    const request = container.resources?.requests?.[resource]
    if (bytes > quantityValue(request)) message += `Container ${container.name} was using ${amountText(resource, bytes)}, request is ${request ?? '0'}, has larger consumption of ${resource}. `
  }
  return message
}

/** Bytes as upstream prints them: in whole Ki, Mi and so on where that is exact, else in the largest exact unit. */
function amountText(resource: string, amount: number): string {
  return resource === 'pids' ? String(amount) : canonicalQuantity(amount % 1024 === 0 ? `${amount / 1024}Ki` : String(amount))
}

/** Why a pod that uses more local storage than it may has to go; undefined when it does not. Follows localStorageEviction: scratch
 *  volumes, then the pod's total, then its containers. */
export function localStorageVerdict(usage: PodUsage): string | undefined {
  const { pod, containers, volumes } = usage
  const spec = pod.spec!
  for (const volume of spec.volumes ?? []) {
    const limit = volume.emptyDir?.sizeLimit
    const used = volumes.get(volume.name)
    if (limit !== undefined && quantityValue(limit) > 0 && used !== undefined && used > quantityValue(limit)) return `Usage of EmptyDir volume ${JSON.stringify(volume.name)} exceeds the limit ${JSON.stringify(canonicalQuantity(limit))}. `
  }
  const limitOf = (container: Container): number => quantityValue(container.resources?.limits?.['ephemeral-storage'])
  const total = spec.containers.every((container) => limitOf(container) > 0) ? spec.containers.reduce((sum, container) => sum + limitOf(container), 0) : 0
  let used = 0
  for (const each of containers.values()) used += each.storageBytes
  for (const volume of spec.volumes ?? []) if (volume.emptyDir && volume.emptyDir.medium !== 'Memory') used += volumes.get(volume.name) ?? 0
  if (total > 0 && used > total) return `Pod ephemeral local storage usage exceeds the total limit of containers ${canonicalQuantity(String(total))}. `
  for (const container of spec.containers) {
    const limit = limitOf(container)
    if (limit > 0 && (containers.get(container.name)?.storageBytes ?? 0) > limit) return `Container ${container.name} exceeded its local ephemeral storage limit ${JSON.stringify(canonicalQuantity(container.resources!.limits!['ephemeral-storage']!))}. `
  }
  return undefined
}

/** Whether a pod's local storage has any limit at all. */
export function limitsLocalStorage({ spec }: Pod): boolean {
  return (spec?.volumes ?? []).some((volume) => volume.emptyDir?.sizeLimit !== undefined) || (spec?.containers ?? []).some((container) => container.resources?.limits?.['ephemeral-storage'] !== undefined)
}

import type { Container, Node, Pod } from '../../api/generated/types.ts'
import { matchesRequiredNodeAffinity } from '../../api/machinery/node-selector.ts'
import { isRestartableInit } from './restart-policy.ts'
import { cpuMillis, quantityValue } from '../../api/machinery/quantity.ts'

export interface Rejection {
  /** OutOfcpu, OutOfpods, NodeAffinity, NodePorts … */
  readonly reason: string
  readonly message: string
}

/** Whether a new pod may run beside those already admitted; undefined when it may. Follows upstream's predicate admit
 *  handler, which repeats the scheduler's checks on the node. */
export function admitPod(pod: Pod, others: readonly Pod[], node: Node | undefined, isStatic: boolean): Rejection | undefined {
  const allocatable = node?.status?.allocatable
  if (allocatable) {
    const podsMax = Number(allocatable['pods'] ?? 110)
    if (others.length + 1 > podsMax) return outOf('pods', 1, others.length, podsMax)
    const wanted = podRequests(pod)
    const used = { cpu: 0, memory: 0, storage: 0 }
    // What asks for nothing fits beside anything.
    const asks = wanted.cpu > 0 || wanted.memory > 0 || wanted.storage > 0
    for (const other of asks ? others : []) {
      const requests = podRequests(other)
      used.cpu += requests.cpu
      used.memory += requests.memory
      used.storage += requests.storage
    }
    const cpu = cpuMillis(allocatable['cpu'])
    if (wanted.cpu > 0 && wanted.cpu > cpu - used.cpu) return outOf('cpu', wanted.cpu, used.cpu, cpu)
    const memory = quantityValue(allocatable['memory'])
    if (wanted.memory > 0 && wanted.memory > memory - used.memory) return outOf('memory', wanted.memory, used.memory, memory)
    const storage = quantityValue(allocatable['ephemeral-storage'])
    if (wanted.storage > 0 && wanted.storage > storage - used.storage) return outOf('ephemeral-storage', wanted.storage, used.storage, storage)
  }
  if (node && !matchesRequiredNodeAffinity(pod, node)) return { reason: 'NodeAffinity', message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector" }
  const ports = hostPorts(pod)
  if (ports.length > 0 && others.some((other) => hostPorts(other).some((port) => ports.includes(port)))) return { reason: 'NodePorts', message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports" }
  if (!isStatic && node?.spec?.taints?.some((taint) => taint.effect === 'NoExecute' && !tolerates(pod, taint.key, taint.value ?? '', taint.effect))) {
    return { reason: 'TaintToleration', message: "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate" }
  }
  return undefined
}

function outOf(resource: string, requested: number, used: number, capacity: number): Rejection {
  return { reason: `OutOf${resource}`, message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}` }
}

/** What a pod asks for: the larger of what its app containers (with sidecars) and what its init containers need. */
export function podRequests(pod: Pod): { cpu: number; memory: number; storage: number } {
  const total = { cpu: 0, memory: 0, storage: 0 }
  const add = (container: Container, into: typeof total): void => {
    const requests = container.resources?.requests
    into.cpu += cpuMillis(requests?.['cpu'])
    into.memory += quantityValue(requests?.['memory'])
    into.storage += quantityValue(requests?.['ephemeral-storage'])
  }
  for (const container of pod.spec?.containers ?? []) add(container, total)
  const sidecars = { cpu: 0, memory: 0, storage: 0 }
  const peak = { cpu: 0, memory: 0, storage: 0 }
  for (const container of pod.spec?.initContainers ?? []) {
    const own = isRestartableInit(container) ? sidecars : { ...sidecars }
    add(container, own)
    for (const name of ['cpu', 'memory', 'storage'] as const) peak[name] = Math.max(peak[name], own[name])
  }
  for (const name of ['cpu', 'memory', 'storage'] as const) total[name] = Math.max(total[name] + sidecars[name], peak[name])
  total.cpu += cpuMillis(pod.spec?.overhead?.['cpu'])
  total.memory += quantityValue(pod.spec?.overhead?.['memory'])
  return total
}

function hostPorts(pod: Pod): string[] {
  return (pod.spec?.containers ?? []).flatMap((container) => (container.ports ?? []).filter((port) => port.hostPort).map((port) => `${port.protocol ?? 'TCP'}/${port.hostIP ?? ''}/${port.hostPort}`))
}

function tolerates(pod: Pod, key: string, value: string, effect: string): boolean {
  return (pod.spec?.tolerations ?? []).some((toleration) => {
    if (toleration.effect && toleration.effect !== effect) return false
    if (toleration.key && toleration.key !== key) return false
    return toleration.operator === 'Exists' || (toleration.value ?? '') === value
  })
}

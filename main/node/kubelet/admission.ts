import type { Container, Node, NodeSelectorTerm, Pod } from '../../api/generated/types.ts'
import { matchesLabels } from '../../api/machinery/labels.ts'
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
  if (node && !matchesNode(pod, node)) return { reason: 'NodeAffinity', message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector" }
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

/** nodeSelector and required node affinity. */
export function matchesNode(pod: Pod, node: Node): boolean {
  if (!matchesLabels(pod.spec?.nodeSelector, node.metadata.labels)) return false
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return !terms || terms.some((term) => matchesTerm(term, node))
}

function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? []
  const fields = term.matchFields ?? []
  if (expressions.length === 0 && fields.length === 0) return false
  return expressions.every((each) => matchesRequirement(each, node.metadata.labels?.[each.key])) && fields.every((each) => matchesRequirement(each, each.key === 'metadata.name' ? node.metadata.name : undefined))
}

function matchesRequirement(requirement: { operator: string; values?: string[] }, value: string | undefined): boolean {
  const values = requirement.values ?? []
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0])
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0])
    default:
      return false
  }
}

function tolerates(pod: Pod, key: string, value: string, effect: string): boolean {
  return (pod.spec?.tolerations ?? []).some((toleration) => {
    if (toleration.effect && toleration.effect !== effect) return false
    if (toleration.key && toleration.key !== key) return false
    return toleration.operator === 'Exists' || (toleration.value ?? '') === value
  })
}

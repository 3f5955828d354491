import type { CycleState } from './framework/cycle-state.ts'
import type { Framework } from './framework/framework.ts'
import type { NodeInfo } from './framework/node-info.ts'
import type { PodInfo } from './framework/pod-info.ts'
import { amountOf } from './framework/resources.ts'
import type { Status } from './framework/status.ts'
import { keepsAway, untoleratedTaint } from './plugins/tolerations.ts'

/** What one filter plugin says of one node. */
export interface FilterVerdict {
  readonly plugin: string
  /** `passed`, `skipped` (nothing to check for this pod) or `rejected`. */
  readonly verdict: 'passed' | 'skipped' | 'rejected'
  readonly reasons: readonly string[]
  /** Whether preemption might help. */
  readonly resolvable: boolean
}

/** All filter plugins' verdicts on one node, past the first that turned it down. */
export interface NodeExplanation {
  readonly node: string
  readonly verdicts: readonly FilterVerdict[]
  /** What would have to be different, one thing per plugin that turned it down; empty when it fits. */
  readonly changes: readonly string[]
}

/** Asks every filter plugin about the nodes, whatever the others say. Only for looking: what filters note in the state of the attempt
 *  about nodes that nobody chose does no harm, but comes after PostFilter. */
export function explainNodes(framework: Framework, state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): readonly NodeExplanation[] {
  return nodes.map((node) => {
    const verdicts: FilterVerdict[] = []
    const changes: string[] = []
    for (const { plugin } of framework.plugins) {
      if (!plugin.filter) continue
      if (state.skippedFilters.has(plugin.name)) {
        verdicts.push({ plugin: plugin.name, verdict: 'skipped', reasons: [], resolvable: true })
        continue
      }
      const status = plugin.filter(state, pod, node)
      verdicts.push({ plugin: plugin.name, verdict: status ? 'rejected' : 'passed', reasons: status?.reasons ?? [], resolvable: status?.code === 'Unschedulable' })
      if (status) changes.push(neededChange(plugin.name, status, pod, node))
    }
    return { node: node.name, verdicts, changes }
  })
}

/** The change that would please a plugin, as exactly as the objects tell. */
function neededChange(plugin: string, status: Status, pod: PodInfo, info: NodeInfo): string {
  const { node } = info
  const spec = pod.pod.spec
  switch (plugin) {
    case 'NodeUnschedulable':
      return `uncordon the node, or let the pod tolerate node.kubernetes.io/unschedulable`
    case 'NodeName':
      return `the pod asks for the node ${spec?.nodeName ?? ''} only`
    case 'TaintToleration': {
      const taint = untoleratedTaint(node.spec?.taints, spec?.tolerations, keepsAway)
      return taint ? `remove the taint ${taint.key}${taint.value ? `=${taint.value}` : ''}:${taint.effect}, or tolerate it` : 'tolerate the taint'
    }
    case 'NodeAffinity': {
      const missing = Object.entries(spec?.nodeSelector ?? {}).filter(([key, value]) => info.labels[key] !== value)
      return missing.length > 0 ? `label the node ${missing.map(([key, value]) => `${key}=${value}`).join(', ')}` : "change the node's labels or the pod's node affinity"
    }
    case 'NodePorts':
      return `free the host port ${pod.hostPorts.filter((port) => info.portTaken(port)).map(({ port, protocol }) => `${port}/${protocol}`).join(', ')}`
    case 'NodeResourcesFit':
      return shortages(pod, info).join('; ') || status.reasons.join('; ')
    case 'PodTopologySpread':
      return 'fewer matching pods in its domain, more in the emptiest one, or a larger maxSkew'
    case 'InterPodAffinity':
      return status.code === 'Unschedulable' ? 'the pods there that exclude each other would have to go' : 'a pod that it wants to be near, in the same domain'
    case 'VolumeBinding':
    case 'VolumeZone':
      return `a volume that this node can use (${status.reasons.join('; ')})`
    case 'NodeVolumeLimits':
      return 'a volume detached from the node, or a higher limit of its CSI driver'
    case 'DynamicResources':
      return `free matching devices on the node (${status.reasons.join('; ')})`
    default:
      return status.reasons.join('; ')
  }
}

/** What is short, with how much. */
function shortages({ requests }: PodInfo, info: NodeInfo): string[] {
  const lines: string[] = []
  if (info.pods.size + 1 > info.allowedPods) lines.push(`room for one pod more than ${info.allowedPods}`)
  for (const name of ['cpu', 'memory', 'ephemeral-storage', ...(requests.scalars?.keys() ?? [])]) {
    const missing = amountOf(requests, name) - (amountOf(info.allocatable, name) - amountOf(info.requested, name))
    if (amountOf(requests, name) > 0 && missing > 0) lines.push(`${amountText(name, missing)} more ${name} free`)
  }
  return lines
}

function amountText(name: string, amount: number): string {
  if (name === 'cpu') return `${amount}m`
  return name === 'memory' || name === 'ephemeral-storage' ? `${Math.ceil(amount / 1_048_576)}Mi` : String(amount)
}

import type { Node, Taint } from '../../../api/generated/types.ts'

export const notReadyKey = 'node.kubernetes.io/not-ready'
export const unreachableKey = 'node.kubernetes.io/unreachable'
const unschedulableKey = 'node.kubernetes.io/unschedulable'

const conditionTaints: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: notReadyKey, Unknown: unreachableKey },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
}

const kept = new Set([unschedulableKey, ...Object.values(conditionTaints).flatMap((byStatus) => Object.values(byStatus))])

/** The node's taints with those that keep pods away made to say what its conditions say. The same list when they do. */
export function schedulingTaints(node: Node, timestamp: string): readonly Taint[] {
  const wanted = new Set<string>()
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = conditionTaints[type]?.[status]
    if (key) wanted.add(key)
  }
  if (node.spec?.unschedulable) wanted.add(unschedulableKey)
  const present = node.spec?.taints ?? []
  const stays = present.filter((taint) => taint.effect !== 'NoSchedule' || !kept.has(taint.key) || wanted.delete(taint.key))
  if (wanted.size === 0 && stays.length === present.length) return present
  return [...stays, ...[...wanted].map((key): Taint => ({ key, effect: 'NoSchedule', timeAdded: timestamp }))]
}

/** The key of the taint that drives pods from a node in this state; undefined when none should. */
export function evictionKeyOf(readyStatus: string | undefined): string | undefined {
  return readyStatus === 'False' ? notReadyKey : readyStatus === 'Unknown' ? unreachableKey : undefined
}

/** The taint that drives pods from the node already, if there is one. */
export function evictionTaintOf(node: Node): Taint | undefined {
  return node.spec?.taints?.find((taint) => taint.effect === 'NoExecute' && (taint.key === notReadyKey || taint.key === unreachableKey))
}

/** The node's taints with exactly that one (or none) of the two that drive pods away. */
export function withEvictionTaint(node: Node, key: string | undefined, timestamp: string): readonly Taint[] {
  const others = (node.spec?.taints ?? []).filter((taint) => taint.effect !== 'NoExecute' || (taint.key !== notReadyKey && taint.key !== unreachableKey))
  return key === undefined ? others : [...others, { key, effect: 'NoExecute', timeAdded: timestamp }]
}

import type { Node, NodeCondition } from '../../../api/generated/types.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { formatTime } from '../../../api/machinery/time.ts'

const watched = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

/** The conditions of a node that has been silent too long: unknown, all of them. The same list when they are already. */
export function silencedConditions(node: Node, now: number): readonly NodeCondition[] {
  let conditions: readonly NodeCondition[] = node.status?.conditions ?? []
  const time = formatTime(now)
  for (const type of watched) {
    const present = conditionOf(conditions, type)
    if (!present) {
      const heard = node.metadata.creationTimestamp
      conditions = [...conditions, { type, status: 'Unknown', reason: 'NodeStatusNeverUpdated', message: 'Kubelet never posted node status.', ...(heard ? { lastHeartbeatTime: heard } : {}), lastTransitionTime: time }]
    } else if (present.status !== 'Unknown') {
      const silenced: NodeCondition = { ...present, status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.', lastTransitionTime: time }
      conditions = conditions.map((condition) => (condition === present ? silenced : condition))
    }
  }
  return conditions
}

export function readyStatusOf(node: Node): string | undefined {
  return conditionOf(node.status?.conditions, 'Ready')?.status
}

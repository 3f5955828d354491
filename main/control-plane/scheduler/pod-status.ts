import type { ApiClient } from '../../api/client/contract.ts'
import type { Pod, PodCondition } from '../../api/generated/types.ts'
import { podKind } from '../../api/kinds/core/pod.ts'
import { conditionOf } from '../../api/machinery/conditions.ts'
import { formatTime } from '../../api/machinery/time.ts'

/** What the scheduler may want to change of a pod's status. */
export interface StatusChange {
  readonly condition?: Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>
  /** '' takes a nomination back; absent leaves it. */
  readonly nominatedNode?: string
}

/** The strategic merge patch that makes the change; undefined when the pod is like that already. */
export function statusPatch(pod: Pod, change: StatusChange, now: number): object | undefined {
  const status: Record<string, unknown> = {}
  const { condition } = change
  if (condition) {
    const old = conditionOf(pod.status?.conditions, condition.type)
    const same = old?.status === condition.status && old.reason === condition.reason && (old.message ?? '') === (condition.message ?? '')
    if (!same) {
      const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : formatTime(now)
      status['conditions'] = [{ ...condition, ...(pod.metadata.generation && { observedGeneration: pod.metadata.generation }), lastProbeTime: null, lastTransitionTime }]
    }
  }
  const { nominatedNode } = change
  if (nominatedNode !== undefined && nominatedNode !== (pod.status?.nominatedNodeName ?? '')) status['nominatedNodeName'] = nominatedNode === '' ? null : nominatedNode
  return Object.keys(status).length === 0 ? undefined : { status }
}

/** Makes the change, if it is one. Rejects as the client does. */
export async function patchStatus(client: ApiClient, pod: Pod, change: StatusChange, now: number): Promise<void> {
  const patch = statusPatch(pod, change, now)
  if (patch) await client.patch(podKind, pod.metadata.name, pod.metadata.namespace, 'strategic', patch, { subresource: 'status' })
}

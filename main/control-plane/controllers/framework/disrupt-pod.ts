import type { ApiClient } from '../../../api/client/contract.ts'
import type { Pod } from '../../../api/generated/types.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { formatTime } from '../../../api/machinery/time.ts'

/** Says in a pod's status, before it is deleted, that and why it is taken away. With `failed` it also becomes Failed, because
 *  no kubelet will ever say how it ended. */
export async function disruptPod(client: ApiClient, pod: Pod, reason: string, message: string, now: number, failed = false): Promise<void> {
  const { name, namespace, uid } = pod.metadata
  const present = conditionOf(pod.status?.conditions, 'DisruptionTarget')
  const said = present?.status === 'True' && present.reason === reason
  if (said && (!failed || pod.status?.phase === 'Failed')) return
  const condition = { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime: formatTime(now) }
  await client.patch(podKind, name, namespace, 'strategic', { metadata: { uid }, status: { ...(failed ? { phase: 'Failed' } : {}), conditions: [condition] } }, { subresource: 'status' })
}

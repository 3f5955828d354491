import type { Node } from '../../../api/generated/types.ts'
import type { Plugin } from '../framework/plugin.ts'
import type { PodInfo } from '../framework/pod-info.ts'
import { unresolvable } from '../framework/status.ts'
import { tolerates } from './tolerations.ts'

const cordon = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

/** Leaves out cordoned nodes, but for pods that tolerate being there. */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  nodeLocal: true,
  interests: [
    { events: ['NodeAdd', 'NodeTaintChange'], hint: (pod, event) => (accepts(pod, event.next as Node) && !(event.old && accepts(pod, event.old as Node)) ? 'queue' : 'skip') },
    { events: ['PodTolerationChange'], hint: (pod, event) => (event.next?.metadata.uid === pod.uid ? 'queue' : 'skip') },
  ],
  filter: (_, pod, { node }) => (accepts(pod, node) ? undefined : unresolvable('node(s) were unschedulable')),
}

function accepts({ pod }: PodInfo, node: Node): boolean {
  return !node.spec?.unschedulable || Boolean(pod.spec?.tolerations?.some((toleration) => tolerates(toleration, cordon)))
}

import type { Node } from '../../../api/generated/types.ts'
import type { Plugin } from '../framework/plugin.ts'
import { unresolvable } from '../framework/status.ts'
import { normalizeByLargest } from './normalize.ts'
import { keepsAway, tolerates, untoleratedTaint } from './tolerations.ts'

const untolerated = unresolvable('node(s) had untolerated taint(s)')

/** Leaves out nodes with a NoSchedule or NoExecute taint that the pod does not tolerate, and prefers those with fewer
 *  PreferNoSchedule taints that it does not. Since 1.34 the message says neither key nor value. */
export const taintToleration: Plugin = {
  name: 'TaintToleration',
  nodeLocal: true,
  interests: [
    {
      events: ['NodeAdd', 'NodeTaintChange'],
      hint: ({ pod }, event) => {
        const stays = (node: Node): boolean => untoleratedTaint(node.spec?.taints, pod.spec?.tolerations, keepsAway) === undefined
        return stays(event.next as Node) && !(event.old && stays(event.old as Node)) ? 'queue' : 'skip'
      },
    },
    { events: ['PodTolerationChange'], hint: (pod, event) => (event.next?.metadata.uid === pod.uid ? 'queue' : 'skip') },
  ],
  filter: (_, { pod }, { node }) => (untoleratedTaint(node.spec?.taints, pod.spec?.tolerations, keepsAway) ? untolerated : undefined),
  score(_, { pod }, { node }) {
    const tolerations = pod.spec?.tolerations?.filter((toleration) => !toleration.effect || toleration.effect === 'PreferNoSchedule') ?? []
    return (node.spec?.taints ?? []).filter((taint) => taint.effect === 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, taint))).length
  },
  normalize: (_, __, scores) => normalizeByLargest(scores, true),
}

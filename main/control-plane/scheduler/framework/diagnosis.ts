import type { NodeVerdicts } from './plugin.ts'
import { unresolvable, type Status } from './status.ts'

/** Why a pod did not get a node. */
export interface Diagnosis {
  readonly nodeCount: number
  readonly verdicts: NodeVerdicts
  /** Plugins whose rejection may be lifted by a cluster event. */
  readonly unschedulablePlugins: ReadonlySet<string>
  readonly pendingPlugins: ReadonlySet<string>
  readonly preFilterMessage: string
  readonly postFilterMessage: string
}

export const noVerdicts: NodeVerdicts = { byNode: new Map(), absent: unresolvable() }

export const noNodesMessage = 'no nodes available to schedule pods'

/** upstream's FitError text: `0/4 nodes are available: 1 node(s) were unschedulable, 3 Insufficient cpu. preemption: …`. Reasons
 *  are counted over nodes and sorted as texts. */
export function fitErrorMessage({ nodeCount, verdicts, preFilterMessage, postFilterMessage }: Pick<Diagnosis, 'nodeCount' | 'verdicts' | 'preFilterMessage' | 'postFilterMessage'>): string {
  let text = `0/${nodeCount} nodes are available:`
  if (preFilterMessage !== '') text += ` ${preFilterMessage}.`
  else {
    const counts = new Map<string, number>()
    const count = (status: Status, times: number): void => {
      for (const reason of status.reasons) counts.set(reason, (counts.get(reason) ?? 0) + times)
    }
    for (const status of verdicts.byNode.values()) count(status, 1)
    if (verdicts.byNode.size < nodeCount) count(verdicts.absent, nodeCount - verdicts.byNode.size)
    const reasons = [...counts].map(([reason, times]) => `${times} ${reason}`).sort()
    if (reasons.length > 0) text += ` ${reasons.join(', ')}.`
  }
  return postFilterMessage === '' ? text : `${text} ${postFilterMessage}`
}

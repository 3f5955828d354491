import type { Node, NodeSelectorTerm } from '../../../api/generated/types.ts'
import type { Plugin } from '../framework/plugin.ts'
import { skip, unresolvable } from '../framework/status.ts'
import { nodeSelectedByPod, termMatchesNode } from './node-selection.ts'
import { normalizeByLargest } from './normalize.ts'

/** nodeSelector and node affinity: the required terms filter, the preferred ones score by their weights. */
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  nodeLocal: true,
  interests: [
    {
      events: ['NodeAdd', 'NodeLabelChange'],
      hint: ({ pod }, event) => (nodeSelectedByPod(pod, event.next as Node) && !(event.old && nodeSelectedByPod(pod, event.old as Node)) ? 'queue' : 'skip'),
    },
  ],
  preFilter(_, { pod }) {
    const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    if (!required && !pod.spec?.nodeSelector) return { status: skip }
    // Terms that name nodes (as DaemonSets' do) spare looking at the others; one term without a name needs all nodes.
    const names = required?.nodeSelectorTerms.map(namesIn)
    if (!names || names.length === 0 || names.some((each) => each === undefined)) return undefined
    return { nodeNames: new Set(names.flatMap((each) => [...each!])) }
  },
  filter: (_, { pod }, { node }) => (nodeSelectedByPod(pod, node) ? undefined : unresolvable("node(s) didn't match Pod's node affinity/selector")),
  preScore: (_, { pod }) => (pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.length ? undefined : skip),
  score(_, { pod }, { node }) {
    let sum = 0
    for (const { weight, preference } of pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      if (weight !== 0 && termMatchesNode(preference, node)) sum += weight
    }
    return sum
  },
  normalize: (_, __, scores) => normalizeByLargest(scores, false),
}

/** The nodes that a term names by `metadata.name In [...]`; several such fields have to agree. Undefined: it names none. */
function namesIn(term: NodeSelectorTerm): ReadonlySet<string> | undefined {
  let names: ReadonlySet<string> | undefined
  for (const { key, operator, values = [] } of term.matchFields ?? []) {
    if (key !== 'metadata.name' || operator !== 'In') continue
    names = new Set(names ? values.filter((name) => names!.has(name)) : values)
  }
  return names
}

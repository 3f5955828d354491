import type { Node, NodeAffinity, NodeSelectorTerm, Pod, PreferredSchedulingTerm } from '../../../api/generated/types.ts'
import type { Plugin } from '../framework/plugin.ts'
import { skip, unresolvable } from '../framework/status.ts'
import { nodeMatches, nodeSelectedByPod, termMatchesNode } from './node-selection.ts'
import { normalizeByLargest } from './normalize.ts'

/** nodeSelector and node affinity: the required terms filter, the preferred ones score by their weights. `added`
 *  is what the profile demands and prefers beside each pod. */
export function nodeAffinity(added?: NodeAffinity): Plugin {
  const demanded = added?.requiredDuringSchedulingIgnoredDuringExecution
  const welcome = (pod: Pod, node: Node): boolean => (!demanded || nodeMatches(demanded, node)) && nodeSelectedByPod(pod, node)
  const preferred = (pod: Pod): readonly PreferredSchedulingTerm[] => [...(pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []), ...(added?.preferredDuringSchedulingIgnoredDuringExecution ?? [])]
  return {
    name: 'NodeAffinity',
    nodeLocal: true,
    interests: [
      {
        events: ['NodeAdd', 'NodeLabelChange'],
        hint: ({ pod }, event) => (welcome(pod, event.next as Node) && !(event.old && welcome(pod, event.old as Node)) ? 'queue' : 'skip'),
      },
    ],
    preFilter(_, { pod }) {
      const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
      if (!required && !pod.spec?.nodeSelector && !demanded) return { status: skip }
      // Terms that name nodes (as DaemonSets' do) spare looking at the others; one term without a name needs all nodes.
      const names = required?.nodeSelectorTerms.map(namesIn)
      if (!names || names.length === 0 || names.some((each) => each === undefined)) return undefined
      return { nodeNames: new Set(names.flatMap((each) => [...each!])) }
    },
    filter(_, { pod }, { node }) {
      if (demanded && !nodeMatches(demanded, node)) return unresolvable("node(s) didn't match scheduler-enforced node affinity")
      return nodeSelectedByPod(pod, node) ? undefined : unresolvable("node(s) didn't match Pod's node affinity/selector")
    },
    preScore: (_, { pod }) => (preferred(pod).length > 0 ? undefined : skip),
    score(_, { pod }, { node }) {
      let sum = 0
      for (const { weight, preference } of preferred(pod)) {
        if (weight !== 0 && termMatchesNode(preference, node)) sum += weight
      }
      return sum
    },
    normalize: (_, __, scores) => normalizeByLargest(scores, false),
  }
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

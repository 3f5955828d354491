import type { Pod } from '../../../api/generated/types.ts'
import type { Labels } from '../../../api/machinery/labels.ts'
import type { ClusterEvent } from '../framework/cluster-event.ts'
import { StateKey } from '../framework/cycle-state.ts'
import type { NodeInfo } from '../framework/node-info.ts'
import { maxNodeScore, type ClusterView, type Plugin } from '../framework/plugin.ts'
import { podInfoOf, termMatches, type AffinityTerm, type PodInfo } from '../framework/pod-info.ts'
import { skip, unresolvable, unschedulable } from '../framework/status.ts'

export interface InterPodAffinityOptions {
  /** How much an existing pod's required affinity to the incoming one counts in scoring; default 1. */
  readonly hardPodAffinityWeight?: number
  /** What existing pods prefer does not count when the incoming one prefers nothing. */
  readonly ignorePreferredTermsOfExistingPods?: boolean
}

const affinityMissed = unresolvable("node(s) didn't match pod affinity rules")
const antiAffinityMissed = unschedulable("node(s) didn't match pod anti-affinity rules")
const existingAntiAffinityMissed = unschedulable("node(s) didn't satisfy existing pods anti-affinity rules")

/** Pods by topology: key -> value -> count (or sum of weights). */
type TopologyCounts = Map<string, Map<string, number>>

interface FilterState {
  readonly existingAntiAffinity: TopologyCounts
  readonly affinity: TopologyCounts
  readonly antiAffinity: TopologyCounts
}

const filterKey = new StateKey<FilterState>('PreFilterInterPodAffinity', (state) => ({
  existingAntiAffinity: copy(state.existingAntiAffinity),
  affinity: copy(state.affinity),
  antiAffinity: copy(state.antiAffinity),
}))
const scoreKey = new StateKey<TopologyCounts>('PreScoreInterPodAffinity')

type NamespaceLabels = (namespace: string) => Labels | undefined

/** Pods that want to be near others, or away from them: required terms of both sides filter, preferred ones of both sides score. */
export function interPodAffinity(view: Pick<ClusterView, 'namespaceLabels'>, { hardPodAffinityWeight = 1, ignorePreferredTermsOfExistingPods = false }: InterPodAffinityOptions = {}): Plugin {
  const namespaceLabels: NamespaceLabels = (namespace) => view.namespaceLabels(namespace)
  return {
    name: 'InterPodAffinity',
    interests: [
      { events: ['AssignedPodAdd', 'AssignedPodDelete', 'AssignedPodLabelChange'], hint: (pod, event) => hintForPod(pod, event, namespaceLabels) },
      { events: ['PodLabelChange'], hint: (pod, event) => (event.next?.metadata.uid === pod.uid ? 'queue' : 'skip') },
      { events: ['NodeAdd', 'NodeLabelChange'], hint: hintForNode },
    ],
    preFilter(state, pod, { nodes, nodesWithRequiredAntiAffinity }) {
      const counts: FilterState = { existingAntiAffinity: new Map(), affinity: new Map(), antiAffinity: new Map() }
      for (const node of nodesWithRequiredAntiAffinity) for (const other of node.podsWithRequiredAntiAffinity.values()) countExisting(counts, pod, other, node, 1, namespaceLabels)
      if (pod.requiredAffinity.length + pod.requiredAntiAffinity.length > 0) {
        for (const node of nodes) for (const other of node.pods.values()) countIncoming(counts, pod, other, node, 1, namespaceLabels)
      } else if (counts.existingAntiAffinity.size === 0) return { status: skip }
      state.write(filterKey, counts)
      return undefined
    },
    addPod: (state, pod, added, node) => update(state.find(filterKey), pod, added, node, 1, namespaceLabels),
    removePod: (state, pod, removed, node) => update(state.find(filterKey), pod, removed, node, -1, namespaceLabels),
    filter(state, pod, node) {
      const counts = state.read(filterKey)
      if (!affinityHolds(counts, pod, node, namespaceLabels)) return affinityMissed
      if (pod.requiredAntiAffinity.some(({ topologyKey }) => countAt(counts.antiAffinity, topologyKey, node) > 0)) return antiAffinityMissed
      for (const topologyKey of counts.existingAntiAffinity.keys()) if (countAt(counts.existingAntiAffinity, topologyKey, node) > 0) return existingAntiAffinityMissed
      return undefined
    },
    preScore(state, pod, _, { nodes, nodesWithAffinity }) {
      const own = pod.preferredAffinity.length + pod.preferredAntiAffinity.length > 0
      if (ignorePreferredTermsOfExistingPods && !own) return skip
      const sums: TopologyCounts = new Map()
      for (const node of own ? nodes : nodesWithAffinity) {
        for (const other of (own ? node.pods : node.podsWithAffinity).values()) {
          for (const term of pod.preferredAffinity) if (termMatches(term, other.pod, namespaceLabels)) addAt(sums, term.topologyKey, node, term.weight)
          for (const term of pod.preferredAntiAffinity) if (termMatches(term, other.pod, namespaceLabels)) addAt(sums, term.topologyKey, node, -term.weight)
          for (const term of other.requiredAffinity) if (termMatches(term, pod.pod, namespaceLabels)) addAt(sums, term.topologyKey, node, hardPodAffinityWeight)
          for (const term of other.preferredAffinity) if (termMatches(term, pod.pod, namespaceLabels)) addAt(sums, term.topologyKey, node, term.weight)
          for (const term of other.preferredAntiAffinity) if (termMatches(term, pod.pod, namespaceLabels)) addAt(sums, term.topologyKey, node, -term.weight)
        }
      }
      if (sums.size === 0) return skip
      state.write(scoreKey, sums)
      return undefined
    },
    score(state, _, node) {
      let score = 0
      const sums = state.read(scoreKey)
      for (const topologyKey of sums.keys()) score += countAt(sums, topologyKey, node)
      return score
    },
    normalize(_, __, scores) {
      let min = Infinity
      let max = -Infinity
      for (const { score } of scores) {
        min = Math.min(min, score)
        max = Math.max(max, score)
      }
      for (const entry of scores) entry.score = max > min ? Math.trunc(maxNodeScore * ((entry.score - min) / (max - min))) : 0
    },
  }
}

/** Every term's topology has to have matching pods; if no pod in the cluster matches them, a pod that matches its own terms may
 *  be the first. */
function affinityHolds({ affinity }: FilterState, pod: PodInfo, node: NodeInfo, namespaceLabels: NamespaceLabels): boolean {
  let all = true
  for (const { topologyKey } of pod.requiredAffinity) {
    if (node.labels[topologyKey] === undefined) return false
    if (countAt(affinity, topologyKey, node) <= 0) all = false
  }
  return all || (affinity.size === 0 && matchesAll(pod.requiredAffinity, pod.pod, namespaceLabels))
}

function matchesAll(terms: readonly AffinityTerm[], pod: Pod, namespaceLabels: NamespaceLabels): boolean {
  return terms.length > 0 && terms.every((term) => termMatches(term, pod, namespaceLabels))
}

function countExisting(counts: FilterState, pod: PodInfo, other: PodInfo, node: NodeInfo, change: number, namespaceLabels: NamespaceLabels): void {
  for (const term of other.requiredAntiAffinity) if (termMatches(term, pod.pod, namespaceLabels)) addAt(counts.existingAntiAffinity, term.topologyKey, node, change)
}

function countIncoming(counts: FilterState, pod: PodInfo, other: PodInfo, node: NodeInfo, change: number, namespaceLabels: NamespaceLabels): void {
  if (matchesAll(pod.requiredAffinity, other.pod, namespaceLabels)) for (const term of pod.requiredAffinity) addAt(counts.affinity, term.topologyKey, node, change)
  for (const term of pod.requiredAntiAffinity) if (termMatches(term, other.pod, namespaceLabels)) addAt(counts.antiAffinity, term.topologyKey, node, change)
}

function update(counts: FilterState | undefined, pod: PodInfo, other: PodInfo, node: NodeInfo, change: number, namespaceLabels: NamespaceLabels): void {
  if (!counts) return
  countExisting(counts, pod, other, node, change, namespaceLabels)
  countIncoming(counts, pod, other, node, change, namespaceLabels)
}

function addAt(counts: TopologyCounts, topologyKey: string, node: NodeInfo, change: number): void {
  const value = node.labels[topologyKey]
  if (value === undefined) return
  let values = counts.get(topologyKey)
  if (!values) counts.set(topologyKey, (values = new Map()))
  const sum = (values.get(value) ?? 0) + change
  if (sum !== 0) values.set(value, sum)
  else {
    values.delete(value)
    if (values.size === 0) counts.delete(topologyKey)
  }
}

function countAt(counts: TopologyCounts, topologyKey: string, node: NodeInfo): number {
  const value = node.labels[topologyKey]
  return value === undefined ? 0 : (counts.get(topologyKey)?.get(value) ?? 0)
}

function copy(counts: TopologyCounts): TopologyCounts {
  return new Map([...counts].map(([key, values]) => [key, new Map(values)]))
}

function hintForPod(pod: PodInfo, event: ClusterEvent, namespaceLabels: NamespaceLabels): 'queue' | 'skip' {
  const before = event.old as Pod | undefined
  const after = event.next as Pod | undefined
  const near = (other: Pod | undefined): boolean => other !== undefined && matchesAll(pod.requiredAffinity, other, namespaceLabels)
  const far = (other: Pod | undefined): boolean =>
    other !== undefined &&
    (pod.requiredAntiAffinity.some((term) => termMatches(term, other, namespaceLabels)) || podInfoOf(other).requiredAntiAffinity.some((term) => termMatches(term, pod.pod, namespaceLabels)))
  return (near(after) && !near(before)) || (far(before) && !far(after)) ? 'queue' : 'skip'
}

function hintForNode(pod: PodInfo, event: ClusterEvent): 'queue' | 'skip' {
  const before = event.old?.metadata.labels ?? {}
  const after = event.next?.metadata.labels ?? {}
  const affinity = pod.requiredAffinity.every(({ topologyKey }) => after[topologyKey] !== undefined)
  const changed = [...pod.requiredAffinity, ...pod.requiredAntiAffinity].some(({ topologyKey }) => before[topologyKey] !== after[topologyKey])
  return affinity && (!event.old || changed) ? 'queue' : 'skip'
}

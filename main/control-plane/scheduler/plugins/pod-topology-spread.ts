import type { Node, Pod, TopologySpreadConstraint } from '../../../api/generated/types.ts'
import { cachedSelectorOf, matchesSelector, type Selector } from '../../../api/machinery/labels.ts'
import type { ClusterEvent } from '../framework/cluster-event.ts'
import { StateKey } from '../framework/cycle-state.ts'
import type { NodeInfo } from '../framework/node-info.ts'
import { maxNodeScore, type ClusterView, type Plugin } from '../framework/plugin.ts'
import type { PodInfo } from '../framework/pod-info.ts'
import { skip, unresolvable, unschedulable } from '../framework/status.ts'
import { nodeSelectedByPod } from './node-selection.ts'
import { SelectorCounts } from './selector-counts.ts'
import { keepsAway, untoleratedTaint } from './tolerations.ts'

const hostnameLabel = 'kubernetes.io/hostname'
const zoneLabel = 'topology.kubernetes.io/zone'
const tooUneven = unschedulable("node(s) didn't match pod topology spread constraints")
const noLabel = unresolvable("node(s) didn't match pod topology spread constraints (missing required label)")

interface Constraint {
  readonly maxSkew: number
  readonly topologyKey: string
  readonly selector: Selector
  readonly minDomains: number
  readonly honorsAffinity: boolean
  readonly honorsTaints: boolean
}

type DefaultConstraint = Omit<TopologySpreadConstraint, 'labelSelector'>

export interface SpreadOptions {
  /** For pods without constraints of their own; with `List` only. */
  readonly defaultConstraints?: readonly DefaultConstraint[]
  readonly defaultingType?: 'System' | 'List'
}

const systemConstraints: readonly DefaultConstraint[] = [
  { maxSkew: 3, topologyKey: hostnameLabel, whenUnsatisfiable: 'ScheduleAnyway' },
  { maxSkew: 5, topologyKey: zoneLabel, whenUnsatisfiable: 'ScheduleAnyway' },
]

interface FilterState {
  readonly constraints: readonly Constraint[]
  /** For each constraint: matching pods by topology value. */
  readonly counts: readonly Map<string, number>[]
}

interface ScoreState {
  readonly constraints: readonly Constraint[]
  readonly ignored: ReadonlySet<string>
  readonly counts: readonly Map<string, number>[]
  readonly perNode: readonly ((node: NodeInfo) => number)[]
  readonly weights: readonly number[]
}

const filterKey = new StateKey<FilterState>('PreFilterPodTopologySpread', ({ constraints, counts }) => ({ constraints, counts: counts.map((each) => new Map(each)) }))
const scoreKey = new StateKey<ScoreState>('PreScorePodTopologySpread')

/** Spreads pods over zones, nodes or whatever a label tells apart: DoNotSchedule constraints filter, ScheduleAnyway ones score.
 *  Pods without constraints of their own that belong to a service or workload are spread softly over nodes (skew 3) and zones
 *  (skew 5), as upstream's system default does. */
export function podTopologySpread({ defaultConstraints: listed, defaultingType = 'System' }: SpreadOptions = {}): Plugin {
  const usual: readonly DefaultConstraint[] = defaultingType === 'System' ? systemConstraints : (listed ?? [])
  /** The pod's own constraints of one kind, else those that pods of services and workloads get. */
  const constraintsOf = (pod: Pod, view: ClusterView, whenUnsatisfiable: string): readonly Constraint[] =>
    (pod.spec?.topologySpreadConstraints?.length ?? 0) > 0 ? readConstraints(pod, whenUnsatisfiable) : defaultConstraints(pod, view, usual, whenUnsatisfiable)
  const matching = new SelectorCounts()
  return {
    name: 'PodTopologySpread',
    interests: [
      { events: ['AssignedPodAdd', 'AssignedPodDelete', 'AssignedPodLabelChange'], hint: hintForPod },
      { events: ['PodLabelChange'], hint: (pod, event) => (event.next?.metadata.uid === pod.uid ? 'queue' : 'skip') },
      { events: ['NodeAdd', 'NodeDelete', 'NodeLabelChange'], hint: hintForNode },
    ],
    preFilter(state, { pod, namespace }, view) {
      const constraints = constraintsOf(pod, view, 'DoNotSchedule')
      if (constraints.length === 0) return { status: skip }
      const counts = constraints.map(() => new Map<string, number>())
      const counters = constraints.map(({ selector }) => matching.counter(selector, namespace))
      for (const node of view.nodes) {
        if (!hasAllKeys(node.labels, constraints)) continue
        constraints.forEach((constraint, index) => {
          if (!includes(constraint, pod, node.node)) return
          const value = node.labels[constraint.topologyKey]!
          counts[index]!.set(value, (counts[index]!.get(value) ?? 0) + counters[index]!(node))
        })
      }
      state.write(filterKey, { constraints, counts })
      return undefined
    },
    addPod: (state, pod, added, node) => update(state.find(filterKey), pod, added, node, 1),
    removePod: (state, pod, removed, node) => update(state.find(filterKey), pod, removed, node, -1),
    filter(state, { pod }, node) {
      const { constraints, counts } = state.read(filterKey)
      for (const [index, constraint] of constraints.entries()) {
        const value = node.labels[constraint.topologyKey]
        if (value === undefined) return noLabel
        const present = counts[index]!
        const self = matchesSelector(constraint.selector, pod.metadata.labels) ? 1 : 0
        if ((present.get(value) ?? 0) + self - smallest(present, constraint.minDomains) > constraint.maxSkew) return tooUneven
      }
      return undefined
    },
    preScore(state, { pod, namespace }, nodes, view) {
      const own = (pod.spec?.topologySpreadConstraints?.length ?? 0) > 0 || defaultingType !== 'System'
      const constraints = constraintsOf(pod, view, 'ScheduleAnyway')
      if (constraints.length === 0) return skip
      const ignored = new Set<string>()
      const counts = constraints.map(() => new Map<string, number>())
      const values = (node: NodeInfo, { topologyKey }: Constraint): string => node.labels[topologyKey] ?? ''
      for (const node of nodes) {
        // System defaults also spread over nodes in clusters that know no zones.
        if (own && !hasAllKeys(node.labels, constraints)) ignored.add(node.name)
        else constraints.forEach((constraint, index) => constraint.topologyKey !== hostnameLabel && counts[index]!.set(values(node, constraint), 0))
      }
      const weights = constraints.map(({ topologyKey }, index) => Math.log((topologyKey === hostnameLabel ? nodes.length - ignored.size : counts[index]!.size) + 2))
      const perNode = constraints.map(({ selector }) => matching.counter(selector, namespace))
      for (const [index, constraint] of constraints.entries()) {
        if (constraint.topologyKey === hostnameLabel) continue
        const present = counts[index]!
        for (const node of view.nodes) {
          if (own && !hasAllKeys(node.labels, constraints)) continue
          const value = values(node, constraint)
          const sum = present.get(value)
          if (sum === undefined || !includes(constraint, pod, node.node)) continue
          present.set(value, sum + perNode[index]!(node))
        }
      }
      state.write(scoreKey, { constraints, ignored, counts, perNode, weights })
      return undefined
    },
    score(state, _, node) {
      const { constraints, ignored, counts, perNode, weights } = state.read(scoreKey)
      if (ignored.has(node.name)) return 0
      let score = 0
      for (const [index, { topologyKey, maxSkew }] of constraints.entries()) {
        const value = node.labels[topologyKey]
        if (value === undefined) continue
        const count = topologyKey === hostnameLabel ? perNode[index]!(node) : (counts[index]!.get(value) ?? 0)
        score += count * weights[index]! + (maxSkew - 1)
      }
      return Math.round(score)
    },
    normalize(state, _, scores) {
      const { ignored } = state.read(scoreKey)
      let min = Infinity
      let max = 0
      for (const { node, score } of scores) {
        if (ignored.has(node)) continue
        min = Math.min(min, score)
        max = Math.max(max, score)
      }
      for (const entry of scores) {
        if (ignored.has(entry.node)) entry.score = 0
        else entry.score = max === 0 ? maxNodeScore : Math.trunc((maxNodeScore * (max + min - entry.score)) / max)
      }
    },
  }
}

function readConstraints(pod: Pod, whenUnsatisfiable: string): readonly Constraint[] {
  const constraints: Constraint[] = []
  for (const constraint of pod.spec?.topologySpreadConstraints ?? []) if (constraint.whenUnsatisfiable === whenUnsatisfiable) constraints.push(readConstraint(constraint))
  return constraints
}

function readConstraint(constraint: TopologySpreadConstraint): Constraint {
  return {
    maxSkew: constraint.maxSkew,
    topologyKey: constraint.topologyKey,
    // The API server has merged matchLabelKeys into the selector.
    selector: cachedSelectorOf(constraint.labelSelector),
    minDomains: constraint.minDomains ?? 1,
    honorsAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
    honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
  }
}

function defaultConstraints(pod: Pod, view: ClusterView, usual: readonly DefaultConstraint[], whenUnsatisfiable: string): readonly Constraint[] {
  const wanted = usual.filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
  if (wanted.length === 0) return []
  const selector = view.spreadingSelector(pod)
  if (!selector) return []
  return wanted.map(({ maxSkew, topologyKey, minDomains, nodeAffinityPolicy, nodeTaintsPolicy }) => ({
    selector,
    maxSkew,
    topologyKey,
    minDomains: minDomains ?? 1,
    honorsAffinity: nodeAffinityPolicy !== 'Ignore',
    honorsTaints: nodeTaintsPolicy === 'Honor',
  }))
}

/** Whether a node counts for a constraint. */
function includes({ honorsAffinity, honorsTaints }: Constraint, pod: Pod, node: Node): boolean {
  if (honorsAffinity && !nodeSelectedByPod(pod, node)) return false
  return !honorsTaints || untoleratedTaint(node.spec?.taints, pod.spec?.tolerations, keepsAway) === undefined
}

function hasAllKeys(labels: { readonly [key: string]: string }, constraints: readonly Constraint[]): boolean {
  return constraints.every(({ topologyKey }) => labels[topologyKey] !== undefined)
}

/** The fewest pods in any domain; 0 while there are fewer domains than wanted. */
function smallest(counts: ReadonlyMap<string, number>, minDomains: number): number {
  if (counts.size < minDomains) return 0
  let min = Infinity
  for (const count of counts.values()) min = Math.min(min, count)
  return min === Infinity ? 0 : min
}

function update(state: FilterState | undefined, pod: PodInfo, changed: PodInfo, node: NodeInfo, change: 1 | -1): void {
  if (!state || changed.namespace !== pod.namespace || changed.pod.metadata.deletionTimestamp !== undefined || !hasAllKeys(node.labels, state.constraints)) return
  for (const [index, constraint] of state.constraints.entries()) {
    if (!matchesSelector(constraint.selector, changed.pod.metadata.labels) || !includes(constraint, pod.pod, node.node)) continue
    const counts = state.counts[index]!
    const value = node.labels[constraint.topologyKey]!
    counts.set(value, (counts.get(value) ?? 0) + change)
  }
}

function hintForPod({ pod, namespace }: PodInfo, event: ClusterEvent): 'queue' | 'skip' {
  const constraints = readConstraints(pod, 'DoNotSchedule')
  const concerned = [event.old, event.next].some((other) => other?.metadata.namespace === namespace && constraints.some(({ selector }) => matchesSelector(selector, other.metadata.labels)))
  return concerned ? 'queue' : 'skip'
}

function hintForNode({ pod }: PodInfo, event: ClusterEvent): 'queue' | 'skip' {
  const constraints = readConstraints(pod, 'DoNotSchedule')
  const [before, after] = [event.old, event.next].map((node) => node?.metadata.labels ?? {}) as [Record<string, string>, Record<string, string>]
  const counts = hasAllKeys(before, constraints) || hasAllKeys(after, constraints)
  return counts && constraints.some(({ topologyKey }) => before[topologyKey] !== after[topologyKey]) ? 'queue' : 'skip'
}

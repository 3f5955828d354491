import { CycleState } from './framework/cycle-state.ts'
import type { Framework, PluginScores, PodMemo, PreFilterAnswer, PreFiltered } from './framework/framework.ts'
import type { NodeInfo } from './framework/node-info.ts'
import type { ClusterView, NodeVerdicts } from './framework/plugin.ts'
import type { PodInfo } from './framework/pod-info.ts'
import { unresolvable, type Status } from './framework/status.ts'

/** Of so many nodes all are looked at. */
const feasibleMin = 100
const percentageMin = 5

/** How many feasible nodes are enough. 0 per cent: a share that falls with the size of the cluster, from half to a twentieth. */
export function feasibleNodesToFind(nodeCount: number, percentage: number): number {
  if (nodeCount < feasibleMin || percentage >= 100) return nodeCount
  const share = percentage > 0 ? percentage : Math.max(percentageMin, Math.trunc(50 - nodeCount / 125))
  return Math.max(feasibleMin, Math.floor((nodeCount * share) / 100))
}

/** Everything that one look at the nodes found out. */
export interface Selection {
  readonly state: CycleState
  /** '' when no node will do. */
  readonly node: string
  readonly feasible: readonly NodeInfo[]
  readonly verdicts: NodeVerdicts
  readonly preFilterMessage: string
  readonly preFilter: readonly PreFilterAnswer[]
  readonly evaluated: number
  readonly scores: readonly PluginScores[]
  readonly totals: readonly number[]
  /** A plugin broke. */
  readonly error: Status | undefined
  readonly unschedulablePlugins: Set<string>
  readonly pendingPlugins: Set<string>
}

/** Where the next attempt begins to look, so that all nodes get their turn when only some are looked at. */
export interface Rotation {
  next: number
}

export interface SelectionOptions {
  readonly framework: Framework
  readonly view: ClusterView
  readonly rotation: Rotation
  readonly percentageOfNodesToScore: number
  /** A number below `bound`: decides among equals. */
  readonly below: (bound: number) => number
  /** Where an earlier preemption made room. */
  readonly nominatedNode: string | undefined
}

/** Finds the best node for a pod: pre-filter, filter, pre-score, score. Changes nothing but its own state and the rotation. */
export function selectNode(pod: PodInfo, options: SelectionOptions): Selection {
  const { framework, view } = options
  const state = new CycleState()
  const memo = framework.memoFor(pod)
  const rejectors = { unschedulablePlugins: new Set<string>(), pendingPlugins: new Set<string>() }
  const found = { state, node: '', feasible: [], preFilterMessage: '', evaluated: 0, scores: [], totals: [], error: undefined, ...rejectors }
  const preFiltered = framework.preFilter(state, pod, view)
  const { status: refusal, answers: preFilter } = preFiltered
  if (refusal) {
    const verdicts = { byNode: new Map<string, Status>(), absent: refusal }
    if (refusal.code === 'Error') return { ...found, preFilter, verdicts, error: refusal }
    noteRejector(rejectors, refusal)
    return { ...found, preFilter, verdicts, preFilterMessage: refusal.reasons.join(', ') }
  }
  const filtered = filterNodes(pod, state, memo, preFiltered, options)
  for (const status of filtered.byNode.values()) noteRejector(rejectors, status)
  for (const plugin of preFiltered.by) if (filtered.feasible.length === 0) rejectors.unschedulablePlugins.add(plugin)
  const { feasible } = filtered
  const verdicts = { byNode: filtered.byNode, absent: filtered.absent }
  const seen = { ...found, preFilter, feasible, verdicts, evaluated: feasible.length + filtered.byNode.size, error: filtered.error }
  if (filtered.error || feasible.length === 0) return seen
  if (feasible.length === 1) return { ...seen, node: feasible[0]!.name }
  const scored = framework.score(state, pod, feasible, view, memo)
  if (scored.status) return { ...seen, error: scored.status }
  return { ...seen, node: feasible[best(scored.totals, options.below)]!.name, scores: scored.byPlugin, totals: scored.totals }
}

interface Filtered {
  readonly feasible: NodeInfo[]
  readonly byNode: Map<string, Status>
  readonly absent: Status
  readonly error: Status | undefined
}

function filterNodes(pod: PodInfo, state: CycleState, memo: PodMemo, { nodeNames, by }: PreFiltered, options: SelectionOptions): Filtered {
  const { framework, view, rotation } = options
  const byNode = new Map<string, Status>()
  const check = (node: NodeInfo): Status | undefined => framework.filterNode(state, pod, node, memo, view.imageEpoch)
  const nominated = options.nominatedNode ? view.node(options.nominatedNode) : undefined
  if (nominated && (!nodeNames || nodeNames.has(nominated.name)) && !check(nominated)) return { feasible: [nominated], byNode, absent: unresolvable(), error: undefined }
  const all = view.nodes
  const nodes = nodeNames ? [...nodeNames].flatMap((name) => view.node(name) ?? []) : all
  const absent = nodeNames ? unresolvable(`node(s) didn't satisfy plugin(s) [${[...by].sort().join(' ')}]`) : unresolvable()
  const enough = feasibleNodesToFind(nodes.length, options.percentageOfNodesToScore)
  const feasible: NodeInfo[] = []
  // Nodes may have gone since the last attempt.
  const start = nodeNames || all.length === 0 ? 0 : rotation.next % all.length
  for (let index = 0; index < nodes.length && feasible.length < enough; index++) {
    const node = nodes[(start + index) % nodes.length]!
    const status = check(node)
    if (!status) feasible.push(node)
    else if (status.code === 'Error') return { feasible: [], byNode, absent, error: status }
    else byNode.set(node.name, status)
  }
  rotation.next = all.length === 0 ? 0 : (rotation.next + feasible.length + byNode.size) % all.length
  return { feasible, byNode, absent, error: undefined }
}

function noteRejector(rejectors: Pick<Selection, 'unschedulablePlugins' | 'pendingPlugins'>, status: Status): void {
  if (status.plugin === undefined) return
  if (status.code === 'Pending') rejectors.pendingPlugins.add(status.plugin)
  else rejectors.unschedulablePlugins.add(status.plugin)
}

/** The index of the highest total; chance decides among equals. */
function best(totals: readonly number[], below: (bound: number) => number): number {
  let chosen = 0
  let equals = 1
  for (let index = 1; index < totals.length; index++) {
    if (totals[index]! > totals[chosen]!) {
      chosen = index
      equals = 1
    } else if (totals[index] === totals[chosen] && below(++equals) === 0) chosen = index
  }
  return chosen
}

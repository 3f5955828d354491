import type { Pod, PodDisruptionBudget } from '../../../api/generated/types.ts'
import { keyOf } from '../../../api/machinery/object.ts'
import { podCondition } from '../../../api/machinery/pod.ts'
import { timeOr0 } from '../../../api/machinery/time.ts'
import type { CycleState } from '../framework/cycle-state.ts'
import { fitErrorMessage } from '../framework/diagnosis.ts'
import type { NodeInfo } from '../framework/node-info.ts'
import type { FrameworkHandle, NodeVerdicts, Plugin, PostFilterResult, PreemptionTrial } from '../framework/plugin.ts'
import type { PodInfo } from '../framework/pod-info.ts'
import { violators } from './disruption-budgets.ts'
import { unresolvable, unschedulable, type Status } from '../framework/status.ts'

/** How many nodes are tried: a tenth, at least a hundred. */
export interface PreemptionOptions {
  /** Default 10. */
  readonly minCandidateNodesPercentage?: number
  /** Default 100. */
  readonly minCandidateNodesAbsolute?: number
}

export type BudgetsOf = (namespace: string) => readonly PodDisruptionBudget[]

/** Carries a preemption out. */
export interface Preemption {
  /** Whether a pod's victims are still being asked to go. */
  isRunning(uid: string): boolean
  /** Begins to remove the victims; says by itself when it is done. */
  begin(pod: PodInfo, victims: readonly PodInfo[], node: string): void
}

/** A node that would do once its victims were gone; most important victim first. */
export interface Candidate {
  readonly node: string
  /** Victims that a disruption budget covers which allows no more. */
  readonly violations: number
  readonly victims: readonly PodInfo[]
}

/** Makes room for a pod by removing pods of lower priority from one node, as few and as unimportant ones as possible. The pod is
 *  nominated to that node and tried again when its victims are gone. Nodes where no disruption budget is broken
 *  are preferred to those where one is. */
export function defaultPreemption(handle: FrameworkHandle, preemption: Preemption, options: PreemptionOptions = {}, budgetsOf: BudgetsOf = () => []): Plugin {
  return {
    name: 'DefaultPreemption',
    // Whoever turned the pod down decides when it is tried again; that this one held it back meanwhile is no reason.
    interests: [{ events: ['AssignedPodDelete'], hint: () => 'skip' }],
    preEnqueue: ({ uid }) => (preemption.isRunning(uid) ? unresolvable('waiting for the preemption for this pod to be finished') : undefined),
    postFilter(state, pod, verdicts) {
      const result = preempt(handle, preemption, options, budgetsOf, state, pod, verdicts)
      if (!result.status || result.status.reasons.length === 0) return result
      return { ...result, status: { ...result.status, reasons: [`preemption: ${result.status.reasons.join(', ')}`] } }
    },
  }
}

function preempt(handle: FrameworkHandle, preemption: Preemption, options: PreemptionOptions, budgetsOf: BudgetsOf, state: CycleState, pod: PodInfo, verdicts: NodeVerdicts): PostFilterResult {
  const refusal = ineligible(handle, pod, verdicts)
  if (refusal) return { status: unschedulable(refusal) }
  const { candidates, statuses } = findCandidates(handle, options, budgetsOf, state, pod, verdicts)
  if (candidates.length === 0) {
    const absent = unresolvable('Preemption is not helpful for scheduling')
    const message = fitErrorMessage({ nodeCount: handle.view.nodes.length, verdicts: { byNode: statuses, absent }, preFilterMessage: '', postFilterMessage: '' })
    return { status: unschedulable(message), nominatedNode: '', trials: trialsOf(candidates, statuses) }
  }
  const best = pickCandidate(candidates)
  for (const other of handle.nominatedTo(best.node)) if (other.priority < pod.priority) handle.withdrawNomination(other)
  const deleted: PodInfo[] = []
  for (const victim of best.victims) {
    const waiting = handle.waitingPod(victim.uid)
    if (waiting) waiting.reject('DefaultPreemption', 'preempted')
    else deleted.push(victim)
  }
  preemption.begin(pod, deleted, best.node)
  return { status: undefined, nominatedNode: best.node, trials: trialsOf(candidates, statuses) }
}

const trialsShown = 40

function trialsOf(candidates: readonly Candidate[], statuses: ReadonlyMap<string, Status>): readonly PreemptionTrial[] {
  const helpful = candidates.slice(0, trialsShown).map(({ node, victims, violations }) => ({ node, violations, victims: victims.map(({ pod }) => keyOf(pod)), reason: '' }))
  const useless = [...statuses].slice(0, trialsShown - helpful.length).map(([node, { reasons }]) => ({ node, violations: 0, victims: [], reason: reasons.join(', ') }))
  return [...helpful, ...useless]
}

/** Why the pod may not preempt others now; undefined when it may. */
function ineligible({ view }: FrameworkHandle, { pod, priority }: PodInfo, verdicts: NodeVerdicts): string | undefined {
  if (pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const nominated = pod.status?.nominatedNodeName
  if (!nominated) return undefined
  // Something has changed that no leaving pod would mend: the room made there is lost.
  if ((verdicts.byNode.get(nominated) ?? verdicts.absent).code === 'UnschedulableAndUnresolvable') return undefined
  for (const other of view.node(nominated)?.pods.values() ?? []) {
    if (other.priority < priority && isBeingPreempted(other.pod)) return 'not eligible due to a terminating pod on the nominated node.'
  }
  return undefined
}

function isBeingPreempted(pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp === undefined) return false
  const condition = podCondition(pod, 'DisruptionTarget')
  return condition?.status === 'True' && condition.reason === 'PreemptionByScheduler'
}

function findCandidates(handle: FrameworkHandle, { minCandidateNodesPercentage = 10, minCandidateNodesAbsolute = 100 }: PreemptionOptions, budgetsOf: BudgetsOf, state: CycleState, pod: PodInfo, verdicts: NodeVerdicts): { candidates: Candidate[]; statuses: Map<string, Status> } {
  const hopeful = handle.view.nodes.filter((node) => (verdicts.byNode.get(node.name) ?? verdicts.absent).code === 'Unschedulable')
  const candidates: Candidate[] = []
  const statuses = new Map<string, Status>()
  if (hopeful.length === 0) return { candidates, statuses }
  const wanted = Math.min(hopeful.length, Math.max(minCandidateNodesAbsolute, Math.floor((hopeful.length * minCandidateNodesPercentage) / 100)))
  const offset = handle.below(hopeful.length)
  for (let index = 0; index < hopeful.length && (candidates.length < wanted || candidates.every(({ violations }) => violations > 0)); index++) {
    const node = hopeful[(offset + index) % hopeful.length]!
    const trial = selectVictims(handle, budgetsOf, state.clone(), pod, node.clone())
    if ('victims' in trial) candidates.push({ node: node.name, ...trial })
    else statuses.set(node.name, trial.status)
  }
  return { candidates, statuses }
}

/** Takes all pods of lower priority away; if the pod fits then, puts back as many as still leave it room, the more important
 *  first. `state` and `node` are copies. */
function selectVictims(handle: FrameworkHandle, budgetsOf: BudgetsOf, state: CycleState, pod: PodInfo, node: NodeInfo): { readonly victims: readonly PodInfo[]; readonly violations: number } | { readonly status: Status } {
  const potential = [...node.pods.values()].filter((other) => other.priority < pod.priority)
  if (potential.length === 0) return { status: unresolvable('No preemption victims found for incoming pod') }
  const remove = (other: PodInfo): void => {
    node.removePod(other.uid)
    handle.removePodInTrial(state, pod, other, node)
  }
  potential.forEach(remove)
  const status = handle.filterWithNominated(state, pod, node)
  if (status) return { status }
  const victims: PodInfo[] = []
  const violating = violators(potential.sort(byImportance), budgetsOf)
  // Those whose going would break a budget are spared first.
  for (const other of [...potential.filter((each) => violating.has(each)), ...potential.filter((each) => !violating.has(each))]) {
    node.addPod(other)
    handle.addPodInTrial(state, pod, other, node)
    if (!handle.filterWithNominated(state, pod, node)) continue
    remove(other)
    victims.push(other)
  }
  return { victims: victims.sort(byImportance), violations: victims.filter((each) => violating.has(each)).length }
}

/** Higher priority first, then who runs longer. */
function byImportance(a: PodInfo, b: PodInfo): number {
  if (a.priority !== b.priority) return b.priority - a.priority
  const [first, second] = [startOf(a), startOf(b)]
  return first === second ? 0 : first - second
}

/** A pod that has not started counts as starting last. */
function startOf({ pod }: PodInfo): number {
  return pod.status?.startTime ? timeOr0(pod.status.startTime) : Infinity
}

/** The node that loses least: fewest broken budgets, then its most important victim matters least, then the sum of priorities is lowest, then it has the
 *  fewest victims, then the most important of them started last. */
export function pickCandidate(candidates: readonly Candidate[]): Candidate {
  const measures: ((candidate: Candidate) => number)[] = [
    ({ violations }) => -violations,
    ({ victims }) => -(victims[0]?.priority ?? -Infinity),
    // Shifted, so that more victims of negative priority are not better than fewer.
    ({ victims }) => -victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
    ({ victims }) => -victims.length,
    ({ victims }) => Math.min(...victims.filter(({ priority }) => priority === victims[0]!.priority).map(startOf)),
  ]
  let best = candidates
  for (const measure of measures) {
    if (best.length === 1) break
    const values = best.map(measure)
    const most = Math.max(...values)
    best = best.filter((_, index) => values[index] === most)
  }
  return best[0]!
}

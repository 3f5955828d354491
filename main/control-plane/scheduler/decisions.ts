import type { Selection } from './cycle.ts'
import type { NodeExplanation } from './explain.ts'
import type { PreemptionTrial } from './framework/plugin.ts'
import type { QueueEntry } from './queue/scheduling-queue.ts'

const decisionsKept = 100
export const nodesShown = 40

/** One attempt, explained. */
export interface Decision {
  readonly id: number
  readonly time: number
  readonly pod: string
  readonly uid: string
  readonly attempt: number
  readonly profile: string
  /** ms that the pod spent waiting before this attempt. */
  readonly waitedMs: number
  outcome: 'binding' | 'bound' | 'unschedulable' | 'error' | 'waiting'
  readonly node: string
  message: string
  readonly nodeCount: number
  readonly evaluated: number
  readonly feasible: number
  /** Nodes that were turned down, with the plugin that did so (the ones after it were not asked) and its words. */
  readonly rejected: readonly { readonly node: string; readonly plugin: string; readonly reasons: readonly string[]; readonly resolvable: boolean }[]
  /** Nodes that passed all filters, best first. */
  readonly scored: readonly ScoredNode[]
  /** How many more of each there were than are shown. */
  readonly more: { readonly rejected: number; readonly scored: number }
  readonly nominatedNode: string
  /** What PreFilter plugins said: `success`, `skipped`, or why not; with the nodes that they narrowed the choice to. */
  readonly preFilter: readonly { readonly plugin: string; readonly status: string; readonly nodes?: readonly string[] }[]
  /** Every filter plugin's verdict on nodes, with what would have to change there; the nodes that come nearest first. Empty where nobody asked:
   *  large clusters' successful attempts. */
  readonly explained: readonly NodeExplanation[]
  /** The dry run of a preemption, when there was one. */
  readonly preemption?: readonly PreemptionTrial[]
  /** Where a pod without a node went, and what brings it back from there. */
  readonly queue?: string
  readonly wakes?: readonly { readonly plugin: string; readonly events: readonly string[] }[]
  /** When the binding was done, or failed. */
  endedAt: number | undefined
}

export interface ScoredNode {
  readonly node: string
  readonly total: number
  readonly plugins: readonly { readonly plugin: string; readonly weight: number; readonly raw: number; readonly normalized: number; readonly weighted: number }[]
}

/** How an attempt went on. */
export type Progress = Pick<Decision, 'outcome' | 'message' | 'endedAt' | 'queue' | 'wakes'>

/** The newest attempts, as plain bounded values. An attempt is kept as it was found and only written out when somebody looks. */
export class DecisionLog {
  readonly #decisions: { readonly uid: string; readonly decision: () => Decision; made: Decision | undefined; outcome: Progress }[] = []
  #next = 1

  /** Records an attempt; answers how to say how it went on. */
  add(facts: { readonly time: number; readonly entry: QueueEntry; readonly profile: string; readonly nodeCount: number; readonly selection: Selection; readonly outcome: Decision['outcome']; readonly message: string; readonly nominatedNode: string; readonly explained?: readonly NodeExplanation[]; readonly preemption?: readonly PreemptionTrial[] | undefined }): (change: Progress) => void {
    const id = this.#next++
    const { attempts, timestamp, info } = facts.entry
    const outcome: Progress = { outcome: facts.outcome, message: facts.message, endedAt: undefined }
    const record = {
      uid: info.uid,
      decision: () => describe(id, facts, attempts, facts.time - timestamp, `${info.namespace}/${info.pod.metadata.name}`, info.uid),
      made: undefined,
      outcome,
    }
    this.#decisions.push(record)
    if (this.#decisions.length > decisionsKept) this.#decisions.shift()
    return (change) => {
      record.outcome = { ...record.outcome, ...change }
    }
  }

  /** The newest attempt for a pod. */
  newestOf(uid: string): Decision | undefined {
    const record = this.#decisions.findLast((each) => each.uid === uid)
    return record && { ...(record.made ??= record.decision()), ...record.outcome }
  }

  /** Newest first. */
  list(): Decision[] {
    return this.#decisions.map((record) => ({ ...(record.made ??= record.decision()), ...record.outcome })).reverse()
  }
}

function describe(id: number, facts: Parameters<DecisionLog['add']>[0], attempt: number, waitedMs: number, pod: string, uid: string): Decision {
  const { selection } = facts
  const order = selection.totals.map((_, index) => index).sort((a, b) => selection.totals[b]! - selection.totals[a]!)
  const feasible = order.length > 0 ? order : selection.feasible.map((_, index) => index)
  const rejected = [...selection.verdicts.byNode]
  return {
    id,
    time: facts.time,
    pod,
    uid,
    attempt,
    profile: facts.profile,
    waitedMs,
    outcome: facts.outcome,
    node: selection.node,
    message: facts.message,
    nodeCount: facts.nodeCount,
    evaluated: selection.evaluated,
    feasible: selection.feasible.length,
    rejected: rejected.slice(0, nodesShown).map(([node, status]) => ({ node, plugin: status.plugin ?? '', reasons: status.reasons, resolvable: status.code === 'Unschedulable' })),
    scored: feasible.slice(0, nodesShown).map((index) => ({
      node: selection.feasible[index]!.name,
      total: selection.totals[index] ?? 0,
      plugins: selection.scores.map(({ plugin, weight, raw, normalized }) => ({ plugin, weight, raw: raw[index]!, normalized: normalized[index]!, weighted: normalized[index]! * weight })),
    })),
    more: { rejected: Math.max(0, rejected.length - nodesShown), scored: Math.max(0, feasible.length - nodesShown) },
    nominatedNode: facts.nominatedNode,
    endedAt: undefined,
    preFilter: selection.preFilter.map(({ plugin, status, nodeNames }) => ({ plugin, status: status ? (status.code === 'Skip' ? 'skipped' : status.reasons.join(', ')) : 'success', ...(nodeNames && { nodes: [...nodeNames].slice(0, nodesShown) }) })),
    explained: [...(facts.explained ?? [])].sort((a, b) => a.changes.length - b.changes.length),
    ...(facts.preemption && { preemption: facts.preemption }),
  }
}

import type { Selection } from './cycle.ts'
import type { QueueEntry } from './queue/scheduling-queue.ts'

const decisionsKept = 100
const nodesShown = 40

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
  /** When the binding was done, or failed. */
  endedAt: number | undefined
}

export interface ScoredNode {
  readonly node: string
  readonly total: number
  readonly plugins: readonly { readonly plugin: string; readonly weight: number; readonly raw: number; readonly normalized: number; readonly weighted: number }[]
}

/** The newest attempts, as plain bounded values. An attempt is kept as it was found and only written out when somebody looks. */
export class DecisionLog {
  readonly #decisions: { readonly decision: () => Decision; made: Decision | undefined; outcome: Pick<Decision, 'outcome' | 'message' | 'endedAt'> }[] = []
  #next = 1

  /** Records an attempt; answers how to say how it went on. */
  add(facts: { readonly time: number; readonly entry: QueueEntry; readonly profile: string; readonly nodeCount: number; readonly selection: Selection; readonly outcome: Decision['outcome']; readonly message: string; readonly nominatedNode: string }): (change: Pick<Decision, 'outcome' | 'message' | 'endedAt'>) => void {
    const id = this.#next++
    const { attempts, timestamp, info } = facts.entry
    const outcome: Pick<Decision, 'outcome' | 'message' | 'endedAt'> = { outcome: facts.outcome, message: facts.message, endedAt: undefined }
    const record = {
      decision: () => describe(id, facts, attempts, facts.time - timestamp, `${info.namespace}/${info.pod.metadata.name}`, info.uid),
      made: undefined,
      outcome,
    }
    this.#decisions.push(record)
    if (this.#decisions.length > decisionsKept) this.#decisions.shift()
    return (change) => {
      record.outcome = change
    }
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
  }
}

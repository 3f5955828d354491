import type { HealthMark } from '../../main/api/kinds/kind.ts'

/** What kube-scheduler shows of one attempt under `decisions`, newest first. */
export interface Decision {
  readonly id: number
  readonly time: number
  /** `namespace/name`. */
  readonly pod: string
  readonly attempt: number
  readonly profile: string
  readonly waitedMs: number
  readonly outcome: 'binding' | 'bound' | 'unschedulable' | 'error' | 'waiting'
  readonly node: string
  readonly message: string
  readonly nodeCount: number
  readonly evaluated: number
  readonly feasible: number
  /** Nodes turned down, with the plugin that did so and its words. */
  readonly rejected: readonly { readonly node: string; readonly plugin: string; readonly reasons: readonly string[]; readonly resolvable: boolean }[]
  /** Nodes that passed all filters, best first. */
  readonly scored: readonly ScoredNode[]
  readonly more: { readonly rejected: number; readonly scored: number }
  readonly nominatedNode: string
  readonly endedAt?: number
  /** Every filter on nodes, the nearest to fitting first; absent or empty when nobody asked. */
  readonly explained?: readonly ExplainedNode[]
  /** The dry run of a preemption. */
  readonly preemption?: readonly { readonly node: string; readonly victims: readonly string[]; readonly violations: number; readonly reason: string }[]
  readonly queue?: string
  readonly wakes?: readonly { readonly plugin: string; readonly events: readonly string[] }[]
}

export interface FilterVerdict {
  readonly plugin: string
  readonly verdict: 'passed' | 'skipped' | 'rejected'
  readonly reasons: readonly string[]
  readonly resolvable: boolean
}

export interface ExplainedNode {
  readonly node: string
  readonly verdicts: readonly FilterVerdict[]
  readonly changes: readonly string[]
}

export interface ScoredNode {
  readonly node: string
  readonly total: number
  readonly plugins: readonly { readonly plugin: string; readonly weight: number; readonly raw: number; readonly normalized: number; readonly weighted: number }[]
}

/** Under `queues`. */
export interface QueuesView {
  readonly counts?: Readonly<Record<string, number>>
  readonly active: readonly QueuedPod[]
  readonly backoff: readonly QueuedPod[]
  readonly unschedulable: readonly QueuedPod[]
}

export interface QueuedPod {
  readonly pod: string
  readonly attempts?: number
  /** When its back-off is over. */
  readonly until?: number
  readonly message?: string
}

export function outcomeMark(outcome: Decision['outcome']): HealthMark {
  return { bound: 'running', binding: 'pending', waiting: 'pending', unschedulable: 'failed', error: 'failed' }[outcome] as HealthMark
}

/** What a decision came to, in a sentence. */
export function outcomeText(decision: Decision): string {
  switch (decision.outcome) {
    case 'bound':
      return `Bound to ${decision.node}: the best of ${decision.feasible} that could take it.`
    case 'binding':
      return `Being bound to ${decision.node}.`
    case 'waiting':
      return `Waits at the gate for ${decision.node}: ${decision.message}`
    case 'unschedulable':
      return decision.message || 'No node could take it.'
    case 'error':
      return decision.message || 'The attempt failed.'
  }
}

/** The plugins that gave points, in their order. */
export function scoringPlugins(decision: Decision): readonly string[] {
  return decision.scored[0]?.plugins.map((plugin) => plugin.plugin) ?? []
}

/** Filter plugins that had something to check, in their order. */
export function askedFilters(nodes: readonly ExplainedNode[]): readonly string[] {
  const plugins = nodes[0]?.verdicts.map(({ plugin }) => plugin) ?? []
  return plugins.filter((plugin) => nodes.some(({ verdicts }) => verdicts.some((each) => each.plugin === plugin && each.verdict !== 'skipped')))
}

export function verdictMark({ verdict }: FilterVerdict): HealthMark {
  return { passed: 'running', skipped: 'completed', rejected: 'failed' }[verdict] as HealthMark
}

export function verdictText({ verdict, reasons, resolvable }: FilterVerdict): string {
  if (verdict === 'passed') return 'passes'
  if (verdict === 'skipped') return 'has nothing to check for this pod'
  return `${reasons.join('; ')}${resolvable ? ' (preemption might help)' : ''}`
}

/** `NodeResourcesFit` as words that a column can break. */
export function shortPluginName(plugin: string): string {
  return plugin.replace(/([a-z])([A-Z])/g, '$1 $2')
}

/** Where a pod without a node went, and what brings it back, in a sentence; undefined when there is nothing to say. */
export function wakeText({ queue, wakes }: Decision): string | undefined {
  if (!queue || queue === 'none') return undefined
  if (queue === 'backoff') return 'It backs off a little, then is tried again.'
  if (queue === 'active') return 'It is tried again at once.'
  const events = (wakes ?? []).filter((each) => each.events.length > 0).map(({ plugin, events: names }) => `${plugin}: ${names.join(', ')}`)
  return events.length === 0 ? 'It waits in the unschedulable queue.' : `It waits in the unschedulable queue for one of these events (${events.join('; ')}).`
}

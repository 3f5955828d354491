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

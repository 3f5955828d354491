/** What a process shows of one controller under `controller/<name>`. */
export interface ControllerView {
  readonly name: string
  readonly noun: string
  readonly workers: number
  readonly running: boolean
  readonly queue: QueueView
  readonly reconciles: number
  readonly failures: number
  /** Newest first. */
  readonly lastReconciles: readonly Reconcile[]
  readonly lastErrors: readonly Reconcile[]
}

export interface QueueView {
  readonly depth: number
  readonly processing: number
  readonly waiting: number
  readonly adds: number
  readonly retries: number
  readonly queueDuration: { readonly count: number; readonly sum: number; readonly max: number; readonly last: number }
  readonly workDuration: { readonly count: number; readonly sum: number; readonly max: number; readonly last: number }
}

export interface Reconcile {
  readonly key: string
  readonly at: number
  readonly durationMs: number
  readonly span: number
  readonly error?: string
}

export const controllerTopic = 'controller/'

/** What the choice of a first loop to show goes by. */
export interface LoopFacts {
  readonly topic: string
  readonly runs: number
  /** Virtual ms; -1: never. */
  readonly lastRunAt: number
}

/** The loop that ran last, of those the one that ran most; undefined: none has run. */
export function liveliest(loops: Iterable<LoopFacts>): string | undefined {
  let best: LoopFacts | undefined
  for (const loop of loops) if (loop.lastRunAt >= 0 && (!best || loop.lastRunAt > best.lastRunAt || (loop.lastRunAt === best.lastRunAt && loop.runs > best.runs))) best = loop
  return best?.topic
}

export function meanMs(duration: { readonly count: number; readonly sum: number }): number {
  return duration.count === 0 ? 0 : duration.sum / duration.count
}

/** The spec of the Lease, as `leader-election` shows it. */
export interface LeaseSpecView {
  readonly holderIdentity?: string
  readonly acquireTime?: string
  readonly leaseDurationSeconds?: number
  readonly leaseTransitions?: number
}

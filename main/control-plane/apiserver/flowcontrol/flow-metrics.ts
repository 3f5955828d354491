/** What is counted of priority and fairness, by schema and level. */
import { Buckets } from '../metrics/buckets.ts'
import type { RejectReason } from './queue-set.ts'

export interface FlowCounts {
  readonly schema: string
  readonly level: string
  dispatched: number
  executing: number
  waiting: number
  readonly rejected: Map<RejectReason, number>
  readonly waitSeconds: Buckets
  readonly rejectedWaitSeconds: Buckets
  readonly executionSeconds: Buckets
  readonly queueLengths: Buckets
  readonly seats: Buckets
}

const waitBounds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]
const executionBounds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]
const lengthBounds = [0, 10, 25, 50, 100, 250, 500, 1_000]
const seatBounds = [1, 2, 4, 10]

export class FlowMetrics {
  readonly #counts = new Map<string, Map<string, FlowCounts>>()

  all(): FlowCounts[] {
    return [...this.#counts.values()].flatMap((levels) => [...levels.values()])
  }

  estimated(schema: string, level: string, seats: number): void {
    this.#of(schema, level).seats.add(seats)
  }

  queued(schema: string, level: string, queueLength: number): void {
    const counts = this.#of(schema, level)
    counts.waiting++
    counts.queueLengths.add(queueLength)
  }

  /** `waitedSeconds` is undefined for one that ran at once. */
  dispatched(schema: string, level: string, waitedSeconds: number | undefined): void {
    const counts = this.#of(schema, level)
    counts.dispatched++
    counts.executing++
    if (waitedSeconds !== undefined) counts.waiting--
    counts.waitSeconds.add(waitedSeconds ?? 0)
  }

  finished(schema: string, level: string, seconds: number): void {
    const counts = this.#of(schema, level)
    counts.executing--
    counts.executionSeconds.add(seconds)
  }

  rejected(schema: string, level: string, reason: RejectReason, waitedSeconds: number): void {
    const counts = this.#of(schema, level)
    counts.rejected.set(reason, (counts.rejected.get(reason) ?? 0) + 1)
    if (reason === 'time-out' || reason === 'cancelled') counts.waiting--
    counts.rejectedWaitSeconds.add(waitedSeconds)
  }

  #of(schema: string, level: string): FlowCounts {
    let levels = this.#counts.get(schema)
    if (!levels) this.#counts.set(schema, (levels = new Map()))
    let counts = levels.get(level)
    if (!counts) {
      counts = { schema, level, dispatched: 0, executing: 0, waiting: 0, rejected: new Map(), waitSeconds: new Buckets(waitBounds), rejectedWaitSeconds: new Buckets(waitBounds), executionSeconds: new Buckets(executionBounds), queueLengths: new Buckets(lengthBounds), seats: new Buckets(seatBounds) }
      levels.set(level, counts)
    }
    return counts
  }
}

import type { Clock } from '../../../kernel/clock.ts'
import type { CommitLog } from '../commit-log.ts'
import { etcdErrors } from '../errors.ts'
import type { Entry, Proposal } from '../proposal.ts'
import type { WriteAheadLog } from './write-ahead-log.ts'

interface Waiting {
  readonly entry: Entry
  readonly settled: (entry: Entry | undefined, refusal?: Error) => void
}

/** How long the flushes took, newest last. */
export interface FlushTimes {
  count: number
  totalMs: number
  /** Counts per bucket of `flushBucketsMs`, not cumulated; the last is everything above. */
  readonly buckets: number[]
  readonly newest: number[]
}

/** Upper bounds in ms: those of etcd's histogram. */
export const flushBucketsMs = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192]

/** The log of a group of one: an entry is committed when this member's own disk has it. Proposals that come while a flush runs
 *  wait for the next one together. */
export class SoloLog implements CommitLog {
  readonly leading = true
  readonly leader: string
  readonly term: number
  readonly flushes: FlushTimes = { count: 0, totalMs: 0, buckets: Array<number>(flushBucketsMs.length + 1).fill(0), newest: [] }
  committed: number
  /** Called after each batch was applied, when everything written is synced: the moment to begin a new segment. */
  onBatch: () => void = () => {}
  /** The disk failed: nothing can be promised any more. */
  onFailure: (error: unknown) => void = (error) => {
    throw error
  }
  readonly #wal: WriteAheadLog
  readonly #clock: Clock
  readonly #ended: () => boolean
  #proposed: Waiting[] = []
  #lastIndex: number
  #flushing = false
  #failed = false
  #idleWaiters: (() => void)[] = []

  constructor(wal: WriteAheadLog, clock: Clock, leader: string, term: number, ended: () => boolean) {
    this.#wal = wal
    this.#clock = clock
    this.leader = leader
    this.term = term
    this.committed = this.#lastIndex = wal.lastIndex
    this.#ended = ended
  }

  propose(proposal: Proposal, settled: Waiting['settled']): void {
    if (this.#failed) return settled(undefined, etcdErrors.stopped())
    const entry: Entry = { index: ++this.#lastIndex, term: this.term, proposal }
    this.#proposed.push({ entry, settled })
    if (!this.#flushing) this.#flush()
  }

  readIndex(ready: () => void): void {
    // What was acknowledged is applied here already.
    ready()
  }

  /** Resolves when nothing is on its way to the disk. */
  whenIdle(): Promise<void> {
    if (!this.#flushing) return Promise.resolve()
    return new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  #flush(): void {
    this.#flushing = true
    const batch = this.#proposed
    this.#proposed = []
    const startedAt = this.#clock.now()
    let synced: Promise<void>
    try {
      for (const { entry } of batch) this.#wal.append(entry)
      synced = this.#wal.sync()
    } catch (error) {
      this.#fail(error, batch)
      return
    }
    synced.then(
      () => {
        if (this.#ended()) return
        this.#measure(this.#clock.now() - startedAt)
        try {
          for (const { entry, settled } of batch) {
            this.committed = entry.index
            settled(entry)
          }
          this.onBatch()
          this.#flushing = false
          if (this.#proposed.length > 0) this.#flush()
          else for (const waiter of this.#idleWaiters.splice(0)) waiter()
        } catch (error) {
          // Out of the promise and into an event, where somebody hears it.
          this.#clock.after(0, () => {
            throw error
          })
        }
      },
      (error: unknown) => {
        if (!this.#ended()) this.#fail(error, batch)
      },
    )
  }

  #fail(error: unknown, batch: readonly Waiting[]): void {
    this.#failed = true
    for (const { settled } of [...batch, ...this.#proposed.splice(0)]) settled(undefined, etcdErrors.stopped())
    this.#clock.after(0, () => this.onFailure(error))
  }

  #measure(durationMs: number): void {
    const { flushes } = this
    flushes.count++
    flushes.totalMs += durationMs
    const bucket = flushBucketsMs.findIndex((bound) => durationMs <= bound)
    flushes.buckets[bucket < 0 ? flushBucketsMs.length : bucket]!++
    flushes.newest.push(durationMs)
    if (flushes.newest.length > 120) flushes.newest.splice(0, 60)
  }
}

import type { Clock } from '../../kernel/clock.ts'
import type { Timer } from '../../kernel/kernel.ts'
import { ItemBackoff } from './item-backoff.ts'

/** What a queue stands on; a Process is one. */
export interface QueueHost {
  readonly clock: Clock
  readonly kernel: { readonly trace: { current: number }; schedule(delayMs: number, fn: () => void, cause?: number): Timer }
  readonly scope: { readonly closed: boolean; onClose(end: () => void): () => void }
}

export interface WorkQueueOptions {
  readonly name: string
  /** First delay of the exponential back-off per key; client-go's 5 ms. */
  readonly baseDelayMs?: number
  /** Longest delay; client-go's 1000 s. */
  readonly maxDelayMs?: number
  /** The bucket over all keys; client-go's 10 per second, 100 at once. */
  readonly perSecond?: number
  readonly burst?: number
  /** More distinct keys than this are a fault of the program. */
  readonly lengthMax?: number
}

/** Counters named like client-go's workqueue metrics. Times in ms. */
export interface WorkQueueMetrics {
  readonly name: string
  readonly depth: number
  readonly processing: number
  readonly waiting: number
  readonly adds: number
  readonly retries: number
  /** From add to the start of work. */
  readonly queueDuration: Duration
  readonly workDuration: Duration
  /** Of all that is being worked on: how long that has taken so far, together and the longest. */
  readonly unfinishedMs: number
  readonly longestRunningMs: number
}

export interface Duration {
  readonly count: number
  readonly sum: number
  readonly max: number
  readonly last: number
  /** How many fell into each of `durationBoundsSeconds`, those above all of them left out. */
  readonly counts: readonly number[]
}

/** client-go's buckets of both durations: 10 ns to 1000 s. */
export const durationBoundsSeconds: readonly number[] = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000]

class Durations {
  readonly #counts: number[] = durationBoundsSeconds.map(() => 0)
  #count = 0
  #sum = 0
  #max = 0
  #last = 0

  add(ms: number): void {
    this.#count++
    this.#sum += ms
    this.#max = Math.max(this.#max, ms)
    this.#last = ms
    const bucket = durationBoundsSeconds.findIndex((bound) => ms / 1000 <= bound)
    if (bucket >= 0) this.#counts[bucket]!++
  }

  view(): Duration {
    return { count: this.#count, sum: this.#sum, max: this.#max, last: this.#last, counts: [...this.#counts] }
  }
}

interface Entry {
  readonly cause: number
  readonly addedAt: number
}

/** client-go's rate-limited work queue: a key waits once however often it is added, is never worked on twice at once, and
 *  is taken again after the present work when it was added meanwhile. A worker takes each key in a kernel event of its own,
 *  under the cause of the add that queued it. */
export class WorkQueue {
  readonly name: string
  readonly #host: QueueHost
  readonly #backoff: ItemBackoff
  readonly #lengthMax: number
  /** In order of arrival. */
  readonly #queued = new Map<string, Entry>()
  /** With when work on them began. */
  readonly #processing = new Map<string, number>()
  /** Added while being worked on. */
  readonly #again = new Map<string, Entry>()
  readonly #delayed = new Map<string, { readonly at: number; readonly timer: Timer }>()
  #work: ((key: string) => Promise<void>) | undefined
  #idleWorkers = 0
  #dispatched = 0
  #shutDown = false
  #adds = 0
  #retries = 0
  readonly #queueDuration = new Durations()
  readonly #workDuration = new Durations()

  constructor(host: QueueHost, options: WorkQueueOptions) {
    this.name = options.name
    this.#host = host
    this.#lengthMax = options.lengthMax ?? 1_000_000
    this.#backoff = new ItemBackoff(host.clock, options.baseDelayMs ?? 5, options.maxDelayMs ?? 1_000_000, options.perSecond ?? 10, options.burst ?? 100)
    host.scope.onClose(() => this.shutDown())
  }

  /** How many keys wait to be worked on now. */
  get length(): number {
    return this.#queued.size
  }

  /** Nothing queued, delayed or being worked on. */
  get idle(): boolean {
    return this.#queued.size === 0 && this.#processing.size === 0 && this.#again.size === 0 && this.#delayed.size === 0
  }

  /** Starts `workers` workers. `work` must not reject: what fails is its own business to requeue. */
  run(workers: number, work: (key: string) => Promise<void>): void {
    if (this.#work) throw new Error(`work queue ${this.name} already runs`)
    this.#work = work
    this.#idleWorkers = workers
    this.#dispatch()
  }

  add(key: string): void {
    if (this.#shutDown || this.#queued.has(key) || this.#again.has(key)) return
    this.#adds++
    const entry: Entry = { cause: this.#host.kernel.trace.current, addedAt: this.#host.clock.now() }
    if (this.#processing.has(key)) {
      this.#again.set(key, entry)
      return
    }
    this.#enqueue(key, entry)
    this.#dispatch()
  }

  /** Adds after `delayMs`; of several delayed adds of a key the earliest holds. */
  addAfter(key: string, delayMs: number): void {
    if (this.#shutDown) return
    if (delayMs <= 0) return this.add(key)
    const at = this.#host.clock.now() + delayMs
    const known = this.#delayed.get(key)
    if (known && known.at <= at) return
    known?.timer.cancel()
    const timer = this.#host.clock.after(delayMs, () => {
      this.#delayed.delete(key)
      this.add(key)
    })
    this.#delayed.set(key, { at, timer })
  }

  /** Adds after the key's back-off, which grows until `forget`. */
  addRateLimited(key: string): void {
    if (this.#shutDown) return
    this.#retries++
    this.addAfter(key, this.#backoff.delayMs(key))
  }

  /** The key has succeeded (or is given up): its back-off starts over. */
  forget(key: string): void {
    this.#backoff.forget(key)
  }

  retriesOf(key: string): number {
    return this.#backoff.retriesOf(key)
  }

  /** Takes nothing more in; what is being worked on ends by itself. */
  shutDown(): void {
    this.#shutDown = true
    this.#queued.clear()
    this.#again.clear()
    for (const { timer } of this.#delayed.values()) timer.cancel()
    this.#delayed.clear()
  }

  metrics(): WorkQueueMetrics {
    const now = this.#host.clock.now()
    const running = [...this.#processing.values()].map((startedAt) => now - startedAt)
    return {
      name: this.name,
      depth: this.#queued.size,
      processing: this.#processing.size,
      waiting: this.#delayed.size,
      adds: this.#adds,
      retries: this.#retries,
      queueDuration: this.#queueDuration.view(),
      workDuration: this.#workDuration.view(),
      unfinishedMs: running.reduce((sum, ms) => sum + ms, 0),
      longestRunningMs: Math.max(0, ...running),
    }
  }

  #enqueue(key: string, entry: Entry): void {
    if (this.#queued.size >= this.#lengthMax) throw new Error(`work queue ${this.name} holds ${this.#queued.size} keys, the most allowed, and was given ${key}`)
    this.#queued.set(key, entry)
  }

  /** Gives waiting keys to idle workers. A key stays queued until its event runs, so that adds in between fold into it. */
  #dispatch(): void {
    while (this.#work && this.#idleWorkers > 0 && this.#dispatched < this.#queued.size) {
      this.#idleWorkers--
      this.#dispatched++
      const cause = this.#causeOfNext(this.#dispatched - 1)
      this.#host.kernel.schedule(0, () => this.#take(), cause)
    }
  }

  #causeOfNext(position: number): number {
    let index = 0
    for (const entry of this.#queued.values()) if (index++ === position) return entry.cause
    return 0
  }

  #take(): void {
    this.#dispatched--
    const next = this.#queued.entries().next()
    if (next.done || this.#host.scope.closed) {
      this.#idleWorkers++
      return
    }
    const [key, entry] = next.value
    this.#queued.delete(key)
    const startedAt = this.#host.clock.now()
    this.#processing.set(key, startedAt)
    this.#queueDuration.add(startedAt - entry.addedAt)
    void this.#work!(key).then(() => {
      this.#workDuration.add(this.#host.clock.now() - startedAt)
      this.#done(key)
    })
  }

  #done(key: string): void {
    this.#processing.delete(key)
    this.#idleWorkers++
    const again = this.#again.get(key)
    if (again) {
      this.#again.delete(key)
      this.#enqueue(key, again)
    }
    this.#dispatch()
  }
}

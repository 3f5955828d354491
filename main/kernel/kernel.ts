import { EventQueue, ScheduledEvent } from './event-queue.ts'
import type { Host } from './host.ts'
import { InputLog, type RecordedInput } from './input-log.ts'
import { RandomSource } from './random.ts'
import { Trace } from './trace.ts'

/** A handle on a scheduled event. Cancelling twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void
}

export interface KernelOptions {
  readonly host: Host
  readonly seed: number
  /** Virtual time at which the run starts, in ms since the epoch. */
  readonly epoch: number
}

/** Runs one due event at a time, lets the promises that it woke run dry, then takes the next.
 *
 *  Invariants: (1) time never goes back; (2) events run in the order (time, sequence); (3) between two events nothing
 *  of the simulation runs, so `trace.current` is the cause of whatever is running; (4) what comes from outside enters
 *  only through `input`, and is recorded; (5) the wall clock is never read here, a pacer only says how far to run.
 *  Hence seed + recorded inputs determine the run. */
export class Kernel {
  readonly random: RandomSource
  readonly trace: Trace
  readonly inputs = new InputLog()
  readonly #host: Host
  readonly #queue = new EventQueue()
  readonly #held = new Set<Promise<unknown>>()
  #now: number
  #sequence = 0
  #executed = 0
  #limit = -Infinity
  #budget = Infinity
  #stop: (() => boolean) | undefined
  #running: { promise: Promise<void>; resolve: () => void; reject: (reason: unknown) => void } | undefined
  #failure: { readonly error: unknown } | undefined
  #onInput: (() => void) | undefined
  #onFault: (error: unknown) => void

  constructor(options: KernelOptions) {
    this.#host = options.host
    this.#now = options.epoch
    this.random = new RandomSource(options.seed)
    this.trace = new Trace(() => this.#now)
    this.#onFault = (error) => {
      throw error
    }
  }

  /** Virtual time of the event being run, in ms since the epoch (fractions allowed). */
  now(): number {
    return this.#now
  }

  /** How many events have run. With the same seed and inputs, event n is the same event. */
  get executed(): number {
    return this.#executed
  }

  /** How many events wait. */
  get pending(): number {
    return this.#queue.size
  }

  /** When the next event is due, or undefined when nothing is scheduled. */
  nextTime(): number | undefined {
    return this.#queue.peek()?.time
  }

  /** Runs `fn` after `delayMs` of virtual time (0 = after all that is already due now), under the causing span. */
  schedule(delayMs: number, fn: () => void, cause: number = this.trace.current): Timer {
    return this.scheduleAt(this.#now + (delayMs > 0 ? delayMs : 0), fn, cause)
  }

  /** Like `schedule`, at an absolute time; a time in the past counts as now. */
  scheduleAt(time: number, fn: () => void, cause: number = this.trace.current): Timer {
    const event = new ScheduledEvent(this.#queue, time > this.#now ? time : this.#now, this.#sequence++, cause, fn)
    this.#queue.push(event)
    return event
  }

  /** Brings something in from outside: `fn` runs as an event at `time` (at the earliest now), and `label` and `data`
   *  are recorded when it runs, so that a replay can do the same at the same place. */
  input(label: string, data: unknown, fn: () => void, time: number = this.#now): void {
    this.scheduleAt(time, () => {
      this.inputs.record({ index: this.#executed - 1, time: this.#now, label, data })
      fn()
    }, 0)
    this.#onInput?.()
  }

  /** Replays recorded inputs: each runs as exactly the event number that it was, through `apply`. */
  replay(inputs: readonly RecordedInput[], apply: (input: RecordedInput) => void): void {
    this.inputs.startReplay(inputs, apply)
  }

  /** The virtual world stands still until `promise` settles: for real disks, whose virtual duration is already decided. */
  hold(promise: Promise<unknown>): void {
    this.#held.add(promise)
    const release = (): void => {
      this.#held.delete(promise)
    }
    promise.then(release, release)
  }

  /** Runs everything due up to and including `time`, at most `budget` events, then stands at `time` (unless the budget
   *  ran out or `stop`, asked after each event, said so). Rejects with what an event threw. */
  runUntil(time: number, budget = Infinity, stop?: () => boolean): Promise<void> {
    if (this.#running) throw new Error(`kernel is already running until ${this.#limit}, asked for ${time}`)
    this.#limit = time
    this.#budget = budget
    this.#stop = stop
    let resolve!: () => void
    let reject!: (reason: unknown) => void
    const promise = new Promise<void>((yes, no) => {
      resolve = yes
      reject = no
    })
    this.#running = { promise, resolve, reject }
    this.#host.turns(this.#turn)
    return promise
  }

  /** Runs for `durationMs` of virtual time. */
  runFor(durationMs: number): Promise<void> {
    return this.runUntil(this.#now + durationMs)
  }

  /** Runs until `done()` is true after some event; throws when `limitMs` of virtual time pass first. */
  async runWhile(unfinished: () => boolean, limitMs: number, what = 'the condition'): Promise<void> {
    if (!unfinished()) return
    await this.runUntil(this.#now + limitMs, Infinity, () => !unfinished())
    if (unfinished()) {
      throw new Error(`virtual time ran out: ${what} did not come true within ${limitMs} ms (at event ${this.#executed})`)
    }
  }

  /** Runs the kernel until `promise` settles and answers its value; throws after `limitMs` of virtual time. */
  async settle<T>(promise: Promise<T>, limitMs = 600_000): Promise<T> {
    let settled = false
    const mark = (): void => {
      settled = true
    }
    promise.then(mark, mark)
    await Promise.resolve()
    await this.runWhile(() => !settled, limitMs, 'the awaited promise')
    return promise
  }

  /** Calls `wake` whenever an input arrives, so that a sleeping pacer can go on. */
  onInput(wake: () => void): void {
    this.#onInput = wake
  }

  /** What to do with an exception that escapes an event. The default fails the run; a live lab crashes one process. */
  onFault(handler: (error: unknown) => void): void {
    this.#onFault = handler
  }

  readonly #turn = (): boolean => {
    if (this.#failure) return this.#finish()
    if (this.#held.size > 0) {
      void Promise.allSettled([...this.#held]).then(() => this.#host.turns(this.#turn))
      return false
    }
    if (this.#budget <= 0 || this.#stop?.()) return this.#finish()
    const replayed = this.inputs.due(this.#executed)
    if (replayed) {
      if (replayed.time > this.#limit) return this.#finish()
      this.#advance(replayed.time, 0)
      this.#guard(() => this.inputs.apply(replayed))
      return true
    }
    const next = this.#queue.peek()
    if (!next || next.time > this.#limit) {
      if (this.#limit > this.#now && this.#limit !== Infinity) this.#now = this.#limit
      return this.#finish()
    }
    const run = this.#queue.take(next)
    this.#advance(next.time, next.cause)
    this.#guard(run)
    return true
  }

  #advance(time: number, cause: number): void {
    if (time > this.#now) this.#now = time
    this.#executed++
    this.#budget--
    this.trace.current = cause
  }

  #guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      try {
        this.#onFault(error)
      } catch (fatal) {
        this.#failure = { error: fatal }
      }
    }
  }

  #finish(): false {
    const running = this.#running!
    this.#running = undefined
    const failure = this.#failure
    this.#failure = undefined
    this.trace.current = 0
    if (failure) running.reject(failure.error)
    else running.resolve()
    return false
  }
}

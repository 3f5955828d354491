import type { Kernel, Timer } from './kernel.ts'
import type { Scope } from './scope.ts'

/** Virtual time for one process: its timers die with its scope, and a sleeper wakes under the cause it slept with. */
export class Clock {
  readonly #kernel: Kernel
  readonly #scope: Scope

  constructor(kernel: Kernel, scope: Scope) {
    this.#kernel = kernel
    this.#scope = scope
  }

  /** ms since the epoch. */
  now(): number {
    return this.#kernel.now()
  }

  /** Resolves after `delayMs`; never, when the process ends first. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve))
  }

  /** Calls `fn` once after `delayMs`, under the present cause. */
  after(delayMs: number, fn: () => void): Timer {
    return this.#owned(delayMs, fn, this.#kernel.trace.current)
  }

  /** Calls `fn` once after `delayMs` with no cause: for heartbeats and resyncs that nothing asked for. */
  afterUncaused(delayMs: number, fn: () => void): Timer {
    return this.#owned(delayMs, fn, 0)
  }

  /** Calls `fn` every `periodMs` (a function is asked anew each time, for jitter), first after one period. */
  every(periodMs: number | (() => number), fn: () => void): Timer {
    const period = typeof periodMs === 'function' ? periodMs : () => periodMs
    let stopped = false
    let timer: Timer
    const arm = (): void => {
      timer = this.afterUncaused(period(), () => {
        if (stopped) return
        arm()
        fn()
      })
    }
    arm()
    return {
      cancel: () => {
        stopped = true
        timer.cancel()
      },
    }
  }

  #owned(delayMs: number, fn: () => void, cause: number): Timer {
    if (this.#scope.closed) return never
    const timer = new OwnedTimer(this.#scope, fn)
    timer.event = this.#kernel.schedule(delayMs, timer.fire, cause)
    this.#scope.hold(timer)
    return timer
  }
}

const never: Timer = { cancel: () => {} }

/** A timer that its process's scope holds until it fires. */
class OwnedTimer implements Timer {
  event: Timer = never
  readonly #scope: Scope
  readonly #fn: () => void

  constructor(scope: Scope, fn: () => void) {
    this.#scope = scope
    this.#fn = fn
  }

  readonly fire = (): void => {
    this.#scope.release(this)
    this.#fn()
  }

  cancel(): void {
    this.#scope.release(this)
    this.event.cancel()
  }
}

import type { Clock } from '../../../kernel/clock.ts'

/** How long a driver's attacher has for an answer. */
const attachTimeoutMs = 120_000
const firstPauseMs = 500
const pauseMaxMs = 122_000

interface Attempt {
  /** When the present wait for an answer began. */
  readonly since: number
  readonly failures: number
}

/** Waits for attachments to be answered: a failure or two minutes of silence end an attempt, the next begins after a pause that doubles. */
export class AttachAttempts {
  readonly #clock: Clock
  readonly #attempts = new Map<string, Attempt>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Why the present attempt of `key` has failed just now, if it has, and when to ask again. `error` is what the attacher says, `silence`
   *  what is said when it says nothing. */
  judge(key: string, error: string | undefined, silence: string): { readonly failure: string | undefined; readonly againAfterMs: number } {
    const now = this.#clock.now()
    const attempt = this.#attempts.get(key) ?? { since: now, failures: 0 }
    this.#attempts.set(key, attempt)
    if (now < attempt.since) return { failure: undefined, againAfterMs: attempt.since - now }
    if (error === undefined && now - attempt.since < attachTimeoutMs) return { failure: undefined, againAfterMs: attempt.since + attachTimeoutMs - now }
    const pauseMs = Math.min(firstPauseMs * 2 ** attempt.failures, pauseMaxMs)
    this.#attempts.set(key, { since: now + pauseMs, failures: attempt.failures + 1 })
    return { failure: error ?? silence, againAfterMs: pauseMs }
  }

  forget(key: string): void {
    this.#attempts.delete(key)
  }
}

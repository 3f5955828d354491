import type { Clock } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'

export interface BackoffOptions {
  readonly baseMs: number
  readonly maxMs: number
  readonly factor: number
  /** Each delay is stretched by up to this part of itself. */
  readonly jitter: number
  /** Quiet for so long, it starts again from the base. */
  readonly resetMs: number
}

/** Exponential back-off with jitter that forgets after a quiet time, as apimachinery's wait.BackoffManager. */
export class Backoff {
  readonly #host: { readonly clock: Clock; readonly random: Random }
  readonly #options: BackoffOptions
  #nextMs: number
  #askedAt = -Infinity

  constructor(host: { readonly clock: Clock; readonly random: Random }, options: BackoffOptions) {
    this.#host = host
    this.#options = options
    this.#nextMs = options.baseMs
  }

  /** How long to wait now; the next answer is longer. */
  nextMs(): number {
    const now = this.#host.clock.now()
    if (now - this.#askedAt > this.#options.resetMs) this.#nextMs = this.#options.baseMs
    this.#askedAt = now
    const delayMs = this.#nextMs
    this.#nextMs = Math.min(this.#options.maxMs, delayMs * this.#options.factor)
    return this.#options.jitter > 0 ? this.#host.random.jitter(delayMs, this.#options.jitter) : delayMs
  }
}

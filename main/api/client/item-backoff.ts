import type { Clock } from '../../kernel/clock.ts'
import { TokenBucket } from './token-bucket.ts'

/** How long a key waits after a failure: the longer of its own exponential back-off and a bucket over all keys, as client-go's
 *  DefaultControllerRateLimiter. Keys are remembered until `forget`. */
export class ItemBackoff {
  readonly #failures = new Map<string, number>()
  readonly #baseMs: number
  readonly #maxMs: number
  readonly #bucket: TokenBucket

  constructor(clock: Clock, baseMs: number, maxMs: number, perSecond: number, burst: number) {
    this.#baseMs = baseMs
    this.#maxMs = maxMs
    this.#bucket = new TokenBucket(clock, perSecond, burst)
  }

  delayMs(key: string): number {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    return Math.max(Math.min(this.#maxMs, this.#baseMs * 2 ** failures), this.#bucket.reserveMs())
  }

  retriesOf(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  forget(key: string): void {
    this.#failures.delete(key)
  }
}

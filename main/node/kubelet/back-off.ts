interface Entry {
  delayMs: number
  updatedAt: number
}

/** Exponential delays by key, as client-go's flowcontrol.Backoff: the first `next` gives the initial delay, each further
 *  one doubles it, and a key that was left alone for twice the maximum starts again. Times are virtual ms. */
export class BackOff {
  readonly initialMs: number
  readonly maxMs: number
  readonly #entries = new Map<string, Entry>()

  constructor(initialMs: number, maxMs: number) {
    this.initialMs = initialMs
    this.maxMs = maxMs
  }

  /** The present delay of a key; 0 when it has none. */
  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0
  }

  /** Until when work on `key` has to wait that last failed at `eventTime`; undefined when it may go on at `now`. */
  waitsUntil(key: string, eventTime: number, now: number): number | undefined {
    const entry = this.#entries.get(key)
    if (!entry || eventTime - entry.updatedAt > this.maxMs * 2) return undefined
    const until = eventTime + entry.delayMs
    return now < until ? until : undefined
  }

  /** Like `waitsUntil`, counted from the last `next`. */
  waitsUntilSinceUpdate(key: string, now: number): number | undefined {
    const entry = this.#entries.get(key)
    if (!entry || now - entry.updatedAt > this.maxMs * 2) return undefined
    const until = entry.updatedAt + entry.delayMs
    return now < until ? until : undefined
  }

  /** Notes one more failure, which happened at `eventTime`. */
  next(key: string, eventTime: number, now: number): void {
    const entry = this.#entries.get(key)
    if (!entry || eventTime - entry.updatedAt > this.maxMs * 2) this.#entries.set(key, { delayMs: this.initialMs, updatedAt: now })
    else {
      entry.delayMs = Math.min(entry.delayMs * 2, this.maxMs)
      entry.updatedAt = now
    }
  }

  /** Forgets every key that starts with `prefix`. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key)
  }

  get size(): number {
    return this.#entries.size
  }
}

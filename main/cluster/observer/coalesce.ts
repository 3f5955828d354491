/** Calls `flush` soon after the first `poke`, at most once per `periodMs` of wall time; nothing runs while nobody pokes. */
export class Coalescer {
  readonly #periodMs: number
  readonly #flush: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #last = 0
  #stopped = false

  constructor(periodMs: number, flush: () => void) {
    this.#periodMs = periodMs
    this.#flush = flush
  }

  readonly poke = (): void => {
    if (this.#timer || this.#stopped) return
    const wait = Math.max(0, this.#last + this.#periodMs - Date.now())
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#last = Date.now()
      this.#flush()
    }, wait)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }
}

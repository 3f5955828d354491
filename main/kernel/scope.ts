/** A lifetime. What is started registers its end with the scope that owns it; closing runs the ends, newest first. */
export class Scope {
  #ends: Set<() => void> | undefined = new Set()
  readonly #timers = new Set<{ cancel(): void }>()

  get closed(): boolean {
    return this.#ends === undefined
  }

  /** Runs `end` when the scope closes (at once if it already has). Returns a function that forgets it. */
  onClose(end: () => void): () => void {
    if (!this.#ends) {
      end()
      return () => {}
    }
    this.#ends.add(end)
    return () => this.#ends?.delete(end)
  }

  /** Cancels the timer when the scope closes, before anything else ends; cheaper than `onClose`, as timers are many. Only while open. */
  hold(timer: { cancel(): void }): void {
    this.#timers.add(timer)
  }

  release(timer: { cancel(): void }): void {
    this.#timers.delete(timer)
  }

  /** A scope that closes with this one. */
  child(): Scope {
    const child = new Scope()
    const forget = this.onClose(() => child.close())
    child.onClose(forget)
    return child
  }

  close(): void {
    const ends = this.#ends
    if (!ends) return
    this.#ends = undefined
    for (const timer of [...this.#timers]) timer.cancel()
    for (const end of [...ends].reverse()) end()
  }
}

import type { Clock } from '../../kernel/clock.ts'

/** The time that is left to something on its way out. It can only become shorter. */
export class GracePeriod {
  readonly #clock: Clock
  #deadline: number
  readonly #listeners = new Set<() => void>()

  constructor(clock: Clock, seconds: number) {
    this.#clock = clock
    this.#deadline = clock.now() + seconds * 1000
  }

  /** Whole seconds, rounded up; 0 when it is over. */
  get leftSeconds(): number {
    return Math.max(0, Math.ceil((this.#deadline - this.#clock.now()) / 1000))
  }

  shorten(seconds: number): void {
    const deadline = this.#clock.now() + seconds * 1000
    if (deadline >= this.#deadline) return
    this.#deadline = deadline
    for (const listener of [...this.#listeners]) listener()
  }

  /** Resolves when `work` is done, or when the time is up. */
  until(work: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      let timer: { cancel(): void } | undefined
      const finish = (): void => {
        timer?.cancel()
        this.#listeners.delete(arm)
        resolve()
      }
      const arm = (): void => {
        timer?.cancel()
        timer = this.#clock.after(Math.max(0, this.#deadline - this.#clock.now()), finish)
      }
      this.#listeners.add(arm)
      arm()
      work.then(finish, finish)
    })
  }

  /** Calls `listener` when it becomes shorter; returns a remover. */
  onShorter(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

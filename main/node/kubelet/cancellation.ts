import type { Clock } from '../../kernel/clock.ts'

/** What was under way was given up. */
export class Cancelled extends Error {
  constructor() {
    super('context canceled')
  }
}

/** Lets waiting work be given up: a pod that is to end does not wait for images, volumes or hooks. */
export class Cancellation {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #cancelled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get cancelled(): boolean {
    return this.#cancelled
  }

  cancel(): void {
    if (this.#cancelled) return
    this.#cancelled = true
    for (const wake of [...this.#waiting]) this.#clock.after(0, wake)
    this.#waiting.clear()
  }

  /** Sleeps; rejects with Cancelled at once when cancelled. */
  sleep(delayMs: number): Promise<void> {
    return this.race(this.#clock.sleep(delayMs))
  }

  /** What `work` comes to, unless it is given up first; the work itself goes on unseen. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#cancelled) {
        work.catch(() => {})
        reject(new Cancelled())
        return
      }
      const giveUp = (): void => reject(new Cancelled())
      this.#waiting.add(giveUp)
      const forget = (): void => void this.#waiting.delete(giveUp)
      work.then(
        (value) => {
          forget()
          resolve(value)
        },
        (error: unknown) => {
          forget()
          reject(error as Error)
        },
      )
    })
  }
}

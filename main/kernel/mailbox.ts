import type { Clock } from './clock.ts'

/** A queue with waiting readers. A reader that waited wakes in an event of its own, under the cause of what it was given. */
export class Mailbox<T> {
  readonly #clock: Clock
  readonly #items: T[] = []
  readonly #waiting: ((item: T | undefined) => void)[] = []
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get length(): number {
    return this.#items.length
  }

  put(item: T): void {
    if (this.#closed) return
    const reader = this.#waiting.shift()
    if (reader) this.#clock.after(0, () => reader(item))
    else this.#items.push(item)
  }

  /** The next item; undefined once the mailbox is closed and empty. */
  take(): Promise<T | undefined> {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift())
    if (this.#closed) return Promise.resolve(undefined)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  close(): void {
    this.#closed = true
    for (const reader of this.#waiting.splice(0)) this.#clock.after(0, () => reader(undefined))
  }
}

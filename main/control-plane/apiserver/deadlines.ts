import type { Process } from '../../kernel/machine.ts'

const sweepMs = 1_000

/** Requests that have to be answered by some time. One timer watches over all of them, and only while there are any. */
export class Deadlines {
  readonly #process: Process
  readonly #running = new Map<number, { readonly at: number; readonly onTime: () => void }>()
  #armed = false

  constructor(process: Process) {
    this.#process = process
  }

  /** Calls `onTime` when `delayMs` have passed (to the second) unless `remove` came first. */
  add(id: number, delayMs: number, onTime: () => void): void {
    this.#running.set(id, { at: this.#process.clock.now() + delayMs, onTime })
    if (this.#armed) return
    this.#armed = true
    this.#arm()
  }

  remove(id: number): void {
    this.#running.delete(id)
  }

  #arm(): void {
    this.#process.clock.afterUncaused(sweepMs, () => {
      const now = this.#process.clock.now()
      for (const [id, { at, onTime }] of this.#running) {
        if (at > now) continue
        this.#running.delete(id)
        onTime()
      }
      if (this.#running.size > 0) this.#arm()
      else this.#armed = false
    })
  }
}

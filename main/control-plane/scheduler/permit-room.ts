import type { Clock } from '../../kernel/clock.ts'
import { unschedulable, type Status } from './framework/status.ts'

/** Pods that have a node and wait in Permit until every plugin that made them wait lets them go. */
export class PermitRoom {
  readonly #clock: Clock
  readonly #waiting = new Map<string, { readonly plugins: Set<string>; end(status: Status | undefined): void }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiting.size
  }

  get(uid: string): { allow(plugin: string): void; reject(plugin: string, reason: string): void } | undefined {
    const pod = this.#waiting.get(uid)
    if (!pod) return undefined
    return {
      allow: (plugin) => {
        pod.plugins.delete(plugin)
        if (pod.plugins.size === 0) pod.end(undefined)
      },
      reject: (plugin, reason) => pod.end({ ...unschedulable(reason), plugin }),
    }
  }

  /** Resolves when all plugins agree; with a status when one refuses or its time is over. */
  wait(uid: string, waits: ReadonlyMap<string, number>): Promise<Status | undefined> {
    if (waits.size === 0) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const timers = [...waits].map(([plugin, timeoutMs]) =>
        this.#clock.after(timeoutMs, () => end({ ...unschedulable(`rejected due to timeout after waiting ${timeoutMs / 1_000}s at plugin ${plugin}`), plugin })),
      )
      const end = (status: Status | undefined): void => {
        if (!this.#waiting.delete(uid)) return
        for (const timer of timers) timer.cancel()
        this.#clock.after(0, () => resolve(status))
      }
      this.#waiting.set(uid, { plugins: new Set(waits.keys()), end })
    })
  }
}

import { Buckets } from '../metrics/buckets.ts'

const bounds = [0.005, 0.025, 0.1, 0.5, 1, 2.5]

export interface AdmissionCount {
  readonly name: string
  readonly type: 'admit' | 'validate'
  readonly operation: string
  readonly rejected: boolean
  readonly seconds: Buckets
}

/** How long plugins take, and how often they refuse. */
export class AdmissionMetrics {
  readonly #counts = new Map<string, AdmissionCount>()

  add(name: string, type: AdmissionCount['type'], operation: string, rejected: boolean, seconds: number): void {
    const key = `${name} ${type} ${operation} ${rejected}`
    let count = this.#counts.get(key)
    if (!count) this.#counts.set(key, (count = { name, type, operation, rejected, seconds: new Buckets(bounds) }))
    count.seconds.add(seconds)
  }

  /** By plugin, for the window: how often it was asked, how often it refused, and how long it took on average (ms). */
  view(): { readonly name: string; readonly type: AdmissionCount['type']; readonly asked: number; readonly rejected: number; readonly meanMs: number }[] {
    const plugins = new Map<string, { name: string; type: AdmissionCount['type']; asked: number; rejected: number; seconds: number }>()
    for (const { name, type, rejected, seconds } of this.#counts.values()) {
      const key = `${type} ${name}`
      let plugin = plugins.get(key)
      if (!plugin) plugins.set(key, (plugin = { name, type, asked: 0, rejected: 0, seconds: 0 }))
      plugin.asked += seconds.count
      plugin.seconds += seconds.sum
      if (rejected) plugin.rejected += seconds.count
    }
    return [...plugins.values()].map(({ seconds, ...plugin }) => ({ ...plugin, meanMs: plugin.asked === 0 ? 0 : (seconds * 1_000) / plugin.asked }))
  }

  all(): Iterable<AdmissionCount> {
    return this.#counts.values()
  }
}

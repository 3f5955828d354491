import { Buckets } from '../metrics/buckets.ts'
import { root } from './keys.ts'

const bounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60]

export interface StorageCount {
  readonly operation: string
  /** The first segment of the key below the root. */
  readonly resource: string
  readonly seconds: Buckets
  errors: number
}

/** How long etcd takes, by operation and kind of key. */
export class StorageMetrics {
  readonly #counts = new Map<string, Map<string, StorageCount>>()

  add(operation: string, key: string, seconds: number, failed: boolean): void {
    let operations = this.#counts.get(operation)
    if (!operations) this.#counts.set(operation, (operations = new Map()))
    const slash = key.indexOf('/', root.length)
    const resource = key.slice(root.length, slash < 0 ? undefined : slash)
    let count = operations.get(resource)
    if (!count) operations.set(resource, (count = { operation, resource, seconds: new Buckets(bounds), errors: 0 }))
    count.seconds.add(seconds)
    if (failed) count.errors++
  }

  all(): StorageCount[] {
    return [...this.#counts.values()].flatMap((operations) => [...operations.values()])
  }
}

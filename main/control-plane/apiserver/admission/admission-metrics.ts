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

  all(): Iterable<AdmissionCount> {
    return this.#counts.values()
  }
}

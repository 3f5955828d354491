import type { EndpointSlice } from '../../../api/generated/types.ts'

const deleted = Infinity

/** What this controller wrote itself, to tell when its cache is behind that: acting on an old picture would make slices twice.
 *  Follows endpointslice's EndpointSliceTracker. */
export class SliceTracker {
  /** By service key: uid to the generation that the cache must show. */
  readonly #expected = new Map<string, Map<string, number>>()

  written(service: string, slice: EndpointSlice): void {
    this.#of(service).set(slice.metadata.uid!, slice.metadata.generation ?? 0)
  }

  removed(service: string, slice: EndpointSlice): void {
    this.#of(service).set(slice.metadata.uid!, deleted)
  }

  /** Whether the slices of the cache are older than what was written. */
  isStale(service: string, cached: readonly EndpointSlice[]): boolean {
    const expected = this.#expected.get(service)
    if (!expected) return false
    const missing = new Set([...expected].filter(([, generation]) => generation !== deleted).map(([uid]) => uid))
    for (const { metadata } of cached) {
      const generation = expected.get(metadata.uid!)
      if (generation === undefined) continue
      if (generation > (metadata.generation ?? 0)) return true
      missing.delete(metadata.uid!)
    }
    return missing.size > 0
  }

  /** Somebody's deletion was seen. Answers whether it was not ours, so that the slice has to come back. */
  deletionSeen(service: string, slice: EndpointSlice): boolean {
    const expected = this.#expected.get(service)
    const ours = expected?.get(slice.metadata.uid!) === deleted
    expected?.delete(slice.metadata.uid!)
    return !ours
  }

  /** Whether somebody else's change was seen: a newer or unknown slice. */
  isForeign(service: string, slice: EndpointSlice): boolean {
    const generation = this.#expected.get(service)?.get(slice.metadata.uid!)
    return generation === undefined || (slice.metadata.generation ?? 0) > generation
  }

  forget(service: string): void {
    this.#expected.delete(service)
  }

  #of(service: string): Map<string, number> {
    let expected = this.#expected.get(service)
    if (!expected) this.#expected.set(service, (expected = new Map()))
    return expected
  }
}

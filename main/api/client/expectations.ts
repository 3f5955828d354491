import type { Clock } from '../../kernel/clock.ts'

/** Expectations that nobody met in this time no longer hold anything up. */
const expiryMs = 5 * 60_000

interface Record {
  creations: number
  /** Keys of objects whose deletion has been asked for. */
  readonly deletions: Set<string>
  readonly at: number
}

/** What a controller has asked for and not yet seen in its cache, so that it does not ask twice while the cache lags. Follows
 *  controller_utils' UIDTrackingControllerExpectations: deletions are told apart by object, creations are counted. */
export class Expectations {
  readonly #clock: Clock
  readonly #records = new Map<string, Record>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether the owner may act: everything was seen, too long ago to matter, or nothing was expected. */
  satisfied(owner: string): boolean {
    const record = this.#records.get(owner)
    if (!record) return true
    return (record.creations <= 0 && record.deletions.size === 0) || this.#clock.now() - record.at > expiryMs
  }

  expectCreations(owner: string, count: number): void {
    this.#records.set(owner, { creations: count, deletions: new Set(), at: this.#clock.now() })
  }

  expectDeletions(owner: string, keys: readonly string[]): void {
    this.#records.set(owner, { creations: 0, deletions: new Set(keys), at: this.#clock.now() })
  }

  /** Both at once, for controllers that create and delete in one sync. */
  expect(owner: string, creations: number, deletions: readonly string[]): void {
    this.#records.set(owner, { creations, deletions: new Set(deletions), at: this.#clock.now() })
  }

  creationObserved(owner: string): void {
    const record = this.#records.get(owner)
    if (record) record.creations--
  }

  deletionObserved(owner: string, key: string): void {
    this.#records.get(owner)?.deletions.delete(key)
  }

  /** The owner is gone. */
  forget(owner: string): void {
    this.#records.delete(owner)
  }
}

import type { KeyHistory } from './key-history.ts'

/** A chunk splits when it has grown past this. */
const chunkLength = 512

interface Chunk {
  readonly histories: KeyHistory[]
  /** How many of them exist now (the others are deleted and wait for compaction). */
  live: number
}

/** Keys in order: a list of sorted chunks, and a map beside it for single keys. Looking up, inserting and removing cost
 *  O(log n) comparisons and a move of at most one chunk; counting live keys in a range costs a step per chunk. */
export class KeyIndex {
  readonly #byKey = new Map<string, KeyHistory>()
  readonly #chunks: Chunk[] = []

  /** Keys known, deleted ones that wait for compaction included. */
  get size(): number {
    return this.#byKey.size
  }

  get(key: string): KeyHistory | undefined {
    return this.#byKey.get(key)
  }

  /** Adds a key that is not there yet; it counts as not live until `mark`. */
  insert(history: KeyHistory): void {
    this.#byKey.set(history.key, history)
    if (this.#chunks.length === 0) {
      this.#chunks.push({ histories: [history], live: 0 })
      return
    }
    const at = this.#chunkOf(history.key)
    const chunk = this.#chunks[at]!
    chunk.histories.splice(lowerBound(chunk.histories, history.key), 0, history)
    if (chunk.histories.length > chunkLength) this.#split(at, chunk)
  }

  remove(key: string): void {
    if (!this.#byKey.delete(key)) return
    const at = this.#chunkOf(key)
    const chunk = this.#chunks[at]!
    chunk.histories.splice(lowerBound(chunk.histories, key), 1)
    if (chunk.histories.length === 0) this.#chunks.splice(at, 1)
  }

  /** Counts a key as existing (1) or no longer existing (-1). */
  mark(key: string, change: 1 | -1): void {
    this.#chunks[this.#chunkOf(key)]!.live += change
  }

  /** How many keys of [start, end) exist now; no end: all from `start`. */
  countLive(start: string, end: string | undefined): number {
    let count = 0
    for (let at = this.#chunkOf(start); at < this.#chunks.length; at++) {
      const { histories, live } = this.#chunks[at]!
      const first = histories[0]!.key
      if (end !== undefined && first >= end) break
      const last = histories[histories.length - 1]!.key
      if (first >= start && (end === undefined || last < end)) {
        count += live
        continue
      }
      for (let index = lowerBound(histories, start); index < histories.length; index++) {
        const history = histories[index]!
        if (end !== undefined && history.key >= end) break
        if (history.current) count++
      }
    }
    return count
  }

  /** Visits [start, end) in order until `visit` answers false. The index must not change meanwhile. */
  visit(start: string, end: string | undefined, visit: (history: KeyHistory) => boolean): void {
    for (let at = this.#chunkOf(start); at < this.#chunks.length; at++) {
      const { histories } = this.#chunks[at]!
      for (let index = lowerBound(histories, start); index < histories.length; index++) {
        const history = histories[index]!
        if (end !== undefined && history.key >= end) return
        if (!visit(history)) return
      }
    }
  }

  /** The last chunk whose first key is not above `key`, or the first chunk. */
  #chunkOf(key: string): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#chunks[middle]!.histories[0]!.key <= key) low = middle + 1
      else high = middle
    }
    return low > 0 ? low - 1 : 0
  }

  #split(at: number, chunk: Chunk): void {
    // Keys that arrive in order leave full chunks behind; others leave two halves.
    const keep = at === this.#chunks.length - 1 ? chunkLength - 1 : chunk.histories.length >>> 1
    const moved = chunk.histories.splice(keep)
    let live = 0
    for (const history of moved) if (history.current) live++
    chunk.live -= live
    this.#chunks.splice(at + 1, 0, { histories: moved, live })
  }
}

function lowerBound(histories: readonly KeyHistory[], key: string): number {
  let low = 0
  let high = histories.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (histories[middle]!.key < key) low = middle + 1
    else high = middle
  }
  return low
}

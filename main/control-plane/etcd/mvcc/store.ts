import type { EtcdEvent, KeyValue, RangeRequest } from '../client.ts'
import { etcdErrors } from '../errors.ts'
import { KeyHistory } from './key-history.ts'
import { KeyIndex } from './key-index.ts'

/** Everything that one revision changed, in order. */
export interface Commit {
  readonly revision: number
  readonly events: readonly EtcdEvent[]
}

export interface RangeResult {
  readonly kvs: readonly KeyValue[]
  readonly more: boolean
  readonly count: number
}

/** What a transaction may do to the keys; made by `MvccStore.write`. */
export interface WriteView {
  /** Answers the value that was replaced. */
  put(key: string, value: Uint8Array, lease: number): KeyValue | undefined
  deleteRange(key: string, rangeEnd: string | undefined): readonly KeyValue[]
}

const noBytes = new Uint8Array(0)
/** Rough cost of one stored version besides key and value: the record's fields and its place in a page. */
const versionOverheadBytes = 64
const pageBytes = 4_096
const emptyDatabaseBytes = 20_480

/** A multi-version key space, as etcd's: every write makes a new revision of the whole; any revision since the last compaction
 *  can be read and watched from. Pure: no clock, no disk. Values are kept and handed out by reference.
 *
 *  Invariants: a key changes at most once per revision; `commits` holds every change after `compactRevision` and (as far as
 *  it is still known) of that revision itself, exactly once; versions and events share the same objects. */
export class MvccStore {
  readonly #index = new KeyIndex()
  /** Changes by revision, oldest first, from `#head` on (what is before waits to be cut off in bulk). */
  #commits: Commit[] = []
  #head = 0
  #revision = 1
  #compactRevision = -1
  #keys = 0
  /** While a transaction runs, its own changes are seen, but are not yet the newest revision. */
  #writing = false
  #bytesInUse = emptyDatabaseBytes
  #bytesAllocated = emptyDatabaseBytes

  /** The newest revision; an empty store is at 1. */
  get revision(): number {
    return this.#revision
  }

  /** Everything older is gone; -1 before the first compaction. */
  get compactRevision(): number {
    return this.#compactRevision
  }

  /** Keys that exist now. */
  get keyCount(): number {
    return this.#keys
  }

  /** Bytes of all versions kept. */
  get sizeInUseBytes(): number {
    return this.#bytesInUse
  }

  /** Bytes of the file that would hold them: it grows, and shrinks only by `defragment`. */
  get sizeBytes(): number {
    return this.#bytesAllocated
  }

  /** Throws when `revision` cannot be read. */
  checkRevision(revision: number): void {
    if (revision > this.#revision) throw etcdErrors.futureRevision()
    if (revision < this.#compactRevision) throw etcdErrors.compacted()
  }

  /** The current version of a key. */
  current(key: string): KeyValue | undefined {
    return this.#index.get(key)?.current
  }

  /** Throws EtcdError for a revision that is compacted or not there yet. */
  range(request: RangeRequest): RangeResult {
    const wanted = request.revision ?? 0
    const newest = wanted <= 0 || (wanted === this.#revision && !this.#writing)
    if (wanted > 0) this.checkRevision(wanted)
    const { key, rangeEnd } = request
    if (rangeEnd === undefined || rangeEnd === '') {
      const history = this.#index.get(key)
      const kv = newest ? history?.current : history?.at(wanted)
      if (!kv) return { kvs: [], more: false, count: 0 }
      if (request.countOnly) return { kvs: [], more: false, count: 1 }
      return { kvs: selected([kv], request), more: false, count: 1 }
    }
    const end = rangeEnd === '\0' ? undefined : rangeEnd
    if (request.countOnly && newest) return { kvs: [], more: false, count: this.#index.countLive(key, end) }
    const limit = request.limit ?? 0
    // Sorting or filtering has to see everything before it can cut.
    const plain = request.sort === undefined && !filters(request)
    const enough = plain && limit > 0 ? limit : Infinity
    const found: KeyValue[] = []
    let count = 0
    this.#index.visit(key, end, (history) => {
      const kv = newest ? history.current : history.at(wanted)
      if (!kv) return true
      count++
      if (found.length < enough && !request.countOnly) found.push(kv)
      return !(newest && count > enough)
    })
    if (newest && count > enough) count = this.#index.countLive(key, end)
    if (request.countOnly) return { kvs: [], more: false, count }
    const chosen = selected(found, request)
    const more = limit > 0 && (plain ? count > limit : chosen.length > limit)
    return { kvs: chosen.length > limit && more ? chosen.slice(0, limit) : chosen, more, count }
  }

  /** Runs one transaction; what it changes becomes one new revision. Answers the commit, or undefined when it changed nothing.
   *  `change` must not throw: everything that can be refused is refused before. */
  write(change: (view: WriteView) => void): Commit | undefined {
    const revision = this.#revision + 1
    const events: EtcdEvent[] = []
    this.#writing = true
    change({
      put: (key, value, lease) => {
        const previous = this.#index.get(key)?.current
        const kv: KeyValue = {
          key,
          value,
          createRevision: previous ? previous.createRevision : revision,
          modRevision: revision,
          version: previous ? previous.version + 1 : 1,
          lease,
        }
        events.push(previous ? { type: 'put', kv, prevKv: previous } : { type: 'put', kv })
        this.#add(kv)
        return previous
      },
      deleteRange: (key, rangeEnd) => {
        const { kvs } = this.range(rangeEnd === undefined ? { key } : { key, rangeEnd })
        for (const previous of kvs) {
          const kv: KeyValue = { key: previous.key, value: noBytes, createRevision: 0, modRevision: revision, version: 0, lease: 0 }
          events.push({ type: 'delete', kv, prevKv: previous })
          this.#add(kv)
        }
        return kvs
      },
    })
    this.#writing = false
    if (events.length === 0) return undefined
    const commit: Commit = { revision, events }
    this.#commits.push(commit)
    this.#revision = revision
    return commit
  }

  /** Forgets what was replaced or deleted before `revision`. Costs what changed since the last compaction. */
  compact(revision: number): void {
    if (revision <= this.#compactRevision) throw etcdErrors.compacted()
    if (revision > this.#revision) throw etcdErrors.futureRevision()
    this.#compactRevision = revision
    let at = this.#head
    for (; at < this.#commits.length; at++) {
      const commit = this.#commits[at]!
      if (commit.revision > revision) break
      for (const { kv } of commit.events) this.#trim(kv.key, revision)
      if (commit.revision === revision) {
        // What these events replaced is gone now, as a range just before them is.
        this.#commits[at] = { revision, events: commit.events.map(({ type, kv }) => ({ type, kv })) }
        break
      }
    }
    this.#head = at
    if (this.#head > 1_024 && this.#head > this.#commits.length >>> 1) {
      this.#commits = this.#commits.slice(this.#head)
      this.#head = 0
    }
  }

  /** The commits from `revision` on, oldest first, at most `limit`. Throws when they are compacted. */
  commitsFrom(revision: number, limit: number): readonly Commit[] {
    if (revision < this.#compactRevision) throw etcdErrors.compacted()
    let low = this.#head
    let high = this.#commits.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#commits[middle]!.revision < revision) low = middle + 1
      else high = middle
    }
    return this.#commits.slice(low, low + limit)
  }

  /** Gives unused pages back. */
  defragment(): void {
    this.#bytesAllocated = pages(this.#bytesInUse)
  }

  /** The whole state, by reference: versions that no kept commit holds, in key order, then the commits. */
  dump(): { readonly revision: number; readonly compactRevision: number; readonly sizeBytes: number; readonly base: readonly KeyValue[]; readonly commits: readonly Commit[] } {
    const commits = this.#commits.slice(this.#head)
    const from = commits[0]?.revision ?? Infinity
    const base: KeyValue[] = []
    this.#index.visit('', undefined, (history) => {
      for (const version of history.versions) {
        if (version.modRevision >= from) break
        base.push(version)
      }
      return true
    })
    return { revision: this.#revision, compactRevision: this.#compactRevision, sizeBytes: this.#bytesAllocated, base, commits }
  }

  /** Fills an empty store with what `dump` answered; events of `commits` need no prevKv. */
  restore(state: ReturnType<MvccStore['dump']>): void {
    if (this.#index.size > 0 || this.#revision !== 1) throw new Error(`restore into a store at revision ${this.#revision}`)
    for (const kv of state.base) this.#add(kv)
    for (const commit of state.commits) {
      const events = commit.events.map(({ type, kv }): EtcdEvent => {
        const prevKv = this.#index.get(kv.key)?.current
        this.#add(kv)
        return prevKv ? { type, kv, prevKv } : { type, kv }
      })
      this.#commits.push({ revision: commit.revision, events })
    }
    this.#revision = state.revision
    this.#compactRevision = state.compactRevision
    this.#bytesAllocated = state.sizeBytes
  }

  #add(kv: KeyValue): void {
    let history = this.#index.get(kv.key)
    if (!history) {
      history = new KeyHistory(kv.key)
      this.#index.insert(history)
    }
    const wasLive = history.current !== undefined
    history.versions.push(kv)
    const isLive = kv.version > 0
    if (wasLive !== isLive) {
      this.#index.mark(kv.key, isLive ? 1 : -1)
      this.#keys += isLive ? 1 : -1
    }
    this.#bytesInUse += bytesOf(kv)
    if (this.#bytesInUse > this.#bytesAllocated) this.#bytesAllocated = pages(this.#bytesInUse)
  }

  #trim(key: string, revision: number): void {
    const history = this.#index.get(key)
    if (!history) return
    for (const gone of history.compact(revision)) this.#bytesInUse -= bytesOf(gone)
    if (history.versions.length === 0) this.#index.remove(key)
  }
}

function bytesOf(kv: KeyValue): number {
  return kv.key.length + kv.value.length + versionOverheadBytes
}

function pages(bytes: number): number {
  return Math.ceil(bytes / pageBytes) * pageBytes
}

function filters(request: RangeRequest): boolean {
  return Boolean(request.minModRevision || request.maxModRevision || request.minCreateRevision || request.maxCreateRevision)
}

function selected(kvs: KeyValue[], request: RangeRequest): readonly KeyValue[] {
  let chosen = kvs
  if (filters(request)) {
    const { minModRevision = 0, maxModRevision = 0, minCreateRevision = 0, maxCreateRevision = 0 } = request
    chosen = chosen.filter(
      (kv) =>
        (minModRevision === 0 || kv.modRevision >= minModRevision) &&
        (maxModRevision === 0 || kv.modRevision <= maxModRevision) &&
        (minCreateRevision === 0 || kv.createRevision >= minCreateRevision) &&
        (maxCreateRevision === 0 || kv.createRevision <= maxCreateRevision),
    )
  }
  if (request.sort) chosen = sorted(chosen, request.sort)
  return request.keysOnly ? chosen.map((kv) => ({ ...kv, value: noBytes })) : chosen
}

function sorted(kvs: readonly KeyValue[], sort: NonNullable<RangeRequest['sort']>): KeyValue[] {
  const compare = comparators[sort.target]
  const sign = sort.order === 'descend' ? -1 : 1
  return [...kvs].sort((a, b) => sign * compare(a, b))
}

const comparators: Readonly<Record<NonNullable<RangeRequest['sort']>['target'], (a: KeyValue, b: KeyValue) => number>> = {
  key: (a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
  version: (a, b) => a.version - b.version,
  create: (a, b) => a.createRevision - b.createRevision,
  mod: (a, b) => a.modRevision - b.modRevision,
  value: (a, b) => compareBytes(a.value, b.value),
}

/** Order of two byte strings, as Go's bytes.Compare. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length)
  for (let index = 0; index < shorter; index++) {
    const difference = a[index]! - b[index]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

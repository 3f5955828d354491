import type { KubeObject } from '../../../api/machinery/object.ts'
import { resourceVersionTooOld } from '../../../api/machinery/status-error.ts'
import type { EtcdEvent, KeyValue } from '../../etcd/client.ts'
import type { FeedReader } from './feed.ts'
import { cacheKey, rangeStart } from './keys.ts'
import type { StoredObjects } from './stored-objects.ts'
import { withVersion } from './stored-objects.ts'

/** One change of one object, shared by all who watch. */
export interface CacheEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly revision: number
  readonly cause: number
  /** After a deletion: the last state, with the resourceVersion of the deletion. */
  readonly object: KubeObject
  readonly previous: KubeObject | undefined
}

/** What a watcher wants to hear of. Field values come from the cache's `fieldOf`. */
export interface Interest {
  readonly namespace?: string | undefined
  /** One field that must have one value, if the watcher demands that of any: lets the cache skip it cheaply. */
  readonly exact?: { readonly field: string; readonly value: string } | undefined
  /** Gets every event that the above does not rule out, before or after the change. */
  take(event: CacheEvent): void
  /** The cache was thrown away: what was sent can't be continued. */
  lost(): void
}

/** How many objects are looked at to learn how large they are. */
const sampleSize = 8

/** How many events are kept for watchers that come with an older resourceVersion. */
const historyMax = 3_000
/** Fields of one kind that are indexed at most. */
const indexesMax = 3

/** All objects below one storage prefix, in key order, with their recent history. Kept by a Feed. */
export class WatchCache implements FeedReader {
  readonly #start: string
  readonly #stored: StoredObjects
  readonly #fieldOf: (object: KubeObject, field: string) => string
  readonly #entries = new Map<string, KeyValue>()
  /** Keys by value, of fields that lists have asked for. */
  readonly #indexes = new Map<string, Map<string, Set<string>>>()
  #keys: string[] = []
  #keysSorted = true
  #revision = 0
  #history: CacheEvent[] = []
  /** Everything after this revision is in the history. */
  #historyFrom = 0
  readonly #all = new Set<Interest>()
  readonly #byNamespace = new Map<string, Set<Interest>>()
  readonly #byField = new Map<string, Map<string, Set<Interest>>>()
  readonly #listeners = new Set<(event: CacheEvent | undefined) => void>()

  constructor(storagePrefix: string, stored: StoredObjects, fieldOf: (object: KubeObject, field: string) => string) {
    this.#start = rangeStart(storagePrefix)
    this.#stored = stored
    this.#fieldOf = fieldOf
  }

  /** The revision of the newest change seen here, or of the list. */
  get revision(): number {
    return this.#revision
  }

  get size(): number {
    return this.#entries.size
  }

  /** Watchers that a change of an object in that namespace certainly wakes: those that select by a field are left out, as upstream
   *  leaves out the indexed ones. */
  broadWatchers(namespace: string): number {
    return this.#all.size + (namespace === '' ? 0 : (this.#byNamespace.get(namespace)?.size ?? 0))
  }

  /** About how many bytes an object takes in storage, by the first few. */
  get averageBytes(): number {
    let bytes = 0
    let count = 0
    for (const { value } of this.#entries.values()) {
      bytes += value.length
      if (++count === sampleSize) break
    }
    return count === 0 ? 0 : bytes / count
  }

  get watchers(): number {
    let count = this.#all.size
    for (const set of this.#byNamespace.values()) count += set.size
    for (const values of this.#byField.values()) for (const set of values.values()) count += set.size
    return count
  }

  reset(kvs: readonly KeyValue[], revision: number): void {
    const first = this.#historyFrom === 0
    this.#entries.clear()
    for (const kv of kvs) this.#entries.set(kv.key.slice(this.#start.length), kv)
    this.#keys = [...this.#entries.keys()]
    this.#keysSorted = false
    this.#indexes.clear()
    this.#history = []
    this.#historyFrom = revision
    this.#revision = revision
    if (!first) for (const interest of [...this.#everyone()]) interest.lost()
    for (const listener of this.#listeners) listener(undefined)
  }

  change(event: EtcdEvent, revision: number, cause: number): void {
    if (revision <= this.#historyFrom) return
    const key = event.kv.key.slice(this.#start.length)
    const before = this.#entries.get(key)
    const previous = before && this.#stored.decode(before)
    if (before) this.#stored.forget(before)
    let made: CacheEvent
    if (event.type === 'delete') {
      this.#revision = revision
      if (!before || !previous) return
      this.#entries.delete(key)
      this.#removeKey(key)
      made = { type: 'DELETED', revision, cause, object: withVersion(previous, revision), previous }
    } else {
      this.#entries.set(key, event.kv)
      if (!before) this.#addKey(key)
      made = { type: before ? 'MODIFIED' : 'ADDED', revision, cause, object: this.#stored.decode(event.kv), previous }
    }
    if (this.#indexes.size > 0) this.#reindex(key, previous, event.type === 'delete' ? undefined : made.object)
    this.#revision = revision
    this.#history.push(made)
    if (this.#history.length > historyMax * 1.25) {
      const dropped = this.#history.splice(0, this.#history.length - historyMax)
      this.#historyFrom = dropped[dropped.length - 1]!.revision
    }
    this.#dispatch(made)
    for (const listener of this.#listeners) listener(made)
  }

  /** The object at `namespace/name` or `name`, as last seen. */
  get(key: string): KubeObject | undefined {
    const kv = this.#entries.get(key)
    return kv && this.#stored.decode(kv)
  }

  /** As `get`, with what etcd said about the key. */
  entry(key: string): KeyValue | undefined {
    return this.#entries.get(key)
  }

  /** Objects in key order, of one namespace or all, after the key `after`; stops when `take` answers false. */
  scan(namespace: string | undefined, take: (object: KubeObject, key: string) => boolean, after = ''): void {
    const keys = this.#sortedKeys()
    const prefix = namespace ? `${namespace}/` : ''
    let at = firstAtLeast(keys, after > prefix ? after : prefix)
    if (after !== '' && keys[at] === after) at++
    for (; at < keys.length; at++) {
      const key = keys[at] as string
      if (prefix !== '' && !key.startsWith(prefix)) return
      if (!take(this.#stored.decode(this.#entries.get(key)!), key)) return
    }
  }

  /** Like `scan`, but passes over objects that do not have that value in that field where it can do so without looking at them: it may
   *  still show some. An index of a field is kept from the first time that somebody asks. */
  scanWhere(term: Interest['exact'], namespace: string | undefined, take: (object: KubeObject, key: string) => boolean): void {
    if (term?.field === 'metadata.namespace') return this.scan(namespace ?? (term.value || undefined), take)
    const keys = term && this.#keysWith(term.field, term.value, namespace)
    if (!keys) return this.scan(namespace, take)
    for (const key of keys) if (!take(this.#stored.decode(this.#entries.get(key)!), key)) return
  }

  /** In order; undefined when only a scan can tell. */
  #keysWith(field: string, value: string, namespace: string | undefined): readonly string[] | undefined {
    if (field === 'metadata.name') {
      const key = cacheKey(namespace, value)
      // Without a namespace, objects of that name may lie in any.
      return this.#entries.has(key) ? [key] : namespace ? [] : undefined
    }
    let index = this.#indexes.get(field)
    if (!index) {
      if (this.#indexes.size >= indexesMax) return undefined
      index = new Map()
      for (const [key, kv] of this.#entries) entryOf(index, this.#fieldOf(this.#stored.decode(kv), field), newKeys).add(key)
      this.#indexes.set(field, index)
    }
    const keys = [...(index.get(value) ?? [])].sort()
    return namespace ? keys.filter((key) => key.startsWith(`${namespace}/`)) : keys
  }

  #reindex(key: string, previous: KubeObject | undefined, object: KubeObject | undefined): void {
    for (const [field, index] of this.#indexes) {
      const was = previous && this.#fieldOf(previous, field)
      const now = object && this.#fieldOf(object, field)
      if (was === now) continue
      if (was !== undefined) {
        const keys = index.get(was)
        keys?.delete(key)
        if (keys?.size === 0) index.delete(was)
      }
      if (now !== undefined) entryOf(index, now, newKeys).add(key)
    }
  }

  /** How many objects lie in a namespace, or everywhere. */
  count(namespace: string | undefined): number {
    if (!namespace) return this.#entries.size
    const keys = this.#sortedKeys()
    return firstAtLeast(keys, `${namespace}0`) - firstAtLeast(keys, `${namespace}/`)
  }

  /** Changes after `revision`, oldest first. Throws Expired when they are no longer known. */
  since(revision: number): readonly CacheEvent[] {
    if (revision < this.#historyFrom) throw resourceVersionTooOld(revision, this.#historyFrom)
    let low = 0
    let high = this.#history.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#history[middle]!.revision <= revision) low = middle + 1
      else high = middle
    }
    return this.#history.slice(low)
  }

  /** Adds a watcher; answers how to remove it. */
  watch(interest: Interest): () => void {
    const { exact, namespace } = interest
    const set = exact ? entryOf(entryOf(this.#byField, exact.field, () => new Map<string, Set<Interest>>()), exact.value, newSet) : namespace ? entryOf(this.#byNamespace, namespace, newSet) : this.#all
    set.add(interest)
    return () => {
      set.delete(interest)
      if (set.size > 0) return
      if (exact) {
        const values = this.#byField.get(exact.field)
        if (values?.get(exact.value) === set) values.delete(exact.value)
        if (values?.size === 0) this.#byField.delete(exact.field)
      } else if (namespace && this.#byNamespace.get(namespace) === set) this.#byNamespace.delete(namespace)
    }
  }

  /** For the server's own indexes: hears every change at once, and undefined when everything was read anew. */
  onChange(listener: (event: CacheEvent | undefined) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #dispatch(event: CacheEvent): void {
    for (const interest of this.#all) interest.take(event)
    const namespace = event.object.metadata.namespace
    if (namespace) for (const interest of this.#byNamespace.get(namespace) ?? none) interest.take(event)
    for (const [field, values] of this.#byField) {
      const now = this.#fieldOf(event.object, field)
      for (const interest of values.get(now) ?? none) interest.take(event)
      if (!event.previous) continue
      const was = this.#fieldOf(event.previous, field)
      if (was !== now) for (const interest of values.get(was) ?? none) interest.take(event)
    }
  }

  *#everyone(): Iterable<Interest> {
    yield* this.#all
    for (const set of this.#byNamespace.values()) yield* set
    for (const values of this.#byField.values()) for (const set of values.values()) yield* set
  }

  #sortedKeys(): readonly string[] {
    if (!this.#keysSorted) {
      this.#keys.sort()
      this.#keysSorted = true
    }
    return this.#keys
  }

  #addKey(key: string): void {
    const last = this.#keys[this.#keys.length - 1]
    if (this.#keysSorted && last !== undefined && key < last) this.#keys.splice(firstAtLeast(this.#keys, key), 0, key)
    else this.#keys.push(key)
  }

  #removeKey(key: string): void {
    const at = this.#keysSorted ? firstAtLeast(this.#keys, key) : this.#keys.indexOf(key)
    if (this.#keys[at] === key) this.#keys.splice(at, 1)
  }
}

const none: readonly Interest[] = []
const newSet = (): Set<Interest> => new Set()
const newKeys = (): Set<string> => new Set()

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}

/** Index of the first key that is not below `wanted`. */
function firstAtLeast(keys: readonly string[], wanted: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as string) < wanted) low = middle + 1
    else high = middle
  }
  return low
}

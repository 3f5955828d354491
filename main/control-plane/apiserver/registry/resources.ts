import type { Kind } from '../../../api/kinds/kind.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { Storage } from '../storage/storage.ts'
import { WatchCache } from '../storage/watch-cache.ts'
import { Reader } from './reader.ts'
import { Store } from './store.ts'
import type { StoreParts } from './store.ts'
import { View } from './view.ts'
import { EventShapes } from './watch-session.ts'
import type { WatchSession } from './watch-session.ts'

/** One kind as this server serves it. */
export interface ServedResource {
  readonly kind: Kind
  readonly view: View
  /** Absent for kinds that are answered by a handler and never stored. */
  readonly stored: StoredResource | undefined
}

export interface StoredResource {
  readonly store: Store
  readonly reader: Reader
  readonly cache: WatchCache
  readonly shapes: EventShapes
  /** Running watches. */
  readonly sessions: Set<WatchSession>
}

/** All kinds that the server serves, by group, version and plural. Kinds may come and go (custom resources). */
export class Resources {
  readonly #byPath = new Map<string, ServedResource>()
  readonly #caches = new Map<string, WatchCache>()
  readonly #parts: StoreParts
  readonly #storage: Storage
  readonly #listeners = new Set<() => void>()
  #version = 0

  constructor(parts: StoreParts) {
    this.#parts = parts
    this.#storage = parts.storage
  }

  /** Rises whenever a kind comes or goes. */
  get version(): number {
    return this.#version
  }

  /** Adds a kind; `storedKind` is the one in whose form it is kept, itself in most cases. */
  add(kind: Kind, storedKind: Kind = kind): ServedResource {
    const view = new View(kind)
    const resource: ServedResource = { kind, view, stored: storedKind.storagePrefix === undefined ? undefined : this.#storedResource(view, storedKind) }
    this.#byPath.set(pathOf(kind.group, kind.version, kind.plural), resource)
    this.#changed()
    return resource
  }

  /** Stops serving a kind; its watches end. */
  remove(kind: Kind): void {
    const path = pathOf(kind.group, kind.version, kind.plural)
    const resource = this.#byPath.get(path)
    this.#byPath.delete(path)
    for (const session of [...(resource?.stored?.sessions ?? [])]) session.lost()
    this.#changed()
  }

  /** Puts kinds in the place of others at once, so that nobody sees the moment between. */
  replace(gone: readonly Kind[], kinds: readonly Kind[]): void {
    const ended: WatchSession[] = []
    for (const kind of gone) {
      const path = pathOf(kind.group, kind.version, kind.plural)
      ended.push(...(this.#byPath.get(path)?.stored?.sessions ?? []))
      this.#byPath.delete(path)
    }
    for (const kind of kinds) {
      const view = new View(kind)
      this.#byPath.set(pathOf(kind.group, kind.version, kind.plural), { kind, view, stored: this.#storedResource(view, kind) })
    }
    for (const session of ended) session.lost()
    if (gone.length > 0 || kinds.length > 0) this.#changed()
  }

  /** Makes the cache of a kind's objects, before the kind is added; resolves when it shows what is stored. */
  async load(kind: Kind): Promise<WatchCache> {
    const known = this.#caches.get(kind.storagePrefix!)
    if (known) return known
    const cache = this.#newCache(kind)
    await this.#storage.feed.register(kind.storagePrefix!, cache)
    return cache
  }

  /** Forgets the cache of a storage prefix that no kind is served from any more. */
  unload(storagePrefix: string): void {
    this.#caches.delete(storagePrefix)
    this.#storage.feed.unregister(storagePrefix)
  }

  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#byPath.get(pathOf(group, version, plural))
  }

  /** The first served version of a resource. */
  ofGroup(group: string, plural: string): ServedResource | undefined {
    for (const resource of this.#byPath.values()) if (resource.kind.group === group && resource.kind.plural === plural) return resource
    return undefined
  }

  /** The store of a resource that has to be there. */
  storeOf(group: string, plural: string): StoredResource {
    const stored = this.ofGroup(group, plural)?.stored
    if (!stored) throw new Error(`${plural}${group === '' ? '' : `.${group}`} is not served here`)
    return stored
  }

  hasGroupVersion(group: string, version: string): boolean {
    for (const { kind } of this.#byPath.values()) if (kind.group === group && kind.version === version) return true
    return false
  }

  all(): IterableIterator<ServedResource> {
    return this.#byPath.values()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #storedResource(view: View, storedKind: Kind): StoredResource {
    const cache = this.#cacheOf(storedKind)
    const store = new Store(view, storedKind, cache, this.#parts)
    return { store, reader: new Reader(store, this.#storage, this.#parts.stored, storedKind.storagePrefix!), cache, shapes: new EventShapes(view), sessions: new Set() }
  }

  #cacheOf(kind: Kind): WatchCache {
    const prefix = kind.storagePrefix!
    let cache = this.#caches.get(prefix)
    if (!cache) {
      cache = this.#newCache(kind)
      void this.#storage.feed.register(prefix, cache)
    }
    return cache
  }

  #newCache(kind: Kind): WatchCache {
    const view = new View(kind)
    const cache = new WatchCache(kind.storagePrefix!, this.#parts.stored, (object: KubeObject, field) => view.fieldText(object, field) ?? '')
    this.#caches.set(kind.storagePrefix!, cache)
    return cache
  }

  #changed(): void {
    this.#version++
    for (const listener of this.#listeners) listener()
  }
}

function pathOf(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`
}

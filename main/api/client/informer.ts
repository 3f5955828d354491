import type { Kind } from '../kinds/kind.ts'
import { keyOf, objectKey, type KubeObject, type WatchEvent } from '../machinery/object.ts'
import type { ApiClient, Informer, InformerHandler, Informers } from './contract.ts'
import { Reflector, type ClientHost } from './reflector.ts'

interface InformerOptions {
  readonly namespace?: string
  readonly fieldSelector?: string
  readonly labelSelector?: string
}

/** The informers of one process: each kind (with its selection) is listed and watched once, whoever asks for it. */
export class InformerSet implements Informers {
  readonly #host: ClientHost
  readonly #client: ApiClient
  readonly #informers = new Map<string, SharedInformer<KubeObject>>()
  readonly #waiting = new Set<() => void>()

  constructor(host: ClientHost, client: ApiClient) {
    this.#host = host
    this.#client = client
    host.scope.onClose(() => this.stop())
  }

  of<T extends KubeObject>(kind: Kind<T>, options: InformerOptions = {}): SharedInformer<T> {
    const key = identity(kind, options)
    let informer = this.#informers.get(key)
    if (!informer) {
      informer = new SharedInformer(this.#host, this.#client, kind as unknown as Kind, options, () => this.#wakeWaiting())
      this.#informers.set(key, informer)
    }
    return informer as unknown as SharedInformer<T>
  }

  start(): void {
    for (const informer of this.#informers.values()) informer.start()
  }

  whenSynced(): Promise<void> {
    return this.#when(() => this.#informers.values())
  }

  /** The same informers, for one of several users in the process: `whenSynced` waits only for what that user asked for. */
  view(): Informers {
    const asked = new Set<SharedInformer<KubeObject>>()
    return {
      of: (kind, options) => {
        const informer = this.of(kind, options)
        asked.add(informer as unknown as SharedInformer<KubeObject>)
        return informer
      },
      start: () => this.start(),
      whenSynced: () => this.#when(() => asked),
    }
  }

  #when(informers: () => Iterable<SharedInformer<KubeObject>>): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        for (const informer of informers()) if (!informer.synced) return
        this.#waiting.delete(check)
        this.#host.clock.after(0, resolve)
      }
      this.#waiting.add(check)
      check()
    })
  }

  /** Ends one kind's informer, for a custom resource that is gone. Who still holds it sees it empty. */
  drop(kind: Kind, options: InformerOptions = {}): void {
    const key = identity(kind, options)
    this.#informers.get(key)?.stop()
    this.#informers.delete(key)
    this.#wakeWaiting()
  }

  /** Ends all watches. */
  stop(): void {
    for (const informer of this.#informers.values()) informer.stop()
  }

  /** What is cached, for dashboards: kind, number of objects, newest resource version. */
  snapshot(): { kind: string; group: string; objects: number; synced: boolean; resourceVersion: string }[] {
    return [...this.#informers.values()].map((informer) => ({
      kind: informer.kind.kind,
      group: informer.kind.group,
      objects: informer.size,
      synced: informer.synced,
      resourceVersion: informer.resourceVersion,
    }))
  }

  #wakeWaiting(): void {
    for (const check of [...this.#waiting]) check()
  }
}

function identity(kind: Kind, options: InformerOptions): string {
  return [kind.group, kind.plural, options.namespace ?? '', options.fieldSelector ?? '', options.labelSelector ?? ''].join('|')
}

interface Index<T> {
  readonly valuesOf: (object: T) => readonly string[]
  readonly buckets: Map<string, Bucket<T>>
}

/** Objects by key, with the array that readers get: made when asked for, forgotten when something changes. */
class Bucket<T> {
  readonly #objects = new Map<string, T>()
  #array: readonly T[] | undefined

  get size(): number {
    return this.#objects.size
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  set(key: string, object: T): void {
    this.#objects.set(key, object)
    this.#array = undefined
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.#array = undefined
  }

  array(): readonly T[] {
    return (this.#array ??= [...this.#objects.values()])
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys()
  }
}

const none: readonly never[] = []
const byNamespace = '\0namespace'

/** One kind's local copy. Handlers run in the kernel event that delivered the change, under its cause, in the order in which
 *  they were registered; the cache and all indices already show the change. */
export class SharedInformer<T extends KubeObject> implements Informer<T> {
  readonly kind: Kind<T>
  readonly #all = new Bucket<T>()
  readonly #indices = new Map<string, Index<T>>()
  readonly #handlers = new Set<InformerHandler<T>>()
  readonly #reflector: Reflector<T>
  readonly #onSynced: () => void
  #started = false
  #synced = false

  constructor(host: ClientHost, client: ApiClient, kind: Kind<T>, options: InformerOptions, onSynced: () => void) {
    this.kind = kind
    this.#onSynced = onSynced
    this.#reflector = new Reflector(host, client, kind, options, { replace: (items) => this.#replace(items), apply: (events) => this.#apply(events) })
    this.addIndex(byNamespace, (object) => (object.metadata.namespace ? [object.metadata.namespace] : none))
  }

  get synced(): boolean {
    return this.#synced
  }

  get size(): number {
    return this.#all.size
  }

  get resourceVersion(): string {
    return this.#reflector.resourceVersion
  }

  start(): void {
    if (this.#started) return
    this.#started = true
    this.#reflector.start()
  }

  stop(): void {
    this.#reflector.stop()
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#all.get(objectKey(namespace, name))
  }

  getByKey(key: string): T | undefined {
    return this.#all.get(key)
  }

  list(namespace?: string): readonly T[] {
    return namespace ? this.byIndex(byNamespace, namespace) : this.#all.array()
  }

  byIndex(index: string, value: string): readonly T[] {
    const found = this.#indices.get(index)
    if (!found) throw new Error(`informer of ${this.kind.kind} has no index ${index}`)
    return found.buckets.get(value)?.array() ?? none
  }

  addIndex(index: string, valuesOf: (object: T) => readonly string[]): void {
    if (this.#indices.has(index)) return
    const made: Index<T> = { valuesOf, buckets: new Map() }
    this.#indices.set(index, made)
    for (const object of this.#all.array()) enter(made, keyOf(object), object)
  }

  onChange(handler: InformerHandler<T>): () => void {
    this.#handlers.add(handler)
    if (this.#synced) for (const object of this.#all.array()) handler.added?.(object)
    return () => this.#handlers.delete(handler)
  }

  #replace(items: readonly T[]): void {
    const present = new Set<string>()
    for (const item of items) {
      present.add(keyOf(item))
      this.#put(item)
    }
    for (const key of [...this.#all.keys()]) if (!present.has(key)) this.#remove(key, this.#all.get(key)!)
    if (this.#synced) return
    this.#synced = true
    this.#onSynced()
  }

  #apply(events: readonly WatchEvent<T>[]): void {
    for (const { type, object } of events) {
      if (type === 'ADDED' || type === 'MODIFIED') this.#put(object)
      else if (type === 'DELETED') this.#remove(keyOf(object), object)
    }
  }

  #put(object: T): void {
    const key = keyOf(object)
    const old = this.#all.get(key)
    if (old !== undefined && old.metadata.uid !== object.metadata.uid) {
      // Deleted and made again while nobody watched: handlers see both.
      this.#remove(key, old)
      return this.#put(object)
    }
    if (old !== undefined && old.metadata.resourceVersion === object.metadata.resourceVersion) return
    this.#all.set(key, object)
    for (const index of this.#indices.values()) move(index, key, old, object)
    for (const handler of this.#handlers) {
      if (old === undefined) handler.added?.(object)
      else handler.updated?.(object, old)
    }
  }

  #remove(key: string, last: T): void {
    const old = this.#all.get(key)
    if (old === undefined) return
    this.#all.delete(key)
    for (const index of this.#indices.values()) leave(index, key, index.valuesOf(old))
    for (const handler of this.#handlers) handler.deleted?.(last)
  }
}

function enter<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.valuesOf(object)) {
    let bucket = index.buckets.get(value)
    if (!bucket) index.buckets.set(value, (bucket = new Bucket()))
    bucket.set(key, object)
  }
}

function leave<T>(index: Index<T>, key: string, values: readonly string[]): void {
  for (const value of values) {
    const bucket = index.buckets.get(value)
    bucket?.delete(key)
    if (bucket?.size === 0) index.buckets.delete(value)
  }
}

function move<T>(index: Index<T>, key: string, old: T | undefined, object: T): void {
  if (old !== undefined) {
    const now = index.valuesOf(object)
    const gone = index.valuesOf(old).filter((value) => !now.includes(value))
    if (gone.length > 0) leave(index, key, gone)
  }
  enter(index, key, object)
}

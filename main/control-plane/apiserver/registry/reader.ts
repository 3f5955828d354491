import type { FieldSelector } from '../../../api/machinery/fields.ts'
import { matchesFields } from '../../../api/machinery/fields.ts'
import type { Selector } from '../../../api/machinery/labels.ts'
import { isEverything, matchesSelector } from '../../../api/machinery/labels.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { badRequest, expired, failure, internalError, notFound, resourceVersionTooLarge, StatusError } from '../../../api/machinery/status-error.ts'
import { EtcdError } from '../../etcd/client.ts'
import { decodeContinue, encodeContinue } from '../storage/continue-token.ts'
import { cacheKey, rangeStart } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { StoredObjects } from '../storage/stored-objects.ts'
import type { WatchCache } from '../storage/watch-cache.ts'
import type { Store } from './store.ts'
import type { View } from './view.ts'
import { indexedTerm } from './watch-session.ts'

export interface Filter {
  readonly labels: Selector
  readonly fields: FieldSelector
}

export interface ListQuery extends Filter {
  /** '' for all namespaces, or a cluster-scoped kind. */
  readonly namespace: string
  /** 0: no limit. */
  readonly limit: number
  readonly continue: string
  readonly resourceVersion: string
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan'
}

export interface ListAnswer {
  readonly items: KubeObject[]
  readonly revision: number
  readonly continue?: string
  readonly remaining?: number
}

/** How long a read waits for the cache to see a revision, before upstream gives up too. */
const freshnessMs = 3_000
const expiredContinue =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'

/** Reads of one kind: from the cache where its freshness suffices, from etcd at a revision where it has to be that one. */
export class Reader {
  readonly #view: View
  readonly #cache: WatchCache
  readonly #store: Store
  readonly #storage: Storage
  readonly #stored: StoredObjects
  readonly #prefix: string

  constructor(store: Store, storage: Storage, stored: StoredObjects, storagePrefix: string) {
    this.#store = store
    this.#view = store.view
    this.#cache = store.cache
    this.#storage = storage
    this.#stored = stored
    this.#prefix = storagePrefix
  }

  /** The revision that the cache shows. */
  get revision(): number {
    return Math.max(this.#storage.feed.revision, this.#cache.revision)
  }

  async get(namespace: string, name: string, resourceVersion: string): Promise<KubeObject> {
    if (resourceVersion === '') return this.#store.get(namespace, name)
    await this.fresh(parseVersion(resourceVersion))
    const object = this.#cache.get(cacheKey(namespace, name))
    if (!object) throw notFound(this.#store.groupResource, name)
    if (this.#view.needsPreparing) await this.#view.prepare([object])
    return this.#view.fromStored(object)
  }

  async list(query: ListQuery): Promise<ListAnswer> {
    if (query.continue !== '') return this.#continued(query)
    const revision = query.resourceVersion === '' ? undefined : parseVersion(query.resourceVersion)
    const exact = query.resourceVersionMatch === 'Exact' || (query.resourceVersionMatch === '' && query.limit > 0 && revision !== undefined && revision > 0)
    if (exact && revision !== undefined) return this.#pages(query, revision, rangeStart(this.#prefix, query.namespace), () => expired('The resourceVersion for the provided list is too old.'))
    await this.fresh(revision ?? (await this.#current()))
    if (this.#view.needsPreparing) await this.prepareAll(query.namespace)
    return this.#cached(query, revision === 0 ? 0 : query.limit)
  }

  /** Resolves when the cache shows at least that revision; throws what upstream answers when it takes too long. */
  async fresh(revision: number): Promise<void> {
    const { feed } = this.#storage
    if (feed.ready && this.revision >= revision) return
    if (await feed.reached(revision, freshnessMs)) return
    throw resourceVersionTooLarge(revision, this.revision, 1)
  }

  /** Resolves when the cache shows what etcd holds now. */
  async freshest(): Promise<void> {
    await this.fresh(await this.#current())
  }

  /** Whether an object, in stored form, passes the filter. */
  passes(object: KubeObject, { labels, fields }: Filter): boolean {
    if (!matchesSelector(labels, object.metadata.labels)) return false
    if (fields.terms.length === 0) return true
    const seen = this.#view.fromStored(object)
    return matchesFields(fields, (field) => this.#view.fieldText(seen, field))
  }

  /** Converts whatever lies in the namespace (all: ''), where another process has to do that. */
  async prepareAll(namespace: string): Promise<void> {
    const objects: KubeObject[] = []
    this.#cache.scan(namespace || undefined, (object) => {
      objects.push(object)
      return true
    })
    await this.#view.prepare(objects)
  }

  async #current(): Promise<number> {
    try {
      return await this.#storage.currentRevision()
    } catch (error) {
      throw internalError(error instanceof Error ? error.message : String(error))
    }
  }

  #cached(query: ListQuery, limit: number): ListAnswer {
    const items: KubeObject[] = []
    const everything = isEverything(query.labels) && query.fields.terms.length === 0
    const revision = this.revision
    let lastKey = ''
    let more = false
    const term = query.fields.terms.length > 0 ? indexedTerm(this.#view, query) : undefined
    this.#cache.scanWhere(term, query.namespace || undefined, (object, key) => {
      if (!everything && !this.passes(object, query)) return true
      if (limit > 0 && items.length === limit) {
        more = true
        return false
      }
      items.push(this.#view.fromStored(object))
      lastKey = key
      return true
    })
    if (!more) return { items, revision }
    const scope = query.namespace ? query.namespace.length + 1 : 0
    const token = encodeContinue({ revision, start: `${lastKey.slice(scope)}\0` })
    if (!everything) return { items, revision, continue: token }
    return { items, revision, continue: token, remaining: this.#cache.count(query.namespace || undefined) - items.length }
  }

  #continued(query: ListQuery): Promise<ListAnswer> {
    let token
    try {
      token = decodeContinue(query.continue)
    } catch (error) {
      throw badRequest(`invalid continue token: ${(error as Error).message}`)
    }
    if (query.resourceVersion !== '' && query.resourceVersion !== '0') throw badRequest('specifying resource version is not allowed when using continue')
    const start = rangeStart(this.#prefix, query.namespace)
    const { start: from } = token
    return this.#pages(query, Math.max(token.revision, 0), start + from, () => {
      const { status } = expired(expiredContinue)
      return new StatusError({ ...status, metadata: { continue: encodeContinue({ revision: -1, start: from }) } })
    })
  }

  async #pages(query: ListQuery, wanted: number, first: string, tooOld: () => StatusError): Promise<ListAnswer> {
    const start = rangeStart(this.#prefix, query.namespace)
    const everything = isEverything(query.labels) && query.fields.terms.length === 0
    const items: KubeObject[] = []
    let revision = wanted
    let from = first
    for (;;) {
      const pageLimit = query.limit === 0 ? 0 : everything ? query.limit : Math.max(query.limit * 2, 100)
      const page = await this.#page(start, from, pageLimit, revision, tooOld)
      if (revision === 0) revision = page.header.revision
      if (this.#view.needsPreparing) await this.#view.prepare(page.kvs.map((kv) => this.#stored.decode(kv)))
      let taken = 0
      for (const kv of page.kvs) {
        if (query.limit > 0 && items.length === query.limit) break
        taken++
        from = `${kv.key}\0`
        const object = this.#stored.decode(kv)
        if (everything || this.passes(object, query)) items.push(this.#view.fromStored(object))
      }
      const left = page.count - taken
      if (left === 0 || page.kvs.length === 0) return { items, revision }
      if (query.limit > 0 && items.length === query.limit) {
        const token = encodeContinue({ revision, start: from.slice(start.length) })
        return everything ? { items, revision, continue: token, remaining: left } : { items, revision, continue: token }
      }
    }
  }

  async #page(start: string, from: string, limit: number, revision: number, tooOld: () => StatusError) {
    try {
      return await this.#storage.page(start, from, limit, revision)
    } catch (error) {
      if (error instanceof EtcdError && error.code === 'compacted') throw tooOld()
      if (error instanceof EtcdError && error.code === 'future-revision') throw resourceVersionTooLarge(revision, this.revision, 1)
      throw internalError(error instanceof Error ? error.message : String(error))
    }
  }
}

/** A resourceVersion as a number; throws what upstream answers for other text. */
export function parseVersion(text: string): number {
  if (/^\d+$/.test(text)) {
    const value = Number(text)
    if (Number.isSafeInteger(value)) return value
    throw failed(text, 'value out of range')
  }
  throw failed(text, 'invalid syntax')
}

function failed(text: string, problem: string): StatusError {
  const quoted = JSON.stringify(text)
  return new StatusError(failure(500, '', `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${problem}`))
}

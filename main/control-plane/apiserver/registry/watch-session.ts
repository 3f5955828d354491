import type { KubeObject, WatchEvent } from '../../../api/machinery/object.ts'
import { bookmark } from '../../../api/machinery/watch-event.ts'
import type { CacheEvent, Interest, WatchCache } from '../storage/watch-cache.ts'
import type { Filter, Reader } from './reader.ts'
import type { View } from './view.ts'

export interface WatchQuery extends Filter {
  readonly namespace: string
  readonly resourceVersion: string
  readonly sendInitialEvents: boolean | undefined
  readonly bookmarks: boolean
}

/** Where a watch's events go. */
export interface WatchSink {
  /** Events in order. Each is shared with other watchers and must not change. */
  send(events: readonly WatchEvent[]): void
  /** The watch can't go on. */
  end(): void
}

/** Watch events of one kind, each made once for all who see it. */
export class EventShapes {
  readonly #view: View
  /** How many events watchers were sent. */
  sent = 0
  readonly #shapes = new WeakMap<CacheEvent, { [type in CacheEvent['type']]?: WatchEvent }>()

  #judged: CacheEvent | undefined
  readonly #judgements = new Map<string, CacheEvent['type'] | undefined>()

  constructor(view: View) {
    this.#view = view
  }

  /** As what a filter lets an event through; undefined when it does not. Watchers with the same filter hear of an event one after the
   *  other: only the first of them has to `judge`. */
  judgement(event: CacheEvent, filter: string, judge: () => CacheEvent['type'] | undefined): CacheEvent['type'] | undefined {
    if (this.#judged !== event) {
      this.#judged = event
      this.#judgements.clear()
    }
    let type = this.#judgements.get(filter)
    if (type === undefined && !this.#judgements.has(filter)) this.#judgements.set(filter, (type = judge()))
    return type
  }

  of(event: CacheEvent, type: CacheEvent['type']): WatchEvent {
    this.sent++
    let shapes = this.#shapes.get(event)
    if (!shapes) this.#shapes.set(event, (shapes = {}))
    return (shapes[type] ??= { type, object: this.#view.fromStored(type === 'DELETED' && event.type !== 'DELETED' ? this.#gone(event) : event.object) })
  }

  /** The last state that a selector still saw, with the resourceVersion of the change that took it out of sight. */
  #gone(event: CacheEvent): KubeObject {
    const last = event.previous!
    return { ...last, metadata: { ...last.metadata, resourceVersion: String(event.revision) } }
  }
}

/** One watch: what was asked for, from where on, to whom. */
export class WatchSession implements Interest {
  readonly namespace: string | undefined
  readonly exact: { readonly field: string; readonly value: string } | undefined
  readonly #reader: Reader
  readonly #view: View
  readonly #shapes: EventShapes
  readonly #query: WatchQuery
  readonly #sink: WatchSink
  readonly #everything: boolean
  /** The same for all watchers that filter alike. */
  readonly #filter: string
  #from: number
  #stop: (() => void) | undefined
  /** Events whose objects another process converts first, in their order. */
  #converting: CacheEvent[] | undefined

  constructor(reader: Reader, view: View, shapes: EventShapes, query: WatchQuery, sink: WatchSink) {
    this.#reader = reader
    this.#view = view
    this.#shapes = shapes
    this.#query = query
    this.#sink = sink
    this.namespace = query.namespace || undefined
    this.exact = indexedTerm(view, query)
    this.#everything = query.labels.requirements.length === 0 && !query.labels.nothing && query.fields.terms.length === 0
    this.#filter = this.#everything ? '' : JSON.stringify([query.labels, query.fields])
    this.#from = 0
  }

  get wantsBookmarks(): boolean {
    return this.#query.bookmarks
  }

  /** Begins: what is there already (when asked for, or without a resourceVersion), then what comes. Throws Expired. The cache
   *  has to be as fresh as the query demands. */
  start(cache: WatchCache, revision: number): void {
    const { sendInitialEvents } = this.#query
    const initial = sendInitialEvents ?? revision === 0
    const from = initial ? this.#reader.revision : revision === 0 ? this.#reader.revision : revision
    const missed = initial ? [] : cache.since(from)
    this.#from = from
    this.#stop = cache.watch(this)
    if (initial) {
      const events: WatchEvent[] = []
      cache.scan(this.namespace, (object) => {
        if (this.#everything || this.#reader.passes(object, this.#query)) events.push(initialEvent(this.#view.fromStored(object)))
        return true
      })
      if (sendInitialEvents === true && this.#query.bookmarks) events.push(bookmark(apiVersion(this.#view), this.#view.kind.kind, String(from), true))
      if (events.length > 0) this.#sink.send(events)
      return
    }
    if (this.#view.needsPreparing) {
      for (const event of missed) this.#takeConverted(event)
      return
    }
    const events = missed.map((event) => this.#shape(event)).filter((event) => event !== undefined)
    if (events.length > 0) this.#sink.send(events)
  }

  take(event: CacheEvent): void {
    if (event.revision <= this.#from) return
    if (this.#view.needsPreparing) this.#takeConverted(event)
    else this.#deliver(event)
  }

  /** Delivers now if nothing has to be converted or waited for, else in turn. A watch whose objects can't be converted ends. */
  #takeConverted(event: CacheEvent): void {
    if (this.#converting) {
      this.#converting.push(event)
      return
    }
    const pending = this.#view.prepare(event.previous ? [event.object, event.previous] : [event.object])
    if (!pending) {
      this.#deliver(event)
      return
    }
    const queue = (this.#converting = [event])
    const run = async (): Promise<void> => {
      await pending
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await this.#view.prepare(next.previous ? [next.object, next.previous] : [next.object])
        if (this.#stop) this.#deliver(next)
      }
      this.#converting = undefined
    }
    run().catch(() => this.lost())
  }

  #deliver(event: CacheEvent): void {
    const shaped = this.#shape(event)
    if (shaped) this.#sink.send([shaped])
  }

  lost(): void {
    this.stop()
    this.#sink.end()
  }

  /** Tells the watcher how far it has seen. */
  sendBookmark(): void {
    this.#sink.send([bookmark(apiVersion(this.#view), this.#view.kind.kind, String(this.#reader.revision))])
  }

  stop(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  #shape(event: CacheEvent): WatchEvent | undefined {
    if (this.namespace && event.object.metadata.namespace !== this.namespace) return undefined
    if (this.#everything) return this.#shapes.of(event, event.type)
    const type = this.#shapes.judgement(event, this.#filter, () => this.#judge(event))
    return type && this.#shapes.of(event, type)
  }

  #judge(event: CacheEvent): CacheEvent['type'] | undefined {
    const now = event.type !== 'DELETED' && this.#reader.passes(event.object, this.#query)
    const was = event.previous !== undefined && this.#reader.passes(event.previous, this.#query)
    if (now) return was ? 'MODIFIED' : 'ADDED'
    return was ? 'DELETED' : undefined
  }
}

const initialEvents = new WeakMap<KubeObject, WatchEvent>()

/** The ADDED event of an object that is there already, one for all. */
function initialEvent(object: KubeObject): WatchEvent {
  let event = initialEvents.get(object)
  if (!event) initialEvents.set(object, (event = { type: 'ADDED', object }))
  return event
}

function apiVersion({ kind }: View): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
}

/** The term by which the cache can tell quickly what a watcher or a list cares for: a name, or another field that must have one value. */
export function indexedTerm(view: View, { fields, namespace }: Pick<WatchQuery, 'fields' | 'namespace'>): Interest['exact'] {
  if (!view.same) return undefined
  // The cache knows the stored version of custom resources only: their own fields are looked at one by one.
  if (view.kind.custom && fields.terms.some((each) => !each.field.startsWith('metadata.'))) return undefined
  const term = fields.terms.find((each) => each.equals && each.field === 'metadata.name') ?? fields.terms.find((each) => each.equals && each.field !== 'metadata.namespace')
  if (term) return { field: term.field, value: term.value }
  const inNamespace = fields.terms.find((each) => each.equals && each.field === 'metadata.namespace')
  return inNamespace && !namespace ? { field: inNamespace.field, value: inNamespace.value } : undefined
}

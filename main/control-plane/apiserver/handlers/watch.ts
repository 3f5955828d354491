import { errorEvent } from '../../../api/machinery/watch-event.ts'
import type { WatchEvent } from '../../../api/machinery/object.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { negotiateOutput } from '../negotiation/output.ts'
import type { OutputForm } from '../negotiation/output.ts'
import { encodeEvent, watchContentType } from '../negotiation/watch-frames.ts'
import { parseVersion } from '../registry/reader.ts'
import type { ServedResource } from '../registry/resources.ts'
import { WatchSession } from '../registry/watch-session.ts'
import type { WatchSink } from '../registry/watch-session.ts'
import { baseHeaders, transformed } from './answer.ts'
import type { ListOptions } from './options.ts'
import { storedOf } from './read.ts'
import type { ApiRequest } from './request.ts'

/** How long a watch lasts at least when the client does not say (upstream's --min-request-timeout); up to twice that. */
const timeoutSecondsMin = 1_800
/** What a slow client may owe, beside what its watch began with, before it is cut off. */
const backlogBytesMax = 8 * 1024 * 1024
/** A watcher hears how far it has seen this long before its time is up. */
const lastBookmarkMs = 2_000

/** Serves a watch until its time is up, the client goes, or it cannot keep up. */
export async function serveWatch(request: ApiRequest, resource: ServedResource, options: ListOptions): Promise<void> {
  const { exchange, info, context } = request
  const form = negotiateOutput(exchange.request.headers, info.query, { byReference: exchange.byReference, transforms: ['Table', 'PartialObjectMetadata'], stream: true })
  const stored = storedOf(resource)
  const { resourceVersion: given } = options
  const revision = given === '' ? 0 : parseVersion(given)
  if (given === '') await stored.reader.freshest()
  else await stored.reader.fresh(options.sendInitialEvents ? revision : 0)
  if (resource.view.needsPreparing) await stored.reader.prepareAll(info.namespace)
  if (request.isOver()) return
  const { clock, random } = context.process
  const seconds = options.timeoutSeconds || timeoutSecondsMin * (1 + random.float())
  const sink = new Sink(request, resource, form)
  const session = new WatchSession(stored.reader, resource.view, stored.shapes, { ...options, namespace: info.namespace }, sink)
  const stop = (): void => {
    timer.cancel()
    lastBookmark?.cancel()
    session.stop()
    stored.sessions.delete(session)
  }
  const end = (): void => {
    stop()
    request.end()
  }
  sink.onEnd = end
  const timer = clock.afterUncaused(seconds * 1000, end)
  const lastBookmark = options.bookmarks && seconds * 1000 > lastBookmarkMs ? clock.afterUncaused(seconds * 1000 - lastBookmarkMs, () => session.sendBookmark()) : undefined
  exchange.onCancel(end)
  request.open({ status: 200, headers: { ...baseHeaders(request), 'content-type': watchContentType(form) } })
  try {
    session.start(stored.cache, revision)
    stored.sessions.add(session)
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    sink.fail(error)
    end()
  }
}

/** Turns events into what the client reads. */
class Sink implements WatchSink {
  onEnd: (() => void) | undefined
  readonly #request: ApiRequest
  readonly #resource: ServedResource
  readonly #form: OutputForm
  #headersSent = false
  #begun = false
  /** What was owed right after the first events, however many those were: none of it counts until it has been taken. */
  #allowance = 0

  constructor(request: ApiRequest, resource: ServedResource, form: OutputForm) {
    this.#request = request
    this.#resource = resource
    this.#form = form
  }

  send(events: readonly WatchEvent[]): void {
    const { exchange } = this.#request
    const owed = exchange.backlogBytes
    if (owed > backlogBytesMax + this.#allowance) {
      this.onEnd?.()
      return
    }
    if (owed <= backlogBytesMax) this.#allowance = 0
    const shaped = this.#form.transform ? events.map((event) => this.#transformed(event)) : events
    if (this.#form.encoding === 'reference') exchange.send(shaped, { kind: 'watch', label: labelOf(events) })
    else for (const event of shaped) exchange.send(encodeEvent(event, this.#form), { kind: 'watch' })
    if (this.#begun) return
    this.#begun = true
    this.#allowance = exchange.backlogBytes
  }

  end(): void {
    this.onEnd?.()
  }

  /** The last event of a watch that could not begin. */
  fail(error: StatusError): void {
    const event = errorEvent(error) as unknown as WatchEvent
    this.#request.exchange.send(this.#form.encoding === 'reference' ? [event] : encodeEvent(event, this.#form), { kind: 'watch' })
  }

  #transformed(event: WatchEvent): WatchEvent {
    if (event.type === 'ERROR') return event
    if (event.type === 'BOOKMARK' && this.#form.transform?.as === 'Table') {
      return { type: event.type, object: { kind: 'Table', apiVersion: `meta.k8s.io/${this.#form.transform.version}`, metadata: event.object.metadata, columnDefinitions: null, rows: [] } as unknown as KubeObject }
    }
    const object = transformed(this.#request, this.#form, this.#resource.kind, event.object, !this.#headersSent) as KubeObject
    this.#headersSent = true
    return { type: event.type, object }
  }
}

function labelOf(events: readonly WatchEvent[]): string {
  if (events.length !== 1) return `${events.length} events`
  const { type, object } = events[0]!
  return `${type} ${object.kind} ${object.metadata.name ?? ''}`
}

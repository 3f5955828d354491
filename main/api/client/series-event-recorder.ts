import type { EventsEvent } from '../generated/types.ts'
import { eventsEventKind } from '../kinds/events/event.ts'
import type { KubeObject } from '../machinery/object.ts'
import { hasCause, isAlreadyExists, isNotFound, StatusError } from '../machinery/status-error.ts'
import { formatMicroTime, parseTime } from '../machinery/time.ts'
import type { ApiClient, EventAbout, EventRecorder } from './contract.ts'
import type { RecorderHost } from './event-recorder.ts'
import { EventNames, referenceTo } from './event-reference.ts'

const finishAfterMs = 6 * 60_000
const refreshAfterMs = 30 * 60_000
const noteLengthMax = 1024
const triesMax = 12
const retryPauseMs = 10_000
const seriesMax = 4096

/** Records events.k8s.io/v1 events as client-go's tools/events does, which the scheduler and kube-proxy use: the first is written
 *  at once; the same again (by type, action, reason, reporter and object) makes a series, written when it begins, when it has
 *  been quiet for 6 minutes and every 30 minutes. `controller` is the reporter: `default-scheduler`. */
export function seriesEventRecorder(host: RecorderHost, client: ApiClient, controller: string, hostName: string): EventRecorder {
  return new SeriesRecorder(host, client, controller, `${controller}-${hostName}`)
}

class SeriesRecorder implements EventRecorder {
  readonly #host: RecorderHost
  readonly #client: ApiClient
  readonly #controller: string
  readonly #instance: string
  readonly #names: EventNames
  readonly #series = new Map<string, EventsEvent>()
  #sweeping = false

  constructor(host: RecorderHost, client: ApiClient, controller: string, instance: string) {
    this.#host = host
    this.#client = client
    this.#controller = controller
    this.#instance = instance
    this.#names = new EventNames(host)
  }

  event(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, about: EventAbout = {}): void {
    if (this.#host.scope.closed) return
    const now = formatMicroTime(this.#host.clock.now())
    const regarding = referenceTo(object, about.fieldPath)
    const action = about.action ?? reason
    const key = [type, action, reason, this.#controller, this.#instance, regarding.kind, regarding.namespace, regarding.name, regarding.uid, regarding.fieldPath, about.related?.metadata.uid].join('\0')
    const known = this.#series.get(key)
    if (known) {
      const begins = known.series === undefined
      const next: EventsEvent = { ...known, series: { count: (known.series?.count ?? 1) + 1, lastObservedTime: now } }
      this.#series.set(key, next)
      if (begins) this.#inBackground(() => this.#writeSeries(next))
      return
    }
    const made: EventsEvent = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: this.#names.next(object.metadata.name), namespace: regarding.namespace || 'default', ...(about.annotations ? { annotations: { ...about.annotations } } : {}) },
      eventTime: now,
      reportingController: this.#controller,
      reportingInstance: this.#instance,
      action,
      reason,
      regarding,
      ...(about.related ? { related: referenceTo(about.related) } : {}),
      note: message.slice(0, noteLengthMax),
      type,
    }
    if (this.#series.size >= seriesMax) this.#series.delete(this.#series.keys().next().value!)
    this.#series.set(key, made)
    this.#inBackground(() => this.#create(made))
    this.#sweepLater()
  }

  /** In an event of its own, under the cause of the recording. */
  #inBackground(write: () => Promise<unknown>): void {
    this.#host.kernel.schedule(0, () => void this.#persist(write), this.#host.kernel.trace.current)
  }

  async #persist(write: () => Promise<unknown>): Promise<void> {
    for (let tries = 1; tries <= triesMax && !this.#host.scope.closed; tries++) {
      try {
        await write()
        return
      } catch (error) {
        if (error instanceof StatusError) {
          if (!isAlreadyExists(error) && !hasCause(error, 'NamespaceTerminating')) this.#host.journal.error('Server rejected event (will not retry!)', { err: error })
          return
        }
        await this.#host.clock.sleep(tries === 1 ? retryPauseMs * this.#host.random.float() : retryPauseMs)
      }
    }
  }

  #create(event: EventsEvent): Promise<EventsEvent> {
    return this.#client.create(eventsEventKind, event, { traffic: 'event' })
  }

  async #writeSeries(event: EventsEvent): Promise<EventsEvent> {
    try {
      return await this.#client.patch(eventsEventKind, event.metadata.name, event.metadata.namespace, 'strategic', { series: event.series }, { traffic: 'event' })
    } catch (error) {
      if (isNotFound(error)) return this.#create(event)
      throw error
    }
  }

  #sweepLater(): void {
    if (this.#sweeping) return
    this.#sweeping = true
    this.#host.clock.afterUncaused(finishAfterMs, () => {
      this.#sweeping = false
      this.#sweep()
      if (this.#series.size > 0) this.#sweepLater()
    })
  }

  /** Forgets what has been quiet, writing the last count of a series; refreshes those that go on before their object expires. */
  #sweep(): void {
    const now = this.#host.clock.now()
    for (const [key, event] of this.#series) {
      const last = parseTime(event.series?.lastObservedTime ?? event.eventTime) ?? 0
      const quiet = now - last > finishAfterMs
      const old = now - (parseTime(event.eventTime) ?? 0)
      if (event.series && (quiet || old % refreshAfterMs < finishAfterMs)) this.#inBackground(() => this.#writeSeries(event))
      if (quiet) this.#series.delete(key)
    }
  }
}

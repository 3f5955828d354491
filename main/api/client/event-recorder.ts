import type { CoreEvent, ObjectReference } from '../generated/types.ts'
import { eventKind } from '../kinds/core/event.ts'
import type { KubeObject } from '../machinery/object.ts'
import { hasCause, isAlreadyExists, isNotFound, StatusError } from '../machinery/status-error.ts'
import { formatTime } from '../machinery/time.ts'
import type { ApiClient, EventAbout, EventRecorder } from './contract.ts'
import { EventCorrelator, type Correlated } from './event-correlator.ts'
import { EventNames, referenceTo } from './event-reference.ts'
import type { ClientHost } from './reflector.ts'

/** client-go's broadcaster drops what does not fit. */
const queueLengthMax = 1000
const triesMax = 12
const retryPauseMs = 10_000

/** What a recorder stands on; a Process is one. */
export interface RecorderHost extends ClientHost {
  readonly kernel: { readonly trace: { current: number }; schedule(delayMs: number, fn: () => void, cause?: number): unknown }
}

/** Records core/v1 events as client-go's tools/record: correlated first (spam filter, aggregation, counting), then written one
 *  after another in the background, each under the cause of the call that recorded it. `component` is the source
 *  (`deployment-controller`), `host` the node it speaks from (`kubelet` on `worker-1`). */
export function eventRecorder(host: RecorderHost, client: ApiClient, component: string, hostName = ''): EventRecorder {
  return new CoreEventRecorder(host, client, component, hostName)
}

interface Waiting {
  readonly event: CoreEvent
  readonly cause: number
}

class CoreEventRecorder implements EventRecorder {
  readonly #host: RecorderHost
  readonly #client: ApiClient
  readonly #component: string
  readonly #hostName: string
  readonly #names: EventNames
  readonly #correlator: EventCorrelator
  readonly #queue: Waiting[] = []
  #writing = false

  constructor(host: RecorderHost, client: ApiClient, component: string, hostName: string) {
    this.#host = host
    this.#client = client
    this.#component = component
    this.#hostName = hostName
    this.#names = new EventNames(host)
    this.#correlator = new EventCorrelator(host.clock, this.#names)
  }

  event(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, about: EventAbout = {}): void {
    if (this.#queue.length >= queueLengthMax || this.#host.scope.closed) return
    const event = this.#make(referenceTo(object, about.fieldPath), type, reason, message, about)
    this.#queue.push({ event, cause: this.#host.kernel.trace.current })
    this.#writeNext()
  }

  #make(reference: ObjectReference, type: string, reason: string, message: string, { annotations, host = this.#hostName }: EventAbout): CoreEvent {
    const time = formatTime(this.#host.clock.now())
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: this.#names.next(reference.name ?? ''),
        namespace: reference.namespace || 'default',
        ...(annotations ? { annotations: { ...annotations } } : {}),
      },
      involvedObject: reference,
      reason,
      message,
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      type,
      source: { component: this.#component, ...(host ? { host } : {}) },
      reportingComponent: this.#component,
      reportingInstance: host,
    }
  }

  #writeNext(): void {
    if (this.#writing) return
    const next = this.#queue.shift()
    if (!next) return
    this.#writing = true
    this.#host.kernel.schedule(0, () => void this.#write(next.event), next.cause)
  }

  async #write(event: CoreEvent): Promise<void> {
    if (this.#host.scope.closed) return
    const correlated = this.#correlator.correlate(event)
    if (correlated) {
      for (let tries = 1; !(await this.#tryToWrite(correlated)); tries++) {
        if (tries >= triesMax) {
          this.#host.journal.error('Unable to write event (retry limit exceeded!)', { event: correlated.event.metadata.name })
          break
        }
        // The first pause is stretched at random, so that recorders that failed together do not return together.
        await this.#host.clock.sleep(tries === 1 ? retryPauseMs * this.#host.random.float() : retryPauseMs)
      }
    }
    this.#writing = false
    this.#writeNext()
  }

  /** True when there is nothing more to try. */
  async #tryToWrite({ event, patch }: Correlated): Promise<boolean> {
    try {
      this.#correlator.written(patch ? await this.#patch(event, patch) : await this.#create(event))
      return true
    } catch (error) {
      if (!(error instanceof StatusError)) return false
      if (isAlreadyExists(error) || hasCause(error, 'NamespaceTerminating')) this.#host.journal.info('Server rejected event (will not retry!)', { event: event.metadata.name, err: error })
      else this.#host.journal.error('Server rejected event (will not retry!)', { event: event.metadata.name, err: error })
      return true
    }
  }

  async #patch(event: CoreEvent, patch: object): Promise<CoreEvent> {
    try {
      return await this.#client.patch(eventKind, event.metadata.name, event.metadata.namespace, 'strategic', patch, { traffic: 'event' })
    } catch (error) {
      // Its time to live ran out: it begins anew with the count it had.
      if (isNotFound(error)) return this.#create(event)
      throw error
    }
  }

  #create(event: CoreEvent): Promise<CoreEvent> {
    const { resourceVersion: _, ...metadata } = event.metadata
    return this.#client.create(eventKind, { ...event, metadata }, { traffic: 'event' })
  }
}

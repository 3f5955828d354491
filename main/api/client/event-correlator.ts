import type { Clock } from '../../kernel/clock.ts'
import type { CoreEvent } from '../generated/types.ts'
import type { EventNames } from './event-reference.ts'
import { TokenBucket } from './token-bucket.ts'

const cacheLength = 4096
const similarMax = 10
const similarIntervalMs = 600_000
const spamBurst = 25
const spamPerSecond = 1 / 300

/** What to write: `patch` when the event is already there and only its count, message and time change. */
export interface Correlated {
  readonly event: CoreEvent
  readonly patch: object | undefined
}

interface Aggregate {
  readonly messages: Set<string>
  lastAt: number
}

interface Observation {
  readonly count: number
  readonly firstTimestamp: string | undefined
  readonly name: string
  readonly resourceVersion: string | undefined
}

/** client-go's EventCorrelator. Per source and object 25 events at once, then one in five minutes. More than ten events within
 *  ten minutes that differ only in their message become one "(combined from similar events)". The same event again raises
 *  the count of the first. */
export class EventCorrelator {
  readonly #clock: Clock
  readonly #names: EventNames
  readonly #buckets = new RecentMap<TokenBucket>(cacheLength)
  readonly #aggregates = new RecentMap<Aggregate>(cacheLength)
  readonly #observations = new RecentMap<Observation>(cacheLength)

  constructor(clock: Clock, names: EventNames) {
    this.#clock = clock
    this.#names = names
  }

  /** Undefined when the event is spam. */
  correlate(event: CoreEvent): Correlated | undefined {
    const { event: aggregated, key } = this.#aggregate(event)
    const observed = this.#observe(aggregated, key)
    return this.#allowed(event) ? observed : undefined
  }

  /** What the server made of it: the name and version to patch next time. */
  written(event: CoreEvent): void {
    this.#remember(eventKey(event), event)
  }

  #allowed(event: CoreEvent): boolean {
    const key = [event.source?.component, event.source?.host, ...objectParts(event)].join('\0')
    let bucket = this.#buckets.get(key)
    if (!bucket) this.#buckets.set(key, (bucket = new TokenBucket(this.#clock, spamPerSecond, spamBurst)))
    return bucket.tryTake()
  }

  #aggregate(event: CoreEvent): { event: CoreEvent; key: string } {
    const now = this.#clock.now()
    const key = aggregateKey(event)
    let record = this.#aggregates.get(key)
    if (!record || now - record.lastAt > similarIntervalMs) this.#aggregates.set(key, (record = { messages: new Set(), lastAt: now }))
    record.messages.add(event.message ?? '')
    record.lastAt = now
    if (record.messages.size < similarMax) return { event, key: eventKey(event) }
    // Stays at the threshold, and stays bounded.
    record.messages.delete(record.messages.values().next().value!)
    const combined: CoreEvent = {
      ...event,
      metadata: { ...event.metadata, name: this.#names.next(event.involvedObject.name ?? '') },
      message: `(combined from similar events): ${event.message ?? ''}`,
    }
    return { event: combined, key }
  }

  #observe(event: CoreEvent, key: string): Correlated {
    const last = this.#observations.get(key)
    if (!last || last.count === 0) {
      this.#remember(key, event)
      return { event, patch: undefined }
    }
    const count = last.count + 1
    const counted: CoreEvent = {
      ...event,
      metadata: { ...event.metadata, name: last.name, ...(last.resourceVersion ? { resourceVersion: last.resourceVersion } : {}) },
      ...(last.firstTimestamp ? { firstTimestamp: last.firstTimestamp } : {}),
      count,
    }
    this.#remember(key, counted)
    return { event: counted, patch: { count, message: event.message, lastTimestamp: event.lastTimestamp } }
  }

  #remember(key: string, event: CoreEvent): void {
    const { name, resourceVersion } = event.metadata
    this.#observations.set(key, { count: event.count ?? 0, firstTimestamp: event.firstTimestamp, name, resourceVersion })
  }
}

function objectParts(event: CoreEvent): (string | undefined)[] {
  const { kind, namespace, name, uid, apiVersion } = event.involvedObject
  return [kind, namespace, name, uid, apiVersion]
}

/** Alike but for the message. */
function aggregateKey(event: CoreEvent): string {
  return [event.source?.component, event.source?.host, ...objectParts(event), event.type, event.reason, event.reportingComponent, event.reportingInstance].join('\0')
}

/** The same event. */
function eventKey(event: CoreEvent): string {
  return [event.source?.component, event.source?.host, ...objectParts(event), event.involvedObject.fieldPath, event.type, event.reason, event.message].join('\0')
}

/** A map that forgets what was least recently used. */
class RecentMap<V> {
  readonly #entries = new Map<string, V>()
  readonly #length: number

  constructor(length: number) {
    this.#length = length
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  set(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#length) this.#entries.delete(this.#entries.keys().next().value!)
  }
}

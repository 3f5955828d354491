/** API priority and fairness: who may run now, who waits, who is told to come again. */
import type { FlowSchema, PriorityLevelConfiguration } from '../../../api/generated/types.ts'
import { mandatoryFlowSchemas, mandatoryPriorityLevels } from '../../../api/kinds/flowcontrol/mandatory.ts'
import type { Process } from '../../../kernel/machine.ts'
import { Deadlines } from '../deadlines.ts'
import { DroppedRequests } from './dropped-requests.ts'
import type { Asked, FlowMatcher } from './flow-schemas.ts'
import { distinguisherOf, flowMatchers } from './flow-schemas.ts'
import { FlowMetrics } from './flow-metrics.ts'
import type { Gate, Pass, Waiter } from './gate.ts'
import { maxSeats, QueueSet } from './queue-set.ts'
import type { QueuedRequest, QueueSetConfig, RejectReason } from './queue-set.ts'
import { limitsOf, SeatDemand, shareSeats } from './seats.ts'
import type { LevelLimits } from './seats.ts'
import { dealHand, flowHash } from './shuffle-shard.ts'
import { estimateWork } from './work-estimate.ts'
import type { ResourceStats } from './work-estimate.ts'
import type { RequestInfo } from '../request-info/request-info.ts'

/** One priority level as it works now. */
export interface Level {
  readonly name: string
  uid: string
  exempt: boolean
  /** No longer configured: it goes when its last request has gone. */
  quiescing: boolean
  readonly set: QueueSet
  readonly demand: SeatDemand
  limits: LevelLimits
  target: number
  /** The most that one request may take. */
  requestSeatsMax: number
  readonly hands: Map<string, readonly number[]>
  readonly dropped: DroppedRequests
}

export interface Ticket extends Pass {
  readonly level: Level
  readonly schema: FlowMatcher
  readonly asked: Asked
  /** Undefined when it was turned away. */
  request: QueuedRequest | undefined
  readonly id: number
}

export interface FlowControlOptions {
  /** Seats of the whole server: --max-requests-inflight and --max-mutating-requests-inflight together. */
  readonly seats: number
  readonly statsOf: (info: RequestInfo) => ResourceStats | undefined
}

/** A quarter of the time that a request may take. */
const waitMs = 15_000
/** How often seats are lent anew, while there is anybody who wants some. */
const borrowingMs = 10_000
/** How many flows' hands are remembered per level. */
const handsMax = 4_096
const flowNameMax = 1_000
/** The share of its level that one request may take. */
const requestShareMax = 0.15

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1'
/** What holds as long as the cluster's own objects are not there. */
const mandatorySchemas: readonly FlowSchema[] = Object.entries(mandatoryFlowSchemas).map(([name, spec]) => ({ apiVersion, kind: 'FlowSchema', metadata: { name }, spec }))
const mandatoryLevels: readonly PriorityLevelConfiguration[] = Object.entries(mandatoryPriorityLevels).map(([name, spec]) => ({ apiVersion, kind: 'PriorityLevelConfiguration', metadata: { name }, spec }))

interface Release {
  readonly at: number
  readonly level: Level
  readonly request: QueuedRequest
}

export class FlowControl implements Gate {
  readonly metrics = new FlowMetrics()
  readonly #process: Process
  readonly #options: FlowControlOptions
  readonly #levels = new Map<string, Level>()
  readonly #waiters = new Map<QueuedRequest, { readonly waiter: Waiter; readonly ticket: Ticket; readonly cause: number }>()
  readonly #executing = new Set<Ticket>()
  readonly #deadlines: Deadlines
  /** Seats that stay taken for a while after their request, in the order in which they come free. */
  readonly #releases: Release[] = []
  #releaseTimer: { cancel(): void } | undefined
  #matchers: readonly FlowMatcher[] = []
  #borrowing = false
  #nextId = 1
  #fraction = 0

  constructor(process: Process, options: FlowControlOptions) {
    this.#process = process
    this.#options = options
    this.#deadlines = new Deadlines(process)
    this.configure([], [])
  }

  get levels(): readonly Level[] {
    return [...this.#levels.values()]
  }

  get schemas(): readonly FlowMatcher[] {
    return this.#matchers
  }

  /** What runs of a level now. */
  executingOf(level: Level): QueuedRequest[] {
    return [...this.#executing].filter(({ level: of }) => of === level).flatMap(({ request }) => (request ? [request] : []))
  }

  /** The common fraction of demand that levels get of what they want (upstream's fair fraction). */
  get fairFraction(): number {
    return this.#fraction
  }

  /** Takes the cluster's objects; the mandatory ones are added where they are missing. Schemas of unknown levels are passed over. */
  configure(schemas: readonly FlowSchema[], configurations: readonly PriorityLevelConfiguration[]): void {
    const now = this.#process.clock.now()
    const all = [...configurations, ...mandatoryLevels.filter(({ metadata }) => !configurations.some((each) => each.metadata.name === metadata.name))]
    const limits = limitsOf(
      all.map(({ spec }) => ({
        shares: (spec?.type === 'Exempt' ? spec.exempt?.nominalConcurrencyShares : (spec?.limited?.nominalConcurrencyShares ?? 30)) ?? 0,
        lendablePercent: (spec?.type === 'Exempt' ? spec.exempt?.lendablePercent : spec?.limited?.lendablePercent) ?? 0,
        borrowingPercent: spec?.limited?.borrowingLimitPercent,
        exempt: spec?.type === 'Exempt',
      })),
      this.#options.seats,
    )
    all.forEach((configuration, index) => this.#configureLevel(configuration, limits[index]!, now))
    for (const level of this.#levels.values()) level.quiescing = !all.some(({ metadata }) => metadata.name === level.name)
    for (const level of this.levels) if (level.quiescing && level.set.isIdle) this.#levels.delete(level.name)
    const matched = [...schemas, ...mandatorySchemas.filter(({ metadata }) => !schemas.some((each) => each.metadata.name === metadata.name))]
    this.#matchers = flowMatchers(matched).filter(({ level }) => this.#levels.get(level)?.quiescing === false)
  }

  /** Finds a request's level and asks for its seats. If it has to wait, `waiter` hears of it later. */
  enter(asked: Asked, waiter: () => Waiter): Ticket {
    const now = this.#process.clock.now()
    if (this.#releases.length > 0) this.#release(now)
    const schema = this.#matchers.find((each) => each.matches(asked)) ?? this.#matchers[this.#matchers.length - 1]!
    const level = this.#levels.get(schema.level)!
    const work = estimateWork(asked.info, this.#options.statsOf, level.requestSeatsMax)
    const distinguisher = distinguisherOf(schema, asked)
    const found = level.set.enter(work, schema.name, distinguisher, () => this.#handOf(level, schema.name, distinguisher), now, asked)
    if (typeof found === 'string') level.dropped.add(now)
    const ticket: Ticket = {
      outcome: typeof found === 'string' ? 'refused' : found.state === 'executing' ? 'runs' : 'waits',
      level,
      schema,
      asked,
      request: typeof found === 'string' ? undefined : found,
      headers: { 'x-kubernetes-pf-flowschema-uid': schema.uid, 'x-kubernetes-pf-prioritylevel-uid': level.uid },
      retryAfterSeconds: level.dropped.retryAfterSeconds,
      id: this.#nextId++,
    }
    level.demand.set(level.set.seatDemand, now)
    this.metrics.estimated(schema.name, level.name, maxSeats(work))
    if (typeof found === 'string') this.#rejected(ticket, found)
    else if (found.state === 'executing') {
      this.#executing.add(ticket)
      this.metrics.dispatched(schema.name, level.name, undefined)
    }
    else {
      this.metrics.queued(schema.name, level.name, found.queue?.waiting.length ?? 0)
      this.#waiters.set(found, { waiter: waiter(), ticket, cause: this.#process.kernel.trace.current })
      this.#deadlines.add(ticket.id, waitMs, () => this.#giveUp(ticket, 'time-out'))
      this.#armRelease()
    }
    if (!this.#borrowing && level.set.seatDemand > level.set.limit && !level.exempt) this.#armBorrowing()
    return ticket
  }

  leave(ticket: Ticket): void {
    const { request, level, schema } = ticket
    if (!request) return
    const now = this.#process.clock.now()
    if (request.state === 'waiting') return this.#giveUp(ticket, 'cancelled')
    if (request.state !== 'executing') return
    this.#executing.delete(ticket)
    this.metrics.finished(schema.name, level.name, (now - request.startedAt) / 1000)
    const laterMs = level.set.finish(request, now)
    if (laterMs > 0) this.#later({ at: now + laterMs, level, request })
    level.demand.set(level.set.seatDemand, now)
    if (level.quiescing && level.set.isIdle) this.#levels.delete(level.name)
  }

  #configureLevel({ metadata, spec }: PriorityLevelConfiguration, limits: LevelLimits, now: number): void {
    const name = metadata.name ?? ''
    const exempt = spec?.type === 'Exempt'
    const queuing = spec?.limited?.limitResponse?.type === 'Queue' ? (spec.limited.limitResponse.queuing ?? {}) : undefined
    const config: QueueSetConfig = exempt
      ? { name, queues: -1, queueLengthMax: 0, handSize: 0 }
      : { name, queues: queuing ? queuing.queues || 64 : 0, queueLengthMax: queuing?.queueLengthLimit || 50, handSize: queuing?.handSize || 8 }
    const requestSeatsMax = exempt ? Number.MAX_SAFE_INTEGER : Math.max(1, Math.min(Math.ceil(limits.nominal * requestShareMax), queuing ? Math.ceil(limits.nominal / config.handSize) : Infinity))
    const known = this.#levels.get(name)
    if (!known) {
      const set = new QueueSet(config, limits.nominal, (request) => this.#dispatched(request))
      this.#levels.set(name, { name, uid: metadata.uid ?? '', exempt, quiescing: false, set, demand: new SeatDemand(now), limits, target: limits.nominal, requestSeatsMax, hands: new Map(), dropped: new DroppedRequests() })
      return
    }
    const { set } = known
    known.uid = metadata.uid ?? ''
    known.exempt = exempt
    known.requestSeatsMax = requestSeatsMax
    if (set.config.queues !== config.queues || set.config.handSize !== config.handSize || set.config.queueLengthMax !== config.queueLengthMax) {
      known.hands.clear()
      set.configure(config, now)
    }
    const same = known.limits.nominal === limits.nominal && known.limits.lower === limits.lower && known.limits.upper === limits.upper
    known.limits = limits
    if (!same) set.setLimit(limits.nominal, now)
  }

  #handOf({ hands, set }: Level, schema: string, distinguisher: string): readonly number[] {
    const key = `${schema}\0${distinguisher}`
    let hand = hands.get(key)
    if (hand) return hand
    hand = dealHand(flowHash(schema, distinguisher), set.config.queues, set.config.handSize)
    if (hands.size >= handsMax) hands.clear()
    if (key.length <= flowNameMax) hands.set(key, hand)
    return hand
  }

  /** A request that waited may run: in an event of its own, under its own cause. */
  #dispatched(request: QueuedRequest): void {
    const entry = this.#waiters.get(request)
    if (!entry) return
    this.#waiters.delete(request)
    const { waiter, ticket, cause } = entry
    this.#deadlines.remove(ticket.id)
    this.#executing.add(ticket)
    this.metrics.dispatched(ticket.schema.name, ticket.level.name, (request.startedAt - request.arrivedAt) / 1000)
    this.#process.kernel.schedule(0, () => waiter.run(), cause)
  }

  #giveUp(ticket: Ticket, reason: 'time-out' | 'cancelled'): void {
    const { request, level } = ticket
    const entry = request && this.#waiters.get(request)
    if (!entry) return
    this.#waiters.delete(request)
    this.#deadlines.remove(ticket.id)
    const now = this.#process.clock.now()
    level.set.abandon(request, reason, now)
    level.demand.set(level.set.seatDemand, now)
    ticket.request = undefined
    level.dropped.add(now)
    this.#rejected(ticket, reason, (now - request.arrivedAt) / 1000)
    if (reason === 'time-out') entry.waiter.reject(level.dropped.retryAfterSeconds)
  }

  #rejected({ schema, level }: Ticket, reason: RejectReason, waitedSeconds = 0): void {
    this.metrics.rejected(schema.name, level.name, reason, waitedSeconds)
  }

  #later(release: Release): void {
    let at = this.#releases.length
    while (at > 0 && this.#releases[at - 1]!.at > release.at) at--
    this.#releases.splice(at, 0, release)
    this.#armRelease()
  }

  /** A timer only while somebody waits: otherwise the next one to come looks. */
  #armRelease(): void {
    const [first] = this.#releases
    if (!first || this.#waiters.size === 0 || this.#releaseTimer) return
    this.#releaseTimer = this.#process.clock.afterUncaused(Math.max(0, first.at - this.#process.clock.now()), () => {
      this.#releaseTimer = undefined
      this.#release(this.#process.clock.now())
      this.#armRelease()
    })
  }

  #release(now: number): void {
    let due = 0
    while (due < this.#releases.length && this.#releases[due]!.at <= now) due++
    if (due === 0) return
    for (const { level, request } of this.#releases.splice(0, due)) {
      level.set.release(request, now)
      level.demand.set(level.set.seatDemand, now)
    }
  }

  #armBorrowing(): void {
    this.#borrowing = true
    this.#process.clock.afterUncaused(borrowingMs, () => {
      this.#lend()
      // Once everybody has what they began with and wants no more, there is nothing left to watch.
      const isQuiet = this.levels.every(({ set, limits, exempt }) => exempt || (set.limit === limits.nominal && set.seatDemand <= set.limit))
      this.#borrowing = false
      if (!isQuiet) this.#armBorrowing()
    })
  }

  /** Shares the seats anew by what levels have wanted lately. */
  #lend(): void {
    const now = this.#process.clock.now()
    this.#release(now)
    const levels = this.levels
    for (const { demand } of levels) demand.settle(now)
    const wanting = levels.some(({ demand, limits, exempt }) => !exempt && demand.smoothed > limits.nominal)
    const { seats, fraction } = shareSeats(
      this.#options.seats,
      levels.map(({ limits, demand, exempt }) => ({ lower: exempt ? Math.max(limits.lower, demand.peak) : limits.lower, upper: limits.upper, target: Math.max(demand.smoothed, limits.lower, 0.01) })),
    )
    this.#fraction = fraction
    levels.forEach((level, index) => {
      level.target = wanting ? seats[index]! : level.limits.nominal
      if (!level.exempt) level.set.setLimit(Math.round(level.target), now)
    })
  }
}

/** Fair queuing for one priority level, as upstream's queue set does it: a limit of seats, queues that flows share by shuffle
 *  sharding, and virtual time that says whose turn it is. Pure: the caller brings the time and is told what runs. */

/** What a request costs. */
export interface WorkEstimate {
  /** Seats while its handler runs. */
  readonly initialSeats: number
  /** Seats after that, for work that it set off elsewhere (events for watchers). */
  readonly finalSeats: number
  /** How long the final seats are taken, ms. */
  readonly additionalLatencyMs: number
}

/** A request that came to the set. */
export interface QueuedRequest {
  readonly work: WorkEstimate
  readonly schema: string
  readonly distinguisher: string
  readonly arrivedAt: number
  /** Whatever the caller wants to know of it later. */
  readonly about: unknown
  state: 'waiting' | 'executing' | 'finishing' | 'gone'
  /** The queue that it came through; undefined where there are none. */
  readonly queue: Queue | undefined
  startedAt: number
}

export interface QueueSetConfig {
  readonly name: string
  /** 0: what finds no seat is rejected; -1: there is no limit (exempt). */
  readonly queues: number
  readonly queueLengthMax: number
  readonly handSize: number
}

export type RejectReason = 'queue-full' | 'concurrency-limit' | 'time-out' | 'cancelled'

/** Upstream's guess of how long a request takes, seconds: corrected when it is over. */
const serviceSeconds = 0.003
const none: readonly number[] = []

class Queue {
  readonly index: number
  readonly waiting: QueuedRequest[] = []
  /** The virtual time at which the next of its requests would begin. */
  nextDispatchR = 0
  executing = 0
  seatsInUse = 0

  constructor(index: number) {
    this.index = index
  }

  /** Seat-seconds of all that waits here. */
  get work(): number {
    let sum = 0
    for (const request of this.waiting) sum += workOf(request.work)
    return sum
  }
}
export type { Queue }

/** Seat-seconds that a request is expected to take. */
function workOf({ initialSeats, finalSeats, additionalLatencyMs }: WorkEstimate): number {
  return initialSeats * serviceSeconds + (finalSeats * additionalLatencyMs) / 1000
}

export function maxSeats({ initialSeats, finalSeats }: WorkEstimate): number {
  return Math.max(initialSeats, finalSeats)
}

export class QueueSet {
  config: QueueSetConfig
  readonly #dispatch: (request: QueuedRequest) => void
  #queues: Queue[] = []
  #limit: number
  #robin = -1
  #virtualTime = 0
  #lastTime = 0
  #waiting = 0
  #executing = 0
  #seatsInUse = 0
  #seatsWaiting = 0
  /** Seats that queued and running requests ask for, for the virtual clock's pace. */
  #busyQueues = 0
  readonly counts = { dispatched: 0, rejected: 0, timedOut: 0, cancelled: 0 }

  /** `dispatch` is told of requests that waited and may now run; those that may run at once are answered so by `enter`. */
  constructor(config: QueueSetConfig, limit: number, dispatch: (request: QueuedRequest) => void) {
    this.config = config
    this.#limit = limit
    this.#dispatch = dispatch
    this.#resize()
  }

  get waiting(): number {
    return this.#waiting
  }

  get executing(): number {
    return this.#executing
  }

  get seatsInUse(): number {
    return this.#seatsInUse
  }

  get limit(): number {
    return this.#limit
  }

  /** Seats in use and asked for: what the level would use if it could. */
  get seatDemand(): number {
    return this.#seatsInUse + this.#seatsWaiting
  }

  get isIdle(): boolean {
    return this.#waiting === 0 && this.#executing === 0 && this.#seatsInUse === 0
  }

  get queues(): readonly Queue[] {
    return this.#queues
  }

  get virtualTime(): number {
    return this.#virtualTime
  }

  /** Another configuration. Queues that still hold requests stay until they are empty. */
  configure(config: QueueSetConfig, now: number): void {
    this.#advance(now)
    this.config = config
    this.#resize()
    this.#dispatchMore(now)
  }

  setLimit(limit: number, now: number): void {
    if (limit === this.#limit) return
    this.#advance(now)
    this.#limit = limit
    this.#dispatchMore(now)
  }

  /** Lets a request run (`executing`), wait (`waiting`), or says why it may do neither. `hand` is asked for the flow's queues only
   *  where there are queues. */
  enter(work: WorkEstimate, schema: string, distinguisher: string, hand: () => readonly number[], now: number, about: unknown): QueuedRequest | RejectReason {
    const { queues } = this.config
    if (queues <= 0) {
      if (!this.#fits(maxSeats(work))) {
        this.counts.rejected++
        return 'concurrency-limit'
      }
      const request: QueuedRequest = { work, schema, distinguisher, arrivedAt: now, about, state: 'waiting', queue: undefined, startedAt: 0 }
      this.#begin(request, now)
      return request
    }
    this.#advance(now)
    const queue = this.#choose(hand())
    if (queue.waiting.length >= this.config.queueLengthMax && !this.#fits(maxSeats(work))) {
      this.counts.rejected++
      return 'queue-full'
    }
    const request: QueuedRequest = { work, schema, distinguisher, arrivedAt: now, about, state: 'waiting', queue, startedAt: 0 }
    // A queue that was idle has no credit from before.
    if (queue.waiting.length === 0 && queue.executing === 0) {
      queue.nextDispatchR = Math.max(queue.nextDispatchR, this.#virtualTime)
      this.#busyQueues++
    }
    queue.waiting.push(request)
    this.#waiting++
    this.#seatsWaiting += maxSeats(work)
    // Alone, and seats are free: no need to look whose turn it is.
    if (this.#waiting === 1) {
      if (this.#fits(maxSeats(work))) this.#take(queue, now)
    } else this.#dispatchMore(now, request)
    return request
  }

  /** Takes out one that still waits. */
  abandon(request: QueuedRequest, reason: 'time-out' | 'cancelled', now: number): void {
    const { queue } = request
    if (request.state !== 'waiting' || !queue) return
    this.#advance(now)
    request.state = 'gone'
    queue.waiting.splice(queue.waiting.indexOf(request), 1)
    this.#left(request)
    this.#rested(queue)
    if (reason === 'time-out') this.counts.timedOut++
    else this.counts.cancelled++
    this.counts.rejected++
    this.#dispatchMore(now)
  }

  /** The handler is done. Answers for how long (ms) the final seats stay taken: then call `release`. */
  finish(request: QueuedRequest, now: number): number {
    if (request.state !== 'executing') return 0
    this.#advance(now)
    const { queue, work } = request
    this.#executing--
    if (queue) {
      queue.executing--
      // The guess is replaced by what it was.
      queue.nextDispatchR += workDone(request, now) - workOf(work)
      this.#rested(queue)
    }
    if (work.additionalLatencyMs > 0) {
      request.state = 'finishing'
      return work.additionalLatencyMs
    }
    this.release(request, now)
    return 0
  }

  /** Gives the seats back. */
  release(request: QueuedRequest, now: number): void {
    if (request.state === 'gone' || request.state === 'waiting') return
    request.state = 'gone'
    const seats = maxSeats(request.work)
    this.#seatsInUse -= seats
    if (request.queue) request.queue.seatsInUse -= seats
    this.#dispatchMore(now)
  }

  #resize(): void {
    const wanted = Math.max(this.config.queues, 0)
    while (this.#queues.length < wanted) this.#queues.push(new Queue(this.#queues.length))
    while (this.#queues.length > wanted && idle(this.#queues[this.#queues.length - 1]!)) this.#queues.pop()
  }

  /** The virtual clock goes as fast as each busy queue is served: the seats in use, shared among them. */
  #advance(now: number): void {
    const seconds = (now - this.#lastTime) / 1000
    this.#lastTime = now
    if (seconds <= 0 || this.#busyQueues === 0) return
    this.#virtualTime += (seconds * Math.min(this.seatDemand, Math.max(this.#limit, 1))) / this.#busyQueues
  }

  /** The queue of the hand with the least work, the first of equals. */
  #choose(hand: readonly number[]): Queue {
    let best: Queue | undefined
    let least = Infinity
    for (const index of hand) {
      const queue = this.#queues[index]
      if (!queue) continue
      const work = queue.waiting.length === 0 && queue.executing === 0 ? 0 : queue.work + queue.seatsInUse * serviceSeconds
      if (work >= least) continue
      least = work
      best = queue
      if (work === 0) break
    }
    return best ?? this.#queues[0]!
  }

  #fits(seats: number): boolean {
    if (this.config.queues < 0) return true
    // More than there will ever be: it runs alone.
    if (seats > this.#limit) return this.#executing === 0
    return this.#seatsInUse + seats <= this.#limit
  }

  /** Starts what may run, in the order of virtual finish times. `fresh` is not told that it runs: its caller sees it. */
  #dispatchMore(now: number, fresh?: QueuedRequest): void {
    while (this.#waiting > 0) {
      const queue = this.#next()
      if (!queue) return
      const [request] = queue.waiting
      if (!request || !this.#fits(maxSeats(request.work))) return
      this.#take(queue, now)
      if (request !== fresh) this.#dispatch(request)
    }
  }

  #next(): Queue | undefined {
    const count = this.#queues.length
    let found: Queue | undefined
    let earliest = Infinity
    for (let step = 0; step < count; step++) {
      this.#robin = (this.#robin + 1) % count
      const queue = this.#queues[this.#robin]!
      const [oldest] = queue.waiting
      if (!oldest) continue
      const finish = queue.nextDispatchR + workOf(oldest.work)
      if (finish >= earliest) continue
      earliest = finish
      found = queue
    }
    if (found) this.#robin = found.index
    return found
  }

  #take(queue: Queue, now: number): void {
    const request = queue.waiting.shift()!
    this.#left(request)
    queue.executing++
    queue.seatsInUse += maxSeats(request.work)
    queue.nextDispatchR += workOf(request.work)
    this.#begin(request, now)
  }

  #begin(request: QueuedRequest, now: number): void {
    request.state = 'executing'
    request.startedAt = now
    this.#executing++
    this.#seatsInUse += maxSeats(request.work)
    this.counts.dispatched++
  }

  #left(request: QueuedRequest): void {
    this.#waiting--
    this.#seatsWaiting -= maxSeats(request.work)
  }

  #rested(queue: Queue): void {
    if (queue.waiting.length > 0 || queue.executing > 0) return
    this.#busyQueues--
    if (queue.index >= Math.max(this.config.queues, 0)) this.#resize()
  }
}

function idle(queue: Queue): boolean {
  return queue.waiting.length === 0 && queue.executing === 0 && queue.seatsInUse === 0
}

/** Seat-seconds that a request took in fact. */
function workDone({ work, startedAt }: QueuedRequest, now: number): number {
  return (work.initialSeats * (now - startedAt)) / 1000 + (work.finalSeats * work.additionalLatencyMs) / 1000
}

/** The hand of a set without queues. */
export const noHand = (): readonly number[] => none

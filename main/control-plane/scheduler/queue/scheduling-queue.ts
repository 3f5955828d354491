import type { Clock } from '../../../kernel/clock.ts'
import type { Pod } from '../../../api/generated/types.ts'
import type { ClusterEvent, ClusterEventName } from '../framework/cluster-event.ts'
import type { Framework } from '../framework/framework.ts'
import { podInfoOf, type PodInfo } from '../framework/pod-info.ts'
import { KeyedHeap } from './pod-heap.ts'
import { Nominator } from './nominator.ts'

/** How long a pod stays unschedulable before it is tried again without a reason. */
const unschedulableMaxMs = 5 * 60_000
const movesKept = 200

/** A pod on its way through the queue. */
export interface QueueEntry {
  info: PodInfo
  /** When it last entered a queue. */
  timestamp: number
  readonly firstSeen: number
  attempts: number
  /** Failed attempts that were rejections, and errors in a row: each decides a back-off. */
  unschedulableCount: number
  errorsInRow: number
  unschedulablePlugins: ReadonlySet<string>
  pendingPlugins: ReadonlySet<string>
  /** The plugin whose PreEnqueue holds it, with what it said. */
  gatedBy: { readonly plugin: string; readonly message: string } | undefined
  /** ms; set while in the back-off queue. */
  backoffUntil: number
  /** Who brought it into the queue, for the trace. */
  cause: number
  /** Why the last attempt failed. */
  lastMessage: string
}

export type QueueName = 'active' | 'backoff' | 'unschedulable'

/** A pod changed queues, for people to look at. */
export interface QueueMove {
  readonly time: number
  readonly pod: string
  readonly to: QueueName | 'gone'
  readonly event: string
}

interface InFlight {
  readonly since: number
}

/** What the queue needs around it. */
export interface QueueSurroundings {
  readonly clock: Clock
  /** Defaults: 1 s and 10 s. */
  readonly initialBackoffMs?: number
  readonly maxBackoffMs?: number
  frameworkFor(pod: Pod): Framework | undefined
  cause(): number
  /** There is something to pop. */
  onReady(): void
  onMove(): void
}

/** Pods that wait for a node: *active* ones can be tried now, those in *backoff* failed and wait a little, *unschedulable* ones
 *  wait for something to happen in the cluster that the plugins which turned them down say might help (gated ones among them).
 *  Follows upstream's priority queue with queueing hints, and lets an idle scheduler take pods out of back-off early. */
export class SchedulingQueue {
  readonly nominator = new Nominator()
  readonly moves: QueueMove[] = []
  readonly incoming = new Map<string, number>()
  readonly #surroundings: QueueSurroundings
  readonly #active: KeyedHeap<QueueEntry>
  readonly #backoff: KeyedHeap<QueueEntry>
  /** Back-off after errors: served only when it is over. */
  readonly #errorBackoff: KeyedHeap<QueueEntry>
  readonly #unschedulable = new Map<string, QueueEntry>()
  readonly #inFlight = new Map<string, InFlight>()
  /** What happened while attempts were under way. */
  #events: { readonly sequence: number; readonly event: ClusterEvent }[] = []
  #sequence = 0
  #backoffTimer: { readonly at: number; cancel(): void } | undefined
  #leftoverTimer: { cancel(): void } | undefined

  constructor(surroundings: QueueSurroundings) {
    this.#surroundings = surroundings
    const keyOf = (entry: QueueEntry): string => entry.info.uid
    const less = (a: QueueEntry, b: QueueEntry): boolean => {
      const framework = surroundings.frameworkFor(a.info.pod)
      return framework ? framework.less(a, b) : a.timestamp < b.timestamp
    }
    this.#active = new KeyedHeap(keyOf, less)
    // Within a second of each other, the order of the active queue decides.
    const window = (entry: QueueEntry): number => Math.floor(entry.backoffUntil / 1_000)
    this.#backoff = new KeyedHeap(keyOf, (a, b) => (window(a) !== window(b) ? window(a) < window(b) : less(a, b)))
    this.#errorBackoff = new KeyedHeap(keyOf, (a, b) => a.backoffUntil < b.backoffUntil)
  }

  get counts(): { readonly active: number; readonly backoff: number; readonly unschedulable: number; readonly gated: number } {
    let gated = 0
    for (const entry of this.#unschedulable.values()) if (entry.gatedBy) gated++
    return { active: this.#active.size, backoff: this.#backoff.size + this.#errorBackoff.size, unschedulable: this.#unschedulable.size - gated, gated }
  }

  entries(): { readonly active: readonly QueueEntry[]; readonly backoff: readonly QueueEntry[]; readonly unschedulable: readonly QueueEntry[] } {
    return { active: this.#active.values(), backoff: [...this.#backoff.values(), ...this.#errorBackoff.values()], unschedulable: [...this.#unschedulable.values()] }
  }

  /** The queue that a pod is in. */
  placeOf(uid: string): QueueName | undefined {
    if (this.#active.get(uid)) return 'active'
    if (this.#backoff.get(uid) ?? this.#errorBackoff.get(uid)) return 'backoff'
    return this.#unschedulable.has(uid) ? 'unschedulable' : undefined
  }

  has(uid: string): boolean {
    return this.#find(uid) !== undefined
  }

  /** A new pod without a node. */
  add(pod: Pod): void {
    const now = this.#surroundings.clock.now()
    const info = podInfoOf(pod)
    if (this.#find(info.uid) || this.#inFlight.has(info.uid)) return this.update(pod, pod)
    const entry: QueueEntry = {
      info,
      timestamp: now,
      firstSeen: now,
      attempts: 0,
      unschedulableCount: 0,
      errorsInRow: 0,
      unschedulablePlugins: new Set(),
      pendingPlugins: new Set(),
      gatedBy: undefined,
      backoffUntil: 0,
      cause: this.#surroundings.cause(),
      lastMessage: '',
    }
    if (pod.status?.nominatedNodeName) this.nominator.set(info, pod.status.nominatedNodeName)
    this.#toActive(entry, 'UnscheduledPodAdd')
  }

  /** A waiting pod changed. `events` say what about it changed that scheduling cares for. */
  update(old: Pod, pod: Pod, events: readonly ClusterEventName[] = []): void {
    const info = podInfoOf(pod)
    if (this.#inFlight.has(info.uid)) {
      for (const name of events) this.#events.push({ sequence: ++this.#sequence, event: { name, old, next: pod } })
      return
    }
    const entry = this.#find(info.uid)
    if (!entry) {
      this.add(pod)
      return
    }
    entry.info = info
    const nominated = this.nominator.nodeOf(info.uid)
    if (nominated !== undefined) this.nominator.set(info, nominated)
    if (this.#active.get(info.uid)) this.#active.set(entry)
    else if (this.#backoff.get(info.uid)) this.#backoff.set(entry)
    else if (this.#unschedulable.has(info.uid)) {
      for (const name of events) {
        if (this.#worth(entry, { name, old, next: pod })) return this.#requeue(entry, name)
      }
    }
  }

  /** The pod is gone, or has a node. */
  delete(uid: string): void {
    this.nominator.delete(uid)
    const entry = this.#active.delete(uid) ?? this.#backoff.delete(uid) ?? this.#errorBackoff.delete(uid) ?? this.#unschedulable.get(uid)
    if (!entry) return
    this.#unschedulable.delete(uid)
    this.#moved(entry, 'gone', 'deleted')
  }

  /** The next pod to try: the first active one, or, with nothing else to do, the first in back-off. It counts as in flight until
   *  `done` or a return to the queue. */
  pop(): QueueEntry | undefined {
    const entry = this.#active.pop() ?? this.#backoff.pop()
    if (!entry) return undefined
    entry.attempts++
    entry.unschedulablePlugins = entry.pendingPlugins = new Set()
    this.#inFlight.set(entry.info.uid, { since: this.#sequence })
    this.#surroundings.onMove()
    return entry
  }

  get ready(): boolean {
    return this.#active.size > 0 || this.#backoff.size > 0
  }

  /** The attempt is over, the pod will not come back because of it. */
  done(uid: string): void {
    this.#inFlight.delete(uid)
    if (this.#inFlight.size === 0) this.#events = []
  }

  /** Brings a pod back after a failed attempt. What happened meanwhile may send it on at once. Without plugins that turned it down,
   *  something broke, and only time can help. */
  returnFailed(entry: QueueEntry): void {
    const uid = entry.info.uid
    const since = this.#inFlight.get(uid)?.since ?? this.#sequence
    const missed = this.#events.filter(({ sequence }) => sequence > since)
    this.done(uid)
    if (this.#find(uid)) return
    entry.timestamp = this.#surroundings.clock.now()
    if (entry.unschedulablePlugins.size === 0 && entry.pendingPlugins.size === 0) {
      entry.errorsInRow++
      return this.#toBackoff(entry, 'ScheduleAttemptFailure')
    }
    entry.unschedulableCount++
    entry.errorsInRow = 0
    const helpful = missed.find(({ event }) => this.#worth(entry, event))
    if (helpful) return this.#requeue(entry, helpful.event.name)
    this.#toUnschedulable(entry, 'ScheduleAttemptFailure')
  }

  /** Something happened in the cluster: moves the pods that it may help. */
  moveAll(event: ClusterEvent): void {
    if (this.#inFlight.size > 0) this.#events.push({ sequence: ++this.#sequence, event })
    if (this.#unschedulable.size === 0) return
    for (const entry of [...this.#unschedulable.values()]) if (this.#worth(entry, event)) this.#requeue(entry, event.name)
  }

  /** The plugin whose PreEnqueue held a pod back has nothing against it any more. A pod that it did not hold back stays where it is. */
  release(uid: string, plugin: string): void {
    const entry = this.#unschedulable.get(uid)
    if (entry?.gatedBy?.plugin === plugin) this.#requeue(entry, 'ForceActivate')
  }

  #find(uid: string): QueueEntry | undefined {
    return this.#active.get(uid) ?? this.#backoff.get(uid) ?? this.#errorBackoff.get(uid) ?? this.#unschedulable.get(uid)
  }

  #worth(entry: QueueEntry, event: ClusterEvent): boolean {
    const framework = this.#surroundings.frameworkFor(entry.info.pod)
    if (!framework) return false
    if (entry.gatedBy) return framework.worthRetrying(entry.gatedBy.plugin, entry.info, event)
    if (entry.unschedulablePlugins.size === 0 && entry.pendingPlugins.size === 0) return true
    for (const plugin of [...entry.pendingPlugins, ...entry.unschedulablePlugins]) if (framework.worthRetrying(plugin, entry.info, event)) return true
    return false
  }

  #requeue(entry: QueueEntry, event: string): void {
    this.#unschedulable.delete(entry.info.uid)
    const pending = entry.pendingPlugins.size > 0
    if (entry.gatedBy || pending || this.#backoffEnd(entry) <= this.#surroundings.clock.now()) this.#toActive(entry, event)
    else this.#toBackoff(entry, event)
  }

  #toActive(entry: QueueEntry, event: string): void {
    if (this.#gated(entry, event)) return
    this.#active.set(entry)
    this.#moved(entry, 'active', event)
    this.#surroundings.onReady()
  }

  #toBackoff(entry: QueueEntry, event: string): void {
    if (this.#gated(entry, event)) return
    entry.backoffUntil = this.#backoffEnd(entry)
    if (entry.errorsInRow > 0) this.#errorBackoff.set(entry)
    else this.#backoff.set(entry)
    this.#moved(entry, 'backoff', event)
    this.#armBackoff()
    if (this.#active.size === 0 && entry.errorsInRow === 0) this.#surroundings.onReady()
  }

  #toUnschedulable(entry: QueueEntry, event: string): void {
    this.#unschedulable.set(entry.info.uid, entry)
    this.#moved(entry, 'unschedulable', event)
    this.#armLeftover()
  }

  #gated(entry: QueueEntry, event: string): boolean {
    const status = this.#surroundings.frameworkFor(entry.info.pod)?.preEnqueue(entry.info)
    entry.gatedBy = status && { plugin: status.plugin ?? '', message: status.reasons.join(', ') }
    if (!status) return false
    this.#toUnschedulable(entry, event)
    return true
  }

  #backoffEnd(entry: QueueEntry): number {
    const failures = entry.errorsInRow > 0 ? entry.errorsInRow : entry.unschedulableCount
    if (failures === 0) return entry.timestamp
    const { initialBackoffMs = 1_000, maxBackoffMs = 10_000 } = this.#surroundings
    return entry.timestamp + Math.min(initialBackoffMs * 2 ** (failures - 1), maxBackoffMs)
  }

  #armBackoff(): void {
    const ends = [this.#backoff, this.#errorBackoff].map((heap) => heap.peek()?.backoffUntil ?? Infinity)
    const at = Math.min(...ends)
    if (at === this.#backoffTimer?.at) return
    this.#backoffTimer?.cancel()
    this.#backoffTimer = undefined
    if (at === Infinity) return
    const { clock } = this.#surroundings
    const timer = clock.afterUncaused(at - clock.now(), () => {
      this.#backoffTimer = undefined
      this.#finishBackoff()
    })
    this.#backoffTimer = { at, cancel: () => timer.cancel() }
  }

  #finishBackoff(): void {
    const now = this.#surroundings.clock.now()
    for (const heap of [this.#backoff, this.#errorBackoff]) {
      for (let entry = heap.peek(); entry && entry.backoffUntil <= now; entry = heap.peek()) {
        heap.pop()
        this.#toActive(entry, 'BackoffComplete')
      }
    }
    this.#armBackoff()
  }

  /** One timer, for the pod that has waited longest. */
  #armLeftover(): void {
    if (this.#leftoverTimer || this.#unschedulable.size === 0) return
    const { clock } = this.#surroundings
    let oldest = Infinity
    for (const entry of this.#unschedulable.values()) if (!entry.gatedBy) oldest = Math.min(oldest, entry.timestamp)
    if (oldest === Infinity) return
    this.#leftoverTimer = clock.afterUncaused(Math.max(0, oldest + unschedulableMaxMs - clock.now()), () => {
      this.#leftoverTimer = undefined
      for (const entry of [...this.#unschedulable.values()]) {
        if (!entry.gatedBy && clock.now() - entry.timestamp >= unschedulableMaxMs) this.#requeue(entry, 'UnschedulableTimeout')
      }
      this.#armLeftover()
    })
  }

  #moved(entry: QueueEntry, to: QueueMove['to'], event: string): void {
    if (to === 'active' || to === 'backoff') entry.cause = this.#surroundings.cause() || entry.cause
    const { name, namespace } = entry.info.pod.metadata
    this.moves.push({ time: this.#surroundings.clock.now(), pod: `${namespace}/${name}`, to, event })
    if (this.moves.length > movesKept * 2) this.moves.splice(0, movesKept)
    const counter = `${to}|${event}`
    this.incoming.set(counter, (this.incoming.get(counter) ?? 0) + 1)
    this.#surroundings.onMove()
  }
}

/** Looking at the machine without touching it. All times are virtual ms since the epoch. Everything is bounded and may be
 *  thinned by the lab when there is more than a person can see; nothing here changes the run. */

/** What a message is; the same words as the kernel's network. */
export type TrafficKind = 'read' | 'write' | 'watch' | 'heartbeat' | 'event' | 'storage' | 'raft' | 'cri' | 'probe' | 'log' | 'stream' | 'dns' | 'traffic'

/** Where a message starts or ends. */
export interface PathEnd {
  /** Machine name; '' is outside the cluster (a kubectl, a browser, this window). */
  readonly machine: string
  /** Process name on that machine (`kube-apiserver`, `kubelet`); '' when only the machine or pod is known. Outside: the client's
   *  name from its User-Agent (`kubectl`, `window`). */
  readonly process: string
  /** `namespace/name` when the end lies in a pod's own network namespace. */
  readonly pod?: string
}

/** One message that crossed a path, or `count` alike ones (same ends, kind and label) of the same batch. */
export interface MessageFlow {
  readonly from: PathEnd
  readonly to: PathEnd
  readonly kind: TrafficKind
  /** A few words: `POST /api/v1/namespaces/default/pods`. Of an aggregate: the first one's. */
  readonly label: string
  readonly count: number
  readonly bytes: number
  /** When the first was sent. */
  readonly sentAt: number
  /** How long it was on the way, virtual ms; -1 when a partition holds it. */
  readonly transitMs: number
  /** The span that sent it; 0 = none. */
  readonly spanId: number
  /** True when the root of its trace is a request from outside: a person's command, or what it set off. */
  readonly user: boolean
}

/** What crossed since the last batch; at most 10 batches a second of wall time, at most 400 flows each (the lab first merges
 *  alike ones, then those of the same ends and kind, then counts the rest in `dropped`). No batch is sent when nothing crossed. */
export interface MessageBatch {
  readonly time: number
  readonly flows: readonly MessageFlow[]
  readonly dropped: number
}

export interface ProcessView {
  /** `kube-scheduler@controlplane`. */
  readonly id: string
  readonly name: string
  readonly startedAt: number
  /** What it exposes: `queues`, `decisions` … see `observe.topic`. */
  readonly topics: readonly string[]
}

export interface MachineView {
  readonly name: string
  readonly address: string
  readonly poweredOn: boolean
  readonly processes: readonly ProcessView[]
}

/** The whole of the machinery, sent anew whenever something of it changed (coalesced, at most 5 a second). */
export interface MachineryView {
  readonly machines: readonly MachineView[]
  /** Pairs of machine names between which the path is cut. */
  readonly partitions: readonly (readonly [string, string])[]
}

/** What a process shows of its inner state, in the shape that the component chose. Plain bounded JSON. */
export interface TopicSnapshot {
  readonly time: number
  readonly value: unknown
}

export interface JournalLine {
  readonly time: number
  readonly level: 'info' | 'warning' | 'error'
  readonly text: string
}

export interface SpanView {
  readonly id: number
  /** 0 = root. A parent that was forgotten is given as is. */
  readonly parent: number
  readonly name: string
  /** `process@machine`. */
  readonly where: string
  readonly start: number
  /** Absent while it runs. */
  readonly end?: number
  readonly attributes: Readonly<Record<string, string | number | boolean>>
}

/** A root span with the sum of what it set off. */
export interface TraceSummary {
  readonly root: SpanView
  readonly spanCount: number
  /** When the last known span of it began or ended. */
  readonly lastAt: number
  readonly user: boolean
}

export interface ObserveCalls {
  /** The root span id of the trace that a span belongs to; fails with `not-found` when it was forgotten. */
  'observe.rootOf': { readonly argument: { readonly spanId: number }; readonly result: { readonly rootId: number } }
}

export interface ObserveStreams {
  'observe.machinery': { readonly argument: null; readonly event: MachineryView }
  'observe.messages': { readonly argument: null; readonly event: MessageBatch }
  /** Sent at once, then when changed, at most 4 a second. Ends with `not-found` when there is no such process or topic, and
   *  without error when the process ends (its successor may have the same id: listen again when the machinery says so). */
  'observe.topic': { readonly argument: { readonly processId: string; readonly topic: string }; readonly event: TopicSnapshot }
  /** The last `tail` lines first, then new ones, several at a time. */
  'observe.journal': { readonly argument: { readonly processId: string; readonly tail: number }; readonly event: readonly JournalLine[] }
  /** The newest roots, newest first, at most `limit`; sent anew when changed, at most 2 a second. `userOnly` leaves out what no
   *  person caused. Heartbeats (lease renewals, node status) are never listed. */
  'observe.traces': { readonly argument: { readonly limit: number; readonly userOnly: boolean }; readonly event: readonly TraceSummary[] }
  /** All known spans under a root (root first, then by start and id), at most 2,000; sent anew while it grows, at most 4 a second. */
  'observe.trace': { readonly argument: { readonly rootId: number }; readonly event: readonly SpanView[] }
}

import type { Process } from '../../../kernel/machine.ts'
import type { EtcdClient, EtcdEvent, KeyValue, WatchEnd, WatchResponse } from '../../etcd/client.ts'
import { rangeEndOf, rangeStart, root } from './keys.ts'

/** Who takes the changes below one storage prefix. */
export interface FeedReader {
  /** Everything there is at `revision`; forgets what was known before. */
  reset(kvs: readonly KeyValue[], revision: number): void
  /** One change, in order. `cause` is the span that wrote it, whichever server's; 0 when nobody knows. */
  change(event: EtcdEvent, revision: number, cause: number): void
}

const causesMax = 4_096
/** Between attempts to reach etcd: doubled each time, up to the second. */
const retryMsMin = 50
const retryMsMax = 1_000

/** This server's one window on etcd: lists everything once, then watches all keys, and hands each change to the reader of its
 *  prefix. Because it watches *all* keys, the newest revision that it has seen says exactly how fresh every reader is. */
export class Feed {
  readonly #process: Process
  readonly #etcd: EtcdClient
  readonly #readers = new Map<string, FeedReader>()
  readonly #loading = new Map<string, { readonly event: EtcdEvent; readonly cause: number }[]>()
  readonly #writing = new Map<string, number>()
  readonly #causes = new Map<number, number>()
  readonly #waiting: { readonly revision: number; readonly wake: () => void }[] = []
  readonly #freshness = new Set<(revision: number) => void>()
  #watch: { cancel(): void } | undefined
  #started = false
  #ready = false
  #revision = 0

  constructor(process: Process, etcd: EtcdClient) {
    this.#process = process
    this.#etcd = etcd
    process.scope.onClose(() => this.#watch?.cancel())
  }

  /** The newest revision that all readers have seen. */
  get revision(): number {
    return this.#revision
  }

  /** True once the first list has arrived. */
  get ready(): boolean {
    return this.#ready
  }

  /** Adds a reader of `/registry/<storagePrefix>/`. Resolves when it has its content. */
  async register(storagePrefix: string, reader: FeedReader): Promise<void> {
    this.#readers.set(storagePrefix, reader)
    if (!this.#started) return
    const missed: { event: EtcdEvent; cause: number }[] = []
    this.#loading.set(storagePrefix, missed)
    const start = rangeStart(storagePrefix)
    const { kvs, header } = await this.#etcd.range({ key: start, rangeEnd: rangeEndOf(start) })
    if (this.#loading.get(storagePrefix) !== missed) return
    this.#loading.delete(storagePrefix)
    reader.reset(kvs, header.revision)
    for (const { event, cause } of missed) if (event.kv.modRevision > header.revision) reader.change(event, event.kv.modRevision, cause)
  }

  unregister(storagePrefix: string): void {
    this.#readers.delete(storagePrefix)
    this.#loading.delete(storagePrefix)
  }

  /** Lists and begins to watch; resolves when every reader registered so far has its content. */
  async start(): Promise<void> {
    this.#started = true
    for (let retryMs = retryMsMin; ; retryMs = Math.min(retryMs * 2, retryMsMax)) {
      try {
        await this.#listAll()
        return
      } catch (error) {
        this.#process.journal.error('Failed to list from etcd', { err: error })
        await this.#process.clock.sleep(retryMs)
      }
    }
  }

  /** Says that the running span is about to write `key`, so that watchers wake under it. Answers what to call when the write is over. */
  writing(key: string): (revision: number | undefined) => void {
    const cause = this.#process.kernel.trace.current
    this.#writing.set(key, cause)
    return (revision) => {
      if (this.#writing.get(key) === cause) this.#writing.delete(key)
      if (revision !== undefined && revision > this.#revision) {
        this.#causes.set(revision, cause)
        if (this.#causes.size > causesMax) this.#causes.delete(this.#causes.keys().next().value!)
      }
    }
  }

  /** Resolves, in an event of the caller's own cause, when the readers have seen `revision`; with false after `timeoutMs`. */
  reached(revision: number, timeoutMs: number): Promise<boolean> {
    if (this.#revision >= revision && this.#ready) return Promise.resolve(true)
    const { kernel, clock } = this.#process
    const cause = kernel.trace.current
    return new Promise((resolve) => {
      let settled = false
      const settle = (result: boolean): void => {
        if (settled) return
        settled = true
        timer.cancel()
        kernel.schedule(0, () => resolve(result), cause)
      }
      const timer = clock.after(timeoutMs, () => settle(false))
      this.#waiting.push({ revision, wake: () => settle(true) })
    })
  }

  /** Resolves when the first list has arrived; with false after `timeoutMs`. */
  whenReady(timeoutMs: number): Promise<boolean> {
    return this.reached(0, timeoutMs)
  }

  /** Tells `listener` whenever the revision that is seen has moved, after the readers. */
  onRevision(listener: (revision: number) => void): () => void {
    this.#freshness.add(listener)
    return () => this.#freshness.delete(listener)
  }

  async #listAll(): Promise<void> {
    const { kvs, header } = await this.#etcd.range({ key: root, rangeEnd: rangeEndOf(root) })
    const groups = new Map<string, KeyValue[]>()
    for (const prefix of this.#readers.keys()) groups.set(prefix, [])
    for (const kv of kvs) {
      const prefix = this.#prefixOf(kv.key)
      if (prefix !== undefined) groups.get(prefix)!.push(kv)
    }
    this.#loading.clear()
    for (const [prefix, found] of groups) this.#readers.get(prefix)!.reset(found, header.revision)
    this.#revision = header.revision
    this.#ready = true
    this.#follow()
    this.#wake()
  }

  #follow(): void {
    this.#watch = this.#etcd.watch({ key: '\0', rangeEnd: '\0', startRevision: this.#revision + 1, prevKv: false, progressNotify: true }, (response) => this.#take(response), (end) => this.#lost(end))
  }

  #take(response: WatchResponse): void {
    const { trace } = this.#process.kernel
    const before = trace.current
    // What another server wrote comes under the cause that etcd applied it with, unless several revisions come together.
    const foreign = response.events[0]?.kv.modRevision === response.events.at(-1)?.kv.modRevision ? before : 0
    for (const event of response.events) {
      const revision = event.kv.modRevision
      const prefix = this.#prefixOf(event.kv.key)
      if (prefix === undefined) continue
      const cause = this.#causes.get(revision) ?? this.#writing.get(event.kv.key) ?? foreign
      const missed = this.#loading.get(prefix)
      if (missed) missed.push({ event, cause })
      else {
        trace.current = cause
        this.#readers.get(prefix)!.change(event, revision, cause)
      }
    }
    trace.current = before
    // With events, only what they bring is known to be complete; an empty response is a progress notice.
    const seen = response.events.length > 0 ? response.events[response.events.length - 1]!.kv.modRevision : response.header.revision
    for (const event of response.events) this.#causes.delete(event.kv.modRevision)
    if (seen > this.#revision) {
      this.#revision = seen
      this.#wake()
    }
  }

  #lost(end: WatchEnd): void {
    this.#watch = undefined
    if (end.reason === 'compacted') {
      this.#process.journal.warning('etcd event stream was compacted, listing again', { compactRevision: end.compactRevision })
      void this.start()
      return
    }
    this.#process.journal.warning('etcd event stream was lost', { err: end.error })
    this.#process.clock.afterUncaused(retryMsMin, () => this.#follow())
  }

  #wake(): void {
    for (let index = 0; index < this.#waiting.length; ) {
      const waiter = this.#waiting[index]!
      if (waiter.revision <= this.#revision) {
        this.#waiting.splice(index, 1)
        waiter.wake()
      } else index++
    }
    for (const listener of this.#freshness) listener(this.#revision)
  }

  /** The registered prefix that a key lies under: one segment (`pods`) or two (`services/specs`). */
  #prefixOf(key: string): string | undefined {
    if (!key.startsWith(root)) return undefined
    const first = key.indexOf('/', root.length)
    if (first < 0) return undefined
    const one = key.slice(root.length, first)
    if (this.#readers.has(one)) return one
    const second = key.indexOf('/', first + 1)
    if (second < 0) return undefined
    const two = key.slice(root.length, second)
    return this.#readers.has(two) ? two : undefined
  }
}

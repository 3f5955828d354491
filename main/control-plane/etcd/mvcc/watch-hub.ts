import type { EtcdEvent, ResponseHeader, WatchEnd, WatchRequest, WatchResponse } from '../client.ts'
import type { Commit, MvccStore } from './store.ts'

/** Revisions that one catch-up step reads. */
const catchUpCommits = 1_000

/** Where a watch's news go. */
export interface WatchSink {
  deliver(response: WatchResponse): void
  end(end: WatchEnd): void
}

/** One watch. `next` is the first revision that it has not been told of. */
class Watcher {
  readonly request: WatchRequest
  readonly sink: WatchSink
  next: number
  synced = false
  progressWanted = false
  /** Something was sent since the last round of progress notices. */
  active = false

  constructor(request: WatchRequest, sink: WatchSink, next: number) {
    this.request = request
    this.sink = sink
    this.next = next
  }
}

/** Watchers that want the same keys share one test per event. */
interface RangeGroup {
  readonly start: string
  readonly end: string | undefined
  readonly watchers: Set<Watcher>
}

/** What the hub needs to know of its surroundings. */
export interface WatchSurroundings {
  readonly store: MvccStore
  header(revision: number): ResponseHeader
  /** Runs `step` soon, in an event of its own, under the present cause. */
  soon(step: () => void): void
}

/** Tells watchers what happens. A watcher is *synced* when it has been told everything up to the newest revision: it then hears
 *  of each commit at once. One that asks for the past starts *unsynced* and catches up step by step from the kept commits.
 *  All events of a revision come in one response; a catching-up response may hold several revisions. */
export class WatchHub {
  readonly #surroundings: WatchSurroundings
  readonly #byKey = new Map<string, Set<Watcher>>()
  readonly #byRange = new Map<string, RangeGroup>()
  readonly #unsynced = new Set<Watcher>()
  #synced = 0

  constructor(surroundings: WatchSurroundings) {
    this.#surroundings = surroundings
  }

  get syncedCount(): number {
    return this.#synced
  }

  get unsyncedCount(): number {
    return this.#unsynced.size
  }

  /** What is watched, and by how many, for people to look at. */
  targets(): { readonly key: string; readonly rangeEnd?: string; readonly watchers: number }[] {
    return [
      ...[...this.#byRange.values()].map((group) => ({ key: group.start, rangeEnd: group.end ?? '\0', watchers: group.watchers.size })),
      ...[...this.#byKey].map(([key, watchers]) => ({ key, watchers: watchers.size })),
    ]
  }

  watch(request: WatchRequest, sink: WatchSink): { cancel(): void; requestProgress(): void } {
    const { store } = this.#surroundings
    const from = request.startRevision ?? 0
    const watcher = new Watcher(request, sink, from > 0 ? from : store.revision + 1)
    if (watcher.next > store.revision) this.#join(watcher)
    else {
      this.#unsynced.add(watcher)
      this.#surroundings.soon(() => this.#catchUp(watcher))
    }
    return { cancel: () => this.#leave(watcher), requestProgress: () => this.#progress(watcher) }
  }

  /** A new revision: tells every synced watcher whom it concerns. */
  notify(commit: Commit): void {
    if (this.#synced === 0) return
    let concerned: Map<Watcher, EtcdEvent[]> | undefined
    const add = (watcher: Watcher, event: EtcdEvent): void => {
      if (watcher.next > commit.revision) return
      concerned ??= new Map()
      const events = concerned.get(watcher)
      if (events) events.push(event)
      else concerned.set(watcher, [event])
    }
    for (const event of commit.events) {
      const { key } = event.kv
      for (const watcher of this.#byKey.get(key) ?? []) add(watcher, event)
      for (const group of this.#byRange.values()) {
        if (key >= group.start && (group.end === undefined || key < group.end)) for (const watcher of group.watchers) add(watcher, event)
      }
    }
    if (!concerned) return
    const header = this.#surroundings.header(commit.revision)
    let bare: readonly EtcdEvent[] | undefined
    for (const [watcher, events] of concerned) {
      const all = events.length === commit.events.length
      const told = watcher.request.prevKv ? (all ? commit.events : events) : all ? (bare ??= commit.events.map(withoutPrevious)) : events.map(withoutPrevious)
      watcher.next = commit.revision + 1
      watcher.active = true
      watcher.sink.deliver({ header, events: told })
    }
  }

  /** Sends progress notices to those who want them and heard nothing since the last round. */
  progressRound(): void {
    for (const watcher of this.#all()) {
      if (!watcher.request.progressNotify || !watcher.synced) continue
      if (watcher.active) watcher.active = false
      else this.#progress(watcher)
    }
  }

  get wantsProgress(): boolean {
    for (const watcher of this.#all()) if (watcher.request.progressNotify) return true
    return false
  }

  #progress(watcher: Watcher): void {
    if (!watcher.synced) {
      watcher.progressWanted = true
      return
    }
    const { store } = this.#surroundings
    // A watcher from a future revision is not told of anything before it.
    if (watcher.next > store.revision + 1) return
    watcher.next = store.revision + 1
    watcher.sink.deliver({ header: this.#surroundings.header(store.revision), events: [] })
  }

  #catchUp(watcher: Watcher): void {
    if (!this.#unsynced.has(watcher)) return
    const { store } = this.#surroundings
    if (watcher.next < store.compactRevision) {
      this.#unsynced.delete(watcher)
      watcher.sink.end({ reason: 'compacted', compactRevision: store.compactRevision })
      return
    }
    const commits = store.commitsFrom(watcher.next, catchUpCommits)
    const events: EtcdEvent[] = []
    const { key, rangeEnd } = watcher.request
    for (const commit of commits) {
      for (const event of commit.events) {
        if (matches(event.kv.key, key, rangeEnd)) events.push(watcher.request.prevKv ? event : withoutPrevious(event))
      }
    }
    const reached = commits.length < catchUpCommits ? store.revision : commits[commits.length - 1]!.revision
    watcher.next = Math.max(watcher.next, reached + 1)
    if (events.length > 0) watcher.sink.deliver({ header: this.#surroundings.header(reached), events })
    if (watcher.next > store.revision) {
      if (this.#unsynced.delete(watcher)) this.#join(watcher)
    } else this.#surroundings.soon(() => this.#catchUp(watcher))
  }

  #join(watcher: Watcher): void {
    watcher.synced = true
    this.#synced++
    const { key, rangeEnd } = watcher.request
    if (rangeEnd === undefined || rangeEnd === '') {
      const watchers = this.#byKey.get(key)
      if (watchers) watchers.add(watcher)
      else this.#byKey.set(key, new Set([watcher]))
    } else {
      const name = `${key} ${rangeEnd}`
      const group = this.#byRange.get(name)
      if (group) group.watchers.add(watcher)
      else this.#byRange.set(name, { start: key, end: rangeEnd === '\0' ? undefined : rangeEnd, watchers: new Set([watcher]) })
    }
    if (watcher.progressWanted) {
      watcher.progressWanted = false
      this.#progress(watcher)
    }
  }

  #leave(watcher: Watcher): void {
    if (this.#unsynced.delete(watcher) || !watcher.synced) return
    watcher.synced = false
    this.#synced--
    const { key, rangeEnd } = watcher.request
    if (rangeEnd === undefined || rangeEnd === '') {
      const watchers = this.#byKey.get(key)
      watchers?.delete(watcher)
      if (watchers?.size === 0) this.#byKey.delete(key)
    } else {
      const name = `${key} ${rangeEnd}`
      const group = this.#byRange.get(name)
      group?.watchers.delete(watcher)
      if (group?.watchers.size === 0) this.#byRange.delete(name)
    }
  }

  *#all(): IterableIterator<Watcher> {
    for (const watchers of this.#byKey.values()) yield* watchers
    for (const group of this.#byRange.values()) yield* group.watchers
    yield* this.#unsynced
  }
}

function matches(key: string, start: string, end: string | undefined): boolean {
  if (end === undefined || end === '') return key === start
  return key >= start && (end === '\0' || key < end)
}

function withoutPrevious(event: EtcdEvent): EtcdEvent {
  return event.prevKv ? { type: event.type, kv: event.kv } : event
}

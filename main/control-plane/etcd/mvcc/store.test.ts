import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EtcdEvent, KeyValue, RangeRequest } from '../client.ts'
import { MvccStore } from './store.ts'
import { WatchHub } from './watch-hub.ts'

/** What a store should be, done the slow way: a copy of everything at every revision. */
class NaiveStore {
  readonly states: Map<string, KeyValue>[] = [new Map(), new Map()]
  readonly events: EtcdEvent[][] = [[], []]
  compacted = -1

  get revision(): number {
    return this.states.length - 1
  }

  write(changes: readonly Change[]): void {
    const state = new Map(this.states[this.revision])
    const before = this.states[this.revision]!
    const revision = this.revision + 1
    const events: EtcdEvent[] = []
    for (const change of changes) {
      if (change.type === 'put') {
        const previous = state.get(change.key)
        const kv: KeyValue = { key: change.key, value: change.value, createRevision: previous?.createRevision ?? revision, modRevision: revision, version: (previous?.version ?? 0) + 1, lease: 0 }
        state.set(change.key, kv)
        events.push({ type: 'put', kv, ...(before.get(change.key) && { prevKv: before.get(change.key)! }) })
      } else {
        for (const key of [...state.keys()].sort()) {
          if (!inRange(key, change.key, change.end)) continue
          const previous = state.get(key)!
          state.delete(key)
          events.push({ type: 'delete', kv: { key, value: new Uint8Array(0), createRevision: 0, modRevision: revision, version: 0, lease: 0 }, prevKv: previous })
        }
      }
    }
    if (events.length === 0) return
    this.states.push(state)
    this.events.push(events)
  }

  range(request: RangeRequest): { kvs: KeyValue[]; more: boolean; count: number } | string {
    const at = request.revision || this.revision
    if (at > this.revision) return 'etcdserver: mvcc: required revision is a future revision'
    if (at < this.compacted) return 'etcdserver: mvcc: required revision has been compacted'
    const all = [...this.states[at]!.values()].filter((kv) => inRange(kv.key, request.key, request.rangeEnd)).sort((a, b) => (a.key < b.key ? -1 : 1))
    const count = all.length
    let chosen = all.filter((kv) => !request.minModRevision || kv.modRevision >= request.minModRevision)
    if (request.sort) chosen = [...chosen].sort((a, b) => (a.modRevision - b.modRevision) * (request.sort!.order === 'descend' ? -1 : 1))
    if (request.countOnly) return { kvs: [], more: false, count }
    const limit = request.limit ?? 0
    return { kvs: limit > 0 ? chosen.slice(0, limit) : chosen, more: limit > 0 && chosen.length > limit, count }
  }
}

function inRange(key: string, start: string, end: string | undefined): boolean {
  return end === undefined ? key === start : key >= start && (end === '\0' || key < end)
}

type Change = { readonly type: 'put'; readonly key: string; readonly value: Uint8Array } | { readonly type: 'delete'; readonly key: string; readonly end?: string }

const keys = fc.constantFrom('a', 'a/1', 'a/2', 'b', 'b/1', 'b/10', 'b/2', 'c', 'd/x/y', 'e')
const ends = fc.option(fc.constantFrom('a0', 'b0', 'c', 'f', '\0'), { nil: undefined })
const value = fc.uint8Array({ maxLength: 4 })
const put = fc.record({ type: fc.constant('put' as const), key: keys, value })
const remove = fc.record({ type: fc.constant('delete' as const), key: keys, end: ends })
/** A transaction in which no key is touched twice, as etcd demands. */
const transaction = fc.uniqueArray(put, { selector: (change) => change.key, maxLength: 4 })
type Step =
  | { readonly type: 'write'; readonly changes: readonly Change[] }
  | { readonly type: 'range'; readonly request: RangeRequest; readonly back: number }
  | { readonly type: 'compact'; readonly back: number }
  | { readonly type: 'watch'; readonly key: string; readonly end: string | undefined; readonly back: number; readonly prevKv: boolean }
  | { readonly type: 'run' }
  | { readonly type: 'reload' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(transaction, remove.map((change) => [change])).map((changes) => ({ type: 'write' as const, changes: changes as readonly Change[] })) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('range' as const),
      back: fc.integer({ min: -1, max: 8 }),
      request: fc.tuple(keys, ends, fc.nat(4), fc.boolean(), fc.option(fc.constantFrom('ascend' as const, 'descend' as const), { nil: undefined }), fc.nat(6)).map(
        ([key, rangeEnd, limit, countOnly, order, minModRevision]): RangeRequest => ({ key, limit, countOnly, minModRevision, ...(rangeEnd && { rangeEnd }), ...(order && { sort: { target: 'mod', order } }) }),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('compact' as const), back: fc.integer({ min: -1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('watch' as const), key: keys, end: ends, back: fc.integer({ min: 0, max: 6 }), prevKv: fc.boolean() }) },
  { weight: 3, arbitrary: fc.constant({ type: 'run' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'reload' as const }) },
)

function attempt<T>(read: () => T): T | string {
  try {
    return read()
  } catch (error) {
    return (error as Error).message
  }
}

describe('MvccStore', () => {
  it('is what a naive store would be, for any history of writes, reads, compactions and watches', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let store = new MvccStore()
        const naive = new NaiveStore()
        const pending: (() => void)[] = []
        const hub = new WatchHub({ get store() { return store }, header: (revision) => ({ clusterId: '', memberId: '', revision, raftTerm: 1 }), soon: (next) => pending.push(next) })
        const watches: { readonly key: string; readonly end: string | undefined; readonly from: number; readonly prevKv: boolean; readonly seen: EtcdEvent[]; last: number; ended: number | undefined; startedAt: number; compactedAtStart: number }[] = []
        const run = (): void => {
          while (pending.length > 0) pending.shift()!()
        }
        for (const current of steps) {
          if (current.type === 'write') {
            naive.write(current.changes)
            const commit = store.write((view) => {
              for (const change of current.changes) {
                if (change.type === 'put') view.put(change.key, change.value, 0)
                else view.deleteRange(change.key, change.end)
              }
            })
            if (commit) hub.notify(commit)
            expect(store.revision).toBe(naive.revision)
            expect(store.keyCount).toBe(naive.states[naive.revision]!.size)
          } else if (current.type === 'range') {
            const request = { ...current.request, revision: Math.max(0, current.back === 0 ? 0 : naive.revision - current.back) }
            expect(attempt(() => store.range(request))).toEqual(naive.range(request))
          } else if (current.type === 'compact') {
            const revision = naive.revision - current.back
            const refused = revision <= naive.compacted || revision > naive.revision
            expect(typeof attempt(() => store.compact(revision)) === 'string').toBe(refused)
            if (!refused) naive.compacted = revision
          } else if (current.type === 'watch') {
            const from = Math.max(1, naive.revision - current.back)
            const watch = { key: current.key, end: current.end, from, prevKv: current.prevKv, seen: [] as EtcdEvent[], last: 0, ended: undefined as number | undefined, startedAt: naive.revision, compactedAtStart: naive.compacted }
            watches.push(watch)
            hub.watch(
              { key: current.key, startRevision: from, prevKv: current.prevKv, ...(current.end && { rangeEnd: current.end }) },
              {
                deliver: (response) => {
                  expect(response.header.revision).toBeGreaterThan(watch.last)
                  watch.last = response.header.revision
                  watch.seen.push(...response.events)
                },
                end: (end) => {
                  watch.ended = end.reason === 'compacted' ? end.compactRevision : -1
                },
              },
            )
          } else if (current.type === 'run') run()
          else {
            // Unsynced watchers read the store; they finish with the one they know.
            run()
            const copy = new MvccStore()
            copy.restore(store.dump())
            expect(copy.dump()).toEqual(store.dump())
            store = copy
          }
        }
        run()
        for (const watch of watches) {
          if (watch.ended !== undefined) {
            expect(watch.from).toBeLessThan(watch.ended)
            continue
          }
          const wanted = naive.events.flatMap((events, revision) => (revision >= watch.from ? events.filter((event) => inRange(event.kv.key, watch.key, watch.end)) : []))
          expect(watch.seen.map(({ type, kv }) => ({ type, kv }))).toEqual(wanted.map(({ type, kv }) => ({ type, kv })))
          watch.seen.forEach((event, index) => {
            if (!watch.prevKv) expect(event.prevKv).toBeUndefined()
            else if (event.prevKv) expect(event.prevKv).toEqual(wanted[index]!.prevKv)
          })
        }
      }),
      { numRuns: 300 },
    )
  })

  it('keeps 100 000 keys in order, whatever the order of their coming', () => {
    const store = new MvccStore()
    const count = 100_000
    const empty = new Uint8Array(0)
    for (let index = 0; index < count; index++) {
      const key = `/registry/pods/${((index * 7_919) % count).toString().padStart(6, '0')}`
      store.write((view) => void view.put(key, empty, 0))
    }
    expect(store.keyCount).toBe(count)
    expect(store.range({ key: '/registry/pods/', rangeEnd: '/registry/pods0', countOnly: true }).count).toBe(count)
    const page = store.range({ key: '/registry/pods/050000', rangeEnd: '/registry/pods0', limit: 3 })
    expect(page.kvs.map((kv) => kv.key.slice(-6))).toEqual(['050000', '050001', '050002'])
    expect([page.count, page.more]).toEqual([50_000, true])
    store.write((view) => void view.deleteRange('/registry/pods/', '/registry/pods/050000'))
    store.compact(store.revision)
    store.write((view) => void view.put('x', empty, 0))
    store.compact(store.revision)
    expect(store.range({ key: '\0', rangeEnd: '\0' }).kvs.length).toBe(50_001)
    expect(store.dump().base.length + store.dump().commits.length).toBe(50_001)
  })
})

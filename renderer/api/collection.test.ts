import { effectScope, type EffectScope } from 'vue'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { BridgeError, type Bridge } from '../../preload/contract/bridge.ts'
import { useBridge } from '../bridge/bridge.ts'
import { usePath, type CollectionView } from './collection.ts'

/** A bridge whose every answer the test decides. */
function scriptedBridge() {
  const lists: { path: string; answer: (body: unknown, status?: number) => void }[] = []
  const watches: { path: string; emit: (events: unknown) => void; end: (error?: BridgeError) => void; stopped: boolean }[] = []
  let tell: (state: 'open' | 'closed') => void = () => {}
  const bridge = {
    call: (_: string, argument: { path: string }) => new Promise((resolve) => lists.push({ path: argument.path, answer: (body, status = 200) => resolve({ status, headers: {}, body: JSON.stringify(body) }) })),
    listen: (_: string, argument: { path: string }, emit: (events: unknown) => void, end: (error?: BridgeError) => void) => {
      const watch = { path: argument.path, emit, end, stopped: false }
      watches.push(watch)
      return () => (watch.stopped = true)
    },
    onState: (handler: (state: 'open' | 'closed') => void) => {
      tell = handler
      handler('open')
      return () => {}
    },
  }
  useBridge(bridge as unknown as Bridge)
  return { lists, watches, tell: (state: 'open' | 'closed') => tell(state) }
}

const pod = (name: string, version: number) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: String(version) } })
const list = (version: number, ...items: unknown[]) => ({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: String(version) }, items })
let scope: EffectScope
let path = 0

function use(): CollectionView {
  const own = `/api/v1/namespaces/n${path++}/pods`
  return scope.run(() => usePath(() => own))!
}
const names = (view: CollectionView): string[] => view.items.value.map((item) => item.metadata.name)
const turn = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

it('lists, then watches from the list’s version, and keeps each object in its place', async () => {
  const { lists, watches } = scriptedBridge()
  const view = use()
  expect(view.state.value).toBe('loading')
  lists[0]!.answer(list(7, pod('a', 3), pod('b', 4)))
  await turn()
  expect(names(view)).toEqual(['a', 'b'])
  expect(watches[0]!.path).toContain('watch=true&allowWatchBookmarks=true&resourceVersion=7')
  watches[0]!.emit([{ type: 'ADDED', object: pod('c', 8) }, { type: 'MODIFIED', object: pod('a', 9) }])
  watches[0]!.emit([{ type: 'DELETED', object: pod('b', 10) }])
  await turn(100)
  expect(names(view)).toEqual(['a', 'c'])
  expect(view.items.value[0]!.metadata.resourceVersion).toBe('9')
})

it('watches again from the newest version, bookmarks included, when the server ends the watch', async () => {
  const { lists, watches } = scriptedBridge()
  use()
  lists[0]!.answer(list(7))
  await turn()
  watches[0]!.emit([{ type: 'BOOKMARK', object: { metadata: { resourceVersion: '40' } } }])
  watches[0]!.end()
  await turn(1_000)
  expect(lists).toHaveLength(1)
  expect(watches[1]!.path).toContain('resourceVersion=40')
})

it('lists again after 410 Expired without losing what is shown', async () => {
  const { lists, watches } = scriptedBridge()
  const view = use()
  lists[0]!.answer(list(7, pod('a', 3), pod('b', 4)))
  await turn()
  watches[0]!.end(new BridgeError({ code: 'unavailable', message: 'too old resource version', status: { code: 410, reason: 'Expired' } }))
  expect(view.state.value).toBe('stale')
  expect(names(view)).toEqual(['a', 'b'])
  await turn(1_000)
  lists[1]!.answer(list(50, pod('new', 49), pod('b', 30)))
  await turn()
  expect(names(view)).toEqual(['b', 'new'])
  expect(view.state.value).toBe('live')
})

it('tries again while the server fails, not when it forbids', async () => {
  const { lists } = scriptedBridge()
  const view = use()
  lists[0]!.answer({ kind: 'Status', message: 'etcd is down' }, 503)
  await turn(1_000)
  expect(lists).toHaveLength(2)
  lists[1]!.answer({ kind: 'Status', message: 'pods is forbidden', reason: 'Forbidden' }, 403)
  await turn(60_000)
  expect(lists).toHaveLength(2)
  expect(view.error.value?.message).toBe('pods is forbidden')
})

it('starts over when the connection comes back', async () => {
  const { lists, watches, tell } = scriptedBridge()
  const view = use()
  lists[0]!.answer(list(7, pod('a', 3)))
  await turn()
  tell('closed')
  expect(view.state.value).toBe('stale')
  expect(names(view)).toEqual(['a'])
  tell('open')
  lists[1]!.answer(list(2, pod('z', 1)))
  await turn()
  expect(names(view)).toEqual(['z'])
  expect(watches[0]!.stopped).toBe(true)
})

it('is shared, and stopped a little after the last one left', async () => {
  const { lists, watches } = scriptedBridge()
  const other = effectScope()
  scope.run(() => usePath(() => '/api/v1/shared'))
  other.run(() => usePath(() => '/api/v1/shared'))
  expect(lists).toHaveLength(1)
  lists[0]!.answer(list(1))
  await turn()
  scope.stop()
  await turn(10_000)
  expect(watches[0]!.stopped).toBe(false)
  other.stop()
  await turn(10_000)
  expect(watches[0]!.stopped).toBe(true)
})

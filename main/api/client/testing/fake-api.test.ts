import { describe, expect, it } from 'vitest'
import type { WatchEvent } from '../../machinery/object.ts'
import { isConflict, isExpired, isNotFound } from '../../machinery/status-error.ts'
import { FakeApi, faultOf } from './fake-api.ts'
import { testConfigMap, testConfigMapKind, testPod, testPodKind } from './test-kinds.ts'
import { testBench } from './test-process.ts'

function setUp() {
  const bench = testBench()
  return { ...bench, api: new FakeApi(bench.process) }
}

describe('the fake API', () => {
  it('refuses an update from a stale copy', async () => {
    const { kernel, api } = setUp()
    const first = await kernel.settle(api.create(testConfigMapKind, testConfigMap('a', { x: '1' })))
    await kernel.settle(api.update(testConfigMapKind, { ...first, data: { x: '2' } }))
    await expect(kernel.settle(api.update(testConfigMapKind, { ...first, data: { x: '3' } }))).rejects.toSatisfy(isConflict)
  })

  it('keeps status and spec apart, and raises generation with the spec only', async () => {
    const { kernel, api } = setUp()
    const made = await kernel.settle(api.create(testPodKind, testPod('web')))
    const started = await kernel.settle(api.update(testPodKind, { ...made, spec: { ...made.spec!, nodeName: 'ignored' }, status: { phase: 'Running' } }, { subresource: 'status' }))
    expect(started.status).toEqual({ phase: 'Running' })
    expect(started.spec?.nodeName).toBeUndefined()
    expect(started.metadata.generation).toBe(1)
    const changed = await kernel.settle(api.update(testPodKind, { ...started, spec: { ...started.spec!, priority: 7 }, status: { phase: 'Failed' } }))
    expect(changed.status).toEqual({ phase: 'Running' })
    expect(changed.metadata.generation).toBe(2)
  })

  it('watches from a resource version, through a selector, and forgets on compaction', async () => {
    const { kernel, api } = setUp()
    const seen: string[] = []
    let ended: Error | undefined
    const made = api.seed(testPodKind, testPod('web', { labels: { app: 'web' } }))
    api.seed(testPodKind, testPod('other'))
    const collect = (events: readonly WatchEvent[]): void => void seen.push(...events.map((event) => `${event.type} ${event.object.metadata.name}`))
    api.watch(testPodKind, { labelSelector: 'app=web', resourceVersion: '1' }, collect, () => {})
    await kernel.runFor(10)
    api.mutate(testPodKind, 'default', 'web', (pod) => void (pod.metadata.labels = {}))
    api.mutate(testPodKind, 'default', 'web', (pod) => void (pod.metadata.labels = { app: 'web' }))
    await kernel.runFor(10)
    expect(seen).toEqual(['ADDED web', 'DELETED web', 'ADDED web'])
    api.compact()
    api.watch(testPodKind, { resourceVersion: made.metadata.resourceVersion! }, collect, (error) => (ended = error))
    await kernel.runFor(10)
    expect(ended).toSatisfy(isExpired)
  })

  it('deletes gracefully and waits for finalizers', async () => {
    const { kernel, api } = setUp()
    api.seed(testPodKind, testPod('bound', { finalizers: ['example.com/hold'] }, { nodeName: 'worker-1' }))
    await kernel.settle(api.delete(testPodKind, 'bound', 'default'))
    expect(api.peek(testPodKind, 'default', 'bound')?.metadata.deletionGracePeriodSeconds).toBe(30)
    await kernel.settle(api.delete(testPodKind, 'bound', 'default', { gracePeriodSeconds: 0 }))
    expect(api.peek(testPodKind, 'default', 'bound')).toBeDefined()
    await kernel.settle(api.patch(testPodKind, 'bound', 'default', 'merge', { metadata: { finalizers: null } }))
    expect(api.peek(testPodKind, 'default', 'bound')).toBeUndefined()
    await expect(kernel.settle(api.get(testPodKind, 'bound', 'default'))).rejects.toSatisfy(isNotFound)
  })

  it('merges owner references strategically', async () => {
    const { kernel, api } = setUp()
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u1' }
    api.seed(testPodKind, testPod('web', { ownerReferences: [owner] }))
    const both = await kernel.settle(api.patch(testPodKind, 'web', 'default', 'strategic', { metadata: { ownerReferences: [{ ...owner, uid: 'u2' }] } }))
    expect(both.metadata.ownerReferences?.map((each) => each.uid)).toEqual(expect.arrayContaining(['u1', 'u2']))
    const one = await kernel.settle(api.patch(testPodKind, 'web', 'default', 'strategic', { metadata: { ownerReferences: [{ $patch: 'delete', uid: 'u1' }] } }))
    expect(one.metadata.ownerReferences?.map((each) => each.uid)).toEqual(['u2'])
  })

  it('fails where it is told to, before or after the write', async () => {
    const { kernel, api } = setUp()
    api.fault = (request) => (request.writeNumber === 1 ? faultOf('timeout-after', request) : request.writeNumber === 2 ? faultOf('internal', request) : undefined)
    await expect(kernel.settle(api.create(testConfigMapKind, testConfigMap('a')))).rejects.toThrow('Client.Timeout')
    expect(api.peek(testConfigMapKind, 'default', 'a')).toBeDefined()
    await expect(kernel.settle(api.delete(testConfigMapKind, 'a', 'default'))).rejects.toThrow('injected')
    expect(api.peek(testConfigMapKind, 'default', 'a')).toBeDefined()
  })
})

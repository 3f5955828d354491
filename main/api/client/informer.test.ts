import { describe, expect, it } from 'vitest'
import { InformerSet } from './informer.ts'
import { FakeApi } from './testing/fake-api.ts'
import { testConfigMap, testConfigMapKind, testPod, testPodKind } from './testing/test-kinds.ts'
import { testBench } from './testing/test-process.ts'

function setUp() {
  const bench = testBench()
  const api = new FakeApi(bench.process)
  return { ...bench, api, informers: new InformerSet(bench.process, api) }
}

describe('an informer', () => {
  it('lists, watches, keeps indices and tells handlers', async () => {
    const { kernel, api, informers } = setUp()
    api.seed(testPodKind, testPod('a', {}, { nodeName: 'n1' }))
    const pods = informers.of(testPodKind)
    pods.addIndex('node', (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []))
    const seen: string[] = []
    pods.onChange({
      added: (pod) => void seen.push(`+${pod.metadata.name}`),
      updated: (pod, old) => void seen.push(`~${pod.metadata.name} ${old.spec?.nodeName}>${pod.spec?.nodeName}`),
      deleted: (pod) => void seen.push(`-${pod.metadata.name}`),
    })
    informers.start()
    expect(pods.synced).toBe(false)
    await kernel.settle(informers.whenSynced())
    api.seed(testPodKind, testPod('b'))
    api.mutate(testPodKind, 'default', 'b', (pod) => void (pod.spec!.nodeName = 'n1'))
    await kernel.runFor(10)
    expect(pods.byIndex('node', 'n1').map((pod) => pod.metadata.name)).toEqual(['a', 'b'])
    expect(pods.list('default')).toHaveLength(2)
    api.remove(testPodKind, 'default', 'a', { gracePeriodSeconds: 0 })
    await kernel.runFor(10)
    expect(seen).toEqual(['+a', '+b', '~b undefined>n1', '-a'])
    expect(pods.byIndex('node', 'n1').map((pod) => pod.metadata.name)).toEqual(['b'])
    expect(pods.list('other')).toEqual([])
  })

  it('resumes after a lost wire without listing again, and lists again after 410', async () => {
    const { kernel, api, informers } = setUp()
    const verbs: string[] = []
    api.fault = (request) => void verbs.push(request.verb)
    const seen: string[] = []
    informers.of(testConfigMapKind).onChange({
      added: (map) => void seen.push(`+${map.metadata.name}`),
      updated: (map) => void seen.push(`~${map.metadata.name}`),
      deleted: (map) => void seen.push(`-${map.metadata.name}`),
    })
    api.seed(testConfigMapKind, testConfigMap('a'))
    api.seed(testConfigMapKind, testConfigMap('b'))
    informers.start()
    await kernel.runFor(10)
    api.endWatches(testConfigMapKind, new Error('unexpected EOF'))
    api.seed(testConfigMapKind, testConfigMap('c'))
    await kernel.runFor(5_000)
    expect(verbs).toEqual(['list', 'watch', 'watch'])
    expect(seen).toEqual(['+a', '+b', '+c'])
    api.endWatches(testConfigMapKind, new Error('unexpected EOF'))
    api.mutate(testConfigMapKind, 'default', 'a', (map) => void (map.data = { x: '1' }))
    api.remove(testConfigMapKind, 'default', 'b')
    api.compact()
    await kernel.runFor(20_000)
    expect(verbs.slice(3)).toEqual(['watch', 'list', 'watch'])
    expect(seen.slice(3)).toEqual(['~a', '-b'])
  })

  it('shows a remade object as deleted and added', async () => {
    const { kernel, api, informers } = setUp()
    const seen: string[] = []
    informers.of(testConfigMapKind).onChange({ added: () => void seen.push('+'), updated: () => void seen.push('~'), deleted: () => void seen.push('-') })
    api.seed(testConfigMapKind, testConfigMap('a'))
    informers.start()
    await kernel.runFor(10)
    api.endWatches(testConfigMapKind, new Error('unexpected EOF'))
    api.remove(testConfigMapKind, 'default', 'a')
    api.seed(testConfigMapKind, testConfigMap('a'))
    api.compact()
    await kernel.runFor(20_000)
    expect(seen).toEqual(['+', '-', '+'])
  })

  it('keeps trying with growing pauses while the server is away', async () => {
    const { kernel, api, informers } = setUp()
    const times: number[] = []
    api.fault = (request) => {
      if (request.verb !== 'list') return undefined
      times.push(kernel.now())
      return times.length < 6 ? { before: new Error('connect: connection refused') } : undefined
    }
    informers.of(testConfigMapKind)
    informers.start()
    await kernel.settle(informers.whenSynced())
    const pauses = times.slice(1).map((time, index) => time - times[index]!)
    pauses.forEach((pause, index) => {
      expect(pause).toBeGreaterThanOrEqual(800 * 2 ** index)
      expect(pause).toBeLessThan(1600 * 2 ** index + 2)
    })
  })

  it('runs handlers under the cause of the change', async () => {
    const { kernel, process, api, informers } = setUp()
    let cause = 0
    informers.of(testConfigMapKind).onChange({ added: () => void (cause = kernel.trace.current) })
    informers.start()
    await kernel.runFor(10)
    let span = 0
    kernel.schedule(0, () => {
      span = process.span('write').id
      void api.create(testConfigMapKind, testConfigMap('a'))
    })
    await kernel.runFor(10)
    expect(span).not.toBe(0)
    expect(cause).toBe(span)
  })
})

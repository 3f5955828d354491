import { describe, expect, test } from 'vitest'
import { nodeKind } from '../../api/kinds/core/node.ts'
import type { EvictionSettings } from './evictor.ts'
import { defaultThresholds } from './eviction-thresholds.ts'
import { KubeletBench } from './testing/bench.ts'

const mebibyte = 1_048_576
const gibibyte = 1024 * mebibyte

async function bench(eviction?: Partial<EvictionSettings>): Promise<KubeletBench> {
  const made = new KubeletBench(eviction ? { eviction: { thresholds: defaultThresholds, pressureTransitionMs: 300_000, maxPodGraceSeconds: 20, ...eviction } } : {})
  made.runtime.programs.set('app', { pullMs: 10 })
  await made.run(1_000)
  return made
}

const conditions = (b: KubeletBench): string[] => (b.api.peek(nodeKind, undefined, 'worker-1')?.status?.conditions ?? []).filter((each) => each.status === 'True').map((each) => `${each.type} ${each.reason}`)
const evicted = (b: KubeletBench, ...names: string[]): string[] => names.filter((name) => b.get(name)?.status?.reason === 'Evicted')
const resources = (memory: string): { containers: { name: string; image: string; resources: { requests: { memory: string } } }[] } => ({ containers: [{ name: 'main', image: 'app:1', resources: { requests: { memory } } }] })

describe('a node whose memory runs out', () => {
  test('ends one pod at a time: those above their requests first, the lowest priority first, the largest first', async () => {
    const b = await bench()
    b.pod('within', resources('4Gi'))
    b.pod('small', { containers: [{ name: 'main', image: 'app:1' }] })
    b.pod('large', { containers: [{ name: 'main', image: 'app:1' }] })
    b.pod('important', { priority: 1000, containers: [{ name: 'main', image: 'app:1' }] })
    b.pod('critical', { priority: 2_000_001_000, containers: [{ name: 'main', image: 'app:1' }] })
    await b.run(3_000)
    b.runtime.used.set('within', { memoryBytes: 3 * gibibyte })
    b.runtime.used.set('small', { memoryBytes: 500 * mebibyte })
    b.runtime.used.set('large', { memoryBytes: 600 * mebibyte })
    b.runtime.used.set('important', { memoryBytes: 2 * gibibyte })
    b.runtime.used.set('critical', { memoryBytes: 1700 * mebibyte })
    await b.run(10_500)
    expect(evicted(b, 'within', 'small', 'large', 'important', 'critical')).toEqual(['large'])
    const message = 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 0. Container main was using 600Mi, request is 0, has larger consumption of memory. '
    expect(b.get('large')!.status).toMatchObject({ phase: 'Failed', reason: 'Evicted', message })
    expect(b.get('large')!.status!.conditions!.find((each) => each.type === 'DisruptionTarget')).toMatchObject({ status: 'True', reason: 'TerminationByKubelet', message })
    expect(b.events('large')).toContain(`Warning Evicted ${message}`)
    expect(b.events('worker-1')).toContain('Warning EvictionThresholdMet Attempting to reclaim memory')
    expect(conditions(b)).toEqual(['MemoryPressure KubeletHasInsufficientMemory', 'Ready KubeletReady'])
    expect(b.runtime.calls).toContain('stop large/main#0 grace=2')

    b.runtime.used.set('important', { memoryBytes: 2600 * mebibyte })
    await b.run(10_000)
    expect(evicted(b, 'within', 'small', 'important', 'critical')).toEqual(['small'])
    await b.run(20_000)
    expect(evicted(b, 'within', 'important', 'critical')).toEqual([])

    // The condition stays for five minutes after it was last seen.
    await b.run(200_000)
    b.pod('late', { containers: [{ name: 'main', image: 'app:1' }] })
    b.pod('tolerant', { tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists' }], containers: [{ name: 'main', image: 'app:1' }] })
    b.pod('burstable', resources('1Mi'))
    await b.run(3_000)
    expect(b.get('late')!.status).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: 'Pod was rejected: The node had condition: [MemoryPressure]. ' })
    expect(['tolerant', 'burstable'].map((name) => b.get(name)!.status!.phase)).toEqual(['Running', 'Running'])
    await b.run(120_000)
    expect(conditions(b)).toEqual(['Ready KubeletReady'])
  })

  test('says which process the kernel killed', async () => {
    const b = await bench()
    b.runtime.outOfMemory({ process: 'stress', pid: 7 })
    await b.run(100)
    expect(b.events('worker-1')).toContain('Warning SystemOOM System OOM encountered, victim process: stress, pid: 7')
  })
})

describe('soft thresholds', () => {
  test('wait for their grace period, give pods time to stop, and want their minimum reclaim', async () => {
    const b = await bench({ thresholds: [{ signal: 'memory.available', value: { amount: gibibyte }, graceMs: 60_000, minReclaim: { amount: 500 * mebibyte } }], pressureTransitionMs: 30_000 })
    b.pod('large', { terminationGracePeriodSeconds: 30, containers: [{ name: 'main', image: 'app:1' }] })
    b.pod('next', { containers: [{ name: 'main', image: 'app:1' }] })
    await b.run(3_000)
    b.runtime.used.set('large', { memoryBytes: 5 * gibibyte })
    b.runtime.used.set('next', { memoryBytes: 2 * gibibyte })
    await b.run(50_000)
    expect([evicted(b, 'large', 'next'), conditions(b)]).toEqual([[], ['MemoryPressure KubeletHasInsufficientMemory', 'Ready KubeletReady']])
    await b.run(30_000)
    expect([evicted(b, 'large', 'next'), conditions(b).length]).toEqual([['large'], 2])
    expect(b.runtime.calls).toContain('stop large/main#0 grace=20')
    await b.run(60_000)
    expect([evicted(b, 'next'), conditions(b)]).toEqual([[], ['Ready KubeletReady']])
  })
})

describe('a node whose disk fills up', () => {
  test('removes images that nobody uses, then ends the pod that wrote most', async () => {
    const b = await bench()
    b.runtime.preload('app:1', 'old:1')
    b.pod('writes', { containers: [{ name: 'main', image: 'app:1' }] })
    b.pod('reads', { containers: [{ name: 'main', image: 'app:1' }] })
    await b.run(3_000)
    b.runtime.used.set('writes', { writtenBytes: 90 * gibibyte })
    await b.run(10_500)
    expect(evicted(b, 'writes', 'reads')).toEqual(['writes'])
    expect(b.get('writes')!.status!.message).toMatch(/^The node was low on resource: ephemeral-storage\. Threshold quantity: .*, available: .*\. Container main was using 90Gi, request is 0, has larger consumption of ephemeral-storage\. $/)
    expect(conditions(b)).toEqual(['DiskPressure KubeletHasDiskPressure', 'Ready KubeletReady'])
    b.pod('late', resources('1Mi'))
    await b.run(2_000)
    expect(b.get('late')!.status!.message).toBe('Pod was rejected: The node had condition: [DiskPressure]. ')
  })

  test('tells when there are not enough images to remove', async () => {
    const b = await bench({ thresholds: [] })
    b.runtime.imageBytes = 95 * gibibyte
    await b.run(301_000)
    expect(b.events('worker-1').find((each) => each.includes('FreeDiskSpaceFailed'))).toMatch(/^Warning FreeDiskSpaceFailed Failed to garbage collect required amount of images\. Attempted to free \d+ bytes, but only found 0 bytes eligible to free\.$/)
  })
})

test('a node whose process ids run out ends the pod with most of them', async () => {
  const b = await bench({ thresholds: [{ signal: 'pid.available', value: { share: 0.1 }, graceMs: 0 }] })
  b.pod('forks', { containers: [{ name: 'main', image: 'app:1' }] })
  b.pod('calm', { containers: [{ name: 'main', image: 'app:1' }] })
  await b.run(3_000)
  b.runtime.used.set('forks', { processes: 32_000 })
  await b.run(10_500)
  expect([evicted(b, 'forks', 'calm'), conditions(b)]).toEqual([['forks'], ['PIDPressure KubeletHasInsufficientPID', 'Ready KubeletReady']])
  expect(b.get('forks')!.status!.message).toBe('The node was low on resource: pids. Threshold quantity: 3276, available: 671. ')
})

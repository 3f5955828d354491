import { describe, expect, it } from 'vitest'
import { MetricsStorage } from './metrics-storage.ts'
import { parseScrape, usageBetween } from './resource-metrics.ts'
import type { Reading } from './resource-metrics.ts'

const at = (time: number, cpuSeconds: number, startTime = 1_000, memoryBytes = 10): Reading => ({ time, cpuSeconds, startTime, memoryBytes })
const text = (time: number, cpu: number, started = 1): string => [
  '# HELP container_cpu_usage_seconds_total x',
  `container_cpu_usage_seconds_total{container="c",namespace="n",pod="p"} ${cpu} ${time}`,
  `container_memory_working_set_bytes{container="c",namespace="n",pod="p"} 1.048576e+06 ${time}`,
  `container_start_time_seconds{container="c",namespace="n",pod="p"} ${started}`,
  `container_cpu_usage_seconds_total{container="half",namespace="n",pod="p"} 1 ${time}`,
  `node_cpu_usage_seconds_total ${2 * cpu} ${time}`,
  `node_memory_working_set_bytes 2048 ${time}`,
  'resource_scrape_error 0',
  'nonsense',
  '',
].join('\n')

describe('resource metrics', () => {
  it('are read from the text, what is incomplete left out', () => {
    const { node, pods } = parseScrape(text(5_000, 0.5), 9)
    expect(node).toEqual({ time: 5_000, startTime: 0, cpuSeconds: 1, memoryBytes: 2048 })
    expect([...pods.get('n/p')!]).toEqual([['c', { time: 5_000, startTime: 1_000, cpuSeconds: 0.5, memoryBytes: 1_048_576 }]])
  })

  it.each<[string, Reading, Reading | undefined, number | undefined]>([
    ['two readings', at(30_000, 3), at(15_000, 0), 0.2],
    ['a container as old as a round', at(30_000, 3), undefined, undefined],
    ['a fresh container', at(13_000, 6), undefined, 0.5],
    ['a container too fresh', at(10_000, 6), undefined, undefined],
    ['one that was started again', at(30_000, 5, 20_000), at(15_000, 4), 0.5],
    ['a counter that fell', at(120_000, 1), at(105_000, 4), 1 / 119],
  ])('%s', (_, last, previous, cores) => {
    const usage = usageBetween(last, previous, 15_000)
    if (cores === undefined) expect(usage).toBeUndefined()
    else expect(usage!.cpuCores).toBeCloseTo(cores)
  })

  it('need two rounds, and go when a kubelet does not answer', () => {
    const storage = new MetricsStorage(15_000)
    const round = (time: number, cpu: number): void => storage.store(new Map([['w', parseScrape(text(time, cpu), 0)]]))
    round(100_000, 1)
    expect(storage.ready).toBe(false)
    expect(storage.ofPod('n', 'p')).toBeUndefined()
    round(115_000, 4)
    expect(storage.ready).toBe(true)
    expect(storage.ofNode('w')).toMatchObject({ cpuCores: 0.4, windowMs: 15_000 })
    expect(storage.ofPod('n', 'p')!.get('c')).toEqual({ time: 115_000, windowMs: 15_000, cpuCores: 0.2, memoryBytes: 1_048_576 })
    round(115_000, 4)
    expect(storage.ofNode('w')).toMatchObject({ windowMs: 15_000 })
    storage.store(new Map())
    expect(storage.ofNode('w')).toBeUndefined()
  })
})

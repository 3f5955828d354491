import { describe, expect, test } from 'vitest'
import { nodeKind } from '../../api/kinds/core/node.ts'
import type { KubeletOptions } from './kubelet.ts'
import { shutdownGroups } from './node-shutdown.ts'
import { KubeletBench } from './testing/bench.ts'

async function bench(options: Partial<KubeletOptions> = {}): Promise<KubeletBench> {
  const made = new KubeletBench(options)
  made.runtime.programs.set('app', { pullMs: 10 })
  made.runtime.programs.set('slow', { pullMs: 10, stopsAfterMs: 60_000 })
  await made.run(1_000)
  return made
}

const ready = (b: KubeletBench): string => {
  const condition = b.api.peek(nodeKind, undefined, 'worker-1')!.status!.conditions!.find((each) => each.type === 'Ready')!
  return `${condition.status} ${condition.message}`
}

describe('a runtime that does not answer', () => {
  test('makes the node NotReady after half a minute, and its event relay unhealthy after three; then all is as before', async () => {
    const b = await bench()
    b.pod('web', { containers: [{ name: 'main', image: 'app:1' }] })
    await b.run(3_000)
    b.runtime.hangs = true
    await b.run(25_000)
    expect(ready(b)).toBe('True kubelet is posting ready status')
    await b.run(25_000)
    expect(ready(b)).toBe('False container runtime is down')
    await b.run(160_000)
    expect(ready(b)).toMatch(/^False \[container runtime is down, PLEG is not healthy: pleg was last seen active 3m\S+ ago; threshold is 3m0s\]$/)
    b.runtime.hangs = false
    await b.run(20_000)
    expect(ready(b)).toBe('True kubelet is posting ready status')
    expect(b.get('web')!.status!.containerStatuses![0]).toMatchObject({ ready: true, restartCount: 0 })
    expect(b.events('worker-1').filter((each) => each.includes('Ready'))).toEqual(['Normal NodeReady Node worker-1 status is now: NodeReady x2', 'Normal NodeNotReady Node worker-1 status is now: NodeNotReady'])
  })
})

describe('a container that the runtime has lost', () => {
  test('is shown as ended in an unknown way, and is made again', async () => {
    const b = await bench()
    b.pod('web', { containers: [{ name: 'main', image: 'app:1' }] })
    await b.run(3_000)
    b.process.crash()
    const [container] = await b.kernel.settle(b.runtime.listContainers())
    await b.kernel.settle(b.runtime.removePodSandbox(container!.sandboxId))
    b.startKubelet()
    await b.run(5_000)
    expect(b.get('web')!.status!.containerStatuses![0]).toMatchObject({ state: { running: {} }, restartCount: 1, lastState: { terminated: { reason: 'ContainerStatusUnknown', exitCode: 137 } } })
  })
})

describe('a machine that goes down', () => {
  test('lets its pods end in the order of their priority, takes no more, and says so', async () => {
    const b = await bench({ shutdown: shutdownGroups(30, 10) })
    b.pod('low', { containers: [{ name: 'main', image: 'slow:1' }] })
    b.pod('quick', { terminationGracePeriodSeconds: 3, containers: [{ name: 'main', image: 'slow:1' }] })
    b.pod('critical', { priority: 2_000_000_000, containers: [{ name: 'main', image: 'app:1' }] })
    await b.run(3_000)
    let done = false
    void b.kubelet.shutDownNode().then(() => {
      done = true
    })
    await b.run(1_000)
    expect(ready(b)).toBe('False node is shutting down')
    b.pod('late', { containers: [{ name: 'main', image: 'app:1' }] })
    await b.run(1_000)
    expect(b.get('late')!.status).toMatchObject({ phase: 'Failed', reason: 'NodeShutdown', message: 'Pod was rejected: Pod was rejected as the node is shutting down.' })
    await b.run(5_000)
    expect(['low', 'quick', 'critical'].map((name) => b.get(name)!.status!.phase)).toEqual(['Running', 'Failed', 'Running'])
    await b.run(16_000)
    expect([done, ...['low', 'critical'].map((name) => b.get(name)!.status!.reason)]).toEqual([true, 'Terminated', 'Terminated'])
    expect(b.get('low')!.status).toMatchObject({ phase: 'Failed', message: 'Pod was terminated in response to imminent node shutdown.' })
    expect(b.get('low')!.status!.conditions!.find((each) => each.type === 'DisruptionTarget')).toMatchObject({ status: 'True', reason: 'TerminationByKubelet' })
    expect(b.runtime.calls.filter((each) => each.startsWith('stop ') && each.includes('grace'))).toEqual(['stop low/main#0 grace=20', 'stop quick/main#0 grace=3', 'stop critical/main#0 grace=10'])
    expect(b.events('worker-1')).toContain('Normal NodeShutdown Shutdown manager detected shutdown event')
  })

  test('waits for nobody unless it was told to', async () => {
    const b = await bench()
    b.pod('web', { containers: [{ name: 'main', image: 'app:1' }] })
    await b.run(3_000)
    await b.kernel.settle(b.kubelet.shutDownNode())
    expect([b.get('web')!.status!.phase, ready(b)]).toEqual(['Running', 'True kubelet is posting ready status'])
  })
})

describe('a critical pod', () => {
  test('makes room for itself with as few pods as can be, those without guarantees first', async () => {
    const b = await bench()
    const asks = (cpu: string, limits?: object): object => ({ containers: [{ name: 'main', image: 'app:1', resources: { requests: { cpu, memory: '1Mi' }, ...(limits ? { limits } : {}) } }] })
    b.pod('guaranteed', asks('1', { cpu: '1', memory: '1Mi' }))
    b.pod('small', asks('500m'))
    b.pod('large', asks('2'))
    await b.run(3_000)
    b.pod('critical', { priority: 2_000_001_000, ...asks('2') })
    await b.run(5_000)
    const reasons = ['guaranteed', 'small', 'large', 'critical'].map((name) => b.get(name)!.status!.reason ?? b.get(name)!.status!.phase)
    expect(reasons).toEqual(['Running', 'Running', 'Preempting', 'Running'])
    expect(b.events('large')).toContain('Warning Preempting Preempted in order to admit critical pod')
    b.pod('too-much', { priority: 2_000_001_000, ...asks('5') })
    await b.run(3_000)
    expect(b.get('too-much')!.status!.reason).toBe('OutOfcpu')
  })
})

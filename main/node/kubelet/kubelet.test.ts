import { describe, expect, test } from 'vitest'
import { leaseKind } from '../../api/kinds/coordination/lease.ts'
import { nodeKind } from '../../api/kinds/core/node.ts'
import { podKind } from '../../api/kinds/core/pod.ts'
import { KubeletBench } from './testing/bench.ts'

describe('a node', () => {
  test('registers, becomes Ready and keeps its lease', async () => {
    const bench = new KubeletBench()
    await bench.run(1_000)
    const node = bench.api.peek(nodeKind, undefined, 'worker-1')!
    expect(node.metadata.labels).toEqual({
      'beta.kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/hostname': 'worker-1',
      'kubernetes.io/os': 'linux',
    })
    expect(node.status!.conditions!.map((condition) => `${condition.type}=${condition.status} ${condition.reason}: ${condition.message}`)).toEqual([
      'MemoryPressure=False KubeletHasSufficientMemory: kubelet has sufficient memory available',
      'DiskPressure=False KubeletHasNoDiskPressure: kubelet has no disk pressure',
      'PIDPressure=False KubeletHasSufficientPID: kubelet has sufficient PID available',
      'Ready=True KubeletReady: kubelet is posting ready status',
    ])
    expect(node.status!.allocatable).toMatchObject({ cpu: '4', memory: '8092Mi', pods: '110' })
    expect(bench.events('worker-1')).toEqual([
      'Normal Starting Starting kubelet.',
      'Normal NodeAllocatableEnforced Updated Node Allocatable limit across pods',
      'Normal NodeHasSufficientMemory Node worker-1 status is now: NodeHasSufficientMemory',
      'Normal NodeHasNoDiskPressure Node worker-1 status is now: NodeHasNoDiskPressure',
      'Normal NodeHasSufficientPID Node worker-1 status is now: NodeHasSufficientPID',
      'Normal NodeReady Node worker-1 status is now: NodeReady',
    ])
    const first = bench.api.peek(leaseKind, 'kube-node-lease', 'worker-1')!.spec!.renewTime
    await bench.run(12_000)
    expect(bench.api.peek(leaseKind, 'kube-node-lease', 'worker-1')!.spec!.renewTime! > first!).toBe(true)
  })

  test('is NotReady until its network is there', async () => {
    const bench = new KubeletBench()
    bench.runtime.networkReady = false
    await bench.run(1_000)
    const ready = (): string | undefined => bench.api.peek(nodeKind, undefined, 'worker-1')!.status!.conditions!.find((condition) => condition.type === 'Ready')!.message
    expect(ready()).toBe('container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized')
    bench.runtime.networkReady = true
    await bench.run(1_000)
    expect(ready()).toBe('kubelet is posting ready status')
    expect(bench.events('worker-1')).toContain('Normal NodeReady Node worker-1 status is now: NodeReady')
  })
})

describe('a pod', () => {
  test('is pulled, created, started and becomes Ready', async () => {
    const bench = new KubeletBench()
    bench.runtime.programs.set('nginx', { pullMs: 1_200 })
    await bench.run(1_000)
    bench.pod('web')
    await bench.run(5_000)
    expect(bench.events('web')).toEqual([
      'Normal Pulling Pulling image "nginx:1.14"',
      'Normal Pulled Successfully pulled image "nginx:1.14" in 1.2s (1.2s including waiting). Image size: 70000000 bytes.',
      'Normal Created Container created',
      'Normal Started Container started',
    ])
    const { status } = bench.get('web')!
    expect(status).toMatchObject({ phase: 'Running', podIP: '10.244.1.2', podIPs: [{ ip: '10.244.1.2' }], hostIP: '192.168.64.11', hostIPs: [{ ip: '192.168.64.11' }], qosClass: 'BestEffort', observedGeneration: 1 })
    expect(bench.conditions('web')).toEqual(['PodReadyToStartContainers=True', 'Initialized=True', 'Ready=True', 'ContainersReady=True', 'PodScheduled=True'])
    expect(status!.containerStatuses).toMatchObject([
      { name: 'main', ready: true, started: true, restartCount: 0, image: 'docker.io/library/nginx:1.14', lastState: {}, resources: {}, state: { running: {} }, user: { linux: { uid: 0, gid: 0, supplementalGroups: [0] } } },
    ])
  })

  test('is stopped gracefully and then leaves the API', async () => {
    const bench = new KubeletBench()
    bench.runtime.programs.set('nginx', { pullMs: 10, stopsAfterMs: 5_000 })
    await bench.run(1_000)
    bench.pod('web')
    await bench.run(3_000)
    expect(bench.get('web')!.status!.phase).toBe('Running')
    bench.api.remove(podKind, 'default', 'web')
    await bench.run(2_000)
    expect(bench.get('web')!.metadata.deletionTimestamp).toBeDefined()
    expect(bench.runtime.calls).toContain('stop web/main#0 grace=30')
    expect(bench.events('web').at(-1)).toBe('Normal Killing Stopping container main')
    await bench.run(5_000)
    expect(bench.get('web')).toBeUndefined()
    await bench.run(1_000)
    expect(bench.runtime.calls.at(-1)).toBe('remove sandbox default/web')
    expect(bench.process.view('workers')).toEqual([])
  })
})

test('the same seed gives the same run', async () => {
  const run = async (seed: number): Promise<unknown> => {
    const bench = new KubeletBench({ seed })
    bench.runtime.programs.set('nginx', { pullMs: 100 })
    bench.runtime.programs.set('crash', { pullMs: 10, endsAfterMs: 500, exitCode: 1 })
    await bench.run(1_000)
    bench.pod('web', { containers: [{ name: 'main', image: 'nginx:1', readinessProbe: { exec: { command: ['true'] } } }] })
    bench.pod('crash', { containers: [{ name: 'main', image: 'crash:1' }] })
    bench.pod('none', { containers: [{ name: 'main', image: 'none:1' }] })
    await bench.run(120_000)
    bench.api.remove(podKind, 'default', 'web')
    await bench.run(10_000)
    return { executed: bench.kernel.executed, writes: bench.api.writes, calls: bench.runtime.calls, pod: bench.get('crash') }
  }
  expect(await run(7)).toEqual(await run(7))
  expect(await run(8)).not.toEqual(await run(7))
})

import { describe, expect, test } from 'vitest'
import type { Pod } from '../../api/generated/types.ts'
import { podKind } from '../../api/kinds/core/pod.ts'
import { KubeletBench } from './testing/bench.ts'

const amounts = (cpu: string, memory: string): { requests: Record<string, string>; limits: Record<string, string> } => ({ requests: { cpu, memory }, limits: { cpu, memory } })

async function bench(): Promise<KubeletBench> {
  const made = new KubeletBench()
  made.runtime.programs.set('app', { pullMs: 10 })
  await made.run(1_000)
  return made
}

function resize(b: KubeletBench, name: string, resources: object): void {
  b.api.mutate<Pod>(podKind, 'default', name, (pod) => {
    pod.spec!.containers = pod.spec!.containers.map((container) => ({ ...container, resources }))
  })
}

const resizeConditions = (b: KubeletBench, name: string): string[] => (b.get(name)!.status!.conditions ?? []).filter((each) => each.type.startsWith('PodResize')).map((each) => `${each.type} ${each.reason ?? ''} ${each.message ?? ''}`.trim())
const shown = (b: KubeletBench, name: string): unknown => {
  const { resources, allocatedResources, restartCount } = b.get(name)!.status!.containerStatuses![0]!
  return { limits: resources?.limits, allocatedResources, restartCount }
}

describe('resizing a pod in place', () => {
  test('changes a running container, and shows what it was allocated and may use', async () => {
    const b = await bench()
    b.pod('web', { containers: [{ name: 'main', image: 'app:1', resources: amounts('1', '1Gi') }] })
    await b.run(3_000)
    resize(b, 'web', amounts('2', '2Gi'))
    await b.run(1_000)
    expect(shown(b, 'web')).toEqual({ limits: { cpu: '2', memory: '2Gi' }, allocatedResources: { cpu: '2', memory: '2Gi' }, restartCount: 0 })
    expect(b.runtime.calls).toContain(`update web/main#0 cpu=2000/2000 memory=${2 * 1024 ** 3}`)
    expect(resizeConditions(b, 'web')).toEqual([])
  })

  test('restarts a container whose policy wants that', async () => {
    const b = await bench()
    b.pod('web', { containers: [{ name: 'main', image: 'app:1', resources: amounts('1', '1Gi'), resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }] }] })
    await b.run(3_000)
    resize(b, 'web', amounts('2', '1Gi'))
    await b.run(1_000)
    expect(shown(b, 'web')).toMatchObject({ limits: { cpu: '2', memory: '1Gi' }, restartCount: 0 })
    resize(b, 'web', amounts('2', '2Gi'))
    await b.run(3_000)
    expect(shown(b, 'web')).toMatchObject({ limits: { cpu: '2', memory: '2Gi' }, restartCount: 1 })
    expect(b.events('web')).toContain('Normal Killing Container main resize requires restart')
  })

  test('is infeasible beyond the node, and deferred until there is room', async () => {
    const b = await bench()
    b.pod('web', { containers: [{ name: 'main', image: 'app:1', resources: amounts('1', '1Gi') }] })
    b.pod('other', { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'app:1', resources: amounts('2', '1Gi') }] })
    await b.run(3_000)
    resize(b, 'web', amounts('5', '1Gi'))
    await b.run(1_000)
    expect(resizeConditions(b, 'web')).toEqual(["PodResizePending Infeasible Node didn't have enough capacity: cpu, requested: 5000, capacity: 4000"])
    resize(b, 'web', amounts('3', '1Gi'))
    await b.run(1_000)
    expect(resizeConditions(b, 'web')).toEqual(["PodResizePending Deferred Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000"])
    expect(shown(b, 'web')).toEqual({ limits: { cpu: '1', memory: '1Gi' }, allocatedResources: { cpu: '1', memory: '1Gi' }, restartCount: 0 })
    b.api.remove(podKind, 'default', 'other')
    await b.run(3_000)
    expect([resizeConditions(b, 'web'), shown(b, 'web')]).toEqual([[], { limits: { cpu: '3', memory: '1Gi' }, allocatedResources: { cpu: '3', memory: '1Gi' }, restartCount: 0 }])
  })

  test('does not take away memory that is in use, and outlives the kubelet', async () => {
    const b = await bench()
    b.pod('web', { containers: [{ name: 'main', image: 'app:1', resources: amounts('1', '2Gi') }] })
    await b.run(3_000)
    b.runtime.used.set('web', { memoryBytes: 1.5 * 1024 ** 3 })
    resize(b, 'web', amounts('1', '1Gi'))
    await b.run(1_000)
    expect(resizeConditions(b, 'web')).toEqual([`PodResizeInProgress Error attempting to set container "main" memory limit (${1024 ** 3}) below current usage (${1.5 * 1024 ** 3})`])
    b.process.crash()
    b.startKubelet()
    b.runtime.used.set('web', { memoryBytes: 1000 })
    await b.run(20_000)
    expect([resizeConditions(b, 'web'), shown(b, 'web')]).toEqual([[], { limits: { cpu: '1', memory: '1Gi' }, allocatedResources: { cpu: '1', memory: '1Gi' }, restartCount: 0 }])
  })
})

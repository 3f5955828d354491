import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '../../api/generated/types.ts'
import { leaseKind } from '../../api/kinds/coordination/lease.ts'
import { nodeKind } from '../../api/kinds/core/node.ts'
import { podKind } from '../../api/kinds/core/pod.ts'
import { podCondition } from '../../api/machinery/pod.ts'
import { internalError } from '../../api/machinery/status-error.ts'
import { schedulerBench } from './testing/scheduler-bench.ts'
import { testNode, testPod } from './testing/objects.ts'

const controlPlane = (): Node =>
  testNode('controlplane', { cpu: '4', memory: '8Gi' }, (node) => {
    node.spec = { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }
  })
const workers = (cpu = '2'): Node[] => ['worker-1', 'worker-2', 'worker-3'].map((name) => testNode(name, { cpu, memory: '8Gi' }))

describe('kubeScheduler', () => {
  it('binds a pod and says so', async () => {
    const bench = schedulerBench()
    await bench.add(controlPlane(), ...workers())
    await bench.add(testPod('x', { cpu: '100m' }))
    const { nodeName } = bench.pod('x').spec!
    expect(nodeName).toMatch(/^worker-/)
    expect(bench.events('x')).toEqual([`Normal Scheduled Successfully assigned default/x to ${nodeName}`])
    const [decision] = bench.decisions()
    expect(decision).toMatchObject({ pod: 'default/x', outcome: 'bound', node: nodeName, evaluated: 4, feasible: 3, rejected: [{ node: 'controlplane', plugin: 'TaintToleration', reasons: ['node(s) had untolerated taint(s)'] }] })
    expect(decision!.scored[0]!.plugins.map(({ plugin, weight }) => [plugin, weight])).toEqual([['TaintToleration', 3], ['NodeResourcesFit', 1], ['NodeResourcesBalancedAllocation', 1], ['ImageLocality', 1]])
    for (const { total, plugins } of decision!.scored) expect(plugins.reduce((sum, { weighted }) => sum + weighted, 0)).toBe(total)
  })

  it('says why no node will do, in the words of 1.36', async () => {
    const bench = schedulerBench()
    await bench.add(controlPlane(), ...workers())
    await bench.add(testPod('big', { cpu: '100' }))
    const message = '0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient cpu. no new claims to deallocate, preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.'
    expect(bench.events('big')).toEqual([`Warning FailedScheduling ${message}`])
    expect(podCondition(bench.pod('big'), 'PodScheduled')).toMatchObject({ status: 'False', reason: 'Unschedulable', message, lastTransitionTime: expect.any(String) as string })
    await bench.add(...[1, 2, 3].map((index) => testPod(`filler-${index}`, { cpu: '1500m' })))
    await bench.add(testPod('late', { cpu: '1' }))
    expect(bench.events('late')).toEqual([
      'Warning FailedScheduling 0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient cpu. no new claims to deallocate, preemption: 0/4 nodes are available: 1 Preemption is not helpful for scheduling, 3 No preemption victims found for incoming pod.',
    ])
  })

  it('without any node waits and tries again', async () => {
    const bench = schedulerBench()
    await bench.add(testPod('x'))
    expect(bench.events('x')).toEqual(['Warning FailedScheduling no nodes available to schedule pods'])
    await bench.add(testNode('worker-1'))
    expect(bench.pod('x').spec!.nodeName).toBeUndefined()
    await bench.kernel.runFor(1_000)
    expect(bench.pod('x').spec!.nodeName).toBe('worker-1')
  })

  it.each<[string, (pod: Pod) => void, string]>([
    ['nodeSelector', (pod) => (pod.spec!.nodeSelector = { disk: 'ssd' }), "3 node(s) didn't match Pod's node affinity/selector"],
    [
      'a node by name that is full',
      (pod) => (pod.spec!.affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['worker-1'] }] }] } } }),
      "1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]",
    ],
    [
      'a node by name that does not exist',
      (pod) => (pod.spec!.affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['gone'] }] }] } } }),
      "3 node(s) didn't satisfy plugin(s) [NodeAffinity]",
    ],
  ])('%s', async (_, change, reasons) => {
    const bench = schedulerBench()
    await bench.add(...workers())
    await bench.add(testPod('x', { cpu: '9' }, change))
    expect(bench.events('x')[0]).toContain(`0/3 nodes are available: ${reasons}. `)
  })

  it('tries a waiting pod again when something happened that may help, and not otherwise', async () => {
    const bench = schedulerBench()
    await bench.add(...workers())
    await bench.add(testPod('x', { cpu: '3' }))
    const attempts = (): number => bench.decisions().filter((decision) => decision.pod === 'default/x').length
    expect(attempts()).toBe(1)
    await bench.kernel.runFor(60_000)
    bench.api.mutate(nodeKind, undefined, 'worker-1', (node) => void (node.metadata.labels!['a'] = 'b'))
    bench.api.mutate(nodeKind, undefined, 'worker-1', (node) => void (node.status!.allocatable!['memory'] = '16Gi'))
    await bench.kernel.runFor(1_000)
    expect(attempts()).toBe(1)
    bench.api.mutate(nodeKind, undefined, 'worker-2', (node) => void (node.status!.allocatable!['cpu'] = '4'))
    await bench.kernel.runFor(1_000)
    expect(bench.pod('x').spec!.nodeName).toBe('worker-2')
    expect((bench.scheduler.view('queues') as { moves: { event: string }[] }).moves.map(({ event }) => event)).toContain('NodeAllocatableChange')
  })

  it('tries again after five minutes although nothing happened', async () => {
    const bench = schedulerBench()
    await bench.add(...workers())
    await bench.add(testPod('x', { cpu: '3' }))
    await bench.kernel.runFor(310_000)
    expect(bench.decisions()).toHaveLength(2)
  })

  it('keeps gated pods back until the last gate is gone', async () => {
    const bench = schedulerBench()
    await bench.add(...workers(), testPod('x', {}, (pod) => (pod.spec!.schedulingGates = [{ name: 'a' }, { name: 'b' }])))
    expect(bench.scheduler.view('queues')).toMatchObject({ counts: { gated: 1 }, unschedulable: [{ message: 'waiting for scheduling gates: [a b]', plugins: ['SchedulingGates'], attempts: 0 }] })
    bench.api.mutate(podKind, 'default', 'x', (pod) => (pod.spec!.schedulingGates = [{ name: 'b' }]))
    await bench.kernel.runFor(100)
    expect(bench.decisions()).toHaveLength(0)
    bench.api.mutate(podKind, 'default', 'x', (pod) => void delete pod.spec!.schedulingGates)
    await bench.kernel.runFor(100)
    expect(bench.pod('x').spec!.nodeName).toBeDefined()
  })

  it('leaves pods of other schedulers alone', async () => {
    const bench = schedulerBench()
    await bench.add(...workers(), testPod('x', {}, (pod) => (pod.spec!.schedulerName = 'mine')))
    expect(bench.decisions()).toHaveLength(0)
  })

  it('counts what it has decided before the API server says so: never more than fits', async () => {
    const bench = schedulerBench()
    await bench.add(...workers('1'))
    await bench.add(...Array.from({ length: 40 }, (_, index) => testPod(`p${index}`, { cpu: '100m' })))
    const perNode = new Map<string, number>()
    for (const pod of bench.api.stored(podKind)) if (pod.spec!.nodeName) perNode.set(pod.spec!.nodeName, (perNode.get(pod.spec!.nodeName) ?? 0) + 1)
    expect([...perNode.values()]).toEqual([10, 10, 10])
    expect(bench.scheduler.view('queues')).toMatchObject({ counts: { unschedulable: 10 }, cache: { nodes: 3, pods: 30, assumed: 0 } })
    bench.api.remove(podKind, 'default', bench.api.stored(podKind).find((pod) => pod.spec!.nodeName)!.metadata.name, { gracePeriodSeconds: 0 })
    await bench.kernel.runFor(20_000)
    expect(bench.scheduler.view('queues')).toMatchObject({ counts: { unschedulable: 9 } })
  })

  it('frees the node and tries again when binding fails', async () => {
    const bench = schedulerBench()
    await bench.add(...workers())
    let failures = 1
    bench.api.fault = (request) => (request.resource === 'pods/binding' && failures-- > 0 ? { before: internalError('no luck') } : undefined)
    await bench.add(testPod('x', { cpu: '100m' }))
    expect(bench.pod('x').spec!.nodeName).toBeUndefined()
    expect(podCondition(bench.pod('x'), 'PodScheduled')).toMatchObject({ status: 'False', reason: 'SchedulerError' })
    expect(bench.events('x')[0]).toContain('Warning FailedScheduling running Bind plugin "DefaultBinder": ')
    expect(bench.scheduler.view('queues')).toMatchObject({ counts: { backoff: 1, binding: 0 }, cache: { pods: 0 } })
    await bench.kernel.runFor(1_500)
    expect(bench.pod('x').spec!.nodeName).toBeDefined()
  })

  it('makes room for a pod of higher priority: the least important victim goes, and the pod follows', async () => {
    const bench = schedulerBench()
    await bench.add(...workers())
    const priority = (value: number) => (pod: Pod) => void (pod.spec!.priority = value)
    await bench.add(testPod('a', { cpu: '2' }, priority(20)), testPod('b', { cpu: '2' }, priority(10)), testPod('c', { cpu: '2' }, priority(30)))
    const target = bench.pod('b').spec!.nodeName!
    await bench.add(testPod('vip', { cpu: '1' }, priority(100)))
    const vip = bench.pod('vip')
    expect(vip.status!.nominatedNodeName).toBe(target)
    expect(bench.events('vip')[0]).toBe('Warning FailedScheduling 0/3 nodes are available: 3 Insufficient cpu.')
    const victim = bench.api.stored(podKind).find((pod) => pod.metadata.name === 'b')
    if (victim) {
      expect(podCondition(victim, 'DisruptionTarget')).toMatchObject({ reason: 'PreemptionByScheduler', message: 'default-scheduler: preempting to accommodate a higher priority pod' })
      bench.api.remove(podKind, 'default', 'b', { gracePeriodSeconds: 0 })
    }
    await bench.kernel.runFor(5_000)
    expect(bench.events('b')).toContain(`Normal Preempted Preempted by pod ${vip.metadata.uid} on node ${target}`)
    expect(bench.pod('vip').spec!.nodeName).toBe(target)
    expect(bench.api.stored(podKind).map((pod) => pod.metadata.name).sort()).toEqual(['a', 'c', 'vip'])
  })

  it('never preempts for a pod that says Never', async () => {
    const bench = schedulerBench()
    await bench.add(...workers(), ...['a', 'b', 'c'].map((name) => testPod(name, { cpu: '2' })))
    await bench.add(testPod('vip', { cpu: '1' }, (pod) => Object.assign(pod.spec!, { priority: 100, preemptionPolicy: 'Never' })))
    expect(bench.events('vip')[0]).toBe('Warning FailedScheduling 0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.')
  })

  it('works only while it leads', async () => {
    const bench = schedulerBench({ leaderElect: true })
    await bench.add(...workers(), testPod('x'))
    const [lease] = bench.api.stored(leaseKind)
    expect(lease).toMatchObject({ metadata: { name: 'kube-scheduler', namespace: 'kube-system' }, spec: { holderIdentity: expect.stringMatching(/^controlplane_/) as string } })
    expect(bench.pod('x').spec!.nodeName).toBeDefined()
  })

  it('does the same again with the same seed', async () => {
    const run = async (): Promise<unknown> => {
      const bench = schedulerBench({}, 7)
      await bench.add(...workers())
      await bench.add(...Array.from({ length: 12 }, (_, index) => testPod(`p${index}`, { cpu: '100m' })))
      return bench.api.stored(podKind).map((pod) => [pod.metadata.name, pod.spec!.nodeName])
    }
    expect(await run()).toEqual(await run())
  })
})

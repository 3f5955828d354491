import { describe, expect, it } from 'vitest'
import { podDisruptionBudgetKind } from '../../api/kinds/policy/pod-disruption-budget.ts'
import { schedulerBench } from './testing/scheduler-bench.ts'
import { testNode, testPod } from './testing/objects.ts'

const key = 'kube-scheduler-simulator.sigs.k8s.io/'
const verdictOf = (decision: ReturnType<ReturnType<typeof schedulerBench>['decisions']>[number], node: string, plugin: string): string | undefined => decision.explained.find((each) => each.node === node)?.verdicts.find((each) => each.plugin === plugin)?.verdict

describe('a decision', () => {
  it('tells every filter on every node, what would have to change, and what would wake the pod', async () => {
    const bench = schedulerBench()
    const cordoned = testNode('cordoned', { cpu: '1', memory: '8Gi' }, (node) => void (node.spec = { unschedulable: true, taints: [{ key: 'k', effect: 'NoSchedule' }] }))
    await bench.add(testNode('small', { cpu: '1', memory: '8Gi' }), cordoned, testPod('p', { cpu: '1500m' }))
    const [decision] = bench.decisions()
    expect(decision!.outcome).toBe('unschedulable')
    expect(decision!.explained.map(({ node, changes }) => [node, changes])).toEqual([
      ['small', ['500m more cpu free']],
      ['cordoned', ['uncordon the node, or let the pod tolerate node.kubernetes.io/unschedulable', 'remove the taint k:NoSchedule, or tolerate it', '500m more cpu free']],
    ])
    expect([verdictOf(decision!, 'small', 'TaintToleration'), verdictOf(decision!, 'small', 'NodeResourcesFit'), verdictOf(decision!, 'small', 'NodePorts')]).toEqual(['passed', 'rejected', 'skipped'])
    expect(decision!.queue).toBe('unschedulable')
    expect(decision!.wakes!.find(({ plugin }) => plugin === 'NodeResourcesFit')!.events).toContain('NodeAllocatableChange')
    expect(decision!.preFilter.find(({ plugin }) => plugin === 'NodePorts')!.status).toBe('skipped')
  })

  it('tells the dry run of a preemption, which spares budgets', async () => {
    const bench = schedulerBench()
    bench.api.seed(podDisruptionBudgetKind, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'kept' } }, minAvailable: 1 } })
    await bench.kernel.runFor(100)
    const there = (name: string, node: string, app: string): ReturnType<typeof testPod> =>
      testPod(name, { cpu: '3' }, (pod) => {
        pod.spec!.nodeName = node
        pod.spec!.priority = 1
        pod.metadata.labels = { app }
      })
    await bench.add(testNode('first'), testNode('second'), there('kept', 'first', 'kept'), there('free', 'second', 'free'))
    await bench.add(testPod('vip', { cpu: '2' }, (pod) => void (pod.spec!.priority = 10)))
    const decision = bench.decisions().findLast(({ pod }) => pod === 'default/vip')!
    expect(decision.nominatedNode).toBe('second')
    expect([...decision.preemption!].sort((a, b) => a.node.localeCompare(b.node))).toEqual([
      { node: 'first', victims: ['default/kept'], violations: 1, reason: '' },
      { node: 'second', victims: ['default/free'], violations: 0, reason: '' },
    ])
  })

  it('is written into annotations when that is switched on', async () => {
    const bench = schedulerBench({ flags: ['--leader-elect=false', '--simulator-annotations=true'] })
    const small = testNode('small', { cpu: '1', memory: '8Gi' })
    await bench.add(small, testNode('large'), testNode('larger', { cpu: '8', memory: '16Gi' }), testPod('p', { cpu: '2' }), testPod('q', { cpu: '20' }))
    const annotations = bench.pod('p').metadata.annotations!
    expect(annotations[`${key}selected-node`]).toBe('larger')
    const filter = JSON.parse(annotations[`${key}filter-result`]!) as Record<string, Record<string, string>>
    expect(filter['small']).toEqual({ NodeUnschedulable: 'passed', NodeName: 'passed', TaintToleration: 'passed', NodeResourcesFit: 'Insufficient cpu' })
    const scores = JSON.parse(annotations[`${key}score-result`]!) as Record<string, Record<string, string>>
    const final = JSON.parse(annotations[`${key}finalscore-result`]!) as Record<string, Record<string, string>>
    expect([scores['large']!['TaintToleration'], final['large']!['TaintToleration']]).toEqual(['0', '300'])
    expect(JSON.parse(annotations[`${key}result-history`]!)).toHaveLength(1)
    expect(bench.pod('q').metadata.annotations![`${key}selected-node`]).toBe('')
  })
})

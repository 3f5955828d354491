import { describe, expect, test } from 'vitest'
import { defineController, type ControllerDefinition } from '../../../api/client/controller.ts'
import type { Node, Pod, PodDisruptionBudget } from '../../../api/generated/types.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { podDisruptionBudgetKind } from '../../../api/kinds/policy/pod-disruption-budget.ts'
import { atEveryWrite, benchFaults, controllerBench, seedNode, testNode, type BenchOptions, type ControllerBench } from '../../controllers/testing/controller-bench.ts'
import type { NodeGroup } from '../cloud-api.ts'
import { FakeCloud } from '../testing/fake-cloud.ts'
import { Autoscaler, toBeDeletedTaint } from './cluster-autoscaler.ts'

const scaleDownMs = 60_000
const pool: NodeGroup = { name: 'pool', min: 0, max: 3, target: 0, type: 'standard-4-8', template: { cpuMillis: 4_000, memoryBytes: 8 * 1024 ** 3, storageBytes: 20 * 1024 ** 3, podsMax: 110, labels: {}, taints: [] } }

/** The autoscaler has a loop of its own; as a controller it only begins and ends with its process. */
function looping(cloud: FakeCloud): ControllerDefinition {
  return defineController({
    name: 'cluster-autoscaler',
    noun: 'cluster',
    workers: 1,
    actsAsManager: true,
    setUp({ client, events, process }) {
      new Autoscaler(process, client, events, cloud, { scanMs: 10_000, scaleDownMs })
      return async () => undefined
    },
  })
}

function node(name: string, taints?: NonNullable<Node['spec']>['taints']): Node {
  const made = testNode(name)
  const resources = { cpu: '4', memory: '8Gi', pods: '110' }
  return { ...made, spec: { providerID: `orrery://orbit-1a/i-${name}`, ...(taints ? { taints } : {}) }, status: { ...made.status!, allocatable: resources, capacity: resources } }
}

function pod(name: string, cpu: string, on?: string, more: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'web', controller: true }], ...more },
    spec: { ...(on ? { nodeName: on } : {}), containers: [{ name: 'c', image: 'x', resources: { requests: { cpu } } }] },
    status: on ? { phase: 'Running' } : { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] },
  } as Pod
}

interface Given {
  readonly group?: Partial<NodeGroup>
  /** Machines of the group, with their nodes. */
  readonly members?: readonly Node[]
  readonly others?: readonly Node[]
  readonly pods?: readonly Pod[]
  readonly budgets?: readonly PodDisruptionBudget[]
}

async function running({ group = {}, members = [], others = [], pods = [], budgets = [] }: Given, options: BenchOptions = {}): Promise<{ bench: ControllerBench; cloud: FakeCloud }> {
  const cloud = new FakeCloud()
  cloud.groups.set('pool', { ...pool, target: members.length, ...group })
  for (const { metadata } of members) cloud.rent(metadata.name, 'orbit-1a', 'running', 'pool')
  for (const { metadata } of others) cloud.rent(metadata.name)
  const bench = await controllerBench([looping(cloud)], {
    ...options,
    before: (api) => {
      for (const each of [...members, ...others]) seedNode(api, each)
      for (const each of pods) {
        api.seed(podKind, each)
        api.mutate(podKind, 'default', each.metadata.name, (copy) => void (copy.status = each.status!))
      }
      for (const budget of budgets) api.seed(podDisruptionBudgetKind, budget)
    },
  })
  return { bench, cloud }
}

const tainted = (bench: ControllerBench): string[] => bench.api.stored(nodeKind).filter(({ spec }) => spec?.taints?.some(({ key }) => key === toBeDeletedTaint)).map(({ metadata }) => metadata.name)
const rented = (cloud: FakeCloud): string[] => [...cloud.machines.keys()]

describe('nodes are given back', () => {
  const spentBudget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'x' } } }, status: { disruptionsAllowed: 0 } } as PodDisruptionBudget
  test.each<[string, Given, readonly string[]]>([
    ['empty ones', { members: [node('a'), node('b')] }, []],
    ['not below the least size', { group: { min: 1 }, members: [node('a'), node('b')] }, ['b']],
    ['only those of groups', { members: [node('a')], others: [node('own')] }, ['own']],
    ['not those whose pods fit nowhere else', { members: [node('a')], pods: [pod('p', '1', 'a')] }, ['a']],
    ['not those with a pod whose budget is spent', { members: [node('a')], others: [node('own')], pods: [pod('p', '1', 'a', { labels: { app: 'x' } })], budgets: [spentBudget] }, ['a', 'own']],
    ['with pods of DaemonSets on them', { members: [node('a')], pods: [pod('p', '1', 'a', { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'd', controller: true }] })] }, []],
    ['none while a pod waits that no group helps', { members: [node('a')], pods: [pod('p', '9')] }, ['a']],
  ])('%s', async (_, given, kept) => {
    const { bench, cloud } = await running(given)
    await bench.kernel.runFor(scaleDownMs - 1_000)
    expect(tainted(bench)).toEqual([])
    await bench.kernel.runFor(60_000)
    expect(rented(cloud)).toEqual(kept)
  })

  test('of two whose pods have room only once elsewhere, one', async () => {
    const { bench } = await running({ members: [node('a'), node('b')], others: [node('own')], pods: [pod('p', '1500m', 'a'), pod('q', '1500m', 'b'), pod('r', '1500m', 'own')] })
    await bench.kernel.runFor(scaleDownMs + 15_000)
    expect(tainted(bench)).toEqual(['a'])
  })

  test('whatever happens to the writes', async () => {
    const tried = await atEveryWrite(benchFaults, async (fault) => {
      const { bench, cloud } = await running({ members: [node('a')] }, fault ? { fault } : {})
      await bench.kernel.runFor(5 * scaleDownMs)
      return { writes: 3, check: () => expect(rented(cloud)).toEqual([]) }
    })
    expect(tried).toBeGreaterThan(benchFaults.length)
  })

  test('a taint that a process left behind is taken off a node that is needed', async () => {
    const { bench, cloud } = await running({ group: { min: 1 }, members: [node('a', [{ key: 'mine', effect: 'NoExecute' }, { key: toBeDeletedTaint, value: '1', effect: 'NoSchedule' }])] })
    await bench.kernel.runFor(15_000)
    expect(bench.api.peek(nodeKind, undefined, 'a')!.spec!.taints).toEqual([{ key: 'mine', effect: 'NoExecute' }])
    expect(rented(cloud)).toEqual(['a'])
  })
})

describe('groups grow', () => {
  test('once for a pod, whatever happens to the writes', async () => {
    await atEveryWrite(benchFaults, async (fault) => {
      const { bench, cloud } = await running({ pods: [pod('p', '1')] }, fault ? { fault } : {})
      await bench.kernel.runFor(60_000)
      return { writes: 2, check: () => expect(cloud.groups.get('pool')!.target).toBe(1) }
    })
  })

  test('not while the cloud refuses, and then', async () => {
    const { bench, cloud } = await running({})
    cloud.failing.add('resizeNodeGroup')
    bench.api.seed(podKind, pod('p', '1'))
    bench.api.mutate(podKind, 'default', 'p', (copy) => void (copy.status = pod('p', '1').status!))
    await bench.kernel.runFor(15_000)
    expect(bench.events().some((event) => event.startsWith('Warning FailedToScaleUpGroup ConfigMap/cluster-autoscaler-status: Scale-up failed for group pool: InternalError: not today'))).toBe(true)
    cloud.failing.clear()
    await bench.kernel.runFor(12_000)
    expect(cloud.groups.get('pool')!.target).toBe(1)
    expect(bench.events()).toContain('Normal TriggeredScaleUp Pod/p: pod triggered scale-up: [{pool 0->1 (max: 3)}]')
  })
})

import { describe, expect, test } from 'vitest'
import type { Node, Pod, PodDisruptionBudget } from '../../../api/generated/types.ts'
import type { NodeGroup } from '../cloud-api.ts'
import { blockedBy, neededBecause, utilizationOf } from './scale-down.ts'
import { planScaleUp } from './scale-up.ts'
import { Simulation } from './simulation.ts'
import { templateNode } from './template-node.ts'

const gibibyte = 1024 ** 3

function group(name: string, more: Partial<Omit<NodeGroup, 'template'>> & { readonly template?: Partial<NodeGroup['template']> } = {}): NodeGroup {
  return { name, min: 0, max: 3, target: 0, type: 'standard-4-8', ...more, template: { cpuMillis: 4_000, memoryBytes: 8 * gibibyte, storageBytes: 20 * gibibyte, podsMax: 110, labels: {}, taints: [], ...more.template } }
}

let count = 0
function pod(cpu: string, spec: Partial<NonNullable<Pod['spec']>> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  const uid = `uid-${++count}`
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: uid, namespace: 'default', uid, ownerReferences: owner('ReplicaSet'), ...metadata }, spec: { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu } } }], ...spec } } as Pod
}

function owner(kind: string): NonNullable<Pod['metadata']['ownerReferences']> {
  return [{ apiVersion: 'apps/v1', kind, name: 'owner', uid: 'owner', controller: true }]
}

const plan = (pending: readonly Pod[], groups: readonly NodeGroup[]) => planScaleUp(pending, groups, ['z-a', 'z-b'], 'z', () => new Simulation([], [], () => ({})))

describe('which group grows, and by how many', () => {
  const taint = { key: 'gpu', value: 'true', effect: 'NoSchedule' }
  test.each<[string, readonly Pod[], readonly NodeGroup[], string | undefined, number, readonly string[]]>([
    ['as few machines as hold all pods', [pod('2'), pod('2'), pod('1')], [group('a')], 'a', 2, []],
    ['not more than the group may have', [pod('3'), pod('3'), pod('3')], [group('a', { max: 2 })], 'a', 2, ['1 max node group size reached']],
    ['none when the group is full', [pod('1')], [group('a', { max: 2, target: 2 })], undefined, 0, ['1 max node group size reached']],
    ['none for a pod larger than the machine', [pod('5')], [group('a')], undefined, 0, ['1 Insufficient cpu']],
    ['the group that helps most pods', [pod('3'), pod('6')], [group('a'), group('big', { template: { cpuMillis: 16_000 } })], 'big', 1, []],
    ['of equal ones that with fewer machines', [pod('3'), pod('3')], [group('a'), group('big', { template: { cpuMillis: 16_000 } })], 'big', 1, []],
    ['of equal ones the first', [pod('3')], [group('a'), group('b')], 'a', 1, []],
    ['the one whose labels the pod selects', [pod('1', { nodeSelector: { disk: 'ssd' } })], [group('a'), group('b', { template: { labels: { disk: 'ssd' } } })], 'b', 1, []],
    ['none when no label fits', [pod('1', { nodeSelector: { disk: 'ssd' } })], [group('a')], undefined, 0, ["1 node(s) didn't match Pod's node affinity/selector"]],
    ['none whose taint is not tolerated', [pod('1')], [group('a', { template: { taints: [taint] } })], undefined, 0, ['1 node(s) had untolerated taint(s)']],
    ['one whose taint is tolerated', [pod('1', { tolerations: [{ key: 'gpu', operator: 'Exists' }] })], [group('a', { template: { taints: [taint] } })], 'a', 1, []],
    ['a machine per pod when pods keep apart', [1, 2].map(() => pod('1', { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'x' } } }] } } }, { labels: { app: 'x' } })), [group('a')], 'a', 2, []],
    ['by the number of pods that a machine takes', [pod('1m'), pod('1m'), pod('1m')], [group('a', { template: { podsMax: 2 } })], 'a', 2, []],
  ])('%s', (_, pending, groups, grows, by, unhelped) => {
    const made = plan(pending, groups)
    expect([made.group?.name, made.by, [...made.unhelped.values()]]).toEqual([grows, by, unhelped])
    expect(made.helped.length + made.unhelped.size).toBe(pending.length)
  })
})

describe('whether a pod lets its node go', () => {
  const emptyDir = { volumes: [{ name: 'scratch', emptyDir: {} }] }
  const annotated = (key: string, value: string): Partial<Pod['metadata']> => ({ annotations: { [`cluster-autoscaler.kubernetes.io/${key}`]: value } })
  const budget = (disruptionsAllowed: number, namespace = 'default'): PodDisruptionBudget => ({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b', namespace }, spec: { selector: { matchLabels: { app: 'x' } } }, status: { disruptionsAllowed } }) as PodDisruptionBudget
  test.each<[string, Pod, readonly PodDisruptionBudget[], string | undefined]>([
    ['one of a ReplicaSet', pod('1'), [], undefined],
    ['one of nobody', pod('1', {}, { ownerReferences: [] }), [], 'NotReplicated'],
    ['one of nobody that says it may', pod('1', {}, { ownerReferences: [], ...annotated('safe-to-evict', 'true') }), [], undefined],
    ['one that says it may not', pod('1', {}, annotated('safe-to-evict', 'false')), [], 'NotSafeToEvictAnnotation'],
    ['one of a DaemonSet that says it may not', pod('1', {}, { ownerReferences: owner('DaemonSet'), ...annotated('safe-to-evict', 'false') }), [], undefined],
    ['one of a DaemonSet with local storage', pod('1', emptyDir, { ownerReferences: owner('DaemonSet') }), [], undefined],
    ['a mirror pod', pod('1', {}, { ownerReferences: [], annotations: { 'kubernetes.io/config.mirror': 'x' } }), [], undefined],
    ['one with local storage', pod('1', emptyDir), [], 'LocalStorageRequested'],
    ['one with a folder of the node', pod('1', { volumes: [{ name: 'h', hostPath: { path: '/' } }] }), [], 'LocalStorageRequested'],
    ['one with storage in memory', pod('1', { volumes: [{ name: 'm', emptyDir: { medium: 'Memory' } }] }), [], undefined],
    ['one whose local storage may be lost', pod('1', emptyDir, annotated('safe-to-evict-local-volumes', 'other, scratch')), [], undefined],
    ['one with other local storage than that which may be lost', pod('1', emptyDir, annotated('safe-to-evict-local-volumes', 'other')), [], 'LocalStorageRequested'],
    ['one of kube-system', pod('1', {}, { namespace: 'kube-system' }), [], 'UnmovableKubeSystemPod'],
    ['one of kube-system with a budget', pod('1', {}, { namespace: 'kube-system', labels: { app: 'x' } }), [budget(1, 'kube-system')], undefined],
    ['one whose budget is spent', pod('1', {}, { labels: { app: 'x' } }), [budget(0)], 'NotEnoughPdb'],
    ['one whose budget is spent though it says it may', pod('1', {}, { labels: { app: 'x' }, ...annotated('safe-to-evict', 'true') }), [budget(0)], 'NotEnoughPdb'],
    ['one beside a spent budget of another namespace', pod('1', {}, { labels: { app: 'x' } }), [budget(0, 'other')], undefined],
    ['one that ended', { ...pod('1', emptyDir, { ownerReferences: [] }), status: { phase: 'Succeeded' } }, [], undefined],
  ])('%s', (_, given, budgets, why) => expect(blockedBy(given, budgets)).toBe(why))
})

describe('whether a node might go', () => {
  const node = (annotations = {}): Node => {
    const made = templateNode(group('a'), 'a-1', 'z-a', 'z')
    return { ...made, metadata: { ...made.metadata, annotations } }
  }
  test.each<[string, Node, readonly Pod[], string | undefined]>([
    ['empty', node(), [], undefined],
    ['under half', node(), [pod('1'), pod('900m')], undefined],
    ['half', node(), [pod('2')], 'NotUnderutilized'],
    ['marked to stay', node({ 'cluster-autoscaler.kubernetes.io/scale-down-disabled': 'true' }), [], 'ScaleDownDisabledAnnotation'],
    ['held by one pod', node(), [pod('1m'), pod('1m', {}, { ownerReferences: [] })], 'NotReplicated'],
  ])('%s', (_, given, pods, why) => expect(neededBecause(given, pods, [])).toBe(why))

  test('the greater of processors and memory counts', () => {
    const hungry = pod('1', { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '400m', memory: '6Gi' } } }] })
    expect(utilizationOf(node(), [hungry])).toBeCloseTo(6 / (8 - 100 / 1024), 5)
  })
})

test('pods move all or none, beside those that moved before', () => {
  const nodes = ['a', 'b', 'c'].map((name) => templateNode(group('g'), name, 'z-a', 'z'))
  const on = (name: string, cpu: string): Pod => pod(cpu, { nodeName: name, containers: [{ name: 'c', image: 'x', resources: { requests: { cpu } } }] })
  const [first, second, third] = [on('a', '1500m'), on('b', '1500m'), on('c', '2')]
  const simulation = new Simulation(nodes, [first, second, third], () => ({}))
  expect([...simulation.move([first], 'a', new Set(['c']))!.values()]).toEqual(['c'])
  expect(simulation.move([second], 'b', new Set(['c']))).toBeUndefined()
  expect(simulation.place(pod('2600m'), new Set(['b']))).toEqual({ reasons: ['Insufficient cpu'] })
})

import { describe, expect, it } from 'vitest'
import type { Node, NodeSelectorRequirement, Pod, Taint, Toleration } from '../../../api/generated/types.ts'
import { selectorFromSet } from '../../../api/machinery/labels.ts'
import { podRequests } from '../framework/resources.ts'
import { NodeInfo } from '../framework/node-info.ts'
import { podInfoOf } from '../framework/pod-info.ts'
import type { ClusterEvent, ClusterEventName } from '../framework/cluster-event.ts'
import type { Plugin } from '../framework/plugin.ts'
import { testNode, testPod } from '../testing/objects.ts'
import { passing, tryPlugin } from '../testing/trial.ts'
import { imageLocality, normalizedImageName } from './image-locality.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { podTopologySpread } from './pod-topology-spread.ts'
import { pickCandidate } from './default-preemption.ts'
import { taintToleration } from './taint-toleration.ts'
import { tolerates } from './tolerations.ts'

/** A pod on a node, with labels. */
const placed = (name: string, node: string, labels: Record<string, string> = {}, change: (pod: Pod) => void = () => {}): Pod =>
  testPod(name, {}, (pod) => {
    pod.metadata.labels = labels
    pod.spec!.nodeName = node
    change(pod)
  })
const labelled = (name: string, labels: Record<string, string>): Node => testNode(name, undefined, (node) => Object.assign(node.metadata.labels!, labels))
const zoned = (name: string, zone: string): Node => labelled(name, { zone })

const hint = (plugin: Plugin, pod: Pod, name: ClusterEventName, old: Node | Pod | undefined, next: Node | Pod | undefined): string => {
  const event: ClusterEvent = { name, old, next }
  const interest = plugin.interests?.find(({ events }) => events.includes(name))
  return interest ? (interest.hint?.(podInfoOf(pod), event) ?? 'queue') : 'not interested'
}

describe('podRequests', () => {
  const container = (cpu: string, restartPolicy?: string) => ({ name: `c${cpu}`, image: 'i', resources: { requests: { cpu } }, ...(restartPolicy && { restartPolicy }) })
  it.each<[string, Partial<Pod['spec'] & object>, number]>([
    ['the sum of containers', { containers: [container('1'), container('500m')] }, 1_500],
    ['an init container that needs more', { containers: [container('1')], initContainers: [container('2')] }, 2_000],
    ['a sidecar beside the containers', { containers: [container('1')], initContainers: [container('500m', 'Always')] }, 1_500],
    ['an init container beside the sidecar before it', { containers: [container('1')], initContainers: [container('500m', 'Always'), container('2')] }, 2_500],
    ['an init container before the sidecar', { containers: [container('1')], initContainers: [container('2'), container('500m', 'Always')] }, 2_000],
    ['overhead', { containers: [container('1')], overhead: { cpu: '250m' } }, 1_250],
    ['the pod as a whole', { containers: [container('1')], resources: { requests: { cpu: '3' } } } as never, 3_000],
  ])('counts %s', (_, spec, milliCpu) => {
    expect(podRequests({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: spec as NonNullable<Pod['spec']> }).milliCpu).toBe(milliCpu)
  })

  it('counts containers without requests with defaults where asked to', () => {
    expect(podRequests(testPod('p'), true)).toMatchObject({ milliCpu: 100, memory: 200 * 1024 * 1024 })
    expect(podRequests(testPod('p', { cpu: '0' }), true)).toMatchObject({ milliCpu: 0, memory: 200 * 1024 * 1024 })
  })
})

describe('tolerations', () => {
  const taint: Taint = { key: 'k', value: 'v', effect: 'NoSchedule' }
  it.each<[Toleration, boolean]>([
    [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }, true],
    [{ key: 'k', value: 'v' }, true],
    [{ key: 'k', operator: 'Exists' }, true],
    [{ operator: 'Exists' }, true],
    [{ operator: 'Exists', effect: 'NoExecute' }, false],
    [{ key: 'k', value: 'other' }, false],
    [{ key: 'other', operator: 'Exists' }, false],
    [{ key: 'k', operator: 'Gt', value: '1' }, false],
  ])('%j: %s', (toleration, expected) => expect(tolerates(toleration, taint)).toBe(expected))
})

describe('TaintToleration', () => {
  const tainted = (name: string, ...taints: Taint[]): Node => testNode(name, undefined, (node) => void (node.spec = { taints }))
  it('prefers nodes with fewer taints that only put off', () => {
    const soft = (key: string): Taint => ({ key, effect: 'PreferNoSchedule' })
    const trial = tryPlugin(() => taintToleration, testPod('p'), { nodes: [tainted('none'), tainted('one', soft('a')), tainted('two', soft('a'), soft('b'))] })
    expect(passing(trial)).toEqual(['none', 'one', 'two'])
    expect(trial.scores).toEqual({ none: 100, one: 50, two: 0 })
  })

  it('is worth another try when the taint goes, or the pod learns to tolerate it', () => {
    const taint: Taint = { key: 'a', effect: 'NoSchedule' }
    const pod = testPod('p')
    expect(hint(taintToleration, pod, 'NodeTaintChange', tainted('n', taint), tainted('n'))).toBe('queue')
    expect(hint(taintToleration, pod, 'NodeTaintChange', tainted('n'), tainted('n', taint))).toBe('skip')
    expect(hint(taintToleration, pod, 'NodeAdd', undefined, tainted('n', taint))).toBe('skip')
    expect(hint(taintToleration, pod, 'PodTolerationChange', pod, pod)).toBe('queue')
    expect(hint(taintToleration, pod, 'AssignedPodDelete', pod, undefined)).toBe('not interested')
  })
})

describe('NodeUnschedulable', () => {
  it('leaves cordoned nodes to pods that tolerate it', () => {
    const nodes = [testNode('open'), testNode('cordoned', undefined, (node) => void (node.spec = { unschedulable: true }))]
    expect(passing(tryPlugin(() => nodeUnschedulable, testPod('p'), { nodes }))).toEqual(['open'])
    const tolerant = testPod('q', {}, (pod) => (pod.spec!.tolerations = [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }]))
    expect(passing(tryPlugin(() => nodeUnschedulable, tolerant, { nodes }))).toEqual(['open', 'cordoned'])
  })
})

describe('NodeAffinity', () => {
  const nodes = [labelled('a', { disk: 'ssd', size: '5' }), labelled('b', { disk: 'hdd', size: '10' }), labelled('c', {})]
  const requiring = (...matchExpressions: NodeSelectorRequirement[]): Pod =>
    testPod('p', {}, (pod) => (pod.spec!.affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } } }))
  it.each<[NodeSelectorRequirement, string[]]>([
    [{ key: 'disk', operator: 'In', values: ['ssd', 'nvme'] }, ['a']],
    [{ key: 'disk', operator: 'NotIn', values: ['ssd'] }, ['b', 'c']],
    [{ key: 'disk', operator: 'Exists' }, ['a', 'b']],
    [{ key: 'disk', operator: 'DoesNotExist' }, ['c']],
    [{ key: 'size', operator: 'Gt', values: ['7'] }, ['b']],
    [{ key: 'size', operator: 'Lt', values: ['7'] }, ['a']],
    [{ key: 'disk', operator: 'Gt', values: ['7'] }, []],
  ])('%j', (requirement, expected) => expect(passing(tryPlugin(() => nodeAffinity(), requiring(requirement), { nodes }))).toEqual(expected))

  it('needs a term to match; an empty one never does', () => {
    expect(passing(tryPlugin(() => nodeAffinity(), requiring(), { nodes }))).toEqual([])
  })

  it('adds up the weights of preferred terms that match', () => {
    const prefer = (weight: number, key: string, value: string) => ({ weight, preference: { matchExpressions: [{ key, operator: 'In', values: [value] }] } })
    const pod = testPod('p', {}, (copy) => (copy.spec!.affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [prefer(60, 'disk', 'ssd'), prefer(20, 'size', '5'), prefer(40, 'disk', 'hdd')] } }))
    const trial = tryPlugin(() => nodeAffinity(), pod, { nodes })
    expect(trial.raw).toEqual({ a: 80, b: 40, c: 0 })
    expect(trial.scores).toEqual({ a: 100, b: 50, c: 0 })
    expect(tryPlugin(() => nodeAffinity(), testPod('q'), { nodes })).toMatchObject({ preFilter: { code: 'Skip' }, preScore: { code: 'Skip' } })
  })
})

describe('NodePorts', () => {
  const using = (name: string, hostPort: number, more: { hostIP?: string; protocol?: string } = {}): Pod =>
    testPod(name, {}, (pod) => (pod.spec!.containers[0]!.ports = [{ containerPort: 80, hostPort, ...more }]))
  it.each<[string, Pod, Pod, boolean]>([
    ['another port', using('a', 80), using('b', 81), true],
    ['the same port', using('a', 80), using('b', 80), false],
    ['another protocol', using('a', 80), using('b', 80, { protocol: 'UDP' }), true],
    ['another address', using('a', 80, { hostIP: '10.0.0.1' }), using('b', 80, { hostIP: '10.0.0.2' }), true],
    ['all addresses against one', using('a', 80, { hostIP: '10.0.0.1' }), using('b', 80), false],
    ['one address against all', using('a', 80), using('b', 80, { hostIP: '10.0.0.1' }), false],
  ])('%s', (_, existing, pod, fits) => {
    const there = { ...existing, spec: { ...existing.spec!, nodeName: 'n' } }
    expect(passing(tryPlugin(() => nodePorts, pod, { nodes: [testNode('n')], existing: [there] }))).toEqual(fits ? ['n'] : [])
  })
})

describe('NodeResourcesFit', () => {
  const nodes = [testNode('n', { cpu: '2', memory: '4Gi', 'example.com/gpu': '1', pods: '2' })]
  it.each<[string, Record<string, string>, Pod[], { code: string; reasons: string[] } | undefined]>([
    ['what fits', { cpu: '2', memory: '4Gi' }, [], undefined],
    ['nothing asked for', {}, [], undefined],
    ['more than there is at all', { cpu: '3' }, [], { code: 'UnschedulableAndUnresolvable', reasons: ['Insufficient cpu'] }],
    ['more than is left', { cpu: '1500m' }, [testPod('a', { cpu: '1' })], { code: 'Unschedulable', reasons: ['Insufficient cpu'] }],
    ['several things', { cpu: '1500m', memory: '3Gi' }, [testPod('a', { cpu: '1', memory: '2Gi' })], { code: 'Unschedulable', reasons: ['Insufficient cpu', 'Insufficient memory'] }],
    ['a device that is taken', { 'example.com/gpu': '1' }, [testPod('a', { 'example.com/gpu': '1' })], { code: 'Unschedulable', reasons: ['Insufficient example.com/gpu'] }],
    ['a device that nobody has', { 'example.com/fpga': '1' }, [], { code: 'UnschedulableAndUnresolvable', reasons: ['Insufficient example.com/fpga'] }],
    ['one pod too many', {}, [testPod('a'), testPod('b')], { code: 'Unschedulable', reasons: ['Too many pods'] }],
  ])('%s', (_, requests, existing, expected) => {
    const there = existing.map((pod) => ({ ...pod, spec: { ...pod.spec!, nodeName: 'n' } }))
    const verdict = tryPlugin(() => nodeResourcesFit(), testPod('p', requests), { nodes, existing: there }).verdicts['n']
    expect(verdict && { code: verdict.code, reasons: [...verdict.reasons] }).toEqual(expected)
  })

  it('prefers what has more left, or less', () => {
    const two = [testNode('empty', { cpu: '4', memory: '8Gi' }), testNode('half', { cpu: '4', memory: '8Gi' })]
    const existing = [{ ...testPod('a', { cpu: '2', memory: '4Gi' }), spec: { ...testPod('a', { cpu: '2', memory: '4Gi' }).spec!, nodeName: 'half' } }]
    const pod = testPod('p', { cpu: '1', memory: '2Gi' })
    expect(tryPlugin(() => nodeResourcesFit(), pod, { nodes: two, existing }).raw).toEqual({ empty: 75, half: 25 })
    expect(tryPlugin(() => nodeResourcesFit({ scoringStrategy: { type: 'MostAllocated' } }), pod, { nodes: two, existing }).raw).toEqual({ empty: 25, half: 75 })
  })

  it('is worth another try when room appears', () => {
    const fit = nodeResourcesFit()
    const pod = testPod('p', { cpu: '3' })
    const cpu = (amount: string): Node => testNode('n', { cpu: amount })
    expect(hint(fit, pod, 'NodeAdd', undefined, cpu('2'))).toBe('skip')
    expect(hint(fit, pod, 'NodeAdd', undefined, cpu('4'))).toBe('queue')
    expect(hint(fit, pod, 'NodeAllocatableChange', cpu('2'), cpu('4'))).toBe('queue')
    expect(hint(fit, pod, 'NodeAllocatableChange', cpu('5'), cpu('4'))).toBe('skip')
    expect(hint(fit, pod, 'AssignedPodDelete', placed('x', 'n'), undefined)).toBe('queue')
    expect(hint(fit, pod, 'AssignedPodDelete', testPod('x'), undefined)).toBe('skip')
  })
})

describe('NodeResourcesBalancedAllocation', () => {
  it('prefers what would be used evenly, and leaves pods that ask for nothing alone', () => {
    const nodes = [testNode('even', { cpu: '4', memory: '8Gi' }), testNode('odd', { cpu: '4', memory: '32Gi' })]
    expect(tryPlugin(() => nodeResourcesBalancedAllocation(), testPod('p', { cpu: '2', memory: '4Gi' }), { nodes }).raw).toEqual({ even: 100, odd: 81 })
    expect(tryPlugin(() => nodeResourcesBalancedAllocation(), testPod('p'), { nodes }).preScore).toMatchObject({ code: 'Skip' })
  })
})

describe('ImageLocality', () => {
  it('prefers nodes that have the image, less so when few do', () => {
    const mebibyte = 1024 * 1024
    const having = (name: string, ...names: string[]): Node => testNode(name, undefined, (node) => (node.status!.images = [{ names, sizeBytes: 523 * mebibyte }]))
    const trial = tryPlugin(imageLocality, testPod('p'), { nodes: [having('a', 'nginx:latest'), having('b', 'other:1')] })
    expect(trial.raw).toEqual({ a: Math.trunc((100 * (261.5 - 23)) / 977), b: 0 })
  })

  it.each([
    ['nginx', 'nginx:latest'],
    ['nginx:1.27', 'nginx:1.27'],
    ['registry:5000/nginx', 'registry:5000/nginx:latest'],
    ['registry:5000/nginx:2', 'registry:5000/nginx:2'],
  ])('reads %s as %s', (name, expected) => expect(normalizedImageName(name)).toBe(expected))
})

describe('PodTopologySpread', () => {
  const nodes = [zoned('a1', 'a'), zoned('a2', 'a'), zoned('b1', 'b')]
  const spreading = (whenUnsatisfiable: string, more: object = {}): Pod =>
    testPod('p', {}, (pod) => {
      pod.metadata.labels = { app: 'web' }
      pod.spec!.topologySpreadConstraints = [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable, labelSelector: { matchLabels: { app: 'web' } }, ...more }]
    })
  const web = (name: string, node: string): Pod => placed(name, node, { app: 'web' })

  it.each<[string, Pod[], object, string[]]>([
    ['evenly empty', [], {}, ['a1', 'a2', 'b1']],
    ['one zone ahead', [web('x', 'a1')], {}, ['b1']],
    ['others do not count', [placed('x', 'a1', { app: 'db' })], {}, ['a1', 'a2', 'b1']],
    ['nor do pods that are going', [{ ...web('x', 'a1'), metadata: { ...web('x', 'a1').metadata, deletionTimestamp: 'now' } }], {}, ['a1', 'a2', 'b1']],
    ['a larger skew', [web('x', 'a1')], { maxSkew: 2 }, ['a1', 'a2', 'b1']],
    ['fewer domains than wanted', [web('x', 'a1'), web('y', 'b1')], { minDomains: 3 }, []],
    ['fewer domains than wanted, all empty', [], { minDomains: 3 }, ['a1', 'a2', 'b1']],
  ])('DoNotSchedule: %s', (_, existing, more, expected) => {
    expect(passing(tryPlugin(() => podTopologySpread(), spreading('DoNotSchedule', more), { nodes, existing }))).toEqual(expected)
  })

  it('tells missing labels apart from uneven spreading', () => {
    const trial = tryPlugin(() => podTopologySpread(), spreading('DoNotSchedule'), { nodes: [...nodes, testNode('nowhere')], existing: [web('x', 'a1')] })
    expect(trial.verdicts['a1']).toMatchObject({ code: 'Unschedulable', reasons: ["node(s) didn't match pod topology spread constraints"] })
    expect(trial.verdicts['nowhere']).toMatchObject({ code: 'UnschedulableAndUnresolvable', reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"] })
  })

  it('ScheduleAnyway scores', () => {
    const trial = tryPlugin(() => podTopologySpread(), spreading('ScheduleAnyway'), { nodes, existing: [web('x', 'a1'), web('y', 'a2'), web('z', 'b1')] })
    expect(trial.preFilter).toMatchObject({ code: 'Skip' })
    expect(trial.scores['a1']).toBe(trial.scores['a2'])
    expect(trial.scores['b1']).toBeGreaterThan(trial.scores['a1']!)
  })

  it('spreads a workload over nodes without being asked to', () => {
    const pod = testPod('p', {}, (copy) => (copy.metadata.labels = { app: 'web' }))
    const options = { nodes, existing: [web('x', 'a1'), web('y', 'a1'), web('z', 'b1')], spreadingSelector: selectorFromSet({ app: 'web' }) }
    const { scores } = tryPlugin(() => podTopologySpread(), pod, options)
    expect(scores['a2']).toBe(100)
    expect(scores['b1']).toBeGreaterThan(scores['a1']!)
    expect(tryPlugin(() => podTopologySpread(), pod, { nodes }).preScore).toMatchObject({ code: 'Skip' })
  })
})

describe('InterPodAffinity', () => {
  const nodes = [zoned('a1', 'a'), zoned('a2', 'a'), zoned('b1', 'b')]
  const term = (app: string, topologyKey = 'zone', more: object = {}) => ({ labelSelector: { matchLabels: { app } }, topologyKey, ...more })
  const wanting = (affinity: NonNullable<Pod['spec']>['affinity'] & object, labels: Record<string, string> = {}): Pod =>
    testPod('p', {}, (pod) => {
      pod.metadata.labels = labels
      pod.spec!.affinity = affinity
    })
  const near = (...terms: ReturnType<typeof term>[]) => ({ podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } })
  const far = (...terms: ReturnType<typeof term>[]) => ({ podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } })
  const run = (pod: Pod, existing: Pod[], namespaces = {}) => tryPlugin(interPodAffinity, pod, { nodes, existing, namespaces })

  it.each<[string, Pod, Pod[], string[]]>([
    ['near a pod of the zone', wanting(near(term('db'))), [placed('x', 'a1', { app: 'db' })], ['a1', 'a2']],
    ['near a pod of the node', wanting(near(term('db', 'kubernetes.io/hostname'))), [placed('x', 'a1', { app: 'db' })], ['a1']],
    ['near nobody', wanting(near(term('db'))), [], []],
    ['near its own kind, as the first', wanting(near(term('web')), { app: 'web' }), [], ['a1', 'a2', 'b1']],
    ['near two kinds, which no pod is', wanting(near(term('db'), term('cache'))), [placed('x', 'a1', { app: 'db' }), placed('y', 'a1', { app: 'cache' })], []],
    ['away from a zone', wanting(far(term('db'))), [placed('x', 'a1', { app: 'db' })], ['b1']],
    ['kept away by another', testPod('p', {}, (pod) => (pod.metadata.labels = { app: 'web' })), [placed('x', 'b1', {}, (pod) => (pod.spec!.affinity = far(term('web'))))], ['a1', 'a2']],
    ['pods of other namespaces do not count', wanting(far(term('db'))), [{ ...placed('x', 'a1', { app: 'db' }), metadata: { name: 'x', uid: 'x', namespace: 'other', labels: { app: 'db' } } }], ['a1', 'a2', 'b1']],
  ])('%s', (_, pod, existing, expected) => expect(passing(run(pod, existing))).toEqual(expected))

  it('counts pods of namespaces that are selected', () => {
    const other = { ...placed('x', 'a1', { app: 'db' }), metadata: { name: 'x', uid: 'x', namespace: 'other', labels: { app: 'db' } } }
    const pod = wanting(far(term('db', 'zone', { namespaceSelector: { matchLabels: { team: 'one' } } })))
    expect(passing(run(pod, [other], { other: { team: 'one' } }))).toEqual(['b1'])
    expect(passing(run(pod, [other], { other: { team: 'two' } }))).toEqual(['a1', 'a2', 'b1'])
  })

  it('gives each refusal its words', () => {
    const keeper = placed('k', 'a2', {}, (pod) => (pod.spec!.affinity = far(term('web', 'kubernetes.io/hostname'))))
    const trial = run(wanting(far(term('db', 'kubernetes.io/hostname')), { app: 'web' }), [placed('x', 'a1', { app: 'db' }), keeper])
    expect(trial.verdicts['a1']).toMatchObject({ code: 'Unschedulable', reasons: ["node(s) didn't match pod anti-affinity rules"] })
    expect(trial.verdicts['a2']).toMatchObject({ code: 'Unschedulable', reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"] })
    expect(run(wanting(near(term('db'))), []).verdicts['a1']).toMatchObject({ code: 'UnschedulableAndUnresolvable', reasons: ["node(s) didn't match pod affinity rules"] })
  })

  it('scores preferences of both sides', () => {
    const pod = wanting({ podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, podAffinityTerm: term('db') }] } }, { app: 'web' })
    const admirer = placed('y', 'b1', {}, (copy) => (copy.spec!.affinity = { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 4, podAffinityTerm: term('web') }] } }))
    const trial = run(pod, [placed('x', 'a1', { app: 'db' }), admirer])
    expect(trial.raw).toEqual({ a1: 10, a2: 10, b1: 4 })
    expect(trial.scores).toEqual({ a1: 100, a2: 100, b1: 0 })
    expect(run(testPod('q'), []).preScore).toMatchObject({ code: 'Skip' })
  })
})

describe('pickCandidate', () => {
  const victim = (name: string, priority: number, startTime: string) => podInfoOf(testPod(name, {}, (pod) => {
    pod.spec!.priority = priority
    pod.status = { startTime }
  }))
  const early = '2026-01-01T00:00:00Z'
  const late = '2026-01-02T00:00:00Z'
  it.each([
    ['the lower highest priority', [{ node: 'a', victims: [victim('1', 9, early)] }, { node: 'b', victims: [victim('2', 5, early), victim('3', 5, early)] }], 'b'],
    ['the lower sum', [{ node: 'a', victims: [victim('1', 5, early), victim('2', 4, early)] }, { node: 'b', victims: [victim('3', 5, early), victim('4', 1, early)] }], 'b'],
    ['fewer victims', [{ node: 'a', victims: [victim('1', 5, early), victim('2', -2147483648, early)] }, { node: 'b', victims: [victim('3', 5, early)] }], 'b'],
    ['those who started last', [{ node: 'a', victims: [victim('1', 5, early)] }, { node: 'b', victims: [victim('2', 5, late)] }], 'b'],
  ])('takes %s', (_, candidates, expected) => expect(pickCandidate(candidates.map((candidate) => ({ ...candidate, violations: 0 }))).node).toBe(expected))
})

describe('NodeInfo', () => {
  it('is as before after a pod came and went', () => {
    const node = new NodeInfo(testNode('n'))
    const pod = podInfoOf(testPod('p', { cpu: '1', memory: '1Gi', 'example.com/gpu': '1' }, (copy) => (copy.spec!.containers[0]!.ports = [{ containerPort: 1, hostPort: 80 }])))
    node.addPod(pod)
    expect([node.requested.milliCpu, node.portTaken({ ip: '0.0.0.0', protocol: 'TCP', port: 80 })]).toEqual([1_000, true])
    node.removePod(pod.uid)
    expect([node.requested.milliCpu, node.requested.scalars?.get('example.com/gpu'), node.portTaken({ ip: '0.0.0.0', protocol: 'TCP', port: 80 })]).toEqual([0, 0, false])
  })
})

import { describe, expect, it } from 'vitest'
import type { CSINode, Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { storageClassKind } from '../../../api/kinds/storage/storage-class.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { ClusterEventName } from '../framework/cluster-event.ts'
import { CycleState } from '../framework/cycle-state.ts'
import { NodeInfo } from '../framework/node-info.ts'
import { podInfoOf } from '../framework/pod-info.ts'
import { testNode, testPod } from '../testing/objects.ts'
import { schedulerBench, type SchedulerBench } from '../testing/scheduler-bench.ts'
import { tryPlugin, type Trial } from '../testing/trial.ts'
import { boundClaim, storageOf, testClaim, testClass, testVolume, using } from '../testing/volumes.ts'
import { volumeBinding } from './volume-binding.ts'

type Stored = PersistentVolume | PersistentVolumeClaim | StorageClass
const nodes = ['worker-1', 'worker-2'].map((name) => testNode(name, undefined, (node) => void (node.metadata.labels!['zone'] = name === 'worker-1' ? 'a' : 'b')))
const noClient = { client: {} as never, clock: {} as never }

function look(pod: Pod, ...stored: Stored[]): Trial {
  return tryPlugin(() => volumeBinding({ ...noClient, sources: storageOf(...stored) }), pod, { nodes })
}

/** What a trial says: PreFilter's reasons, or each node's. */
function verdict({ preFilter, verdicts }: Trial): unknown {
  if (preFilter) return preFilter.reasons.length > 0 ? `${preFilter.code}: ${preFilter.reasons.join(', ')}` : preFilter.code
  return Object.fromEntries(Object.entries(verdicts).map(([node, status]) => [node, status ? `${status.code}: ${status.reasons.join(', ')}` : 'fits']))
}

const unresolvable = 'UnschedulableAndUnresolvable'
const conflict = `${unresolvable}: node(s) didn't match PersistentVolume's node affinity`
const nothingFound = `${unresolvable}: node(s) didn't find available persistent volumes to bind`
const late = testClass('late')
const stored = (name: string): Stored => testClass(name, (storageClass) => void (storageClass.provisioner = 'kubernetes.io/no-provisioner'))
const scratch = (pod: Pod): void => void (pod.spec!.volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: {} } } }])

describe('VolumeBinding before nodes are looked at', () => {
  it.each<[string, (pod: Pod) => void, Stored[], string]>([
    ['no claims', () => {}, [], 'Skip'],
    ['a claim that is not there', using('data'), [], `${unresolvable}: persistentvolumeclaim "data" not found`],
    ['a claim that goes', using('data'), [late, testClaim('data', ({ metadata }) => void (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'))], `${unresolvable}: persistentvolumeclaim "data" is being deleted`],
    ['a claim without its volume', using('data'), [boundClaim('data', 'disk', (claim) => void (claim.status = { phase: 'Lost' }))], `${unresolvable}: persistentvolumeclaim "data" bound to non-existent persistentvolume "disk"`],
    ['an immediate claim', using('data'), [testClass('late', (storageClass) => void (storageClass.volumeBindingMode = 'Immediate')), testClaim('data')], `${unresolvable}: pod has unbound immediate PersistentVolumeClaims`],
    ['a class that is not there', using('data'), [testClaim('data')], `${unresolvable}: pod has unbound immediate PersistentVolumeClaims`],
    ['a claim that names a volume and waits for the binder', using('data'), [late, testClaim('data', (claim) => void (claim.spec!.volumeName = 'disk'))], `${unresolvable}: pod has unbound immediate PersistentVolumeClaims`],
    ['an ephemeral volume without a claim yet', scratch, [late], `${unresolvable}: waiting for ephemeral volume controller to create the persistentvolumeclaim "x-scratch"`],
    ['an ephemeral volume whose claim is of somebody else', scratch, [late, testClaim('x-scratch')], `${unresolvable}: PVC default/x-scratch was not created for pod default/x (pod is not owner)`],
  ])('%s', (_, change, objects, expected) => {
    expect(verdict(look(testPod('x', {}, change), ...objects))).toBe(expected)
  })
})

describe('VolumeBinding on nodes', () => {
  const all = { 'worker-1': 'fits', 'worker-2': 'fits' }
  const changed = (change: (claim: PersistentVolumeClaim) => void): Stored => testClaim('data', change)
  it.each<[string, Stored[], unknown]>([
    ['a bound volume that is everywhere', [boundClaim('data', 'disk'), testVolume('disk')], all],
    ['a bound volume of one node', [boundClaim('data', 'disk'), testVolume('disk', ['worker-2'])], { 'worker-1': conflict, 'worker-2': 'fits' }],
    ['a bound volume that is gone', [boundClaim('data', 'disk')], { 'worker-1': `${unresolvable}: node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)`, 'worker-2': expect.stringContaining('non-existent pv(s)') as string }],
    ['a volume that can be made anywhere', [late, testClaim('data')], all],
    ['a node that was chosen before', [late, changed(({ metadata }) => void (metadata.annotations = { 'volume.kubernetes.io/selected-node': 'worker-1' }))], { 'worker-1': 'fits', 'worker-2': nothingFound }],
    ['a class of one zone', [testClass('late', (each) => void (each.allowedTopologies = [{ matchLabelExpressions: [{ key: 'zone', values: ['b', 'c'] }] }])), testClaim('data')], { 'worker-1': nothingFound, 'worker-2': 'fits' }],
    ['a class that makes nothing', [stored('late'), testClaim('data')], { 'worker-1': nothingFound, 'worker-2': nothingFound }],
    ['a free volume of one node', [stored('late'), testClaim('data'), testVolume('disk', ['worker-1'])], { 'worker-1': 'fits', 'worker-2': nothingFound }],
    ['a volume that is too small', [stored('late'), changed((claim) => void (claim.spec!.resources = { requests: { storage: '2Gi' } })), testVolume('disk')], { 'worker-1': nothingFound, 'worker-2': nothingFound }],
    ['a volume that gives other access', [stored('late'), changed((claim) => void (claim.spec!.accessModes = ['ReadWriteMany'])), testVolume('disk')], { 'worker-1': nothingFound, 'worker-2': nothingFound }],
    ['a volume of another class', [stored('late'), testClaim('data'), testVolume('disk', [], (volume) => void (volume.spec!.storageClassName = 'other'))], { 'worker-1': nothingFound, 'worker-2': nothingFound }],
    ['a volume without the wanted label', [stored('late'), changed((claim) => void (claim.spec!.selector = { matchLabels: { disk: 'ssd' } })), testVolume('disk')], { 'worker-1': nothingFound, 'worker-2': nothingFound }],
    ['a volume of another claim', [stored('late'), testClaim('data'), testVolume('disk', [], (volume) => void (volume.spec!.claimRef = { name: 'other', namespace: 'default' }))], { 'worker-1': nothingFound, 'worker-2': nothingFound }],
    ['a volume made for this claim, although another is free', [stored('late'), testClaim('data'), testVolume('free'), testVolume('own', ['worker-2'], (volume) => void (volume.spec!.claimRef = { name: 'data', namespace: 'default' }))], { 'worker-1': nothingFound, 'worker-2': 'fits' }],
  ])('%s', (_, objects, expected) => {
    expect(verdict(look(testPod('x', {}, using('data')), ...objects))).toEqual(expected)
  })

  it('gives two claims of a pod a volume each, the smallest that will do', () => {
    const sources = storageOf(stored('late') as StorageClass, testClaim('big', (claim) => void (claim.spec!.resources = { requests: { storage: '3Gi' } })), testClaim('small'), testClaim('third'), ...['5Gi', '2Gi'].map((size) => testVolume(`disk-${size}`, [], (volume) => void (volume.spec!.capacity = { storage: size }))))
    const plugin = volumeBinding({ ...noClient, sources })
    const place = (name: string, ...claims: string[]): unknown => {
      const state = new CycleState()
      const info = podInfoOf(testPod(name, {}, using(...claims)))
      plugin.preFilter!(state, info, {} as never)
      const status = plugin.filter!(state, info, new NodeInfo(nodes[0]!))
      plugin.reserve!(state, info, 'worker-1')
      return status ? status.reasons : state
    }
    const both = place('x', 'big', 'small')
    expect(both).toBeInstanceOf(CycleState)
    // Both are promised; with the promise taken back they can be had again.
    expect(place('y', 'third')).toEqual(["node(s) didn't find available persistent volumes to bind"])
    plugin.unreserve!(both as CycleState, podInfoOf(testPod('x')), 'worker-1')
    expect(place('y', 'third')).toBeInstanceOf(CycleState)
  })
})

describe('what may help a pod that waits for its volumes', () => {
  const csiNode = (plugins: string): CSINode => ({ apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: { name: 'worker-1', annotations: { 'storage.alpha.kubernetes.io/migrated-plugins': plugins } }, spec: { drivers: [] } })
  const zoned = testClass('late', (each) => void (each.allowedTopologies = [{ matchLabelExpressions: [{ key: 'zone', values: ['a'] }] }]))
  it.each<[ClusterEventName, Stored | Node | CSINode | undefined, Stored | Node | CSINode, string]>([
    ['PersistentVolumeClaimAdd', undefined, testClaim('data'), 'queue'],
    ['PersistentVolumeClaimUpdate', testClaim('data'), testClaim('data'), 'queue'],
    ['PersistentVolumeClaimAdd', undefined, testClaim('other'), 'skip'],
    ['PersistentVolumeClaimAdd', undefined, testClaim('data', ({ metadata }) => void (metadata.namespace = 'elsewhere')), 'skip'],
    ['PersistentVolumeAdd', undefined, testVolume('disk'), 'queue'],
    ['StorageClassAdd', undefined, late, 'queue'],
    ['StorageClassUpdate', late, late, 'skip'],
    ['StorageClassUpdate', late, zoned, 'queue'],
    ['CSINodeAdd', undefined, csiNode(''), 'queue'],
    ['CSINodeUpdate', csiNode('a'), csiNode('a'), 'skip'],
    ['CSINodeUpdate', csiNode(''), csiNode('a'), 'queue'],
    ['NodeLabelChange', nodes[0], nodes[0]!, 'queue'],
  ])('%s', (name, old, next, expected) => {
    const plugin = volumeBinding({ ...noClient, sources: storageOf() })
    const interest = plugin.interests!.find(({ events }) => events.includes(name))!
    expect(interest.hint?.(podInfoOf(testPod('x', {}, using('data'))), { name, old, next }) ?? 'queue').toBe(expected)
  })
})

describe('a scheduler with volumes', () => {
  async function started(...objects: Stored[]): Promise<SchedulerBench> {
    const bench = schedulerBench()
    const kinds: Record<string, Kind> = { PersistentVolume: persistentVolumeKind, PersistentVolumeClaim: persistentVolumeClaimKind, StorageClass: storageClassKind }
    for (const object of objects) {
      bench.api.seed(kinds[object.kind!]!, object as KubeObject)
      if (object.kind === 'PersistentVolume') bench.api.mutate(persistentVolumeKind, undefined, object.metadata.name, (volume) => void (volume.status = { phase: 'Available' }))
    }
    await bench.add(...nodes)
    return bench
  }
  const claimOf = (bench: SchedulerBench): PersistentVolumeClaim => bench.api.stored<PersistentVolumeClaim>(persistentVolumeClaimKind)[0]!
  const selectedNode = (bench: SchedulerBench): string | undefined => claimOf(bench).metadata.annotations?.['volume.kubernetes.io/selected-node']
  const change = (bench: SchedulerBench, how: (claim: PersistentVolumeClaim) => void): void => void bench.api.mutate(persistentVolumeClaimKind, 'default', 'data', how)

  it('tells the provisioner the node, waits for the volume, then binds the pod', async () => {
    const bench = await started(late, testClaim('data'))
    await bench.add(testPod('x', {}, using('data')))
    const node = selectedNode(bench)!
    expect(node).toMatch(/^worker-/)
    await bench.kernel.runFor(60_000)
    expect(bench.pod('x').spec!.nodeName).toBeUndefined()
    bench.api.seed(persistentVolumeKind, testVolume('made', [node], (volume) => void (volume.spec!.claimRef = { name: 'data', namespace: 'default' })))
    change(bench, (claim) => {
      claim.spec!.volumeName = 'made'
      claim.metadata.annotations!['pv.kubernetes.io/bind-completed'] = 'yes'
    })
    await bench.kernel.runFor(100)
    expect(bench.pod('x').spec!.nodeName).toBe(node)
    expect(bench.events('x')).toEqual([`Normal Scheduled Successfully assigned default/x to ${node}`])
  })

  it('promises an existing volume to the claim', async () => {
    const bench = await started(stored('late'), testClaim('data'), testVolume('disk', ['worker-2']))
    await bench.add(testPod('x', {}, using('data')))
    const [volume] = bench.api.stored<PersistentVolume>(persistentVolumeKind)
    expect(volume!.spec!.claimRef).toMatchObject({ name: 'data', namespace: 'default', uid: claimOf(bench).metadata.uid })
    expect(volume!.metadata.annotations).toEqual({ 'pv.kubernetes.io/bound-by-controller': 'yes' })
    expect(selectedNode(bench)).toBeUndefined()
    change(bench, (claim) => {
      claim.spec!.volumeName = 'disk'
      claim.metadata.annotations = { 'pv.kubernetes.io/bind-completed': 'yes' }
    })
    await bench.kernel.runFor(100)
    expect(bench.pod('x').spec!.nodeName).toBe('worker-2')
  })

  it('looks for a node again when the provisioner gives the claim back', async () => {
    const bench = await started(late, testClaim('data'))
    await bench.add(testPod('x', {}, using('data')))
    change(bench, (claim) => void (claim.metadata.annotations = { other: 'kept' }))
    await bench.kernel.runFor(100)
    expect(bench.events('x')).toEqual(['Warning FailedScheduling running PreBind plugin "VolumeBinding": binding volumes: provisioning failed for PVC "data"'])
    await bench.kernel.runFor(2_000)
    expect(selectedNode(bench)).toMatch(/^worker-/)
  })

  it('waits for ten minutes at most', async () => {
    const bench = await started(late, testClaim('data'))
    await bench.add(testPod('x', {}, using('data')))
    await bench.kernel.runFor(599_000)
    expect(bench.events('x')).toEqual([])
    await bench.kernel.runFor(1_100)
    expect(bench.events('x')).toEqual(['Warning FailedScheduling running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded'])
  })

  it('stops waiting with the pod', async () => {
    const bench = await started(late, testClaim('data'))
    await bench.add(testPod('x', {}, using('data')))
    void bench.api.delete(podKind, 'x', 'default', { gracePeriodSeconds: 0 })
    await bench.kernel.runFor(1_000)
    expect(bench.scheduler.view('queues')).toMatchObject({ counts: { binding: 0, active: 0, backoff: 0, unschedulable: 0 }, cache: { assumed: 0 } })
  })

  it('takes another node when the chosen one goes and the provisioner gives the claim back', async () => {
    const bench = await started(late, testClaim('data'))
    await bench.add(testPod('x', {}, using('data')))
    const first = selectedNode(bench)!
    void bench.api.delete(nodeKind, first)
    await bench.kernel.runFor(100)
    expect(bench.events('x')[0]).toBe(`Warning FailedScheduling running PreBind plugin "VolumeBinding": binding volumes: failed to get node "${first}": node "${first}" not found`)
    change(bench, (claim) => void delete claim.metadata.annotations)
    await bench.kernel.runFor(15_000)
    expect(selectedNode(bench)).toBe(first === 'worker-1' ? 'worker-2' : 'worker-1')
  })

  it('puts pods that share a claim on one node', async () => {
    const bench = await started(late, testClaim('data'))
    await bench.add(testPod('x', {}, using('data')), testPod('y', {}, using('data')))
    const node = selectedNode(bench)!
    bench.api.seed(persistentVolumeKind, testVolume('made', [node], (volume) => void (volume.spec!.claimRef = { name: 'data', namespace: 'default' })))
    change(bench, (claim) => {
      claim.spec!.volumeName = 'made'
      claim.metadata.annotations!['pv.kubernetes.io/bind-completed'] = 'yes'
    })
    await bench.kernel.runFor(5_000)
    expect([bench.pod('x').spec!.nodeName, bench.pod('y').spec!.nodeName]).toEqual([node, node])
  })

  it('tries a pod again when its claim comes', async () => {
    const bench = await started(late)
    await bench.add(testPod('x', {}, using('data')))
    expect(bench.events('x')[0]).toMatch(/^Warning FailedScheduling 0\/2 nodes are available: persistentvolumeclaim "data" not found\. .*preemption: 0\/2 nodes are available: 2 Preemption is not helpful for scheduling\.$/)
    await bench.kernel.runFor(5_000)
    bench.api.seed(persistentVolumeClaimKind, testClaim('data'))
    await bench.kernel.runFor(1_000)
    expect(selectedNode(bench)).toMatch(/^worker-/)
  })
})

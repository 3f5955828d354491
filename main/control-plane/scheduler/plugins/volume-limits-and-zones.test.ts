import { describe, expect, it } from 'vitest'
import type { CSIDriver, CSINode, CSIStorageCapacity, Node, PersistentVolume, Pod, VolumeAttachment } from '../../../api/generated/types.ts'
import { testNode, testPod } from '../testing/objects.ts'
import { passing, tryPlugin } from '../testing/trial.ts'
import { boundClaim, storageOf, testClaim, testClass, testVolume, using } from '../testing/volumes.ts'
import { hasEnoughCapacity } from '../volumes/storage-capacity.ts'
import { nodeVolumeLimits } from './node-volume-limits.ts'
import { volumeZone } from './volume-zone.ts'

const zone = (value: string, key = 'topology.kubernetes.io/zone') => (object: Node | PersistentVolume): void => void (object.metadata.labels = { ...object.metadata.labels, [key]: value })
const nodes = [testNode('in-a', {}, zone('a')), testNode('in-b', {}, zone('b')), testNode('nowhere')]

describe('VolumeZone', () => {
  it.each<[string, PersistentVolume, string[]]>([
    ['a volume in one zone', testVolume('disk', [], zone('a')), ['in-a', 'nowhere']],
    ['a volume in two zones', testVolume('disk', [], zone('a__b')), ['in-a', 'in-b', 'nowhere']],
    ['a label of former times', testVolume('disk', [], zone('b', 'failure-domain.beta.kubernetes.io/zone')), ['in-b', 'nowhere']],
    ['a region that no node is in', testVolume('disk', [], zone('r', 'topology.kubernetes.io/region')), ['nowhere']],
    ['a volume that says nothing', testVolume('disk'), ['in-a', 'in-b', 'nowhere']],
  ])('%s', (_, volume, expected) => {
    const trial = tryPlugin(() => volumeZone(storageOf(volume, boundClaim('data', 'disk'))), testPod('x', {}, using('data')), { nodes })
    expect(passing(trial)).toEqual(expected)
    for (const status of Object.values(trial.verdicts)) if (status) expect(status).toEqual({ code: 'UnschedulableAndUnresolvable', reasons: ['node(s) had no available volume zone'] })
  })

  it.each<[string, Parameters<typeof storageOf>, string]>([
    ['no claim', [], 'persistentvolumeclaim "data" not found'],
    ['no class', [testClaim('data', (claim) => void (claim.spec!.storageClassName = ''))], 'PersistentVolumeClaim had no pv name and storageClass name'],
    ['a class that binds at once', [testClaim('data'), testClass('late', (each) => void (each.volumeBindingMode = 'Immediate'))], 'PersistentVolume had no name'],
    ['no volume', [boundClaim('data', 'disk')], 'persistentvolume "disk" not found'],
  ])('cannot tell with %s', (_, objects, reason) => {
    const { preFilter } = tryPlugin(() => volumeZone(storageOf(...objects)), testPod('x', {}, using('data')), { nodes })
    expect(preFilter).toEqual({ code: 'UnschedulableAndUnresolvable', reasons: [reason] })
  })
})

const csiVolume = (name: string): PersistentVolume => testVolume(name, [], ({ spec }) => void (spec!.csi = { driver: 'csi.example.com', volumeHandle: name }))
const csiNode = (name: string, count: number): CSINode => ({ apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: { name }, spec: { drivers: [{ name: 'csi.example.com', nodeID: name, allocatable: { count } }] } })
const running = (name: string, claim: string): Pod =>
  testPod(name, {}, (pod) => {
    pod.spec!.nodeName = 'n'
    using(claim)(pod)
  })
const attachment: VolumeAttachment = { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', metadata: { name: 'va' }, spec: { attacher: 'csi.example.com', nodeName: 'n', source: { persistentVolumeName: 'left' } } }

describe('NodeVolumeLimits', () => {
  const storage = [csiVolume('one'), csiVolume('two'), csiVolume('left'), boundClaim('first', 'one'), boundClaim('second', 'two'), testClaim('unbound'), testClass('late', (each) => void (each.provisioner = 'csi.example.com'))]
  it.each<[string, Parameters<typeof storageOf>, Pod[], string, boolean]>([
    ['no CSINode', [], [running('a', 'first')], 'second', true],
    ['room for one more', [csiNode('n', 2)], [running('a', 'first')], 'second', true],
    ['no room', [csiNode('n', 1)], [running('a', 'first')], 'second', false],
    ['the same volume again', [csiNode('n', 1)], [running('a', 'first')], 'first', true],
    ['a claim that is not bound yet', [csiNode('n', 1)], [running('a', 'first')], 'unbound', false],
    ['a volume that is still attached', [csiNode('n', 1), attachment], [], 'second', false],
  ])('%s', (_, more, existing, claim, fits) => {
    const trial = tryPlugin(() => nodeVolumeLimits(storageOf(...storage, ...more)), testPod('x', {}, using(claim)), { nodes: [testNode('n')], existing })
    expect(trial.verdicts['n']).toEqual(fits ? undefined : { code: 'Unschedulable', reasons: ['node(s) exceed max volume count'] })
  })
})

describe('storage capacity', () => {
  const driver = (storageCapacity: boolean): CSIDriver => ({ apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: 'example.com/disks' }, spec: { storageCapacity } })
  const capacity = (change: Partial<CSIStorageCapacity>): CSIStorageCapacity => ({ apiVersion: 'storage.k8s.io/v1', kind: 'CSIStorageCapacity', metadata: { name: 'c' }, storageClassName: 'late', nodeTopology: { matchLabels: { 'kubernetes.io/hostname': 'n' } }, ...change })
  it.each<[string, Parameters<typeof storageOf>, boolean]>([
    ['no driver object', [], true],
    ['a driver that does not publish', [driver(false)], true],
    ['nothing published', [driver(true)], false],
    ['enough', [driver(true), capacity({ capacity: '1Gi' })], true],
    ['too little', [driver(true), capacity({ capacity: '1Mi' })], false],
    ['enough in all but not for one volume', [driver(true), capacity({ capacity: '10Gi', maximumVolumeSize: '1Mi' })], false],
    ['enough elsewhere', [driver(true), capacity({ capacity: '10Gi', nodeTopology: { matchLabels: { 'kubernetes.io/hostname': 'm' } } })], false],
    ['of another class', [driver(true), capacity({ capacity: '10Gi', storageClassName: 'other' })], false],
  ])('%s', (_, objects, expected) => {
    expect(hasEnoughCapacity(storageOf(...objects), testClaim('data'), testClass('late'), testNode('n'))).toBe(expected)
  })
})

import { describe, expect, it } from 'vitest'
import type { PersistentVolume, PersistentVolumeClaim } from '../../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { storageClassKind } from '../../../api/kinds/storage/storage-class.ts'
import { atEveryWrite, benchFaults, controllerBench, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { claimingPod, testClaim, testStorageClass, testVolume } from '../testing/storage-objects.ts'
import { bestMatch, mismatchOf } from './binding.ts'
import { persistentVolumeBinderController } from './persistent-volume-binder-controller.ts'

const claimOf = (b: ControllerBench, name = 'data'): PersistentVolumeClaim => b.api.peek<PersistentVolumeClaim>(persistentVolumeClaimKind, 'default', name)!
const volumeOf = (b: ControllerBench, name: string): PersistentVolume => b.api.peek<PersistentVolume>(persistentVolumeKind, undefined, name)!

/** `Bound pv-1` of a claim. */
const claimState = (b: ControllerBench, name = 'data'): string => `${claimOf(b, name).status?.phase} ${claimOf(b, name).spec?.volumeName ?? ''}`.trim()
const volumeState = (b: ControllerBench, name: string): string => `${volumeOf(b, name).status?.phase} ${volumeOf(b, name).spec?.claimRef?.name ?? ''}`.trim()

const bench = (): Promise<ControllerBench> => controllerBench([persistentVolumeBinderController])
/** Time enough for a few syncs, less than a resync. */
const soon = (b: ControllerBench): Promise<void> => b.kernel.runFor(5_000)

describe('which volume fits', () => {
  const available = (volume: PersistentVolume): PersistentVolume => ({ ...volume, status: { phase: 'Available' } })
  const volumes = [
    available(testVolume('big', { capacity: { storage: '10Gi' } })),
    available(testVolume('small', { capacity: { storage: '500Mi' } })),
    available(testVolume('fit', { capacity: { storage: '2Gi' } })),
    available(testVolume('shared', { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] })),
    available(testVolume('fast', { storageClassName: 'fast' })),
    available(testVolume('block', { volumeMode: 'Block' })),
    available({ ...testVolume('labelled', { capacity: { storage: '50Gi' } }), metadata: { name: 'labelled', labels: { disk: 'ssd' } } }),
    testVolume('pending'),
  ]
  it.each([
    ['the smallest that is big enough, of those with fewest modes', {}, 'fit'],
    ['all modes', { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] }, 'shared'],
    ['the class', { storageClassName: 'fast' }, 'fast'],
    ['the volume mode', { volumeMode: 'Block' }, 'block'],
    ['labels', { selector: { matchLabels: { disk: 'ssd' } } }, 'labelled'],
    ['nothing too small', { resources: { requests: { storage: '100Gi' } } }, undefined],
  ])('%s', (_, spec, expected) => {
    expect(bestMatch(testClaim('data', spec), volumes, false)?.metadata.name).toBe(expected)
  })

  it('only a reserved one while binding waits for a pod', () => {
    const claim = testClaim('data')
    expect(bestMatch(claim, volumes, true)).toBeUndefined()
    const reserved = testVolume('mine', { claimRef: { name: 'data', namespace: 'default' } })
    expect(bestMatch(claim, [...volumes, reserved], true)).toBe(reserved)
  })

  it.each([
    [{ capacity: { storage: '1Mi' } }, 'requested PV is too small'],
    [{ storageClassName: 'fast' }, 'storageClassName does not match'],
    [{ volumeMode: 'Block' }, 'incompatible volumeMode'],
    [{ accessModes: ['ReadOnlyMany'] }, 'incompatible accessMode'],
    [{}, undefined],
  ])('says why %j does not', (spec, text) => {
    expect(mismatchOf(testVolume('v', spec), testClaim('data'))).toBe(text)
  })
})

describe('binding', () => {
  it('brings a claim and a volume together', async () => {
    const b = await bench()
    b.api.seed(persistentVolumeKind, testVolume('pv-1', { capacity: { storage: '5Gi' } }))
    await soon(b)
    expect(volumeState(b, 'pv-1')).toBe('Available')
    b.api.seed(persistentVolumeClaimKind, testClaim('data'))
    await soon(b)
    expect(claimState(b)).toBe('Bound pv-1')
    expect(volumeState(b, 'pv-1')).toBe('Bound data')
    expect(claimOf(b).metadata.annotations).toEqual({ 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' })
    expect(claimOf(b).status).toMatchObject({ accessModes: ['ReadWriteOnce'], capacity: { storage: '5Gi' } })
    expect(volumeOf(b, 'pv-1').metadata.annotations).toEqual({ 'pv.kubernetes.io/bound-by-controller': 'yes' })
    expect(volumeOf(b, 'pv-1').spec!.claimRef).toMatchObject({ kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace: 'default', name: 'data', uid: claimOf(b).metadata.uid })
    expect(b.events()).toEqual([])
  })

  it('gives one volume to one of two claims', async () => {
    const b = await bench()
    for (const name of ['data', 'other']) b.api.seed(persistentVolumeClaimKind, testClaim(name))
    b.api.seed(persistentVolumeKind, testVolume('pv-1'))
    await b.kernel.runFor(20_000)
    expect([claimState(b), claimState(b, 'other')].sort()).toEqual(['Bound pv-1', 'Pending'])
    expect(b.events().some((event) => event.includes('FailedBinding') && event.includes('no persistent volumes available for this claim and no storage class is set'))).toBe(true)
  })

  it('does not take a volume that is somebody else\'s, or does not fit', async () => {
    const b = await bench()
    b.api.seed(persistentVolumeKind, testVolume('pv-1', { capacity: { storage: '1Mi' } }))
    b.api.seed(persistentVolumeKind, testVolume('pv-2', { claimRef: { name: 'theirs', namespace: 'default' } }))
    b.api.seed(persistentVolumeClaimKind, testClaim('small', { volumeName: 'pv-1' }))
    b.api.seed(persistentVolumeClaimKind, testClaim('late', { volumeName: 'pv-2' }))
    await soon(b)
    expect(b.events().sort()).toEqual([
      'Warning FailedBinding PersistentVolumeClaim/late: volume "pv-2" already bound to a different claim.',
      'Warning VolumeMismatch PersistentVolumeClaim/small: Cannot bind to requested volume "pv-1": requested PV is too small',
    ])
  })

  it('loses a claim whose volume is gone', async () => {
    const b = await bench()
    b.api.seed(persistentVolumeKind, testVolume('pv-1'))
    b.api.seed(persistentVolumeClaimKind, testClaim('data'))
    await b.kernel.runFor(20_000)
    b.api.remove(persistentVolumeKind, undefined, 'pv-1')
    await soon(b)
    expect(claimState(b)).toBe('Lost pv-1')
    expect(b.events()).toContain('Warning ClaimLost PersistentVolumeClaim/data: Bound claim has lost its PersistentVolume. Data on the volume is lost!')
  })
})

describe('what becomes of a volume without its claim', () => {
  it.each([
    ['Retain', {}, 'Released data', undefined],
    ['Delete', {}, 'Failed data', 'host_path deleter only supports /tmp/.+ but received provided /data/pv-1'],
    ['Delete', { hostPath: undefined, nfs: { server: 'nfs', path: '/' } }, 'Failed data', 'error getting deleter volume plugin for volume "pv-1": no deletable volume plugin matched'],
    ['Recycle', {}, 'Failed data', 'No recycler plugin found for the volume!'],
  ] as const)('%s %j', async (policy, spec, state, message) => {
    const b = await bench()
    b.api.seed(persistentVolumeKind, testVolume('pv-1', { persistentVolumeReclaimPolicy: policy, ...spec } as object))
    b.api.seed(persistentVolumeClaimKind, testClaim('data'))
    await b.kernel.runFor(20_000)
    b.api.remove(persistentVolumeClaimKind, 'default', 'data')
    await soon(b)
    expect(volumeState(b, 'pv-1')).toBe(state)
    expect(volumeOf(b, 'pv-1').status!.message).toBe(message)
  })

  it('goes when it lies in /tmp', async () => {
    const b = await bench()
    b.api.seed(persistentVolumeKind, testVolume('pv-1', { persistentVolumeReclaimPolicy: 'Delete', hostPath: { path: '/tmp/x' } }))
    b.api.seed(persistentVolumeClaimKind, testClaim('data'))
    await b.kernel.runFor(20_000)
    b.api.remove(persistentVolumeClaimKind, 'default', 'data')
    await soon(b)
    expect(volumeOf(b, 'pv-1')).toBeUndefined()
  })

  it('stays reserved for the claim that it was made for', async () => {
    const b = await bench()
    b.api.seed(persistentVolumeKind, testVolume('pv-1', { claimRef: { name: 'data', namespace: 'default' } }))
    b.api.seed(persistentVolumeClaimKind, testClaim('data'))
    await soon(b)
    expect(claimState(b)).toBe('Bound pv-1')
    expect(volumeOf(b, 'pv-1').metadata.annotations).toBeUndefined()
  })
})

describe('provisioning', () => {
  it('asks the external provisioner and says so', async () => {
    const b = await bench()
    b.api.seed(storageClassKind, testStorageClass('standard'))
    b.api.seed(persistentVolumeClaimKind, testClaim('data', { storageClassName: 'standard' }))
    await soon(b)
    expect(claimOf(b).metadata.annotations).toEqual({ 'volume.beta.kubernetes.io/storage-provisioner': 'rancher.io/local-path', 'volume.kubernetes.io/storage-provisioner': 'rancher.io/local-path' })
    expect(b.events()[0]).toContain("Normal ExternalProvisioning PersistentVolumeClaim/data: Waiting for a volume to be created either by the external provisioner 'rancher.io/local-path' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.")
    b.api.seed(persistentVolumeKind, testVolume('pvc-1', { storageClassName: 'standard', claimRef: { name: 'data', namespace: 'default', uid: claimOf(b).metadata.uid! } }, { 'pv.kubernetes.io/provisioned-by': 'rancher.io/local-path' }))
    await soon(b)
    expect(claimState(b)).toBe('Bound pvc-1')
    b.api.remove(persistentVolumeClaimKind, 'default', 'data')
    await soon(b)
    // Deleting it is the provisioner's business.
    expect(volumeState(b, 'pvc-1')).toBe('Released data')
  })

  it.each([
    ['gone', undefined, 'Warning ProvisioningFailed PersistentVolumeClaim/data: storageclass.storage.k8s.io "gone" not found'],
    ['none', { provisioner: 'kubernetes.io/no-provisioner' }, 'Warning ProvisioningFailed PersistentVolumeClaim/data: no volume plugin matched name: kubernetes.io/no-provisioner'],
  ])('fails for class %s', async (name, more, event) => {
    const b = await bench()
    if (more) b.api.seed(storageClassKind, testStorageClass(name, more))
    b.api.seed(persistentVolumeClaimKind, testClaim('data', { storageClassName: name }))
    await soon(b)
    expect(b.events()[0]).toContain(event)
  })

  it('waits for a pod, and for the node that the scheduler chooses', async () => {
    const b = await bench()
    b.api.seed(storageClassKind, testStorageClass('standard', { volumeBindingMode: 'WaitForFirstConsumer' }))
    b.api.seed(persistentVolumeClaimKind, testClaim('data', { storageClassName: 'standard' }))
    await soon(b)
    expect(b.events()).toEqual(['Normal WaitForFirstConsumer PersistentVolumeClaim/data: waiting for first consumer to be created before binding'])
    b.api.seed(podKind, claimingPod('web', 'data'))
    await b.kernel.runFor(15_000)
    expect(b.events().at(-1)).toBe('Normal WaitForPodScheduled PersistentVolumeClaim/data: waiting for pod web to be scheduled')
    b.api.mutate<PersistentVolumeClaim>(persistentVolumeClaimKind, 'default', 'data', (copy) => void (copy.metadata.annotations = { 'volume.kubernetes.io/selected-node': 'worker-1' }))
    await soon(b)
    expect(b.events().some((event) => event.includes('ExternalProvisioning'))).toBe(true)
  })

  it('gives old claims the default class that came later', async () => {
    const b = await bench()
    b.api.seed(persistentVolumeClaimKind, testClaim('data'))
    await soon(b)
    b.api.seed(storageClassKind, { ...testStorageClass('standard'), metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } })
    await b.kernel.runFor(16_000)
    expect(claimOf(b).spec!.storageClassName).toBe('standard')
  })
})

it('comes to the same whatever fails', async () => {
  const tried = await atEveryWrite(benchFaults, async (fault: BenchOptions['fault']) => {
    const b = await controllerBench([persistentVolumeBinderController], fault ? { fault } : {})
    b.api.seed(persistentVolumeKind, testVolume('pv-1'))
    b.api.seed(persistentVolumeClaimKind, testClaim('data'))
    await b.kernel.runFor(40_000)
    const bound = [claimState(b), volumeState(b, 'pv-1')]
    b.api.remove(persistentVolumeClaimKind, 'default', 'data')
    await b.kernel.runFor(40_000)
    return {
      writes: b.api.writes.filter((each) => !each.includes(' events ')).length,
      check: () => {
        expect(bound).toEqual(['Bound pv-1', 'Bound data'])
        expect(volumeState(b, 'pv-1')).toBe('Released data')
      },
    }
  })
  expect(tried).toBeGreaterThan(20)
})

import { describe, expect, it } from 'vitest'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { storageClassKind } from '../../../api/kinds/storage/storage-class.ts'
import { persistentVolumeBinderController } from '../persistent-volume-binder/persistent-volume-binder-controller.ts'
import { atEveryWrite, benchFaults, controllerBench, seedNode, testNode, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { testClaim, testStorageClass } from '../testing/storage-objects.ts'
import { localPathController } from './local-path-controller.ts'

const selected = { 'volume.kubernetes.io/selected-node': 'worker-1' }

async function bench(options: BenchOptions = {}): Promise<ControllerBench> {
  const b = await controllerBench([persistentVolumeBinderController, localPathController({ helperImage: 'helper:1', identity: 'x' })], options)
  seedNode(b.api, testNode('worker-1'))
  b.api.seed(storageClassKind, testStorageClass('standard', { volumeBindingMode: 'WaitForFirstConsumer' }))
  playHelpers(b)
  return b
}

/** Lets helper pods end well a second after they came. */
function playHelpers(b: ControllerBench): void {
  b.api.watch<Pod>(podKind, { resourceVersion: '0' }, (events) => {
    for (const { type, object } of events) {
      if (type !== 'ADDED') continue
      const { namespace, name } = object.metadata
      b.process.clock.after(1000, () => {
        if (b.api.peek(podKind, namespace, name)) b.api.mutate<Pod>(podKind, namespace, name, (copy) => void (copy.status = { phase: 'Succeeded' }))
      })
    }
  }, () => {})
}

const claim = (b: ControllerBench): PersistentVolumeClaim | undefined => b.api.peek<PersistentVolumeClaim>(persistentVolumeClaimKind, 'default', 'data')
const about = (b: ControllerBench): string[] => b.events().filter((event) => !event.includes('ExternalProvisioning'))

describe('a claim whose pod has a node', () => {
  it('gets a directory of that node, and gives it back', async () => {
    const b = await bench()
    b.api.seed(persistentVolumeClaimKind, testClaim('data', { storageClassName: 'standard' }, selected))
    await b.kernel.runFor(5_000)
    const name = `pvc-${claim(b)!.metadata.uid}`
    expect(about(b)).toEqual([
      'Normal Provisioning PersistentVolumeClaim/data: External provisioner is provisioning volume for claim "default/data"',
      `Normal ProvisioningSucceeded PersistentVolumeClaim/data: Successfully provisioned volume ${name}`,
    ])
    expect(claim(b)!.status).toMatchObject({ phase: 'Bound', capacity: { storage: '1Gi' } })
    const volume = b.api.peek<PersistentVolume>(persistentVolumeKind, undefined, name)!
    expect(volume.metadata.annotations).toMatchObject({ 'local.path.provisioner/selected-node': 'worker-1', 'pv.kubernetes.io/provisioned-by': 'rancher.io/local-path' })
    expect(volume.spec).toMatchObject({ hostPath: { path: `/var/local-path-provisioner/${name}_default_data`, type: 'DirectoryOrCreate' }, persistentVolumeReclaimPolicy: 'Delete', storageClassName: 'standard', nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['worker-1'] }] }] } } })
    b.api.remove(persistentVolumeClaimKind, 'default', 'data')
    await b.kernel.runFor(5_000)
    expect(b.api.stored(persistentVolumeKind)).toEqual([])
    expect(b.api.writes.filter((each) => each.includes('helper-pod'))).toEqual([
      `create pods local-path-storage/helper-pod-create-${name}`, `delete pods local-path-storage/helper-pod-create-${name}`,
      `create pods local-path-storage/helper-pod-delete-${name}`, `delete pods local-path-storage/helper-pod-delete-${name}`,
    ])
  })

  it.each([
    [{ accessModes: ['ReadWriteMany'] }, 'failed to provision volume with StorageClass "standard": NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes'],
    [{ selector: {} }, 'failed to provision volume with StorageClass "standard": claim.Spec.Selector is not supported'],
    [{ volumeMode: 'Block' }, 'rancher.io/local-path does not support block volume provisioning'],
  ])('gets none for %j', async (spec, message) => {
    const b = await bench()
    b.api.seed(persistentVolumeClaimKind, testClaim('data', { storageClassName: 'standard', ...spec }, selected))
    await b.kernel.runFor(2_000)
    expect(about(b).some((event) => event.startsWith(`Warning ProvisioningFailed PersistentVolumeClaim/data: ${message}`))).toBe(true)
    expect(claim(b)!.status!.phase).toBe('Pending')
  })
})

it('lets the scheduler choose again when the chosen node is gone, whatever fails', async () => {
  await atEveryWrite(benchFaults, async (fault: BenchOptions['fault']) => {
    const b = await bench(fault ? { fault } : {})
    b.api.seed(persistentVolumeClaimKind, testClaim('data', { storageClassName: 'standard' }, { 'volume.kubernetes.io/selected-node': 'worker-9' }))
    await b.kernel.runFor(20_000)
    const chosen = claim(b)!.metadata.annotations?.['volume.kubernetes.io/selected-node']
    b.api.mutate<PersistentVolumeClaim>(persistentVolumeClaimKind, 'default', 'data', (copy) => void (copy.metadata.annotations = { ...copy.metadata.annotations, ...selected }))
    await b.kernel.runFor(30_000)
    return {
      writes: b.api.writes.filter((each) => !each.includes(' events ')).length,
      check: () => {
        expect(chosen).toBeUndefined()
        expect(claim(b)!.status!.phase).toBe('Bound')
        expect(about(b).some((event) => event.startsWith('Warning ProvisioningFailed PersistentVolumeClaim/data: node "worker-9" not found'))).toBe(true)
      },
    }
  })
}, 60_000)

it('comes to the same whatever fails', async () => {
  const tried = await atEveryWrite(benchFaults, async (fault: BenchOptions['fault']) => {
    const b = await bench(fault ? { fault } : {})
    b.api.seed(persistentVolumeClaimKind, testClaim('data', { storageClassName: 'standard' }, selected))
    await b.kernel.runFor(60_000)
    const phase = claim(b)!.status!.phase
    b.api.remove(persistentVolumeClaimKind, 'default', 'data')
    await b.kernel.runFor(60_000)
    return {
      writes: b.api.writes.filter((each) => !each.includes(' events ')).length,
      check: () => {
        expect(phase).toBe('Bound')
        expect(b.api.stored(persistentVolumeKind)).toEqual([])
      },
    }
  })
  expect(tried).toBeGreaterThan(30)
}, 60_000)

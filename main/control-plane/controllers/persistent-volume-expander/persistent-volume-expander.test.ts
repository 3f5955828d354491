import { expect, it } from 'vitest'
import type { PersistentVolumeClaim } from '../../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { controllerBench } from '../testing/controller-bench.ts'
import { testClaim, testVolume } from '../testing/storage-objects.ts'
import { persistentVolumeExpanderController } from './persistent-volume-expander-controller.ts'

it('says who grows a claim', async () => {
  const b = await controllerBench([persistentVolumeExpanderController])
  const { metadata } = b.api.seed(persistentVolumeClaimKind, testClaim('data', { volumeName: 'pv-1' }))
  b.api.seed(persistentVolumeKind, testVolume('pv-1', { claimRef: { namespace: 'default', name: 'data', uid: metadata.uid! } }))
  b.api.mutate<PersistentVolumeClaim>(persistentVolumeClaimKind, 'default', 'data', (copy) => void (copy.status = { phase: 'Bound', capacity: { storage: '1Gi' } }))
  await b.settle()
  expect(b.events()).toEqual([])
  b.api.mutate<PersistentVolumeClaim>(persistentVolumeClaimKind, 'default', 'data', (copy) => void (copy.spec!.resources = { requests: { storage: '2Gi' } }))
  await b.settle()
  expect(b.events()).toEqual(["Warning ExternalExpanding PersistentVolumeClaim/data: didn't find a plugin capable of expanding the volume; waiting for an external controller to process this PVC"])
})

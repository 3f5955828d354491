import { describe, expect, it } from 'vitest'
import type { PersistentVolume, PersistentVolumeClaim, VolumeAttributesClass } from '../../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { volumeAttributesClassKind } from '../../../api/kinds/storage/volume-attributes-class.ts'
import { atEveryWrite, benchFaults, controllerBench, type BenchOptions } from '../testing/controller-bench.ts'
import { claimingPod, testClaim, testVolume } from '../testing/storage-objects.ts'
import { persistentVolumeClaimProtectionController } from './persistent-volume-claim-protection-controller.ts'
import { persistentVolumeProtectionController } from './persistent-volume-protection-controller.ts'
import { volumeAttributesClassProtectionController } from './volume-attributes-class-protection-controller.ts'

describe('claims', () => {
  it('go when the last pod on a node that names them is gone, whatever fails', async () => {
    await atEveryWrite(benchFaults, async (fault: BenchOptions['fault']) => {
      const b = await controllerBench([persistentVolumeClaimProtectionController], fault ? { fault } : {})
      const claim = (): PersistentVolumeClaim | undefined => b.api.peek<PersistentVolumeClaim>(persistentVolumeClaimKind, 'default', 'data')
      b.api.seed(persistentVolumeClaimKind, testClaim('data'))
      b.api.seed(podKind, claimingPod('web', 'data', 'worker-1'))
      b.api.seed(podKind, claimingPod('waiting', 'data'))
      await b.settle()
      const protectedBy = claim()?.metadata.finalizers
      b.api.remove(persistentVolumeClaimKind, 'default', 'data')
      await b.settle()
      const kept = claim() !== undefined
      b.api.remove(podKind, 'default', 'web', { gracePeriodSeconds: 0 })
      await b.settle()
      return {
        writes: b.api.writes.length,
        check: () => {
          expect(protectedBy).toEqual(['kubernetes.io/pvc-protection'])
          expect(kept).toBe(true)
          expect(claim()).toBeUndefined()
        },
      }
    })
  })
})

describe('volumes', () => {
  it('go when they are no longer bound', async () => {
    const b = await controllerBench([persistentVolumeProtectionController])
    b.api.seed(persistentVolumeKind, testVolume('pv-1'))
    b.api.mutate<PersistentVolume>(persistentVolumeKind, undefined, 'pv-1', (copy) => void (copy.status = { phase: 'Bound' }))
    await b.settle()
    b.api.remove(persistentVolumeKind, undefined, 'pv-1')
    await b.settle()
    expect(b.api.peek<PersistentVolume>(persistentVolumeKind, undefined, 'pv-1')!.metadata.finalizers).toEqual(['kubernetes.io/pv-protection'])
    b.api.mutate<PersistentVolume>(persistentVolumeKind, undefined, 'pv-1', (copy) => void (copy.status = { phase: 'Released' }))
    await b.settle()
    expect(b.api.peek(persistentVolumeKind, undefined, 'pv-1')).toBeUndefined()
  })
})

describe('volume attributes classes', () => {
  it('go when nothing has them', async () => {
    const b = await controllerBench([volumeAttributesClassProtectionController])
    b.api.seed<VolumeAttributesClass>(volumeAttributesClassKind, { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttributesClass', metadata: { name: 'gold' }, driverName: 'x.example.com', parameters: { a: 'b' } })
    b.api.seed(persistentVolumeClaimKind, testClaim('data', { volumeAttributesClassName: 'gold' }))
    await b.settle()
    b.api.remove(volumeAttributesClassKind, undefined, 'gold')
    await b.settle()
    expect(b.api.peek(volumeAttributesClassKind, undefined, 'gold')).toBeDefined()
    b.api.remove(persistentVolumeClaimKind, 'default', 'data')
    await b.settle()
    expect(b.api.peek(volumeAttributesClassKind, undefined, 'gold')).toBeUndefined()
  })
})

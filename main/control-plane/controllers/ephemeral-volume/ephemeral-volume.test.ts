import { expect, it } from 'vitest'
import type { PersistentVolumeClaim, Pod } from '../../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { controllerBench } from '../testing/controller-bench.ts'
import { testClaim } from '../testing/storage-objects.ts'
import { ephemeralVolumeController } from './ephemeral-volume-controller.ts'

const pod: Pod = {
  apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'nginx' }], volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: 'b' } }, spec: testClaim('x').spec! } } }] },
}

it('makes the claim of an ephemeral volume, owned by the pod', async () => {
  const b = await controllerBench([ephemeralVolumeController])
  const { metadata } = b.api.seed(podKind, pod)
  await b.settle()
  const claim = b.api.peek<PersistentVolumeClaim>(persistentVolumeClaimKind, 'default', 'web-scratch')!
  expect(claim.metadata).toMatchObject({ labels: { a: 'b' }, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid: metadata.uid, controller: true, blockOwnerDeletion: true }] })
  b.api.remove(persistentVolumeClaimKind, 'default', 'web-scratch')
  await b.settle()
  expect(b.api.peek(persistentVolumeClaimKind, 'default', 'web-scratch')).toBeDefined()
})

it('does not take a claim that is somebody else\'s', async () => {
  const b = await controllerBench([ephemeralVolumeController])
  b.api.seed(persistentVolumeClaimKind, testClaim('web-scratch'))
  b.api.seed(podKind, pod)
  await b.kernel.runFor(1_000)
  expect(b.events()[0]).toContain('Warning FailedBinding Pod/web: ephemeral volume scratch: PVC default/web-scratch was not created for pod default/web (pod is not owner)')
})

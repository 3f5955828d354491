import { expect, it } from 'vitest'
import type { PersistentVolume, VolumeAttachment } from '../../../api/generated/types.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { volumeAttachmentKind } from '../../../api/kinds/storage/volume-attachment.ts'
import { controllerBench } from '../testing/controller-bench.ts'
import { attachableNode, boundCsiVolume, testCsiDriver } from '../testing/storage-objects.ts'
import { csiAttacherController } from './csi-attacher-controller.ts'

const attachment = (name: string, attacher: string, nodeName: string): VolumeAttachment => ({ apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', metadata: { name }, spec: { attacher, nodeName, source: { persistentVolumeName: 'pv-data' } } })

it('publishes and unpublishes, and holds attachment and volume meanwhile', async () => {
  const asked: string[] = []
  const b = await controllerBench([
    csiAttacherController({
      name: testCsiDriver,
      publish: ({ handle, nodeId, readOnly }) => Promise.resolve(void asked.push(`publish ${handle} ${nodeId} ${readOnly}`)).then(() => ({})),
      unpublish: ({ handle, nodeId }) => Promise.resolve(void asked.push(`unpublish ${handle} ${nodeId}`)),
    }),
  ])
  attachableNode(b.api, 'worker-1')
  boundCsiVolume(b.api, 'data')
  b.api.seed(volumeAttachmentKind, attachment('csi-1', testCsiDriver, 'worker-1'))
  b.api.seed(volumeAttachmentKind, attachment('csi-2', 'another.example.com', 'worker-1'))
  await b.settle()
  const stored = b.api.peek<VolumeAttachment>(volumeAttachmentKind, undefined, 'csi-1')!
  expect([stored.metadata.finalizers, stored.metadata.annotations, stored.status]).toEqual([['external-attacher/disk-example-com'], { 'csi.alpha.kubernetes.io/node-id': 'id-of-worker-1' }, { attached: true }])
  expect(b.api.peek<VolumeAttachment>(volumeAttachmentKind, undefined, 'csi-2')!.status).toEqual({ attached: false })
  b.api.remove(volumeAttachmentKind, undefined, 'csi-2')
  b.api.remove(persistentVolumeKind, undefined, 'pv-data')
  await b.settle()
  expect(b.api.peek<PersistentVolume>(persistentVolumeKind, undefined, 'pv-data')).toBeDefined()
  b.api.remove(volumeAttachmentKind, undefined, 'csi-1')
  await b.settle()
  expect(b.api.stored(volumeAttachmentKind)).toEqual([])
  expect(b.api.peek<PersistentVolume>(persistentVolumeKind, undefined, 'pv-data')).toBeUndefined()
  expect(asked).toEqual(['publish vol-data id-of-worker-1 false', 'unpublish vol-data id-of-worker-1'])
})

it('says which node it does not know, and goes on when it does', async () => {
  const b = await controllerBench([csiAttacherController({ name: testCsiDriver })])
  boundCsiVolume(b.api, 'data')
  b.api.seed(volumeAttachmentKind, attachment('csi-1', testCsiDriver, 'worker-1'))
  await b.kernel.runFor(500)
  expect(b.api.peek<VolumeAttachment>(volumeAttachmentKind, undefined, 'csi-1')!.status?.attachError?.message).toBe('failed to get node id: csinode.storage.k8s.io "worker-1" not found')
  attachableNode(b.api, 'worker-1')
  await b.kernel.runFor(60_000)
  expect(b.api.peek<VolumeAttachment>(volumeAttachmentKind, undefined, 'csi-1')!.status).toEqual({ attached: true })
})

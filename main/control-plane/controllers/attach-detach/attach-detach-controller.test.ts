import { expect, it } from 'vitest'
import type { CSIDriver, Node, Pod, VolumeAttachment } from '../../../api/generated/types.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { csiDriverKind } from '../../../api/kinds/storage/csi-driver.ts'
import { volumeAttachmentKind } from '../../../api/kinds/storage/volume-attachment.ts'
import type { ControllerDefinition } from '../../../api/client/controller.ts'
import { csiAttacherController } from '../csi-attacher/csi-attacher-controller.ts'
import { controllerBench, type ControllerBench } from '../testing/controller-bench.ts'
import { attachableNode, boundCsiVolume, claimingPod, testCsiDriver } from '../testing/storage-objects.ts'
import { attachDetachController } from './attach-detach-controller.ts'
import { attachmentName } from './attachable.ts'

async function bench(others: readonly ControllerDefinition[] = [csiAttacherController({ name: testCsiDriver })]): Promise<ControllerBench> {
  return controllerBench([attachDetachController, ...others], { before: (api) => ['worker-1', 'worker-2'].forEach((name) => attachableNode(api, name)) })
}

function attachments(b: ControllerBench): string[] {
  return b.api.stored<VolumeAttachment>(volumeAttachmentKind).map(({ spec, status }) => `${spec.nodeName} ${status?.attached}`)
}

function attachedTo(b: ControllerBench, node: string): string[] {
  return (b.api.peek<Node>(nodeKind, undefined, node)!.status?.volumesAttached ?? []).map(({ name }) => name)
}

function setInUse(b: ControllerBench, node: string, volumesInUse: string[]): void {
  b.api.mutate<Node>(nodeKind, undefined, node, (copy) => void (copy.status = { ...copy.status!, volumesInUse }))
}

it('attaches what a pod needs and tells pod and kubelet', async () => {
  const b = await bench()
  const name = boundCsiVolume(b.api, 'data')
  b.api.seed(podKind, claimingPod('web', 'data', 'worker-1'))
  await b.settle()
  const [attachment] = b.api.stored<VolumeAttachment>(volumeAttachmentKind)
  expect(attachment).toMatchObject({
    metadata: { name: attachmentName('vol-data', testCsiDriver, 'worker-1') },
    spec: { attacher: testCsiDriver, nodeName: 'worker-1', source: { persistentVolumeName: 'pv-data' } },
    status: { attached: true },
  })
  expect(attachedTo(b, 'worker-1')).toEqual([name])
  expect(b.events()).toEqual(['Normal SuccessfulAttachVolume Pod/web: AttachVolume.Attach succeeded for volume "pv-data" '])
})

it('leaves drivers alone that need no attaching, and nodes that attach for themselves', async () => {
  const b = await bench()
  b.api.seed<CSIDriver>(csiDriverKind, { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: testCsiDriver }, spec: { attachRequired: false } })
  boundCsiVolume(b.api, 'data')
  b.api.seed(podKind, claimingPod('web', 'data', 'worker-1'))
  await b.settle()
  expect(attachments(b)).toEqual([])
  b.api.mutate<Node>(nodeKind, undefined, 'worker-1', (copy) => void (copy.metadata.annotations = {}))
  b.api.remove(csiDriverKind, undefined, testCsiDriver)
  await b.settle()
  expect(attachments(b)).toEqual([])
})

it('detaches when the kubelet has unmounted, and only then gives the volume to another node', async () => {
  const b = await bench()
  const name = boundCsiVolume(b.api, 'data')
  b.api.seed(podKind, claimingPod('one', 'data', 'worker-1'))
  setInUse(b, 'worker-1', [name])
  await b.settle()
  b.api.seed(podKind, claimingPod('two', 'data', 'worker-2'))
  await b.settle()
  expect(b.events().filter((line) => line.includes('Pod/two'))).toEqual(['Warning FailedAttachVolume Pod/two: Multi-Attach error for volume "pv-data" Volume is already used by pod(s) one'])
  b.api.remove(podKind, 'default', 'one', { gracePeriodSeconds: 0 })
  await b.kernel.runFor(600_000)
  expect(attachments(b)).toEqual(['worker-1 true'])
  setInUse(b, 'worker-1', [])
  await b.settle()
  expect(attachments(b)).toEqual(['worker-2 true'])
  expect([attachedTo(b, 'worker-1'), attachedTo(b, 'worker-2')]).toEqual([[], [name]])
})

it('attaches shared volumes to several nodes', async () => {
  const b = await bench()
  boundCsiVolume(b.api, 'data', { accessModes: ['ReadWriteMany'] })
  for (const [index, pod] of ['one', 'two'].entries()) b.api.seed(podKind, claimingPod(pod, 'data', `worker-${index + 1}`))
  await b.settle()
  expect(attachments(b).sort()).toEqual(['worker-1 true', 'worker-2 true'])
})

it('gives an unshared volume to one of two nodes that ask at once', async () => {
  const b = await bench()
  boundCsiVolume(b.api, 'data')
  for (const [index, pod] of ['one', 'two'].entries()) b.api.seed(podKind, claimingPod(pod, 'data', `worker-${index + 1}`))
  await b.settle()
  expect(attachments(b)).toEqual(['worker-1 true'])
  expect(b.events().filter((line) => line.includes('Multi-Attach'))).toHaveLength(1)
})

it.each([
  ['six minutes after its node has failed', (b: ControllerBench) => b.api.mutate<Node>(nodeKind, undefined, 'worker-1', (copy) => void (copy.status = { ...copy.status!, conditions: [{ type: 'Ready', status: 'Unknown' }] })), 360_000],
  ['six minutes after its node has gone', (b: ControllerBench) => b.api.remove(nodeKind, undefined, 'worker-1'), 360_000],
  ['at once from a node out of service', (b: ControllerBench) => b.api.mutate<Node>(nodeKind, undefined, 'worker-1', (copy) => void (copy.spec = { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] })), 0],
] as const)('takes a mounted volume away %s', async (_, fail, afterMs) => {
  const b = await bench()
  const name = boundCsiVolume(b.api, 'data')
  b.api.seed(podKind, claimingPod('one', 'data', 'worker-1'))
  setInUse(b, 'worker-1', [name])
  await b.settle()
  fail(b)
  b.api.remove(podKind, 'default', 'one', { gracePeriodSeconds: 0 })
  if (afterMs > 0) {
    await b.kernel.runFor(afterMs - 5_000)
    expect(attachments(b)).toEqual(['worker-1 true'])
  }
  await b.kernel.runFor(10_000)
  expect(attachments(b)).toEqual([])
})

it('does not detach what the kubelet has just taken into use', async () => {
  const b = await bench()
  const name = boundCsiVolume(b.api, 'data')
  b.api.seed(podKind, claimingPod('one', 'data', 'worker-1'))
  await b.settle()
  // The kubelet writes after the controller has decided: as soon as the volume is off its list.
  const stop = b.api.watch<Node>(nodeKind, { resourceVersion: '0' }, (events) => {
    if (!events.some(({ object }) => object.metadata.name === 'worker-1' && !object.status?.volumesAttached)) return
    stop.cancel()
    setInUse(b, 'worker-1', [name])
  }, () => {})
  b.api.remove(podKind, 'default', 'one', { gracePeriodSeconds: 0 })
  await b.settle()
  expect(attachments(b)).toEqual(['worker-1 true'])
  expect(attachedTo(b, 'worker-1')).toEqual([name])
})

it('says that nobody answers', async () => {
  const b = await bench([])
  boundCsiVolume(b.api, 'data')
  b.api.seed<Pod>(podKind, claimingPod('web', 'data', 'worker-1'))
  await b.kernel.runFor(125_000)
  expect(b.events()).toEqual(['Warning FailedAttachVolume Pod/web: AttachVolume.Attach failed for volume "pv-data" : timed out waiting for external-attacher of disk.example.com CSI driver to attach volume vol-data'])
  expect(attachments(b)).toEqual(['worker-1 false'])
  b.api.remove(podKind, 'default', 'web', { gracePeriodSeconds: 0 })
  await b.settle()
  expect(attachments(b)).toEqual([])
})

it("tells the driver's refusal, and attaches when it relents", async () => {
  let refuses = true
  const publish = (): Promise<Record<string, string>> => (refuses ? Promise.reject(new Error('rpc error: code = ResourceExhausted desc = too many volumes')) : Promise.resolve({ device: '/dev/sdb' }))
  const b = await bench([csiAttacherController({ name: testCsiDriver, publish })])
  boundCsiVolume(b.api, 'data')
  b.api.seed(podKind, claimingPod('web', 'data', 'worker-1'))
  await b.kernel.runFor(400)
  expect(b.events()).toEqual(['Warning FailedAttachVolume Pod/web: AttachVolume.Attach failed for volume "pv-data" : rpc error: code = ResourceExhausted desc = too many volumes'])
  refuses = false
  await b.kernel.runFor(30_000)
  expect(b.api.stored<VolumeAttachment>(volumeAttachmentKind)[0]!.status).toEqual({ attached: true, attachmentMetadata: { device: '/dev/sdb' } })
})

import type { FakeApi } from '../../../api/client/testing/fake-api.ts'
import type { CSINode, Node, PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeSpec, Pod, StorageClass } from '../../../api/generated/types.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { csiNodeKind } from '../../../api/kinds/storage/csi-node.ts'
import { csiVolumeName } from '../../../api/machinery/csi-volume-name.ts'
import { seedNode, testNode } from './controller-bench.ts'

export function testClaim(name: string, spec: Partial<PersistentVolumeClaimSpec> = {}, annotations?: Record<string, string>): PersistentVolumeClaim {
  return {
    apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: 'default', ...(annotations ? { annotations } : {}) },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  }
}

export function testVolume(name: string, spec: Partial<PersistentVolumeSpec> = {}, annotations?: Record<string, string>): PersistentVolume {
  return {
    apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name, ...(annotations ? { annotations } : {}) },
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: `/data/${name}` }, persistentVolumeReclaimPolicy: 'Retain', ...spec },
  }
}

export function testStorageClass(name: string, more: Partial<StorageClass> = {}): StorageClass {
  return { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name }, provisioner: 'rancher.io/local-path', reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate', ...more }
}

export function claimingPod(name: string, claimName: string, nodeName?: string): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'nginx' }], volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }], ...(nodeName ? { nodeName } : {}) } }
}

export const testCsiDriver = 'disk.example.com'

/** A node on which the driver runs and whose kubelet leaves attaching to the controller. */
export function attachableNode(api: FakeApi, name: string): void {
  seedNode(api, testNode(name))
  api.mutate<Node>(nodeKind, undefined, name, (copy) => void (copy.metadata.annotations = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' }))
  api.seed<CSINode>(csiNodeKind, { apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: { name }, spec: { drivers: [{ name: testCsiDriver, nodeID: `id-of-${name}` }] } })
}

/** Claim `name` bound to volume `pv-<name>` of the driver; answers what node.status calls the volume. */
export function boundCsiVolume(api: FakeApi, name: string, spec: Partial<PersistentVolumeSpec> = {}): string {
  const { metadata } = api.seed(persistentVolumeClaimKind, testClaim(name, { volumeName: `pv-${name}` }))
  const { hostPath: _, ...rest } = testVolume(`pv-${name}`).spec!
  api.seed<PersistentVolume>(persistentVolumeKind, { ...testVolume(`pv-${name}`), spec: { ...rest, csi: { driver: testCsiDriver, volumeHandle: `vol-${name}` }, claimRef: { namespace: 'default', name, uid: metadata.uid! }, ...spec } })
  api.mutate<PersistentVolumeClaim>(persistentVolumeClaimKind, 'default', name, (copy) => void (copy.status = { phase: 'Bound' }))
  return csiVolumeName(testCsiDriver, `vol-${name}`)
}

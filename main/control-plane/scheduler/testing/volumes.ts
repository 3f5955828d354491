import type { CSIDriver, CSINode, CSIStorageCapacity, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, VolumeAttachment } from '../../../api/generated/types.ts'
import { storageClassOf } from '../../../api/kinds/core/access-modes.ts'
import { keyOf, objectKey, type KubeObject } from '../../../api/machinery/object.ts'
import type { ObjectSource, VolumeSources } from '../volumes/volume-sources.ts'

/** Storage that stays as it is. */
export function storageOf(...objects: (PersistentVolume | PersistentVolumeClaim | StorageClass | Pod | CSINode | CSIDriver | CSIStorageCapacity | VolumeAttachment)[]): VolumeSources {
  const source = <T extends KubeObject>(kind: string): ObjectSource<T> & { readonly all: T[] } => {
    const all = objects.filter((object) => object.kind === kind) as unknown as T[]
    return { all, get: (namespace, name) => all.find((object) => keyOf(object) === objectKey(namespace, name)), onChange: () => () => {} }
  }
  const volumes = source<PersistentVolume>('PersistentVolume')
  return {
    claims: source('PersistentVolumeClaim'),
    volumes: { ...volumes, byIndex: (_, value) => volumes.all.filter((volume) => storageClassOf(volume) === value) },
    classes: source('StorageClass'),
    pods: source('Pod'),
    nodes: source('Node'),
    csiNodes: source('CSINode'),
    csiDrivers: source('CSIDriver'),
    capacities: { byIndex: (_, value) => source<CSIStorageCapacity>('CSIStorageCapacity').all.filter(({ storageClassName }) => storageClassName === value) },
    attachments: { byIndex: (_, value) => source<VolumeAttachment>('VolumeAttachment').all.filter(({ spec }) => spec.nodeName === value) },
  }
}

/** A class whose volumes are bound when a pod needs them; `change` may say anything more about it. */
export function testClass(name: string, change: (storageClass: StorageClass) => void = () => {}): StorageClass {
  const storageClass: StorageClass = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name, uid: `class-${name}` }, provisioner: 'example.com/disks', volumeBindingMode: 'WaitForFirstConsumer' }
  change(storageClass)
  return storageClass
}

/** An unbound claim of 1Gi in the class `late`. */
export function testClaim(name: string, change: (claim: PersistentVolumeClaim) => void = () => {}): PersistentVolumeClaim {
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default', uid: `claim-${name}` },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'late' },
    status: { phase: 'Pending' },
  }
  change(claim)
  return claim
}

/** The claim with both halves of its binding written. */
export function boundClaim(name: string, volume: string, change: (claim: PersistentVolumeClaim) => void = () => {}): PersistentVolumeClaim {
  return testClaim(name, (claim) => {
    claim.spec!.volumeName = volume
    claim.metadata.annotations = { 'pv.kubernetes.io/bind-completed': 'yes' }
    claim.status = { phase: 'Bound' }
    change(claim)
  })
}

/** An available volume of 1Gi in the class `late`, on these nodes only; on all when there are none. */
export function testVolume(name: string, nodes: readonly string[] = [], change: (volume: PersistentVolume) => void = () => {}): PersistentVolume {
  const volume: PersistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, uid: `volume-${name}` },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      storageClassName: 'late',
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: `/disks/${name}` },
      ...(nodes.length > 0 && { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [...nodes] }] }] } } }),
    },
    status: { phase: 'Available' },
  }
  change(volume)
  return volume
}

/** Lets a pod use claims. */
export function using(...claims: string[]): (pod: Pod) => void {
  return (pod) => void (pod.spec!.volumes = claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })))
}

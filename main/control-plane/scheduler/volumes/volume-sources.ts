import type { Informer, Informers } from '../../../api/client/contract.ts'
import type { CSIDriver, CSINode, CSIStorageCapacity, Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, VolumeAttachment } from '../../../api/generated/types.ts'
import { storageClassOf } from '../../../api/kinds/core/access-modes.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { csiDriverKind } from '../../../api/kinds/storage/csi-driver.ts'
import { csiNodeKind } from '../../../api/kinds/storage/csi-node.ts'
import { csiStorageCapacityKind } from '../../../api/kinds/storage/csi-storage-capacity.ts'
import { storageClassKind } from '../../../api/kinds/storage/storage-class.ts'
import { volumeAttachmentKind } from '../../../api/kinds/storage/volume-attachment.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'

/** What volume plugins use of an informer. */
export type ObjectSource<T extends KubeObject> = Pick<Informer<T>, 'get' | 'onChange'>

/** What the volume plugins know of storage. */
export interface VolumeSources {
  readonly claims: ObjectSource<PersistentVolumeClaim>
  /** Indexed by `storageClassIndex`. */
  readonly volumes: ObjectSource<PersistentVolume> & Pick<Informer<PersistentVolume>, 'byIndex'>
  readonly classes: ObjectSource<StorageClass>
  readonly pods: ObjectSource<Pod>
  readonly nodes: ObjectSource<Node>
  /** What drivers say of themselves; absent: nothing. */
  readonly csiNodes?: ObjectSource<CSINode>
  readonly csiDrivers?: ObjectSource<CSIDriver>
  /** Indexed by `storageClassIndex`. */
  readonly capacities?: Pick<Informer<CSIStorageCapacity>, 'byIndex'>
  /** Indexed by `attachmentNodeIndex`. */
  readonly attachments?: Pick<Informer<VolumeAttachment>, 'byIndex'>
}

/** The informers behind the sources. */
export interface VolumeInformers extends VolumeSources {
  readonly claims: Informer<PersistentVolumeClaim>
  readonly volumes: Informer<PersistentVolume>
  readonly classes: Informer<StorageClass>
  readonly csiNodes: Informer<CSINode>
  readonly csiDrivers: Informer<CSIDriver>
  readonly capacities: Informer<CSIStorageCapacity>
  readonly attachments: Informer<VolumeAttachment>
}

/** Volumes, or published capacities, by the name of their storage class. */
export const storageClassIndex = 'storage-class'
/** Attachments by the name of their node. */
export const attachmentNodeIndex = 'node'

/** The informers of storage, not yet started. */
export function volumeInformers(informers: Informers, pods: Informer<Pod>, nodes: Informer<Node>): VolumeInformers {
  const volumes = informers.of(persistentVolumeKind)
  volumes.addIndex(storageClassIndex, (volume) => [storageClassOf(volume)])
  const capacities = informers.of(csiStorageCapacityKind)
  capacities.addIndex(storageClassIndex, ({ storageClassName }) => [storageClassName])
  const attachments = informers.of(volumeAttachmentKind)
  attachments.addIndex(attachmentNodeIndex, ({ spec }) => [spec.nodeName])
  return { claims: informers.of(persistentVolumeClaimKind), volumes, classes: informers.of(storageClassKind), pods, nodes, csiNodes: informers.of(csiNodeKind), csiDrivers: informers.of(csiDriverKind), capacities, attachments }
}

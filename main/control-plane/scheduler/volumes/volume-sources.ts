import type { Informer, Informers } from '../../../api/client/contract.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../../api/generated/types.ts'
import { storageClassOf } from '../../../api/kinds/core/access-modes.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { storageClassKind } from '../../../api/kinds/storage/storage-class.ts'
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
}

/** Volumes by the name of their storage class. */
export const storageClassIndex = 'storage-class'

/** The informers of storage, not yet started. */
export function volumeInformers(informers: Informers, pods: Informer<Pod>, nodes: Informer<Node>): VolumeSources & { readonly claims: Informer<PersistentVolumeClaim>; readonly volumes: Informer<PersistentVolume>; readonly classes: Informer<StorageClass> } {
  const volumes = informers.of(persistentVolumeKind)
  volumes.addIndex(storageClassIndex, (volume) => [storageClassOf(volume)])
  return { claims: informers.of(persistentVolumeClaimKind), volumes, classes: informers.of(storageClassKind), pods, nodes }
}

import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimStatus, StorageClass } from '../../../api/generated/types.ts'
import { storageClassOf } from '../../../api/kinds/core/access-modes.ts'
import { jsonEqual } from '../../../api/machinery/equality.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { cachedSelectorOf, matchesSelector } from '../../../api/machinery/labels.ts'
import { compareQuantities, mustParseQuantity } from '../../../api/machinery/quantity.ts'

export const bindCompletedAnnotation = 'pv.kubernetes.io/bind-completed'
export const boundByControllerAnnotation = 'pv.kubernetes.io/bound-by-controller'
export const provisionedByAnnotation = 'pv.kubernetes.io/provisioned-by'
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node'
export const storageProvisionerAnnotation = 'volume.kubernetes.io/storage-provisioner'
const betaStorageProvisionerAnnotation = 'volume.beta.kubernetes.io/storage-provisioner'

/** Whether the volume is the claim's, or reserved for a claim of that name. */
export function isBoundTo({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = spec?.claimRef
  if (reference?.name !== claim.metadata.name || reference.namespace !== claim.metadata.namespace) return false
  return !reference.uid || reference.uid === claim.metadata.uid
}

const sizeOf = (list: { readonly [resource: string]: string } | undefined) => mustParseQuantity(list?.['storage'] ?? '0')

/** One wants a device where the other is a file system. */
export function volumeModesMismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (volume.spec?.volumeMode ?? 'Filesystem') !== (claim.spec?.volumeMode ?? 'Filesystem')
}


function givesAccess(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode))
}

/** Why a volume that the claim names cannot serve it; undefined when it can. */
export function mismatchOf(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (volume.metadata.deletionTimestamp) return `the volume is marked for deletion ${quote(volume.metadata.name)}`
  if (compareQuantities(sizeOf(volume.spec?.capacity), sizeOf(claim.spec?.resources?.requests)) < 0) return 'requested PV is too small'
  if (storageClassOf(volume) !== storageClassOf(claim)) return 'storageClassName does not match'
  if ((volume.spec?.volumeAttributesClassName ?? '') !== (claim.spec?.volumeAttributesClassName ?? '')) return 'volumeAttributesClassName does not match'
  if (volumeModesMismatch(volume, claim)) return 'incompatible volumeMode'
  if (!givesAccess(volume, claim)) return 'incompatible accessMode'
  return undefined
}

/** The volume for a claim that names none: one reserved for it, else (unless binding waits for a pod) of those with the fewest
 *  access modes the smallest that is big enough. */
export function bestMatch(claim: PersistentVolumeClaim, volumes: readonly PersistentVolume[], delayed: boolean): PersistentVolume | undefined {
  const requested = sizeOf(claim.spec?.resources?.requests)
  const wantedClass = storageClassOf(claim)
  const selector = claim.spec?.selector ? cachedSelectorOf(claim.spec.selector) : undefined
  let best: PersistentVolume | undefined
  const better = (volume: PersistentVolume, than: PersistentVolume): boolean => {
    const modes = (volume.spec?.accessModes?.length ?? 0) - (than.spec?.accessModes?.length ?? 0)
    return modes !== 0 ? modes < 0 : compareQuantities(sizeOf(volume.spec?.capacity), sizeOf(than.spec?.capacity)) < 0
  }
  for (const volume of volumes) {
    if (volume.metadata.deletionTimestamp || volumeModesMismatch(volume, claim) || !givesAccess(volume, claim)) continue
    if (compareQuantities(sizeOf(volume.spec?.capacity), requested) < 0) continue
    if ((volume.spec?.volumeAttributesClassName ?? '') !== (claim.spec?.volumeAttributesClassName ?? '')) continue
    if (isBoundTo(volume, claim)) return volume
    if (volume.spec?.claimRef || delayed || volume.status?.phase !== 'Available') continue
    if (selector && !matchesSelector(selector, volume.metadata.labels)) continue
    if (storageClassOf(volume) !== wantedClass) continue
    if (!best || better(volume, best)) best = volume
  }
  return best
}

/** The volume bound to the claim; the same object when it is already. */
export function volumeBoundTo(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { name, namespace, uid, resourceVersion } = claim.metadata
  const reference = volume.spec?.claimRef
  const complete = reference?.name === name && reference.namespace === namespace && reference.uid === uid
  const ours = !isBoundTo(volume, claim) && volume.metadata.annotations?.[boundByControllerAnnotation] === undefined
  if (complete && !ours) return volume
  return {
    ...volume,
    metadata: ours ? { ...volume.metadata, annotations: { ...volume.metadata.annotations, [boundByControllerAnnotation]: 'yes' } } : volume.metadata,
    spec: { ...volume.spec, claimRef: complete ? reference : { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace: namespace!, name, uid: uid!, ...(resourceVersion ? { resourceVersion } : {}) } },
  }
}

/** The claim bound to the volume; the same object when it is already. */
export function claimBoundTo(claim: PersistentVolumeClaim, volume: PersistentVolume): PersistentVolumeClaim {
  const { annotations } = claim.metadata
  const more: Record<string, string> = {}
  const named = claim.spec?.volumeName === volume.metadata.name
  if (!named && annotations?.[boundByControllerAnnotation] === undefined) more[boundByControllerAnnotation] = 'yes'
  if (annotations?.[bindCompletedAnnotation] === undefined) more[bindCompletedAnnotation] = 'yes'
  if (named && Object.keys(more).length === 0) return claim
  return { ...claim, metadata: { ...claim.metadata, annotations: { ...annotations, ...more } }, spec: { ...claim.spec, volumeName: volume.metadata.name } }
}

/** The volume without its claim: free when the binder had bound it, else reserved for the name that it was made with. */
export function unbound(volume: PersistentVolume): PersistentVolume {
  const { claimRef, ...spec } = volume.spec ?? {}
  if (volume.metadata.annotations?.[boundByControllerAnnotation] === undefined) {
    const { uid: _, ...reserved } = claimRef ?? {}
    return { ...volume, spec: { ...spec, claimRef: reserved } }
  }
  const { [boundByControllerAnnotation]: _, ...annotations } = volume.metadata.annotations
  const { annotations: _old, ...metadata } = volume.metadata
  return { ...volume, metadata: Object.keys(annotations).length > 0 ? { ...metadata, annotations } : metadata, spec }
}

/** The claim's status in that phase, on that volume; undefined when it says so already. Throws for a volume without a size. */
export function claimStatus(claim: PersistentVolumeClaim, phase: string, volume: PersistentVolume | undefined): PersistentVolumeClaimStatus | undefined {
  const { accessModes, capacity, ...rest } = claim.status ?? {}
  if (!volume) {
    if (rest.phase === phase && !accessModes && !capacity) return undefined
    return { ...rest, phase }
  }
  const becomes = rest.phase !== phase
  const modesChange = !jsonEqual(accessModes ?? [], volume.spec?.accessModes ?? [])
  if (!becomes && !modesChange) return undefined
  const size = volume.spec?.capacity?.['storage']
  if (becomes && size === undefined) throw new Error(`PersistentVolume ${quote(volume.metadata.name)} is without a storage capacity`)
  // The size of what is bound may differ on purpose while it grows.
  const sameSize = capacity?.['storage'] !== undefined && compareQuantities(mustParseQuantity(capacity['storage']), mustParseQuantity(size ?? '0')) === 0
  const newCapacity = becomes && !sameSize ? volume.spec?.capacity : capacity
  const attributes = volume.spec?.volumeAttributesClassName
  return {
    ...rest,
    phase,
    accessModes: [...(volume.spec?.accessModes ?? [])],
    ...(newCapacity ? { capacity: newCapacity } : {}),
    ...(becomes && phase === 'Bound' && attributes ? { currentVolumeAttributesClassName: attributes } : {}),
  }
}

/** Provisioners that were once part of Kubernetes, and the drivers that do their work now. */
const migrated: Readonly<Record<string, string>> = {
  'kubernetes.io/aws-ebs': 'ebs.csi.aws.com',
  'kubernetes.io/gce-pd': 'pd.csi.storage.gke.io',
  'kubernetes.io/azure-disk': 'disk.csi.azure.com',
  'kubernetes.io/azure-file': 'file.csi.azure.com',
  'kubernetes.io/cinder': 'cinder.csi.openstack.org',
  'kubernetes.io/vsphere-volume': 'csi.vsphere.vmware.com',
  'kubernetes.io/portworx-volume': 'pxd.portworx.com',
}

/** Who makes the class's volumes outside the controller manager. Throws for one that Kubernetes itself would have to be. */
export function externalProvisioner({ provisioner }: StorageClass): string {
  const driver = migrated[provisioner]
  if (driver !== undefined) return driver
  if (provisioner.startsWith('kubernetes.io/')) throw new Error(`no volume plugin matched name: ${provisioner}`)
  return provisioner
}

/** The claim with the mark that tells its provisioner to begin; the same object when it has it. */
export function claimFor(claim: PersistentVolumeClaim, provisioner: string): PersistentVolumeClaim {
  const { annotations } = claim.metadata
  if (annotations?.[storageProvisionerAnnotation] === provisioner && annotations[betaStorageProvisionerAnnotation] === provisioner) return claim
  return { ...claim, metadata: { ...claim.metadata, annotations: { ...annotations, [betaStorageProvisionerAnnotation]: provisioner, [storageProvisionerAnnotation]: provisioner } } }
}

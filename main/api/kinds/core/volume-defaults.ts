import type { DownwardAPIVolumeFile, PersistentVolumeSpec, Volume } from '../../generated/types.ts'
import { defaultPullPolicy } from './container-defaults.ts'
import { canonical } from './resource-defaults.ts'

/** 0644 in decimal: the mode of files that secrets, config maps and the downward API become. */
export const defaultFileMode = 420

/** The fields of a Volume that name a source; exactly one is set. */
export function volumeSourcesOf(volume: Volume): string[] {
  return Object.keys(volume).filter((field) => field !== 'name' && volume[field as keyof Volume] != null)
}

/** Fills in a volume's defaults: without a source it is an empty directory. */
export function defaultVolume(volume: Volume): void {
  if (volumeSourcesOf(volume).length === 0) volume.emptyDir = {}
  if (volume.secret) volume.secret.defaultMode ??= defaultFileMode
  if (volume.configMap) volume.configMap.defaultMode ??= defaultFileMode
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= defaultFileMode
    defaultDownwardFiles(volume.downwardAPI.items)
  }
  if (volume.projected) defaultProjected(volume.projected)
  if (volume.emptyDir?.sizeLimit) volume.emptyDir.sizeLimit = canonical(volume.emptyDir.sizeLimit)
  if (volume.image) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference ?? '')
  defaultVolumeSources(volume)
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec
  if (claim) claim.volumeMode ??= 'Filesystem'
}

/** The defaults of the sources that pods' volumes and PersistentVolumes share, also those inside VolumeAttachments. */
export function defaultVolumeSources(it: Volume | PersistentVolumeSpec): void {
  if (it.hostPath) it.hostPath.type ??= ''
  if (it.iscsi) it.iscsi.iscsiInterface ||= 'default'
  if (it.rbd) {
    it.rbd.pool ||= 'rbd'
    it.rbd.user ||= 'admin'
    it.rbd.keyring ||= '/etc/ceph/keyring'
  }
  if (it.azureDisk) {
    it.azureDisk.cachingMode ??= 'ReadWrite'
    it.azureDisk.kind ??= 'Shared'
    it.azureDisk.fsType ??= 'ext4'
    it.azureDisk.readOnly ??= false
  }
  if (it.scaleIO) {
    it.scaleIO.storageMode ||= 'ThinProvisioned'
    it.scaleIO.fsType ||= 'xfs'
  }
}

function defaultProjected(projected: NonNullable<Volume['projected']>): void {
  projected.defaultMode ??= defaultFileMode
  for (const source of projected.sources ?? []) {
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600
    if (source.downwardAPI) defaultDownwardFiles(source.downwardAPI.items)
    if (source.podCertificate) source.podCertificate.maxExpirationSeconds ??= 86400
  }
}

function defaultDownwardFiles(files: DownwardAPIVolumeFile[] | undefined): void {
  for (const file of files ?? []) {
    if (file.fieldRef) file.fieldRef.apiVersion ||= 'v1'
    if (file.resourceFieldRef) file.resourceFieldRef.divisor = canonical(file.resourceFieldRef.divisor || '0')
  }
}

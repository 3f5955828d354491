import type { DownwardAPIVolumeFile, Volume } from '../../generated/types.ts'
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
  if (volume.hostPath) volume.hostPath.type ??= ''
  if (volume.image) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference ?? '')
  if (volume.iscsi) volume.iscsi.iscsiInterface ||= 'default'
  if (volume.rbd) {
    volume.rbd.pool ||= 'rbd'
    volume.rbd.user ||= 'admin'
    volume.rbd.keyring ||= '/etc/ceph/keyring'
  }
  if (volume.azureDisk) {
    volume.azureDisk.cachingMode ??= 'ReadWrite'
    volume.azureDisk.kind ??= 'Shared'
    volume.azureDisk.fsType ??= 'ext4'
    volume.azureDisk.readOnly ??= false
  }
  if (volume.scaleIO) {
    volume.scaleIO.storageMode ||= 'ThinProvisioned'
    volume.scaleIO.fsType ||= 'xfs'
  }
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec
  if (claim) claim.volumeMode ??= 'Filesystem'
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

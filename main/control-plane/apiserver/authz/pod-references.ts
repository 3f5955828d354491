/** What a pod makes its kubelet read: names that the node authorizer follows. */
import type { PersistentVolume, Pod, Volume } from '../../../api/generated/types.ts'

type Add = (resource: string, name: string | undefined) => void

/** Keys `<resource>/<namespace>/<name>` of everything that a pod refers to. */
export function referencesOf(pod: Pod): Set<string> {
  const keys = new Set<string>()
  const { spec, status } = pod
  const namespace = pod.metadata.namespace ?? ''
  const add: Add = (resource, name) => {
    if (name) keys.add(`${resource}/${namespace}/${name}`)
  }
  add('serviceaccounts', spec?.serviceAccountName)
  for (const secret of spec?.imagePullSecrets ?? []) add('secrets', secret.name)
  for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])]) {
    for (const source of container.envFrom ?? []) {
      add('configmaps', source.configMapRef?.name)
      add('secrets', source.secretRef?.name)
    }
    for (const variable of container.env ?? []) {
      add('configmaps', variable.valueFrom?.configMapKeyRef?.name)
      add('secrets', variable.valueFrom?.secretKeyRef?.name)
    }
  }
  for (const volume of spec?.volumes ?? []) volumeReferences(volume, pod, add)
  for (const claim of spec?.resourceClaims ?? []) add('resourceclaims', claim.resourceClaimName)
  for (const claim of status?.resourceClaimStatuses ?? []) add('resourceclaims', claim.resourceClaimName)
  add('resourceclaims', status?.extendedResourceClaimStatus?.resourceClaimName)
  return keys
}

function volumeReferences(volume: Volume, pod: Pod, add: Add): void {
  add('secrets', volume.secret?.secretName)
  add('configmaps', volume.configMap?.name)
  add('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName)
  if (volume.ephemeral) add('persistentvolumeclaims', `${pod.metadata.name}-${volume.name}`)
  for (const source of volume.projected?.sources ?? []) {
    add('secrets', source.secret?.name)
    add('configmaps', source.configMap?.name)
  }
  add('secrets', volume.azureFile?.secretName)
  for (const source of [volume.cephfs, volume.cinder, volume.flexVolume, volume.rbd, volume.scaleIO, volume.iscsi, volume.storageos]) add('secrets', source?.secretRef?.name)
  add('secrets', volume.csi?.nodePublishSecretRef?.name)
}

/** Keys of the secrets that a volume's driver reads on the node. */
export function volumeSecrets({ spec }: PersistentVolume): string[] {
  const keys: string[] = []
  const add = (reference: { readonly name?: string; readonly namespace?: string } | undefined, otherwise = spec?.claimRef?.namespace): void => {
    if (reference?.name) keys.push(`secrets/${reference.namespace ?? otherwise ?? ''}/${reference.name}`)
  }
  const { csi } = spec ?? {}
  for (const reference of [csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef]) add(reference)
  for (const source of [spec?.cephfs, spec?.cinder, spec?.flexVolume, spec?.rbd, spec?.scaleIO, spec?.iscsi, spec?.storageos]) add(source?.secretRef)
  if (spec?.azureFile) add({ name: spec.azureFile.secretName, ...(spec.azureFile.secretNamespace ? { namespace: spec.azureFile.secretNamespace } : {}) })
  return keys
}

import type { Pod, Volume } from '../../../api/generated/types.ts'

/** Names of the Secrets that a pod refers to anywhere: to pull, in environments, in volumes. */
export function secretsOf({ spec }: Pod): Set<string> {
  const names: (string | undefined)[] = (spec?.imagePullSecrets ?? []).map(({ name }) => name)
  for (const { env, envFrom } of [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])]) {
    for (const source of envFrom ?? []) names.push(source.secretRef?.name)
    for (const variable of env ?? []) names.push(variable.valueFrom?.secretKeyRef?.name)
  }
  for (const volume of spec?.volumes ?? []) names.push(...secretsOfVolume(volume))
  return new Set(names.filter((name): name is string => name !== undefined && name !== ''))
}

function secretsOfVolume(volume: Volume): (string | undefined)[] {
  const { azureFile, cephfs, cinder, csi, flexVolume, iscsi, projected, rbd, scaleIO, secret, storageos } = volume
  return [
    secret?.secretName,
    azureFile?.secretName,
    csi?.nodePublishSecretRef?.name,
    ...(projected?.sources ?? []).map((source) => source.secret?.name),
    ...[cephfs, cinder, flexVolume, iscsi, rbd, scaleIO, storageos].map((source) => source?.secretRef?.name),
  ]
}

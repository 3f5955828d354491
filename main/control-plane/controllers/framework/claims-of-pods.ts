import type { Informer } from '../../../api/client/contract.ts'
import type { PersistentVolumeClaim, Pod, Volume } from '../../../api/generated/types.ts'
import { isControlledBy, keyOf, objectKey } from '../../../api/machinery/object.ts'

const index = 'claim'

/** The claim that a volume of the pod mounts; undefined for other volumes. Generic ephemeral volumes have one of their own. */
export function claimNameOf(pod: Pod, volume: Volume): string | undefined {
  if (volume.persistentVolumeClaim) return volume.persistentVolumeClaim.claimName
  return volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined
}

/** `namespace/name` of all claims that the pod mounts. */
export function claimKeysOf(pod: Pod): string[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    const name = claimNameOf(pod, volume)
    return name === undefined ? [] : [objectKey(pod.metadata.namespace, name)]
  })
}

/** Indexes pods by the claims that they mount. Call before start. */
export function indexByClaim(pods: Informer<Pod>): void {
  pods.addIndex(index, claimKeysOf)
}

/** Pods that name the claim; see `mounts`. */
export function podsOfClaim(pods: Informer<Pod>, claimKey: string): readonly Pod[] {
  return pods.byIndex(index, claimKey)
}

/** Whether it is this very claim that the pod mounts: an ephemeral volume's has to be the pod's own. */
export function mounts(pod: Pod, claim: PersistentVolumeClaim): boolean {
  return (pod.spec?.volumes ?? []).some((volume) =>
    volume.persistentVolumeClaim ? volume.persistentVolumeClaim.claimName === claim.metadata.name
    : volume.ephemeral ? objectKey(pod.metadata.namespace, claimNameOf(pod, volume)!) === keyOf(claim) && isControlledBy(claim, pod)
    : false)
}

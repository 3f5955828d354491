import type { Pod, Volume } from '../../../api/generated/types.ts'

/** A claim that a pod uses, by name. */
export interface ClaimUse {
  readonly name: string
  /** Made for this pod, from a template in it. */
  readonly ephemeral: boolean
}

const none: readonly ClaimUse[] = []

/** The claims that a pod names in its volumes, in their order. */
export function claimsOfPod(pod: Pod): readonly ClaimUse[] {
  const volumes = pod.spec?.volumes
  if (!volumes?.some(hasClaim)) return none
  return volumes.filter(hasClaim).map((volume) =>
    volume.persistentVolumeClaim ? { name: volume.persistentVolumeClaim.claimName, ephemeral: false } : { name: `${pod.metadata.name}-${volume.name}`, ephemeral: true },
  )
}

function hasClaim(volume: Volume): boolean {
  return volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined
}

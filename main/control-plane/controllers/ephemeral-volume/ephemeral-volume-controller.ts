import { defineController } from '../../../api/client/controller.ts'
import type { ObjectMeta, PersistentVolumeClaim, Pod, Volume } from '../../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { controllerReference, isControlledBy, keyOf, splitKey } from '../../../api/machinery/object.ts'
import { isAlreadyExists } from '../../../api/machinery/status-error.ts'
import { claimNameOf, indexByClaim, podsOfClaim } from '../framework/claims-of-pods.ts'
import { textOf } from '../framework/pod-control.ts'

/** Makes the claims of generic ephemeral volumes, owned by their pods, so that they go with them. Follows pkg/controller/volume/ephemeral. */
export const ephemeralVolumeController = defineController({
  name: 'ephemeral-volume-controller',
  eventSource: 'ephemeral_volume',
  noun: 'pod',
  workers: 10,
  setUp({ client, informers, events }, queue) {
    const pods = informers.of(podKind)
    const claims = informers.of(persistentVolumeClaimKind)
    indexByClaim(pods)
    const add = (pod: Pod): void => {
      if (!pod.metadata.deletionTimestamp && pod.spec?.volumes?.some(({ ephemeral }) => ephemeral)) queue.add(keyOf(pod))
    }
    pods.onChange({ added: add })
    claims.onChange({ deleted: (claim) => podsOfClaim(pods, keyOf(claim)).forEach(add) })
    return async (key) => {
      const { namespace, name } = splitKey(key)
      const pod = pods.get(namespace, name)
      if (!pod || pod.metadata.deletionTimestamp) return undefined
      for (const volume of pod.spec?.volumes ?? []) {
        if (!volume.ephemeral) continue
        try {
          const claim = claimOf(pod, volume)
          const present = claims.get(namespace, claim.metadata.name)
          if (!present) await client.create(persistentVolumeClaimKind, claim)
          else if (!isControlledBy(present, pod)) throw new Error(`PVC ${keyOf(present)} was not created for pod ${key} (pod is not owner)`)
        } catch (error) {
          // Made a moment ago: the cache will say whose it is.
          if (!isAlreadyExists(error)) events.event(pod, 'Warning', 'FailedBinding', `ephemeral volume ${volume.name}: ${textOf(error)}`)
          throw error
        }
      }
      return undefined
    }
  },
})

function claimOf(pod: Pod, volume: Volume): PersistentVolumeClaim {
  const { metadata, spec } = volume.ephemeral!.volumeClaimTemplate!
  const { labels, annotations } = (metadata ?? {}) as Partial<ObjectMeta>
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimNameOf(pod, volume)!,
      namespace: pod.metadata.namespace!,
      ownerReferences: [controllerReference(pod)],
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
    spec,
  }
}

import { defineController } from '../../../api/client/controller.ts'
import type { PersistentVolumeClaim, Pod } from '../../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { hasFinalizer, keyOf, splitKey, withFinalizer, withoutFinalizer } from '../../../api/machinery/object.ts'
import { isPodTerminal } from '../../../api/machinery/pod.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { claimKeysOf, indexByClaim, mounts, podsOfClaim } from '../framework/claims-of-pods.ts'

const finalizer = 'kubernetes.io/pvc-protection'

/** Keeps deleted claims while pods on nodes use them. Follows pkg/controller/volume/pvcprotection. */
export const persistentVolumeClaimProtectionController = defineController({
  name: 'persistentvolumeclaim-protection-controller',
  noun: 'persistentvolumeclaim',
  workers: 1,
  setUp({ client, informers }, queue) {
    const claims = informers.of(persistentVolumeClaimKind)
    const pods = informers.of(podKind)
    indexByClaim(pods)
    const concern = (claim: PersistentVolumeClaim): void => {
      if (claim.metadata.deletionTimestamp ? hasFinalizer(claim, finalizer) : !hasFinalizer(claim, finalizer)) queue.add(keyOf(claim))
    }
    const freed = (pod: Pod): void => {
      for (const key of claimKeysOf(pod)) queue.add(key)
    }
    // Pods that are on a node and at work free nothing.
    const mayHaveFreed = (pod: Pod): void => {
      if (!pod.spec?.nodeName || isPodTerminal(pod)) freed(pod)
    }
    claims.onChange({ added: concern, updated: concern })
    pods.onChange({ added: mayHaveFreed, updated: mayHaveFreed, deleted: freed })
    const uses = (pod: Pod, claim: PersistentVolumeClaim): boolean => Boolean(pod.spec?.nodeName) && mounts(pod, claim)
    return async (key) => {
      const { namespace, name } = splitKey(key)
      const claim = claims.get(namespace, name)
      if (!claim) return undefined
      if (!claim.metadata.deletionTimestamp) {
        if (!hasFinalizer(claim, finalizer)) await client.update(persistentVolumeClaimKind, withFinalizer(claim, finalizer))
        return undefined
      }
      if (!hasFinalizer(claim, finalizer) || podsOfClaim(pods, key).some((pod) => uses(pod, claim))) return undefined
      // The cache may lag: what is let go does not come back.
      const live = await client.list(podKind, { namespace })
      if (live.items.some((pod) => uses(pod, claim))) return undefined
      try {
        await client.update(persistentVolumeClaimKind, withoutFinalizer(claim, finalizer))
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
      return undefined
    }
  },
})

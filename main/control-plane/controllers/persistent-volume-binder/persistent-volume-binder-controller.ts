import { defineController } from '../../../api/client/controller.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { keyOf, objectKey } from '../../../api/machinery/object.ts'
import { ClaimSync } from './claim-sync.ts'
import { BinderStore } from './store.ts'
import { VolumeSync } from './volume-sync.ts'

const claimPrefix = 'claim '
const volumePrefix = 'volume '
/** How often a claim that waits is looked at again. */
const resyncMs = 15_000

/** Binds claims to volumes, asks provisioners for volumes, lets volumes go when their claims are gone. Follows
 *  pkg/controller/volume/persistentvolume; only waiting claims are looked at again every 15 s, where upstream looks at everything. Not
 *  modelled: recycling, and plug-ins that provision inside the controller manager (there are none that do by default). */
export const persistentVolumeBinderController = defineController({
  name: 'persistentvolume-binder-controller',
  eventSource: 'persistentvolume-controller',
  noun: 'persistentvolume',
  workers: 1,
  setUp(context, queue) {
    const { informers } = context
    const claims = informers.of(persistentVolumeClaimKind)
    const volumes = informers.of(persistentVolumeKind)
    const store = new BinderStore(context)
    const addClaim = (key: string): void => queue.add(claimPrefix + key)
    const addVolume = (name: string): void => queue.add(volumePrefix + name)
    const claimSync = new ClaimSync(context, store)
    const volumeSync = new VolumeSync(context, store, addClaim)
    claims.onChange({
      added: (claim) => addClaim(keyOf(claim)),
      updated: (claim) => addClaim(keyOf(claim)),
      deleted: (claim) => {
        if (claim.spec?.volumeName) addVolume(claim.spec.volumeName)
      },
    })
    volumes.onChange({
      added: (volume) => addVolume(volume.metadata.name),
      updated: (volume) => addVolume(volume.metadata.name),
      deleted: ({ spec }) => {
        if (spec?.claimRef?.name) addClaim(objectKey(spec.claimRef.namespace, spec.claimRef.name))
      },
    })
    return async (key) => {
      if (key.startsWith(volumePrefix)) {
        await volumeSync.sync(key.slice(volumePrefix.length))
        return undefined
      }
      const waits = await claimSync.sync(key.slice(claimPrefix.length))
      return waits ? { againAfterMs: resyncMs } : undefined
    }
  },
})

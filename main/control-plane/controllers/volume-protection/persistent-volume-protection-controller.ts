import { defineController } from '../../../api/client/controller.ts'
import type { PersistentVolume } from '../../../api/generated/types.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { hasFinalizer, withFinalizer, withoutFinalizer } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'

const finalizer = 'kubernetes.io/pv-protection'

/** Keeps deleted volumes while they are bound. Follows pkg/controller/volume/pvprotection. */
export const persistentVolumeProtectionController = defineController({
  name: 'persistentvolume-protection-controller',
  noun: 'persistentvolume',
  workers: 1,
  setUp({ client, informers }, queue) {
    const volumes = informers.of(persistentVolumeKind)
    const concern = (volume: PersistentVolume): void => {
      if (volume.metadata.deletionTimestamp ? hasFinalizer(volume, finalizer) : !hasFinalizer(volume, finalizer)) queue.add(volume.metadata.name)
    }
    volumes.onChange({ added: concern, updated: concern })
    return async (name) => {
      const volume = volumes.get(undefined, name)
      if (!volume) return undefined
      if (!volume.metadata.deletionTimestamp) {
        if (!hasFinalizer(volume, finalizer)) await client.update(persistentVolumeKind, withFinalizer(volume, finalizer))
        return undefined
      }
      if (!hasFinalizer(volume, finalizer) || volume.status?.phase === 'Bound') return undefined
      try {
        await client.update(persistentVolumeKind, withoutFinalizer(volume, finalizer))
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
      return undefined
    }
  },
})

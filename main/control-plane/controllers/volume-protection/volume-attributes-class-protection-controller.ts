import { defineController } from '../../../api/client/controller.ts'
import type { PersistentVolume, PersistentVolumeClaim, VolumeAttributesClass } from '../../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { volumeAttributesClassKind } from '../../../api/kinds/storage/volume-attributes-class.ts'
import { hasFinalizer, withFinalizer, withoutFinalizer } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'

const finalizer = 'kubernetes.io/vac-protection'
const byAttributesClass = 'attributes class'

/** Keeps deleted volume attributes classes while a claim or a volume has, had last, or is getting them. Follows
 *  pkg/controller/volume/vacprotection. */
export const volumeAttributesClassProtectionController = defineController({
  name: 'volumeattributesclass-protection-controller',
  noun: 'volumeattributesclass',
  workers: 1,
  setUp({ client, informers }, queue) {
    const classes = informers.of(volumeAttributesClassKind)
    const claims = informers.of(persistentVolumeClaimKind)
    const volumes = informers.of(persistentVolumeKind)
    claims.addIndex(byAttributesClass, classesOfClaim)
    volumes.addIndex(byAttributesClass, classesOfVolume)
    const concern = (each: VolumeAttributesClass): void => {
      if (each.metadata.deletionTimestamp ? hasFinalizer(each, finalizer) : !hasFinalizer(each, finalizer)) queue.add(each.metadata.name)
    }
    const freed = (before: readonly string[], now: readonly string[] = []): void => {
      for (const name of before) if (!now.includes(name)) queue.add(name)
    }
    classes.onChange({ added: concern, updated: concern })
    claims.onChange({ updated: (claim, old) => freed(classesOfClaim(old), classesOfClaim(claim)), deleted: (claim) => freed(classesOfClaim(claim)) })
    volumes.onChange({ updated: (volume, old) => freed(classesOfVolume(old), classesOfVolume(volume)), deleted: (volume) => freed(classesOfVolume(volume)) })
    return async (name) => {
      const found = classes.get(undefined, name)
      if (!found) return undefined
      if (!found.metadata.deletionTimestamp) {
        if (!hasFinalizer(found, finalizer)) await client.update(volumeAttributesClassKind, withFinalizer(found, finalizer))
        return undefined
      }
      if (!hasFinalizer(found, finalizer) || claims.byIndex(byAttributesClass, name).length > 0 || volumes.byIndex(byAttributesClass, name).length > 0) return undefined
      const used = (await client.list(persistentVolumeClaimKind)).items.some((claim) => classesOfClaim(claim).includes(name)) || (await client.list(persistentVolumeKind)).items.some((volume) => classesOfVolume(volume).includes(name))
      if (used) return undefined
      try {
        await client.update(volumeAttributesClassKind, withoutFinalizer(found, finalizer))
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
      return undefined
    }
  },
})

function classesOfClaim({ spec, status }: PersistentVolumeClaim): string[] {
  return [...new Set([spec?.volumeAttributesClassName, status?.currentVolumeAttributesClassName, status?.modifyVolumeStatus?.targetVolumeAttributesClassName].filter((name): name is string => Boolean(name)))]
}

function classesOfVolume({ spec }: PersistentVolume): string[] {
  return spec?.volumeAttributesClassName ? [spec.volumeAttributesClassName] : []
}

import { defineController } from '../../../api/client/controller.ts'
import type { PersistentVolumeClaim } from '../../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { keyOf, splitKey } from '../../../api/machinery/object.ts'
import { compareQuantities, mustParseQuantity } from '../../../api/machinery/quantity.ts'

/** Volumes of these sources are grown on the node or by their driver, never here. */
const grownElsewhere = ['csi', 'flexVolume', 'portworxVolume'] as const

/** Says who grows a bound claim that asks for more: since the storage plug-ins have left Kubernetes, always somebody else. Follows
 *  pkg/controller/volume/expand. */
export const persistentVolumeExpanderController = defineController({
  name: 'persistentvolume-expander-controller',
  eventSource: 'volume_expand',
  noun: 'persistentvolumeclaim',
  workers: 10,
  setUp({ informers, events }, queue) {
    const claims = informers.of(persistentVolumeClaimKind)
    const volumes = informers.of(persistentVolumeKind)
    const add = (claim: PersistentVolumeClaim): void => {
      if (wantsMore(claim)) queue.add(keyOf(claim))
    }
    claims.onChange({
      added: add,
      updated: (claim, old) => {
        if (claim.spec?.resources?.requests?.['storage'] !== old.spec?.resources?.requests?.['storage']) add(claim)
      },
    })
    return (key) => {
      const { namespace, name } = splitKey(key)
      const claim = claims.get(namespace, name)
      const volume = claim?.spec?.volumeName ? volumes.get(undefined, claim.spec.volumeName) : undefined
      if (claim && wantsMore(claim) && volume && volume.spec?.claimRef?.uid === claim.metadata.uid) {
        const elsewhere = grownElsewhere.some((source) => volume.spec?.[source])
        events.event(claim, elsewhere ? 'Normal' : 'Warning', 'ExternalExpanding', "didn't find a plugin capable of expanding the volume; waiting for an external controller to process this PVC")
      }
      return Promise.resolve(undefined)
    }
  },
})

function wantsMore({ spec, status }: PersistentVolumeClaim): boolean {
  const size = (list: { readonly [resource: string]: string } | undefined) => mustParseQuantity(list?.['storage'] ?? '0')
  return status?.phase === 'Bound' && compareQuantities(size(spec?.resources?.requests), size(status.capacity)) > 0
}

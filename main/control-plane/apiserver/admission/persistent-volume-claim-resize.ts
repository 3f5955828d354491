import type { PersistentVolumeClaim, StorageClass } from '../../../api/generated/types.ts'
import { compareQuantities, mustParseQuantity } from '../../../api/machinery/quantity.ts'
import { isAbout, refused } from './admission.ts'
import type { AdmissionPlugin } from './admission.ts'

/** Lets a bound claim ask for more only if its class can give more. Follows upstream's PersistentVolumeClaimResize. */
export function persistentVolumeClaimResize(storageClass: (name: string) => StorageClass | undefined): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    handles: (attributes) => isAbout(attributes, '', 'persistentvolumeclaims') && attributes.operation === 'UPDATE',
    validate(attributes) {
      const [claim, old] = [attributes.object as PersistentVolumeClaim, attributes.oldObject as PersistentVolumeClaim]
      const sizeOf = ({ spec }: PersistentVolumeClaim) => mustParseQuantity(spec?.resources?.requests?.['storage'] ?? '0')
      if (compareQuantities(sizeOf(claim), sizeOf(old)) <= 0) return
      if (old.status?.phase !== 'Bound') throw refused(attributes, 'Only bound persistent volume claims can be expanded')
      const name = claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? claim.spec?.storageClassName ?? ''
      if (name !== '' && storageClass(name)?.allowVolumeExpansion) return
      throw refused(attributes, 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize')
    },
  }
}

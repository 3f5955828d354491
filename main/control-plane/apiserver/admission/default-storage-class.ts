import type { PersistentVolumeClaim, StorageClass } from '../../../api/generated/types.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import { isAbout } from './admission.ts'
import type { AdmissionPlugin } from './admission.ts'

const defaultAnnotations = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']
const oldClassAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** Gives claims that name no class the default one; of several, the newest. Follows upstream's DefaultStorageClass. */
export function defaultStorageClass(classes: () => readonly StorageClass[]): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    handles: (attributes) => isAbout(attributes, '', 'persistentvolumeclaims') && attributes.operation === 'CREATE',
    admit({ object }) {
      const claim = object as PersistentVolumeClaim
      if (claim.metadata.annotations?.[oldClassAnnotation] !== undefined || claim.spec?.storageClassName !== undefined) return
      const name = newestDefault(classes().filter(({ metadata }) => defaultAnnotations.some((key) => metadata.annotations?.[key] === 'true')))
      if (name !== undefined) claim.spec = { ...claim.spec, storageClassName: name }
    },
  }
}

/** The name of the object that was made last; of several made at once, the first by name. */
export function newestDefault(candidates: readonly { readonly metadata: { readonly name: string; readonly creationTimestamp?: string } }[]): string | undefined {
  const ordered = [...candidates].sort((a, b) => compareBytes(b.metadata.creationTimestamp ?? '', a.metadata.creationTimestamp ?? '') || compareBytes(a.metadata.name, b.metadata.name))
  return ordered[0]?.metadata.name
}

import { isAbout } from './admission.ts'
import type { AdmissionPlugin } from './admission.ts'

const finalizers: Readonly<Record<string, string>> = {
  '/persistentvolumes': 'kubernetes.io/pv-protection',
  '/persistentvolumeclaims': 'kubernetes.io/pvc-protection',
  'storage.k8s.io/volumeattributesclasses': 'kubernetes.io/vac-protection',
}

/** Keeps claims, volumes and their classes from going while somebody uses them: their controllers take the finalizer away. Follows upstream's
 *  StorageObjectInUseProtection. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  handles: (attributes) => attributes.operation === 'CREATE' && Object.hasOwn(finalizers, `${attributes.kind.group}/${attributes.kind.plural}`) && isAbout(attributes, attributes.kind.group, attributes.kind.plural),
  admit({ kind, object }) {
    const finalizer = finalizers[`${kind.group}/${kind.plural}`]!
    const { metadata } = object!
    if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer]
  },
}

/** How a volume may be mounted, for PersistentVolumes and the claims on them. */
import { fieldForbidden, fieldNotSupported } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
const shortForms = [['ReadWriteOnce', 'RWO'], ['ReadOnlyMany', 'ROX'], ['ReadWriteMany', 'RWX'], ['ReadWriteOncePod', 'RWOP']] as const

/** `RWO,RWX`: always in the same order, each once. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return shortForms.filter(([mode]) => modes?.includes(mode)).map(([, short]) => short).join(',')
}

/** Known modes, and the one for a single pod not with others. */
export function accessModeErrors(modes: readonly string[] | undefined, at: FieldPath): FieldError[] {
  const errors = (modes ?? []).filter((mode) => !accessModes.includes(mode)).map((mode) => fieldNotSupported(at, mode, accessModes))
  const others = (modes ?? []).some((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode))
  if (others && modes?.includes('ReadWriteOncePod')) errors.push(fieldForbidden(at, 'may not use ReadWriteOncePod with other access modes'))
  return errors
}

export const volumeModes = ['Block', 'Filesystem']

/** The annotation that named a storage class before there was a field for it. */
export const betaStorageClassAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** `storageClassName`, or what the old annotation says, which goes first. */
export function storageClassOf(object: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> }; readonly spec?: { readonly storageClassName?: string } }): string {
  return object.metadata.annotations?.[betaStorageClassAnnotation] ?? object.spec?.storageClassName ?? ''
}

/** The warning about that annotation. */
export function storageClassAnnotationWarnings(annotations: Readonly<Record<string, string>> | undefined): string[] {
  if (annotations?.[betaStorageClassAnnotation] === undefined) return []
  return [`metadata.annotations[${betaStorageClassAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`]
}

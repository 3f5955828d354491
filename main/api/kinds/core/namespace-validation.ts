import type { Namespace } from '../../generated/types.ts'
import { fieldInvalid, fieldPath } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isQualifiedName } from '../../machinery/names.ts'

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

/** Finalizers of `spec`: known, or qualified with a domain. */
export function validateNamespace(namespace: Namespace): FieldError[] {
  const at = fieldPath('spec', 'finalizers')
  return (namespace.spec?.finalizers ?? []).flatMap((finalizer, index) => finalizerErrors(finalizer, at.index(index)))
}

function finalizerErrors(finalizer: string, at: ReturnType<typeof fieldPath>): FieldError[] {
  const errors = isQualifiedName(finalizer).map((message) => fieldInvalid(at, finalizer, message))
  if (errors.length > 0) return errors
  if (!finalizer.includes('/') && !standardFinalizers.has(finalizer)) return [fieldInvalid(at, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')]
  return []
}

export function validateNamespaceUpdate(): FieldError[] {
  return []
}

/** Phase and deletion have to agree. */
export function validateNamespaceStatusUpdate(namespace: Namespace): FieldError[] {
  const phase = namespace.status?.phase
  const at = fieldPath('status', 'Phase')
  if (!namespace.metadata.deletionTimestamp) return phase === 'Active' ? [] : [fieldInvalid(at, phase, "may only be 'Active' if `deletionTimestamp` is empty")]
  return phase === 'Terminating' ? [] : [fieldInvalid(at, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")]
}

/** The finalize endpoint changes finalizers only; each must be well formed. */
export function validateNamespaceFinalize(namespace: Namespace): FieldError[] {
  const at = fieldPath('spec', 'finalizers')
  return (namespace.spec?.finalizers ?? []).flatMap((finalizer, index) => isQualifiedName(finalizer).map((message) => fieldInvalid(at.index(index), finalizer, message)))
}

import { fieldInvalid } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'

/** A path inside something: relative, without steps up. */
export function descendingPathErrors(path: string, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (path.startsWith('/')) errors.push(fieldInvalid(at, path, 'must be a relative path'))
  if (path.split('/').includes('..')) errors.push(fieldInvalid(at, path, "must not contain '..'"))
  return errors
}

/** As descending, and not in the names that the kubelet keeps to itself. */
export function plainPathErrors(path: string, at: FieldPath): FieldError[] {
  const errors = descendingPathErrors(path, at)
  if (path.startsWith('..') && !path.startsWith('../')) errors.push(fieldInvalid(at, path, "must not start with '..'"))
  return errors
}

import { fieldDuplicate, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'

/** Conditions of flow schemas and priority levels: each type once, and none without. */
export function statusConditionErrors(conditions: readonly { readonly type?: string }[] | undefined): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, { type = '' }] of (conditions ?? []).entries()) {
    const at = fieldPath('status', 'conditions').index(index).child('type')
    if (seen.has(type)) errors.push(fieldDuplicate(at, type))
    seen.add(type)
    if (type === '') errors.push(fieldRequired(at, 'must not be empty'))
  }
  return errors
}

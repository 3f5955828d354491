/** Validation of `[]metav1.Condition`, as status endpoints of the newer kinds have it. */
import type { Condition } from '../generated/types.ts'
import { fieldDuplicate, fieldInvalid, fieldNotSupported, fieldRequired, fieldTooLong } from '../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../machinery/field-error.ts'
import { byteLength } from '../machinery/go-text.ts'
import { regexError } from '../machinery/names.ts'
import { labelKeyErrors } from './core/label-validation.ts'

const statuses = ['False', 'True', 'Unknown']
const reasonBytesMax = 1024
const messageBytesMax = 32 * 1024
const reasonFormat = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'
const reasonPattern = new RegExp(`^${reasonFormat}$`)

/** Each type once, and each condition whole. */
export function validateConditions(conditions: readonly Condition[] | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, condition] of (conditions ?? []).entries()) {
    if (seen.has(condition.type)) errors.push(fieldDuplicate(at.index(index).child('type'), condition.type))
    seen.add(condition.type)
    errors.push(...conditionErrors(condition, at.index(index)))
  }
  return errors
}

function conditionErrors(condition: Condition, at: FieldPath): FieldError[] {
  const errors = labelKeyErrors(condition.type ?? '', at.child('type'))
  if (!statuses.includes(condition.status)) errors.push(fieldNotSupported(at.child('status'), condition.status, statuses))
  if ((condition.observedGeneration ?? 0) < 0) errors.push(fieldInvalid(at.child('observedGeneration'), condition.observedGeneration, 'must be greater than or equal to zero'))
  if (!condition.lastTransitionTime) errors.push(fieldRequired(at.child('lastTransitionTime'), 'must be set'))
  if (!condition.reason) errors.push(fieldRequired(at.child('reason'), 'must be set'))
  else {
    if (!reasonPattern.test(condition.reason)) {
      const explained = regexError(
        "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
        reasonFormat, 'my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB',
      )
      errors.push(fieldInvalid(at.child('reason'), condition.reason, explained))
    }
    if (byteLength(condition.reason) > reasonBytesMax) errors.push(fieldTooLong(at.child('reason'), reasonBytesMax))
  }
  if (byteLength(condition.message ?? '') > messageBytesMax) errors.push(fieldTooLong(at.child('message'), messageBytesMax))
  return errors
}

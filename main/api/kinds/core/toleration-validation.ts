import type { Taint, Toleration } from '../../generated/types.ts'
import { fieldDuplicate, fieldInvalid, fieldNotSupported, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isLabelValue, isQualifiedName } from '../../machinery/names.ts'

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

function effectErrors(effect: string, allowEmpty: boolean, at: FieldPath): FieldError[] {
  if (!allowEmpty && effect === '') return [fieldRequired(at)]
  return effects.includes(effect) ? [] : [fieldNotSupported(at, effect, effects)]
}

/** A node's taints: well formed, and one per key and effect. */
export function validateTaints(taints: readonly Taint[] | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, taint] of (taints ?? []).entries()) {
    const at = path.index(index)
    for (const message of isQualifiedName(taint.key)) errors.push(fieldInvalid(at.child('key'), taint.key, message))
    const value = isLabelValue(taint.value ?? '')
    if (value.length > 0) errors.push(fieldInvalid(at.child('value'), taint.value, value.join(';')))
    errors.push(...effectErrors(taint.effect ?? '', false, at.child('effect')))
    const key = `${taint.effect}/${taint.key}`
    if (seen.has(key)) errors.push({ ...fieldDuplicate(at, taint), detail: 'taints must be unique by key and effect pair' })
    seen.add(key)
  }
  return errors
}

export function validateTolerations(tolerations: readonly Toleration[] | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, toleration] of (tolerations ?? []).entries()) {
    const at = path.index(index)
    const operator = toleration.operator ?? ''
    if (toleration.key) for (const message of isQualifiedName(toleration.key)) errors.push(fieldInvalid(at.child('key'), toleration.key, message))
    if (!toleration.key && operator !== 'Exists') errors.push(fieldInvalid(at.child('operator'), operator, 'operator must be Exists when `key` is empty, which means "match all values and all keys"'))
    if (toleration.tolerationSeconds != null && toleration.effect !== 'NoExecute') errors.push(fieldInvalid(at.child('effect'), toleration.effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"))
    if (operator === 'Equal' || operator === '') {
      const messages = isLabelValue(toleration.value ?? '')
      if (messages.length > 0) errors.push(fieldInvalid(at.child('operator'), toleration.value ?? '', messages.join(';')))
    } else if (operator === 'Exists') {
      if (toleration.value) errors.push(fieldInvalid(at.child('operator'), toleration, 'value must be empty when `operator` is \'Exists\''))
    } else {
      errors.push(fieldNotSupported(at.child('operator'), operator, ['Equal', 'Exists']))
    }
    if (toleration.effect) errors.push(...effectErrors(toleration.effect, true, at.child('effect')))
  }
  return errors
}

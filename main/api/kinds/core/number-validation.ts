import { fieldInvalid, fieldPath, mustNotBeNegative } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isValidPercent } from '../../machinery/names.ts'

export function nonNegative(value: number, at: FieldPath): FieldError[] {
  return value < 0 ? [fieldInvalid(at, value, mustNotBeNegative)] : []
}

/** A count or a percentage, neither negative. */
export function nonNegativeIntOrPercent(value: number | string | undefined, at: FieldPath): FieldError[] {
  if (value === undefined) return []
  if (typeof value === 'number') return nonNegative(value, at)
  return isValidPercent(value).length > 0 ? [fieldInvalid(at, value, "must be an integer or percentage (e.g '5%')")] : []
}

/** Percentages over 100 make no sense for what is taken away. */
export function notMoreThan100Percent(value: number | string | undefined, at: FieldPath): FieldError[] {
  if (typeof value !== 'string' || !/^\d+%$/.test(value) || Number(value.slice(0, -1)) <= 100) return []
  return [fieldInvalid(at, value, 'must not be greater than 100%')]
}

/** Whether the value is the number 0 or `0%`. */
export function isZero(value: number | string | undefined): boolean {
  return value === undefined || value === 0 || (typeof value === 'string' && /^0+%$/.test(value))
}

/** The counts in the status of a ReplicaSet or ReplicationController: not negative, parts not more than the whole. */
export function countErrors(
  status: { replicas?: number; fullyLabeledReplicas?: number; readyReplicas?: number; availableReplicas?: number; observedGeneration?: number },
): FieldError[] {
  const at = fieldPath('status')
  const replicas = status.replicas ?? 0
  const errors: FieldError[] = []
  for (const field of ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'] as const) errors.push(...nonNegative(status[field] ?? 0, at.child(field)))
  const more = (field: 'fullyLabeledReplicas' | 'readyReplicas' | 'availableReplicas', than: number, name: string): void => {
    if ((status[field] ?? 0) > than) errors.push(fieldInvalid(at.child(field), status[field], `cannot be greater than ${name}`))
  }
  more('fullyLabeledReplicas', replicas, 'status.replicas')
  more('readyReplicas', replicas, 'status.replicas')
  more('availableReplicas', replicas, 'status.replicas')
  more('availableReplicas', status.readyReplicas ?? 0, 'readyReplicas')
  return errors
}

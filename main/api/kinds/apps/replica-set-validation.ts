import type { ReplicaSet } from '../../generated/types.ts'
import { fieldInvalid, fieldIsImmutable, fieldPath } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { countErrors, nonNegative } from '../core/number-validation.ts'
import { validateControllerTemplate } from '../core/pod-template-validation.ts'
import { validateWorkloadSelector } from './selector-validation.ts'

export function validateReplicaSet(set: ReplicaSet): FieldError[] {
  const spec = set.spec ?? { selector: {} }
  const at = fieldPath('spec')
  return [
    ...nonNegative(spec.replicas ?? 0, at.child('replicas')),
    ...nonNegative(spec.minReadySeconds ?? 0, at.child('minReadySeconds')),
    ...validateWorkloadSelector(spec.selector, spec.template, at, 'empty selector is invalid for deployment'),
    ...validateControllerTemplate(spec.template, at.child('template'), 'ReplicaSet'),
  ]
}

export function validateReplicaSetUpdate(set: ReplicaSet, old: ReplicaSet): FieldError[] {
  const errors = validateReplicaSet(set)
  if (!semanticEqual(set.spec?.selector, old.spec?.selector)) errors.push(fieldInvalid(fieldPath('spec', 'selector'), set.spec?.selector, fieldIsImmutable))
  return errors
}

export function validateReplicaSetStatusUpdate(set: ReplicaSet): FieldError[] {
  return countErrors(set.status ?? {})
}

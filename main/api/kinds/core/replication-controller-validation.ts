import type { ReplicationController } from '../../generated/types.ts'
import { fieldInvalid, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { matchesLabels } from '../../machinery/labels.ts'
import { validateControllerTemplate } from './pod-template-validation.ts'
import { countErrors, nonNegative } from './number-validation.ts'
import { validateLabels } from './label-validation.ts'

export function validateReplicationController(controller: ReplicationController): FieldError[] {
  const spec = controller.spec ?? {}
  const at = fieldPath('spec')
  const errors = [...nonNegative(spec.minReadySeconds ?? 0, at.child('minReadySeconds')), ...nonNegative(spec.replicas ?? 0, at.child('replicas'))]
  const selector = spec.selector ?? {}
  if (Object.keys(selector).length === 0) errors.push(fieldRequired(at.child('selector')))
  errors.push(...validateLabels(selector, at.child('selector')))
  const template = at.child('template')
  if (!spec.template) return [...errors, fieldRequired(template)]
  const labels = spec.template.metadata?.labels
  if (Object.keys(selector).length > 0 && !matchesLabels(selector, labels)) errors.push(fieldInvalid(template.child('metadata', 'labels'), labels ?? null, '`selector` does not match template `labels`'))
  return [...errors, ...validateControllerTemplate(spec.template, template, 'ReplicationController')]
}

export function validateReplicationControllerUpdate(controller: ReplicationController): FieldError[] {
  return validateReplicationController(controller)
}

export function validateReplicationControllerStatusUpdate(controller: ReplicationController): FieldError[] {
  return countErrors(controller.status ?? { replicas: 0 })
}

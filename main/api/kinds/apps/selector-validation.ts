import type { LabelSelector, PodTemplateSpec } from '../../generated/types.ts'
import { fieldInvalid, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { matchesSelector, selectorOf } from '../../machinery/labels.ts'
import { validateLabelSelector } from '../core/label-validation.ts'

/** The selector of a workload: there, well formed, not empty, and matching the template's labels. `at` is the spec. */
export function validateWorkloadSelector(selector: LabelSelector | undefined, template: PodTemplateSpec | undefined, at: FieldPath, emptyText: string): FieldError[] {
  const path = at.child('selector')
  const labels = template?.metadata?.labels
  const mismatch = (): FieldError => fieldInvalid(at.child('template', 'metadata', 'labels'), labels ?? null, '`selector` does not match template `labels`')
  if (!selector) return [fieldRequired(path), mismatch()]
  const errors = validateLabelSelector(selector, path)
  if (isEmpty(selector)) errors.push(fieldInvalid(path, selector, emptyText))
  if (errors.length > 0) return errors
  return matchesSelector(selectorOf(selector), labels) ? [] : [mismatch()]
}

function isEmpty(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions?.length ?? 0) === 0
}

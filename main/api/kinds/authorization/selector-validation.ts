/** The selectors that a question to the authorizer may be narrowed to. Operators that nobody knows pass: a newer client may know them. */
import type { FieldSelectorRequirement, LabelSelectorRequirement, ResourceAttributes } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isLabelValue } from '../../machinery/names.ts'
import { labelKeyErrors } from '../core/label-validation.ts'

type Requirement = FieldSelectorRequirement | LabelSelectorRequirement

export function selectorAttributesErrors({ fieldSelector, labelSelector }: ResourceAttributes = {}): FieldError[] {
  const at = fieldPath('spec', 'resourceAttributes')
  return [
    ...selectorErrors(fieldSelector, at.child('fieldSelector'), (requirement, here) => (requirement.key ? [] : [fieldRequired(here.child('key'), 'must be specified')])),
    ...selectorErrors(labelSelector, at.child('labelSelector'), ({ key, values = [] }, here) => [
      ...labelKeyErrors(key ?? '', here.child('key')),
      ...values.flatMap((value, index) => isLabelValue(value).map((message) => fieldInvalid(here.child('values').index(index), value, message))),
    ]),
  ]
}

function selectorErrors(selector: { readonly rawSelector?: string; readonly requirements?: readonly Requirement[] } | undefined, at: FieldPath, keyErrors: (requirement: Requirement, at: FieldPath) => FieldError[]): FieldError[] {
  if (!selector) return []
  const { rawSelector = '', requirements = [] } = selector
  const errors: FieldError[] = []
  if (rawSelector !== '' && requirements.length > 0) errors.push(fieldInvalid(at.child('rawSelector'), rawSelector, 'may not specified at the same time as requirements'))
  if (rawSelector === '' && requirements.length === 0) errors.push(fieldRequired(at.child('requirements'), `when ${String(at)} is specified, requirements or rawSelector is required`))
  for (const [index, requirement] of requirements.entries()) {
    const here = at.child('requirements').index(index)
    const isSet = (requirement.values?.length ?? 0) > 0
    const needsValues = requirement.operator === 'In' || requirement.operator === 'NotIn'
    const takesNone = requirement.operator === 'Exists' || requirement.operator === 'DoesNotExist'
    const own = keyErrors(requirement, here)
    if (needsValues && !isSet) own.push(fieldRequired(here.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"))
    if (takesNone && isSet) own.push(fieldForbidden(here.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
    errors.push(...own)
  }
  return errors
}

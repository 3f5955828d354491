import type { PodSpec } from '../../generated/types.ts'
import { fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'

export function validatePodSpec(spec: PodSpec, at: FieldPath, _extraVolumes?: ReadonlySet<string>): FieldError[] {
  return spec.containers?.length ? [] : [fieldRequired(at.child('containers'))]
}

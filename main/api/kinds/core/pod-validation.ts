import type { Pod } from '../../generated/types.ts'
import { fieldPath } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { validatePodSpec } from './pod-spec-validation.ts'

export function validatePod(pod: Pod): FieldError[] {
  return validatePodSpec(pod.spec ?? { containers: [] }, fieldPath('spec'))
}

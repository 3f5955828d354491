import type { Pod } from '../../generated/types.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { validatePod } from './pod-validation.ts'

export function validatePodUpdate(pod: Pod, _old: Pod): FieldError[] {
  return validatePod(pod)
}
export const validatePodStatusUpdate = validatePodUpdate
export const validateEphemeralContainersUpdate = validatePodUpdate
export const validatePodResize = validatePodUpdate

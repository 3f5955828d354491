/** The rules of a pod when it is made. */
import type { Pod } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldPath } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { validatePodSpec } from './pod-spec-validation.ts'

const specPath = fieldPath('spec')

/** The parts that hold at any time. */
export function validatePodAnytime(pod: Pod): FieldError[] {
  const errors = validatePodSpec(pod.spec ?? { containers: [] }, specPath)
  if (pod.spec?.serviceAccountName === undefined && pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined && !pod.spec?.nodeName) {
    errors.push(fieldInvalid(fieldPath('metadata', 'annotations').key('kubernetes.io/config.mirror'), pod.metadata.annotations['kubernetes.io/config.mirror'], 'must set spec.nodeName if mirror pod annotation is set'))
  }
  return errors
}

export function validatePod(pod: Pod): FieldError[] {
  const errors = validatePodAnytime(pod)
  const containers = [...(pod.spec?.containers ?? []).entries()]
  for (const [index, { image = '' }] of containers) {
    if (image !== image.trim()) errors.push(fieldInvalid(specPath.child('containers').index(index).child('image'), image, 'must not have leading or trailing whitespace'))
  }
  if (pod.spec?.ephemeralContainers?.length) errors.push(fieldForbidden(specPath.child('ephemeralContainers'), 'cannot be set on create'))
  if (pod.spec?.nodeName && pod.spec.schedulingGates?.length) errors.push(fieldForbidden(specPath.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'))
  return errors
}

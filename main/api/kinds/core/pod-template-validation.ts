/** Pod templates of workloads. */
import type { PodTemplateSpec } from '../../generated/types.ts'
import { fieldForbidden, fieldNotSupported, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { validateAnnotations, validateLabels } from './label-validation.ts'
import { validatePodSpec } from './pod-spec-validation.ts'

/** Any pod template. `extraVolumes`: volumes that the controller adds (claims of a StatefulSet). */
export function validatePodTemplate(template: PodTemplateSpec, at: FieldPath, extraVolumes?: ReadonlySet<string>): FieldError[] {
  const metadata = at.child('metadata')
  const spec = at.child('spec')
  const errors = validateLabels(template.metadata?.labels, metadata.child('labels'))
  errors.push(...validateAnnotations(template.metadata?.annotations, metadata.child('annotations')))
  errors.push(...validatePodSpec(template.spec ?? { containers: [] }, spec, extraVolumes))
  if (template.spec?.ephemeralContainers?.length) errors.push(fieldForbidden(spec.child('ephemeralContainers'), 'ephemeral containers not allowed in pod template'))
  return errors
}

/** The template of a controller that keeps pods running: they restart always and have no deadline. */
export function validateControllerTemplate(template: PodTemplateSpec | undefined, at: FieldPath, owner: string, extraVolumes?: ReadonlySet<string>): FieldError[] {
  if (!template) return [fieldRequired(at)]
  const errors = validatePodTemplate(template, at, extraVolumes)
  const restartPolicy = template.spec?.restartPolicy
  if (restartPolicy !== 'Always') errors.push(fieldNotSupported(at.child('spec', 'restartPolicy'), restartPolicy ?? '', ['Always']))
  if (template.spec?.activeDeadlineSeconds !== undefined) errors.push(fieldForbidden(at.child('spec', 'activeDeadlineSeconds'), `activeDeadlineSeconds in ${owner} is not Supported`))
  return errors
}

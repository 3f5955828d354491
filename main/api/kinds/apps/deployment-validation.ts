import type { Deployment, DeploymentStrategy } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldIsImmutable, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { isZero, nonNegative, nonNegativeIntOrPercent, notMoreThan100Percent } from '../core/number-validation.ts'
import { validateControllerTemplate } from '../core/pod-template-validation.ts'
import { validateWorkloadSelector } from './selector-validation.ts'

export function validateDeployment(deployment: Deployment): FieldError[] {
  const spec = deployment.spec ?? { selector: {}, template: {} }
  const at = fieldPath('spec')
  const errors = nonNegative(spec.replicas ?? 0, at.child('replicas'))
  errors.push(...validateWorkloadSelector(spec.selector, spec.template, at, 'empty selector is invalid for deployment'))
  errors.push(...validateControllerTemplate(spec.template, at.child('template'), 'ReplicaSet'))
  errors.push(...strategyErrors(spec.strategy ?? {}, at.child('strategy')))
  errors.push(...nonNegative(spec.minReadySeconds ?? 0, at.child('minReadySeconds')))
  if (spec.revisionHistoryLimit !== undefined) errors.push(...nonNegative(spec.revisionHistoryLimit, at.child('revisionHistoryLimit')))
  if (spec.progressDeadlineSeconds !== undefined) {
    errors.push(...nonNegative(spec.progressDeadlineSeconds, at.child('progressDeadlineSeconds')))
    if (spec.progressDeadlineSeconds <= (spec.minReadySeconds ?? 0)) errors.push(fieldInvalid(at.child('progressDeadlineSeconds'), spec.progressDeadlineSeconds, 'must be greater than minReadySeconds'))
  }
  return errors
}

function strategyErrors(strategy: DeploymentStrategy, at: FieldPath): FieldError[] {
  switch (strategy.type) {
    case 'Recreate':
      return strategy.rollingUpdate ? [fieldForbidden(at.child('rollingUpdate'), "may not be specified when strategy `type` is 'Recreate'")] : []
    case 'RollingUpdate':
      return strategy.rollingUpdate ? rollingUpdateErrors(strategy.rollingUpdate, at.child('rollingUpdate')) : [fieldRequired(at.child('rollingUpdate'), 'this should be defaulted and never be nil')]
    default:
      return [fieldNotSupported(at, strategy.type ?? '', ['Recreate', 'RollingUpdate'])]
  }
}

function rollingUpdateErrors(update: NonNullable<DeploymentStrategy['rollingUpdate']>, at: FieldPath): FieldError[] {
  const { maxUnavailable, maxSurge } = update
  const errors = [...nonNegativeIntOrPercent(maxUnavailable, at.child('maxUnavailable')), ...nonNegativeIntOrPercent(maxSurge, at.child('maxSurge'))]
  if (isZero(maxUnavailable) && isZero(maxSurge)) errors.push(fieldInvalid(at.child('maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
  return [...errors, ...notMoreThan100Percent(maxUnavailable, at.child('maxUnavailable'))]
}

export function validateDeploymentUpdate(deployment: Deployment, old: Deployment): FieldError[] {
  const errors = validateDeployment(deployment)
  if (!semanticEqual(deployment.spec?.selector, old.spec?.selector)) errors.push(fieldInvalid(fieldPath('spec', 'selector'), deployment.spec?.selector, fieldIsImmutable))
  return errors
}

export function validateDeploymentStatusUpdate(deployment: Deployment, old: Deployment): FieldError[] {
  const status = deployment.status ?? {}
  const at = fieldPath('status')
  const errors: FieldError[] = []
  for (const field of ['observedGeneration', 'replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas'] as const) errors.push(...nonNegative(status[field] ?? 0, at.child(field)))
  if (status.collisionCount !== undefined) errors.push(...nonNegative(status.collisionCount, at.child('collisionCount')))
  const more = (field: 'updatedReplicas' | 'readyReplicas' | 'availableReplicas', than: number, name: string): void => {
    if ((status[field] ?? 0) > than) errors.push(fieldInvalid(at.child(field), status[field], `cannot be greater than ${name}`))
  }
  more('updatedReplicas', status.replicas ?? 0, 'status.replicas')
  more('readyReplicas', status.replicas ?? 0, 'status.replicas')
  more('availableReplicas', status.replicas ?? 0, 'status.replicas')
  more('availableReplicas', status.readyReplicas ?? 0, 'readyReplicas')
  if (old.status?.collisionCount !== undefined && (status.collisionCount === undefined || status.collisionCount < old.status.collisionCount)) {
    errors.push(fieldInvalid(at.child('collisionCount'), status.collisionCount ?? 0, 'cannot be decremented'))
  }
  return errors
}

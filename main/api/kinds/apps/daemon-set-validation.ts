import type { DaemonSet, DaemonSetUpdateStrategy } from '../../generated/types.ts'
import { fieldInvalid, fieldIsImmutable, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { isZero, nonNegative, nonNegativeIntOrPercent, notMoreThan100Percent } from '../core/number-validation.ts'
import { validateControllerTemplate } from '../core/pod-template-validation.ts'
import { validateWorkloadSelector } from './selector-validation.ts'

export function validateDaemonSet(set: DaemonSet): FieldError[] {
  const spec = set.spec ?? { selector: {}, template: {} }
  const at = fieldPath('spec')
  const errors = validateWorkloadSelector(spec.selector, spec.template, at, 'empty selector is invalid for daemonset')
  errors.push(...validateControllerTemplate(spec.template, at.child('template'), 'DaemonSet'))
  errors.push(...nonNegative(spec.minReadySeconds ?? 0, at.child('minReadySeconds')))
  errors.push(...strategyErrors(spec.updateStrategy ?? {}, at.child('updateStrategy')))
  if (spec.revisionHistoryLimit !== undefined) errors.push(...nonNegative(spec.revisionHistoryLimit, at.child('revisionHistoryLimit')))
  return errors
}

function strategyErrors(strategy: DaemonSetUpdateStrategy, at: FieldPath): FieldError[] {
  if (strategy.type === 'OnDelete') return []
  if (strategy.type !== 'RollingUpdate') return [fieldNotSupported(at, strategy, ['RollingUpdate', 'OnDelete'])]
  const update = strategy.rollingUpdate
  const path = at.child('rollingUpdate')
  if (!update) return [fieldRequired(path)]
  const errors: FieldError[] = []
  for (const field of ['maxUnavailable', 'maxSurge'] as const) {
    errors.push(...nonNegativeIntOrPercent(update[field], path.child(field)), ...notMoreThan100Percent(update[field], path.child(field)))
  }
  const takes = !isZero(update.maxUnavailable)
  const adds = !isZero(update.maxSurge)
  if (takes && adds) errors.push(fieldInvalid(path.child('maxSurge'), update.maxSurge, 'may not be set when maxUnavailable is non-zero'))
  if (!takes && !adds) errors.push(fieldRequired(path.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'))
  return errors
}

export function validateDaemonSetUpdate(set: DaemonSet, old: DaemonSet): FieldError[] {
  const errors = validateDaemonSet(set)
  if (!semanticEqual(set.spec?.selector, old.spec?.selector)) errors.push(fieldInvalid(fieldPath('spec', 'selector'), set.spec?.selector, fieldIsImmutable))
  return errors
}

export function validateDaemonSetStatusUpdate(set: DaemonSet, old: DaemonSet): FieldError[] {
  const status = set.status
  const at = fieldPath('status')
  const fields = ['currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady', 'observedGeneration', 'updatedNumberScheduled', 'numberAvailable', 'numberUnavailable'] as const
  const errors = fields.flatMap((field) => nonNegative(status?.[field] ?? 0, at.child(field)))
  if (old.status?.collisionCount !== undefined && (status?.collisionCount ?? -1) < old.status.collisionCount) errors.push(fieldInvalid(at.child('collisionCount'), status?.collisionCount ?? 0, 'cannot be decremented'))
  return errors
}

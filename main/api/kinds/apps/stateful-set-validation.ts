import type { StatefulSet } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { isZero, nonNegative, nonNegativeIntOrPercent, notMoreThan100Percent } from '../core/number-validation.ts'
import { validateControllerTemplate } from '../core/pod-template-validation.ts'
import { validateWorkloadSelector } from './selector-validation.ts'

export function validateStatefulSet(set: StatefulSet): FieldError[] {
  const spec = set.spec ?? { selector: {}, template: {} }
  const at = fieldPath('spec')
  const errors: FieldError[] = []
  if (!spec.podManagementPolicy) errors.push(fieldRequired(at.child('podManagementPolicy')))
  else if (spec.podManagementPolicy !== 'OrderedReady' && spec.podManagementPolicy !== 'Parallel') errors.push(fieldInvalid(at.child('podManagementPolicy'), spec.podManagementPolicy, "must be 'OrderedReady' or 'Parallel'"))
  errors.push(...updateStrategyErrors(set))
  errors.push(...retentionErrors(set))
  errors.push(...nonNegative(spec.replicas ?? 0, at.child('replicas')), ...nonNegative(spec.minReadySeconds ?? 0, at.child('minReadySeconds')))
  if (spec.ordinals) errors.push(...nonNegative(spec.ordinals.start ?? 0, at.child('ordinals', 'start')))
  errors.push(...validateWorkloadSelector(spec.selector, spec.template, at, 'empty selector is invalid for statefulset'))
  errors.push(...validateControllerTemplate(spec.template, at.child('template'), 'StatefulSet', new Set((spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata?.name ?? ''))))
  return errors
}

function updateStrategyErrors(set: StatefulSet): FieldError[] {
  const at = fieldPath('spec', 'updateStrategy')
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {}
  if (type === 'OnDelete') return rollingUpdate ? [fieldInvalid(at.child('rollingUpdate'), rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")] : []
  if (type !== 'RollingUpdate') return type ? [fieldInvalid(at, set.spec?.updateStrategy, "must be 'RollingUpdate' or 'OnDelete'")] : [fieldRequired(at)]
  if (!rollingUpdate) return []
  const path = at.child('rollingUpdate')
  const errors = nonNegative(rollingUpdate.partition ?? 0, path.child('partition'))
  if (rollingUpdate.maxUnavailable !== undefined) {
    errors.push(...nonNegativeIntOrPercent(rollingUpdate.maxUnavailable, path.child('maxUnavailable')))
    if (isZero(rollingUpdate.maxUnavailable)) errors.push(fieldInvalid(path.child('maxUnavailable'), rollingUpdate.maxUnavailable, 'cannot be 0'))
    errors.push(...notMoreThan100Percent(rollingUpdate.maxUnavailable, path.child('maxUnavailable')))
  }
  return errors
}

function retentionErrors(set: StatefulSet): FieldError[] {
  const policy = set.spec?.persistentVolumeClaimRetentionPolicy
  if (!policy) return []
  return (['whenDeleted', 'whenScaled'] as const).flatMap((field) => {
    const value = policy[field] ?? ''
    return value === 'Retain' || value === 'Delete' ? [] : [fieldNotSupported(fieldPath('spec', 'persistentVolumeClaimRetentionPolicy', field), value, ['Delete', 'Retain'])]
  })
}

const mayChange = new Set(['replicas', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy', 'ordinals', 'minReadySeconds', 'revisionHistoryLimit'])

export function validateStatefulSetUpdate(set: StatefulSet, old: StatefulSet): FieldError[] {
  const errors = validateStatefulSet(set)
  const fixed = (spec: object | undefined) => Object.fromEntries(Object.entries(spec ?? {}).filter(([field]) => !mayChange.has(field)))
  if (!semanticEqual(fixed(set.spec), fixed(old.spec))) {
    errors.push(fieldForbidden(fieldPath('spec'), "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"))
  }
  return errors
}

export function validateStatefulSetStatusUpdate(set: StatefulSet, old: StatefulSet): FieldError[] {
  const status = set.status
  const at = fieldPath('status')
  const errors: FieldError[] = []
  for (const field of ['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const) {
    errors.push(...nonNegative(status?.[field] ?? 0, at.child(field)))
    if (field !== 'replicas' && (status?.[field] ?? 0) > (status?.replicas ?? 0)) errors.push(fieldInvalid(at.child(field), status?.[field], 'cannot be greater than status.replicas'))
  }
  if ((status?.availableReplicas ?? 0) > (status?.readyReplicas ?? 0)) errors.push(fieldInvalid(at.child('availableReplicas'), status?.availableReplicas, 'cannot be greater than status.readyReplicas'))
  if (old.status?.collisionCount !== undefined && (status?.collisionCount ?? -1) < old.status.collisionCount) errors.push(fieldInvalid(at.child('collisionCount'), status?.collisionCount ?? 0, 'cannot be decremented'))
  return errors
}

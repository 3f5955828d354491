import type {
  V2CrossVersionObjectReference, V2HorizontalPodAutoscaler, V2HorizontalPodAutoscalerSpec, V2HPAScalingPolicy, V2HPAScalingRules, V2MetricIdentifier, V2MetricSpec, V2MetricTarget,
} from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1123Label, isPathSegmentName } from '../../machinery/names.ts'
import { parseQuantity } from '../../machinery/quantity.ts'
import { nonNegative } from '../core/number-validation.ts'
import { nonNegativeQuantity } from '../core/quantity-validation.ts'
import { containerResourceNameErrors } from '../core/resource-names.ts'

const metricTypes = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']
const selectPolicies = ['Disabled', 'Max', 'Min']
const policyTypes = ['Percent', 'Pods']
const periodSecondsMax = 1800
const stabilizationWindowSecondsMax = 3600

/** What is let pass because it was there before. */
interface Allowances {
  readonly lowestMin: number
  /** Whether the API version of what is scaled is looked at. */
  readonly checkTarget: boolean
  readonly checkObjects: boolean
}

export function validateHorizontalPodAutoscaler({ spec }: V2HorizontalPodAutoscaler): FieldError[] {
  return specErrors(spec, { lowestMin: 1, checkTarget: true, checkObjects: true })
}

/** An autoscaler that could already go to none may still, and versions that were wrong may stay. */
export function validateHorizontalPodAutoscalerUpdate({ spec }: V2HorizontalPodAutoscaler, { spec: old }: V2HorizontalPodAutoscaler): FieldError[] {
  const [target, oldTarget] = [spec.scaleTargetRef, old.scaleTargetRef]
  return specErrors(spec, {
    lowestMin: old.minReplicas === 0 ? 0 : 1,
    checkTarget: (target.apiVersion ?? '') !== (oldTarget.apiVersion ?? '') || target.kind !== oldTarget.kind,
    checkObjects: !old.metrics?.some(({ type, object }) => type === 'Object' && object && versionErrors(object.describedObject, true, fieldPath('apiVersion')).length > 0),
  })
}

export function validateHorizontalPodAutoscalerStatusUpdate({ status }: V2HorizontalPodAutoscaler): FieldError[] {
  return (['currentReplicas', 'desiredReplicas'] as const).flatMap((field) => nonNegative(status?.[field] ?? 0, fieldPath('status', field)))
}

function specErrors(spec: V2HorizontalPodAutoscalerSpec, { lowestMin, checkTarget, checkObjects }: Allowances): FieldError[] {
  const at = fieldPath('spec')
  const { minReplicas: min, maxReplicas: max = 0 } = spec
  const errors: FieldError[] = []
  if (min !== undefined && min < lowestMin) errors.push(fieldInvalid(at.child('minReplicas'), min, `must be greater than or equal to ${lowestMin}`))
  if (max < 1) errors.push(fieldInvalid(at.child('maxReplicas'), max, 'must be greater than 0'))
  if (min !== undefined && max < min) errors.push(fieldInvalid(at.child('maxReplicas'), max, 'must be greater than or equal to `minReplicas`'))
  errors.push(...referenceErrors(spec.scaleTargetRef, at.child('scaleTargetRef')))
  // The one thing of the core group that scales.
  if (checkTarget) errors.push(...versionErrors(spec.scaleTargetRef, spec.scaleTargetRef.kind === 'ReplicationController', at.child('scaleTargetRef', 'apiVersion')))
  for (const [index, metric] of (spec.metrics ?? []).entries()) errors.push(...metricErrors(metric, checkObjects, at.child('metrics').index(index)))
  const scalesFromOutside = spec.metrics?.some(({ type }) => type === 'Object' || type === 'External')
  if (min === 0 && !scalesFromOutside) errors.push(fieldForbidden(at.child('metrics'), 'must specify at least one Object or External metric to support scaling to zero replicas'))
  for (const direction of ['scaleUp', 'scaleDown'] as const) {
    const rules = spec.behavior?.[direction]
    if (rules) errors.push(...rulesErrors(rules, at.child('behavior', direction)))
  }
  return errors
}

function referenceErrors(reference: V2CrossVersionObjectReference | undefined, at: FieldPath): FieldError[] {
  return (['kind', 'name'] as const).flatMap((field) => {
    const text = reference?.[field] ?? ''
    return text === '' ? [fieldRequired(at.child(field))] : isPathSegmentName(text).map((message) => fieldInvalid(at.child(field), text, message))
  })
}

/** `group/version`; without a group where that is allowed. */
function versionErrors(reference: V2CrossVersionObjectReference | undefined, mayLackGroup: boolean, at: FieldPath): FieldError[] {
  const { apiVersion = '' } = reference ?? {}
  const parts = apiVersion.split('/')
  if (parts.length > 2) return [fieldInvalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)]
  return !mayLackGroup && (parts.length < 2 || parts[0] === '') ? [fieldInvalid(at, apiVersion, 'apiVersion must specify API group')] : []
}

function rulesErrors(rules: V2HPAScalingRules, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const { stabilizationWindowSeconds: window, selectPolicy, policies, tolerance } = rules
  if (window !== undefined && window < 0) errors.push(fieldInvalid(at.child('stabilizationWindowSeconds'), window, 'must be greater than or equal to zero'))
  if (window !== undefined && window > stabilizationWindowSecondsMax) errors.push(fieldInvalid(at.child('stabilizationWindowSeconds'), window, `must be less than or equal to ${stabilizationWindowSecondsMax}`))
  if (selectPolicy !== undefined && !selectPolicies.includes(selectPolicy)) errors.push(fieldNotSupported(at.child('selectPolicy'), selectPolicy, selectPolicies))
  if (!policies?.length) errors.push(fieldRequired(at.child('policies'), 'must specify at least one Policy'))
  for (const [index, policy] of (policies ?? []).entries()) errors.push(...policyErrors(policy, at.child('policies').index(index)))
  if (tolerance !== undefined) errors.push(...nonNegativeQuantity(tolerance, at.child('tolerance')))
  return errors
}

function policyErrors({ type = '', value = 0, periodSeconds: period = 0 }: V2HPAScalingPolicy, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!policyTypes.includes(type)) errors.push(fieldNotSupported(at.child('type'), type, policyTypes))
  if (value <= 0) errors.push(fieldInvalid(at.child('value'), value, 'must be greater than zero'))
  if (period <= 0) errors.push(fieldInvalid(at.child('periodSeconds'), period, 'must be greater than zero'))
  if (period > periodSecondsMax) errors.push(fieldInvalid(at.child('periodSeconds'), period, `must be less than or equal to ${periodSecondsMax}`))
  return errors
}

const sources = ['object', 'external', 'pods', 'resource', 'containerResource'] as const
type Source = (typeof sources)[number]

/** The type and the one source that belongs to it. */
function metricErrors(metric: V2MetricSpec, checkObjects: boolean, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const type = metric.type ?? ''
  const known = metricTypes.includes(type)
  if (type === '') errors.push(fieldRequired(at.child('type'), 'must specify a metric source type'))
  if (!known) errors.push(fieldNotSupported(at.child('type'), type, metricTypes))
  const present = sources.filter((source) => metric[source])
  if (present[0]) errors.push(...sourceErrors(metric, present[0], checkObjects, at.child(present[0])))
  const expected = `${type.charAt(0).toLowerCase()}${type.slice(1)}` as Source
  if (!known) errors.push(fieldNotSupported(at.child('type'), type, metricTypes))
  else if (!metric[expected]) errors.push(fieldRequired(at.child(expected), 'must populate information for the given metric source'))
  if (present.length !== 1) for (const source of present) if (source !== expected) errors.push(fieldForbidden(at.child(source), 'must populate the given metric source only'))
  return errors
}

function sourceErrors(metric: V2MetricSpec, source: Source, checkObjects: boolean, at: FieldPath): FieldError[] {
  const target = metric[source]?.target ?? { type: '' }
  const errors: FieldError[] = []
  switch (source) {
    case 'object':
      errors.push(...referenceErrors(metric.object?.describedObject, at.child('describedObject')))
      if (checkObjects) errors.push(...versionErrors(metric.object?.describedObject, true, at.child('describedObject', 'apiVersion')))
      errors.push(...identifierErrors(metric.object?.metric, at.child('metric')), ...targetErrors(target, at.child('target')))
      if (target.value === undefined && target.averageValue === undefined) errors.push(fieldRequired(at.child('target', 'averageValue'), 'must set either a target value or averageValue'))
      return errors
    case 'external':
      errors.push(...identifierErrors(metric.external?.metric, at.child('metric')), ...targetErrors(target, at.child('target')))
      if (target.value === undefined && target.averageValue === undefined) errors.push(fieldRequired(at.child('target', 'averageValue'), 'must set either a target value for metric or a per-pod target'))
      if (target.value !== undefined && target.averageValue !== undefined) errors.push(fieldForbidden(at.child('target', 'value'), 'may not set both a target value for metric and a per-pod target'))
      return errors
    case 'pods':
      errors.push(...identifierErrors(metric.pods?.metric, at.child('metric')), ...targetErrors(target, at.child('target')))
      if (target.averageValue === undefined) errors.push(fieldRequired(at.child('target', 'averageValue'), 'must specify a positive target averageValue'))
      return errors
    case 'containerResource': {
      const { name = '', container = '' } = metric.containerResource ?? {}
      errors.push(...(name === '' ? [fieldRequired(at.child('name'), 'must specify a resource name')] : containerResourceNameErrors(name, at.child('name'))))
      if (container === '') errors.push(fieldRequired(at.child('container'), 'must specify a container'))
      else errors.push(...isDns1123Label(container).map((message) => fieldInvalid(at.child('container'), container, message)))
      return [...errors, ...utilizationErrors(target, at.child('target'))]
    }
    case 'resource':
      if (!metric.resource?.name) errors.push(fieldRequired(at.child('name'), 'must specify a resource name'))
      return [...errors, ...utilizationErrors(target, at.child('target'))]
  }
}

/** Of resources, either a share of what was requested or an amount. */
function utilizationErrors(target: V2MetricTarget, at: FieldPath): FieldError[] {
  const errors = targetErrors(target, at)
  const [share, amount] = [target.averageUtilization !== undefined, target.averageValue !== undefined]
  if (!share && !amount) errors.push(fieldRequired(at.child('averageUtilization'), 'must set either a target raw value or a target utilization'))
  if (share && amount) errors.push(fieldForbidden(at.child('averageValue'), 'may not set both a target raw value and a target utilization'))
  return errors
}

function targetErrors({ type = '', value, averageValue, averageUtilization }: V2MetricTarget, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (type === '') errors.push(fieldRequired(at.child('type'), 'must specify a metric target type'))
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) errors.push(fieldInvalid(at.child('type'), type, 'must be either Utilization, Value, or AverageValue'))
  for (const [field, text] of [['value', value], ['averageValue', averageValue]] as const) {
    if (text !== undefined && (parseQuantity(text)?.nano ?? 0n) <= 0n) errors.push(fieldInvalid(at.child(field), text, 'must be positive'))
  }
  if (averageUtilization !== undefined && averageUtilization < 1) errors.push(fieldInvalid(at.child('averageUtilization'), averageUtilization, 'must be greater than 0'))
  return errors
}

function identifierErrors(identifier: V2MetricIdentifier | undefined, at: FieldPath): FieldError[] {
  const name = identifier?.name ?? ''
  return name === '' ? [fieldRequired(at.child('name'), 'must specify a metric name')] : isPathSegmentName(name).map((message) => fieldInvalid(at.child('name'), name, message))
}

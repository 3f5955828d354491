import type { Affinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodAffinity, PodAffinityTerm, TopologySpreadConstraint } from '../../generated/types.ts'
import { fieldDuplicate, fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isLabelValue } from '../../machinery/names.ts'
import { labelKeysErrors } from './label-keys.ts'
import { labelKeyErrors, validateLabelSelector } from './label-validation.ts'

const required = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'

export function affinityErrors(affinity: Affinity | undefined, at: FieldPath): FieldError[] {
  if (!affinity) return []
  const errors: FieldError[] = []
  if (affinity.nodeAffinity) {
    const path = at.child('nodeAffinity')
    const needed = affinity.nodeAffinity[required]
    if (needed) errors.push(...nodeSelectorErrors(needed, path.child(required)))
    for (const [index, term] of (affinity.nodeAffinity[preferred] ?? []).entries()) {
      const own = path.child(preferred).index(index)
      errors.push(...weightErrors(term.weight, own), ...termErrors(term.preference, own.child('preference')))
    }
  }
  if (affinity.podAffinity) errors.push(...podAffinityErrors(affinity.podAffinity, at.child('podAffinity')))
  if (affinity.podAntiAffinity) errors.push(...podAffinityErrors(affinity.podAntiAffinity, at.child('podAntiAffinity')))
  return errors
}

function weightErrors(weight: number, at: FieldPath): FieldError[] {
  return weight >= 1 && weight <= 100 ? [] : [fieldInvalid(at.child('weight'), weight ?? 0, 'must be in the range 1-100')]
}

export function nodeSelectorErrors(selector: NodeSelector, at: FieldPath): FieldError[] {
  const path = at.child('nodeSelectorTerms')
  if (!selector.nodeSelectorTerms?.length) return [fieldRequired(path, 'must have at least one node selector term')]
  return selector.nodeSelectorTerms.flatMap((term, index) => termErrors(term, path.index(index)))
}

function termErrors(term: NodeSelectorTerm | undefined, at: FieldPath): FieldError[] {
  return [
    ...(term?.matchExpressions ?? []).flatMap((requirement, index) => expressionErrors(requirement, at.child('matchExpressions').index(index))),
    ...(term?.matchFields ?? []).flatMap((requirement, index) => fieldRequirementErrors(requirement, at.child('matchFields').index(index))),
  ]
}

function expressionErrors(requirement: NodeSelectorRequirement, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const count = requirement.values?.length ?? 0
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      if (count === 0) errors.push(fieldRequired(at.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"))
      break
    case 'Exists':
    case 'DoesNotExist':
      if (count > 0) errors.push(fieldForbidden(at.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
      break
    case 'Gt':
    case 'Lt':
      if (count !== 1) errors.push(fieldRequired(at.child('values'), "must be specified single value when `operator` is 'Lt' or 'Gt'"))
      break
    default:
      errors.push(fieldInvalid(at.child('operator'), requirement.operator ?? '', 'not a valid selector operator'))
  }
  errors.push(...labelKeyErrors(requirement.key ?? '', at.child('key')))
  for (const [index, value] of (requirement.values ?? []).entries()) {
    for (const message of isLabelValue(value)) errors.push(fieldInvalid(at.child('values').index(index), value, message))
  }
  return errors
}

function fieldRequirementErrors(requirement: NodeSelectorRequirement, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (requirement.operator === 'In' || requirement.operator === 'NotIn') {
    if (requirement.values?.length !== 1) errors.push(fieldRequired(at.child('values'), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"))
  } else {
    errors.push(fieldInvalid(at.child('operator'), requirement.operator ?? '', 'not a valid selector operator'))
  }
  if (requirement.key !== 'metadata.name') return [...errors, fieldInvalid(at.child('key'), requirement.key ?? '', 'not a valid field selector key')]
  for (const [index, value] of (requirement.values ?? []).entries()) {
    for (const message of isDns1123Subdomain(value)) errors.push(fieldInvalid(at.child('values').index(index), value, message))
  }
  return errors
}

function podAffinityErrors(affinity: PodAffinity, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, term] of (affinity[required] ?? []).entries()) errors.push(...podTermErrors(term, at.child(required).index(index)))
  for (const [index, weighted] of (affinity[preferred] ?? []).entries()) {
    const path = at.child(preferred).index(index)
    errors.push(...weightErrors(weighted.weight, path), ...podTermErrors(weighted.podAffinityTerm, path.child('podAffinityTerm')))
  }
  return errors
}

function podTermErrors(term: PodAffinityTerm, at: FieldPath): FieldError[] {
  const errors = [...validateLabelSelector(term.labelSelector, at.child('labelSelector')), ...validateLabelSelector(term.namespaceSelector, at.child('namespaceSelector'))]
  errors.push(...labelKeysErrors(term, at))
  for (const name of term.namespaces ?? []) for (const message of isDns1123Label(name)) errors.push(fieldInvalid(at.child('namespace'), name, message))
  return [...errors, ...topologyKeyErrors(term.topologyKey, at.child('topologyKey'))]
}

function topologyKeyErrors(key: string | undefined, at: FieldPath): FieldError[] {
  return key ? labelKeyErrors(key, at) : [fieldRequired(at, 'can not be empty')]
}

const whenUnsatisfiable = ['DoNotSchedule', 'ScheduleAnyway']
const inclusionPolicies = ['Honor', 'Ignore']

export function spreadErrors(constraints: readonly TopologySpreadConstraint[] | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, constraint] of (constraints ?? []).entries()) {
    const at = path.index(index)
    if (!(constraint.maxSkew > 0)) errors.push(fieldInvalid(at.child('maxSkew'), constraint.maxSkew ?? 0, 'must be greater than zero'))
    errors.push(...topologyKeyErrors(constraint.topologyKey, at.child('topologyKey')))
    if (!whenUnsatisfiable.includes(constraint.whenUnsatisfiable)) errors.push(fieldNotSupported(at.child('whenUnsatisfiable'), constraint.whenUnsatisfiable ?? '', whenUnsatisfiable))
    const key = `{${constraint.topologyKey}, ${constraint.whenUnsatisfiable}}`
    if (seen.has(key)) errors.push(fieldDuplicate(at.child('{topologyKey, whenUnsatisfiable}'), key))
    seen.add(key)
    if (constraint.minDomains !== undefined) {
      if (constraint.minDomains <= 0) errors.push(fieldInvalid(at.child('minDomains'), constraint.minDomains, 'must be greater than zero'))
      if (constraint.whenUnsatisfiable !== 'DoNotSchedule') errors.push(fieldInvalid(at.child('minDomains'), constraint.minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${constraint.whenUnsatisfiable}`))
    }
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[field]
      if (policy !== undefined && !inclusionPolicies.includes(policy)) errors.push(fieldNotSupported(at.child(field), policy, inclusionPolicies))
    }
    errors.push(...labelKeysErrors(constraint, at), ...validateLabelSelector(constraint.labelSelector, at.child('labelSelector')))
  }
  return errors
}

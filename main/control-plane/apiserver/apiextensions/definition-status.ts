/** What the controllers inside the API server make of a definition's status: names, establishment, structure, approval. */
import type { CustomResourceDefinition, CustomResourceDefinitionCondition, CustomResourceDefinitionNames, CustomResourceDefinitionStatus } from '../../../api/generated/types.ts'
import { sameCondition, withCrdCondition } from '../../../api/kinds/apiextensions/conditions.ts'
import { approvalCondition } from '../../../api/kinds/apiextensions/definition-validation.ts'
import { validateStructure } from '../../../api/kinds/apiextensions/schema/structural-validation.ts'
import { conditionOf, withoutCondition } from '../../../api/machinery/conditions.ts'
import { jsonEqual } from '../../../api/machinery/equality.ts'
import { fieldErrorText, fieldPath } from '../../../api/machinery/field-error.ts'
import { aggregateText, quote } from '../../../api/machinery/go-text.ts'

/** The next status of a definition among the others of its group; undefined: it is right as it is. One step at a time, as upstream:
 *  first names, then establishment. */
export function nextStatus(crd: CustomResourceDefinition, others: readonly CustomResourceDefinition[], timestamp: string): CustomResourceDefinitionStatus | undefined {
  return named(crd, others, timestamp) ?? established(crd, timestamp) ?? structural(crd, timestamp) ?? approved(crd, timestamp)
}

const noNames: Partial<CustomResourceDefinitionNames> = {}

function named(crd: CustomResourceDefinition, others: readonly CustomResourceDefinition[], timestamp: string): CustomResourceDefinitionStatus | undefined {
  const wanted = crd.spec.names
  const accepted = crd.status?.acceptedNames ?? noNames
  const resources = new Set<string>()
  const kinds = new Set<string>()
  for (const other of others) {
    const names = other.status?.acceptedNames
    if (!names || other.metadata.name === crd.metadata.name) continue
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])]) if (name) resources.add(name)
    for (const kind of [names.kind, names.listKind]) if (kind) kinds.add(kind)
  }
  const next: Partial<CustomResourceDefinitionNames> = { ...accepted }
  let condition: CustomResourceDefinitionCondition = { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
  const take = (field: 'plural' | 'singular' | 'kind' | 'listKind', used: ReadonlySet<string>, reason: string): void => {
    const name = wanted[field] ?? ''
    if (name !== (accepted[field] ?? '') && used.has(name)) condition = { type: 'NamesAccepted', status: 'False', reason, message: `${quote(name)} is already in use` }
    else next[field] = name
  }
  take('plural', resources, 'PluralConflict')
  take('singular', resources, 'SingularConflict')
  if (!jsonEqual(wanted.shortNames ?? [], accepted.shortNames ?? [])) {
    const taken = (wanted.shortNames ?? []).filter((name) => !(accepted.shortNames ?? []).includes(name) && resources.has(name))
    if (taken.length > 0) condition = { type: 'NamesAccepted', status: 'False', reason: 'ShortNamesConflict', message: aggregateText(taken.map((name) => `${quote(name)} is already in use`)) }
    else if (wanted.shortNames) next.shortNames = wanted.shortNames
    else delete next.shortNames
  }
  take('kind', kinds, 'KindConflict')
  take('listKind', kinds, 'ListKindConflict')
  if (wanted.categories) next.categories = wanted.categories
  else delete next.categories
  if (jsonEqual(next, accepted) && sameCondition(condition, conditionOf(crd.status?.conditions, 'NamesAccepted'))) return undefined
  let conditions = withCrdCondition(crd.status?.conditions, condition, timestamp)
  const before = conditionOf(conditions, 'Established')
  if (!before || (before.status !== 'True' && condition.status === 'True')) {
    const first: CustomResourceDefinitionCondition = condition.status === 'True'
      ? { type: 'Established', status: 'False', reason: 'Installing', message: 'the initial names have been accepted' }
      : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
    conditions = withCrdCondition(conditions, first, timestamp)
  }
  return { ...crd.status, acceptedNames: next as CustomResourceDefinitionNames, conditions }
}

function established(crd: CustomResourceDefinition, timestamp: string): CustomResourceDefinitionStatus | undefined {
  const conditions = crd.status?.conditions
  if (conditionOf(conditions, 'NamesAccepted')?.status !== 'True' || conditionOf(conditions, 'Established')?.status === 'True') return undefined
  return { ...crd.status, conditions: withCrdCondition(conditions, { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }, timestamp) }
}

function structural(crd: CustomResourceDefinition, timestamp: string): CustomResourceDefinitionStatus | undefined {
  const problems: string[] = []
  if (crd.spec.preserveUnknownFields) problems.push('spec.preserveUnknownFields: Invalid value: true: must be false')
  for (const [index, version] of crd.spec.versions.entries()) {
    const schema = version.schema?.openAPIV3Schema
    if (schema) problems.push(...validateStructure(schema, fieldPath('spec', 'versions').index(index).child('schema', 'openAPIV3Schema')).map(fieldErrorText))
  }
  const conditions = crd.status?.conditions ?? []
  const old = conditionOf(conditions, 'NonStructuralSchema')
  if (problems.length === 0) return old ? { ...crd.status, conditions: withoutCondition(conditions, 'NonStructuralSchema') } : undefined
  const condition: CustomResourceDefinitionCondition = { type: 'NonStructuralSchema', status: 'True', reason: 'Violations', message: aggregateText(problems) }
  return sameCondition(condition, old) ? undefined : { ...crd.status, conditions: withCrdCondition(conditions, condition, timestamp) }
}

function approved(crd: CustomResourceDefinition, timestamp: string): CustomResourceDefinitionStatus | undefined {
  const condition = approvalCondition(crd)
  const conditions = crd.status?.conditions ?? []
  const old = conditionOf(conditions, 'KubernetesAPIApprovalPolicyConformant')
  if (!condition || sameCondition(condition, old)) return undefined
  return { ...crd.status, conditions: withCrdCondition(conditions, condition, timestamp) }
}

/** Validation of the schemas in CustomResourceDefinitions: structure, what OpenAPI v3 of Kubernetes allows, defaults and rules. */
import type { CustomResourceDefinitionSpec, CustomResourceDefinitionVersion } from '../../generated/types.ts'
import { jsonEqual } from '../../machinery/equality.ts'
import { fieldForbidden, fieldInvalid } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { listText } from '../../machinery/go-text.ts'
import { depthOf, schemaDepthMax } from './schema/depth.ts'
import { validateSchemaDefaults, hasUnprunedDefaults } from './schema/default-validation.ts'
import { hasInvalidMapList, hasNonAtomicSet, hasInvalidTypes, validateOpenApiSchema } from './schema/openapi-validation.ts'
import { validateStructure } from './schema/structural-validation.ts'
import { CostTotal, rootCelContext } from './schema/rule-validation.ts'
import { someSchema } from './schema/structural.ts'
import type { Schema } from './schema/structural.ts'

/** What is not held against a definition because it was so before (upstream does not tighten validation of stored data). */
export interface Allowances {
  readonly requireSchema: boolean
  readonly requireStructural: boolean
  readonly requirePrunedDefaults: boolean
  readonly requireValidTypes: boolean
  readonly requireAtomicSets: boolean
  readonly requireMapListKeys: boolean
  /** Versions whose schema did not change: the cost of their rules is not looked at again. */
  readonly unchanged: ReadonlySet<string>
  /** Versions that had too many selectable fields already. */
  readonly manyFields: ReadonlySet<string>
}

export const strictest: Allowances = {
  requireSchema: true, requireStructural: true, requirePrunedDefaults: true, requireValidTypes: true, requireAtomicSets: true, requireMapListKeys: true, unchanged: new Set(), manyFields: new Set(),
}

/** What an update is allowed because of what is stored. */
export function allowancesFor({ versions = [] }: CustomResourceDefinitionSpec, { versions: oldVersions = [] }: CustomResourceDefinitionSpec): Allowances {
  const schemas = oldVersions.map((version) => version.schema?.openAPIV3Schema).filter((schema) => schema !== undefined)
  const before = new Map(oldVersions.map((version) => [version.name, version]))
  const unchanged = new Set(versions.filter((version) => before.has(version.name) && jsonEqual(version.schema, before.get(version.name)!.schema)).map(({ name }) => name))
  const manyFields = new Set(versions.filter(({ name, selectableFields }) => (before.get(name)?.selectableFields?.length ?? 0) > 8 && jsonEqual(selectableFields, before.get(name)!.selectableFields)).map(({ name }) => name))
  return {
    requireSchema: oldVersions.every((version) => version.schema?.openAPIV3Schema !== undefined),
    requireStructural: !schemas.some((schema) => validateStructure(schema).length > 0),
    requirePrunedDefaults: !schemas.some(hasUnprunedDefaults),
    requireValidTypes: !schemas.some(hasInvalidTypes),
    requireAtomicSets: !schemas.some(hasNonAtomicSet),
    requireMapListKeys: !schemas.some(hasInvalidMapList),
    unchanged,
    manyFields,
  }
}

const allowedAtRoot = ['Description', 'Type', 'Format', 'Title', 'Maximum', 'ExclusiveMaximum', 'Minimum', 'ExclusiveMinimum', 'MaxLength', 'MinLength', 'Pattern', 'MaxItems', 'MinItems', 'UniqueItems', 'MultipleOf', 'Required', 'Items', 'Properties', 'ExternalDocs', 'Example', 'XPreserveUnknownFields', 'XValidations']
const rootFields = new Set(['description', 'type', 'format', 'title', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum', 'maxLength', 'minLength', 'pattern', 'maxItems', 'minItems', 'uniqueItems', 'multipleOf', 'required', 'items', 'properties', 'externalDocs', 'example', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-validations'])

/** Validates `schema` of one version. */
export function validateVersionSchema(version: CustomResourceDefinitionVersion, path: FieldPath, allowances: Allowances): FieldError[] {
  const schema = version.schema?.openAPIV3Schema
  if (!schema) return []
  const at = path.child('openAPIV3Schema')
  if (depthOf(schema) > schemaDepthMax) return [fieldInvalid(at, '', `schema is nested more than ${schemaDepthMax} levels deep`)]
  const errors: FieldError[] = []
  if (version.subresources?.status) errors.push(...validateRootForStatus(schema, path))
  if (schema.nullable) errors.push(fieldForbidden(path.child('openAPIV3Schema.nullable'), 'nullable cannot be true at the root'))
  const needsStructure = allowances.requireStructural || someSchema(schema, hasExtension)
  let rules = needsStructure ? rootCelContext(schema, new CostTotal()) : undefined
  if (needsStructure) {
    const structure = validateStructure(schema, at)
    const defaults = structure.length > 0 ? [] : validateSchemaDefaults(schema, at, allowances.requirePrunedDefaults)
    if (structure.length > 0 || defaults.length > 0) rules = undefined
    errors.push(...structure, ...defaults)
  }
  errors.push(...validateOpenApiSchema(schema, at, allowances, rules, allowances.unchanged.has(version.name)))
  if (rules) errors.push(...rules.total.problems(at))
  return errors
}

function hasExtension(schema: Schema): boolean {
  return schema.default !== undefined || schema['x-kubernetes-embedded-resource'] === true || schema['x-kubernetes-preserve-unknown-fields'] !== undefined || schema['x-kubernetes-int-or-string'] === true || (schema['x-kubernetes-list-map-keys']?.length ?? 0) > 0 || schema['x-kubernetes-list-type'] !== undefined || (schema['x-kubernetes-validations']?.length ?? 0) > 0
}

/** With a status subresource the status has to be a property of its own. */
function validateRootForStatus(schema: Schema, path: FieldPath): FieldError[] {
  if (schema.type !== undefined && schema.type !== 'object') return [fieldInvalid(path.child('openAPIV3Schema.type'), schema.type, 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled')]
  for (const [field, value] of Object.entries(schema)) {
    if (value === undefined || value === false || value === '' || rootFields.has(field)) continue
    return [fieldInvalid(path.child('openAPIV3Schema'), schema, `only ${listText(allowedAtRoot)} fields are allowed at the root of the schema if the status subresource is enabled`)]
  }
  return []
}

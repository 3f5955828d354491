/** What Kubernetes allows of OpenAPI v3 in a custom resource's schema, and its own extensions, in upstream's words. */
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../../machinery/field-error.ts'
import { resolveFieldPath } from './field-paths.ts'
import { childContext } from './rule-validation.ts'
import type { CelContext } from './rule-validation.ts'
import { validateRuleExpressions } from './rule-validation.ts'
import { isSchema, itemsOf, metaFields, someSchema, valuesOf } from './structural.ts'
import type { Schema } from './structural.ts'

const openApiTypes = ['array', 'boolean', 'integer', 'number', 'object', 'string']

/** What an older definition may keep. */
export interface Requirements {
  readonly requireValidTypes: boolean
  readonly requireAtomicSets: boolean
  readonly requireMapListKeys: boolean
}

export function hasInvalidTypes(schema: Schema): boolean {
  return someSchema(schema, ({ type }) => type !== undefined && type !== '' && !openApiTypes.includes(type))
}

/** Errors of the schemas first, then those of their rules. Without `rules` no expression is looked at; `knownCost`: nor its cost. */
export function validateOpenApiSchema(schema: Schema, path: FieldPath, requirements: Requirements, rules: CelContext | undefined, knownCost: boolean): FieldError[] {
  const found = validate(schema, path, { allowDefaults: true, reason: '', insideMeta: false, uncorrelatable: undefined, isRoot: true, requirements, knownCost }, rules)
  return [...found.schema, ...found.rules]
}

interface Place {
  readonly allowDefaults: boolean
  readonly reason: string
  readonly insideMeta: boolean
  /** The outermost part in which old and new can't be told together. */
  readonly uncorrelatable: FieldPath | undefined
  readonly isRoot: boolean
  readonly requirements: Requirements
  readonly knownCost: boolean
}

interface Found {
  readonly schema: FieldError[]
  readonly rules: FieldError[]
}

function validate(schema: Schema, path: FieldPath, place: Place, context: CelContext | undefined): Found {
  const found: Found = { schema: basics(schema, path, place), rules: [] }
  const add = (inner: Schema, at: FieldPath, change: Partial<Place>, child: CelContext | undefined): void => {
    const more = validate(inner, at, { ...place, isRoot: false, ...change }, child)
    found.schema.push(...more.schema)
    found.rules.push(...more.rules)
  }
  if (schema.uniqueItems) found.schema.push(fieldForbidden(path.child('uniqueItems'), 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'))
  const values = valuesOf(schema)
  const hasProperties = Object.keys(schema.properties ?? {}).length > 0
  if (schema.additionalProperties !== undefined && hasProperties && schema.additionalProperties !== true) found.schema.push(fieldForbidden(path.child('additionalProperties'), 'additionalProperties and properties are mutual exclusive'))
  if (values) add(values, path.child('additionalProperties'), place.insideMeta ? noDefaults('inside additionalProperties applying to object metadata') : {}, childContext(context, values))
  for (const name in schema.properties) {
    const property = schema.properties[name]!
    const isMeta = (place.isRoot || schema['x-kubernetes-embedded-resource'] === true) && metaFields.has(name)
    const change: Partial<Place> = {
      ...(isMeta ? { insideMeta: true } : {}),
      ...(isMeta && place.isRoot ? noDefaults(`in top-level ${name}`) : {}),
    }
    add(property, path.child('properties').key(name), change, childContext(context, property))
  }
  if (schema.not) add(schema.not, path.child('not'), {}, undefined)
  for (const field of ['allOf', 'oneOf', 'anyOf'] as const) for (const [index, each] of (schema[field] ?? []).entries()) add(each, path.child(field).index(index), {}, undefined)
  for (const [name, each] of Object.entries(schema.definitions ?? {})) add(each, path.child('definitions').key(name), {}, undefined)
  const itemsChange: Partial<Place> = schema['x-kubernetes-list-type'] === 'map' ? {} : { uncorrelatable: place.uncorrelatable ?? path }
  const items = itemsOf(schema)
  if (items) add(items, path.child('items'), itemsChange, childContext(context, items))
  else if (Array.isArray(schema.items)) for (const [index, each] of schema.items.entries()) add(each, path.child('items').index(index), itemsChange, childContext(context, each))
  for (const [name, each] of Object.entries(schema.dependencies ?? {})) if (isSchema(each)) add(each, path.child('dependencies').key(name), {}, undefined)
  found.schema.push(...extensions(schema, path, place.requirements))
  found.schema.push(...ruleShapes(schema, path))
  if (context && found.schema.length === 0 && (schema['x-kubernetes-validations']?.length ?? 0) > 0) found.rules.push(...validateRuleExpressions(schema, path, context, { uncorrelatable: place.uncorrelatable, knownCost: place.knownCost }))
  return found
}

function noDefaults(reason: string): Partial<Place> {
  return { allowDefaults: false, reason }
}

function basics(schema: Schema, path: FieldPath, place: Place): FieldError[] {
  const errors: FieldError[] = []
  const forbid = (field: string, present: boolean, detail = `${field} is not supported`): void => {
    if (present) errors.push(fieldForbidden(path.child(field), detail))
  }
  if (place.requirements.requireValidTypes && schema.type && !openApiTypes.includes(schema.type)) errors.push(fieldNotSupported(path.child('type'), schema.type, openApiTypes))
  forbid('default', schema.default !== undefined && !place.allowDefaults, `must not be set${place.reason === '' ? '' : ` ${place.reason}`}`)
  forbid('id', Boolean(schema.id))
  forbid('additionalItems', schema.additionalItems !== undefined)
  forbid('patternProperties', Object.keys(schema.patternProperties ?? {}).length > 0)
  forbid('definitions', Object.keys(schema.definitions ?? {}).length > 0)
  forbid('dependencies', schema.dependencies !== undefined)
  forbid('$ref', schema.$ref !== undefined)
  forbid('type', schema.type === 'null', 'type cannot be set to null, use nullable as an alternative')
  forbid('items', Array.isArray(schema.items) && schema.items.length > 0, 'items must be a schema object and not an array')
  forbid('x-kubernetes-embedded-resource', place.insideMeta && schema['x-kubernetes-embedded-resource'] === true, 'must not be used inside of resource meta')
  return errors
}

function extensions(schema: Schema, path: FieldPath, requirements: Requirements): FieldError[] {
  const errors: FieldError[] = []
  const mapType = schema['x-kubernetes-map-type']
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const wrongType = (wanted: string, because: string): void => {
    const detail = `must be ${wanted} if ${because} is specified`
    errors.push(schema.type ? fieldInvalid(path.child('type'), schema.type, detail) : fieldRequired(path.child('type'), detail))
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) errors.push(fieldInvalid(path.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'))
  if (mapType !== undefined && schema.type !== 'object') wrongType('object', 'x-kubernetes-map-type')
  if (mapType !== undefined && mapType !== 'atomic' && mapType !== 'granular') errors.push(fieldNotSupported(path.child('x-kubernetes-map-type'), mapType, ['atomic', 'granular']))
  if (listType !== undefined && schema.type !== 'array') wrongType('array', 'x-kubernetes-list-type')
  else if (requirements.requireAtomicSets && isNonAtomicSet(schema)) {
    const items = itemsOf(schema)!
    const field = items.type === 'array' ? 'x-kubernetes-list-type' : 'x-kubernetes-map-type'
    errors.push(fieldInvalid(path.child('items').child(field), items['x-kubernetes-list-type'] ?? null, 'must be atomic as item of a list with x-kubernetes-list-type=set'))
  }
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) errors.push(fieldNotSupported(path.child('x-kubernetes-list-type'), listType, ['atomic', 'set', 'map']))
  if (keys.length > 0 && listType !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty'
    errors.push(listType === undefined ? fieldRequired(path.child('x-kubernetes-list-type'), detail) : fieldInvalid(path.child('x-kubernetes-list-type'), listType, detail))
  }
  if (listType === 'map') errors.push(...mapList(schema, keys, path))
  if (requirements.requireMapListKeys) errors.push(...mapListKeys(schema, path))
  return errors
}

function mapList(schema: Schema, keys: readonly string[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (keys.length === 0) errors.push(fieldRequired(path.child('x-kubernetes-list-map-keys'), 'must not be empty if x-kubernetes-list-type is map'))
  if (schema.items === undefined) return [...errors, fieldRequired(path.child('items'), 'must have a schema if x-kubernetes-list-type is map')]
  const items = itemsOf(schema)
  if (!items) return [...errors, fieldInvalid(path.child('items'), schema.items, 'must only have a single schema if x-kubernetes-list-type is map')]
  if (items.type !== 'object') return [...errors, fieldInvalid(path.child('items').child('type'), items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map")]
  const seen = new Set<string>()
  for (const key of keys) {
    const property = items.properties?.[key]
    if (!property) errors.push(fieldInvalid(path.child('x-kubernetes-list-map-keys'), keys, 'entries must all be names of item properties'))
    else if (property.type === 'array' || property.type === 'object') errors.push(fieldInvalid(path.child('items').child('properties').key(key).child('type'), items.type, "must be a scalar type if parent array's x-kubernetes-list-type is map"))
    if (seen.has(key)) errors.push(fieldInvalid(path.child('x-kubernetes-list-map-keys'), keys, 'must not contain duplicate entries'))
    seen.add(key)
  }
  return errors
}

function isNonAtomicSet(schema: Schema): boolean {
  const items = itemsOf(schema)
  if (schema['x-kubernetes-list-type'] !== 'set' || !items) return false
  if (items.type === 'array') return (items['x-kubernetes-list-type'] ?? 'atomic') !== 'atomic'
  return items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic'
}

export function hasNonAtomicSet(schema: Schema): boolean {
  return someSchema(schema, isNonAtomicSet)
}

/** Keys and items of sets and maps can't be null; keys are required or have a default. */
function mapListKeys(schema: Schema, path: FieldPath): FieldError[] {
  const items = itemsOf(schema)
  const listType = schema['x-kubernetes-list-type']
  if (!items || (listType !== 'set' && listType !== 'map')) return []
  const errors: FieldError[] = []
  if (items.nullable) errors.push(fieldForbidden(path.child('items').child('nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`))
  if (listType === 'set') return errors
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const property = items.properties?.[key]
    if (!property) continue
    const at = path.child('items').child('properties').key(key)
    if (!(items.required ?? []).includes(key) && property.default === undefined) errors.push(fieldRequired(at.child('default'), 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'))
    if (property.nullable) errors.push(fieldForbidden(at.child('nullable'), 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'))
  }
  return errors
}

export function hasInvalidMapList(schema: Schema): boolean {
  return someSchema(schema, (each) => mapListKeys(each, noPath).length > 0)
}

const noPath = { child: () => noPath, key: () => noPath, index: () => noPath, toString: () => '' } as unknown as FieldPath
const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

/** What is wrong with rules before their expressions are read. */
function ruleShapes(schema: Schema, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const hasBreaks = (text: string): boolean => /[\n\r]/.test(text)
  for (const [index, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    const at = path.child('x-kubernetes-validations').index(index)
    const message = (rule.message ?? '').trim()
    const text = (rule.rule ?? '').trim()
    if (text === '') errors.push(fieldRequired(at.child('rule'), 'rule is not specified'))
    else if (rule.message && message === '') errors.push(fieldInvalid(at.child('message'), rule.message, 'must be non-empty if specified'))
    else if (hasBreaks(message)) errors.push(fieldInvalid(at.child('message'), rule.message, 'must not contain line breaks'))
    else if (hasBreaks(text) && message === '') errors.push(fieldRequired(at.child('message'), 'message must be specified if rule contains line breaks'))
    if (rule.messageExpression && rule.messageExpression.trim() === '') errors.push(fieldRequired(at.child('messageExpression'), 'messageExpression must be non-empty if specified'))
    if (rule.reason !== undefined && !reasons.includes(rule.reason)) errors.push(fieldNotSupported(at.child('reason'), rule.reason, reasons))
    if (!rule.fieldPath) continue
    if (rule.fieldPath.trim() === '') errors.push(fieldInvalid(at.child('fieldPath'), rule.fieldPath, 'must be non-empty if specified'))
    if (hasBreaks(rule.fieldPath)) errors.push(fieldInvalid(at.child('fieldPath'), rule.fieldPath, 'must not contain line breaks'))
    if ('problem' in resolveFieldPath(rule.fieldPath, schema)) errors.push(fieldInvalid(at.child('fieldPath'), rule.fieldPath, 'must be a valid path'))
  }
  return errors
}

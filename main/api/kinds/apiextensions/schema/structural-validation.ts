/** Whether a schema is structural: every field has a type outside of junctors, which hold value checks only. */
import { patternProblem } from '../../../cel/regex.ts'
import { jsonEqual } from '../../../machinery/equality.ts'
import { fieldErrorText, fieldForbidden, fieldInvalid, FieldPath, fieldRequired } from '../../../machinery/field-error.ts'
import type { FieldError } from '../../../machinery/field-error.ts'
import { itemsOf, propertyOf, valuesOf } from './structural.ts'
import type { Schema } from './structural.ts'

type Level = 'root' | 'item' | 'field'

const emptyTypeTexts: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}
const intOrStringAlternatives = [{ type: 'integer' }, { type: 'string' }]

/** What is not structural about the schema, sorted by text. */
export function validateStructure(schema: Schema, path: FieldPath = new FieldPath('openAPIV3Schema')): FieldError[] {
  const errors: FieldError[] = []
  invariants(schema, 'root', path, errors)
  completeness(schema, path, errors)
  return errors.map((error) => ({ error, text: fieldErrorText(error) })).sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)).map(({ error }) => error)
}

function invariants(schema: Schema, level: Level, path: FieldPath, errors: FieldError[]): void {
  const items = itemsOf(schema)
  if (schema.type === 'array' && !items) errors.push(fieldRequired(path.child('items'), 'must be specified'))
  if (items) invariants(items, 'item', path.child('items'), errors)
  for (const name in schema.properties) invariants(schema.properties[name]!, 'field', path.child('properties').key(name), errors)
  if (schema.additionalProperties !== undefined) {
    if (level === 'root') errors.push(fieldForbidden(path.child('additionalProperties'), 'must not be used at the root'))
    const values = valuesOf(schema)
    if (values) invariants(values, 'field', path.child('additionalProperties'), errors)
  }
  const intOrString = schema['x-kubernetes-int-or-string'] === true
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true
  const embedded = schema['x-kubernetes-embedded-resource'] === true
  if (intOrString && preserves) errors.push(fieldInvalid(path.child('x-kubernetes-preserve-unknown-fields'), true, 'must be false if x-kubernetes-int-or-string is true'))
  if (intOrString && embedded) errors.push(fieldInvalid(path.child('x-kubernetes-embedded-resource'), true, 'must be false if x-kubernetes-int-or-string is true'))
  const skipAnyOf = jsonEqual(schema.anyOf, intOrStringAlternatives)
  const skipFirstAllOf = jsonEqual(schema.allOf?.[0]?.anyOf, intOrStringAlternatives)
  values(schema, skipAnyOf, skipFirstAllOf, path, errors)
  if (embedded && schema.type !== 'object') {
    errors.push(schema.type ? fieldInvalid(path.child('type'), schema.type, 'must be object if x-kubernetes-embedded-resource is true') : fieldRequired(path.child('type'), 'must be object if x-kubernetes-embedded-resource is true'))
  } else if (!schema.type && !intOrString && !preserves) errors.push(fieldRequired(path.child('type'), emptyTypeTexts[level]))
  if (embedded && schema.additionalProperties !== undefined) errors.push(fieldForbidden(path.child('additionalProperties'), 'must not be used if x-kubernetes-embedded-resource is set'))
  if (level === 'root' && schema.type && schema.type !== 'object') errors.push(fieldInvalid(path.child('type'), schema.type, 'must be object at the root'))
  const isResource = level === 'root' || embedded
  if (isResource) {
    for (const name of ['kind', 'apiVersion']) {
      const property = propertyOf(schema, name)
      if (property && property.type !== 'string') errors.push(fieldInvalid(path.child('properties').key(name).child('type'), property.type ?? '', 'must be string'))
    }
  }
  const metadata = propertyOf(schema, 'metadata')
  if (metadata && isResource) metadataInvariants(metadata, level, path.child('properties').key('metadata'), errors)
  if (embedded && !preserves && Object.keys(schema.properties ?? {}).length === 0) errors.push(fieldRequired(path.child('properties'), 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'))
}

function metadataInvariants(schema: Schema, level: Level, path: FieldPath, errors: FieldError[]): void {
  if (schema.type !== 'object') errors.push(fieldInvalid(path.child('type'), schema.type ?? '', 'must be object'))
  if (level !== 'root') return
  const { type: _type, default: _default, properties, ...rest } = schema
  const others = Object.keys(properties ?? {}).filter((name) => name !== 'name' && name !== 'generateName')
  if (others.length > 0 || Object.values(rest).some((value) => value !== undefined && value !== false && value !== '')) {
    errors.push(fieldForbidden(path, 'must not specify anything other than name and generateName, but metadata is implicitly specified'))
  }
}

function values(schema: Schema, skipAnyOf: boolean, skipFirstAllOf: boolean, path: FieldPath, errors: FieldError[]): void {
  if (!skipAnyOf) for (const [index, each] of (schema.anyOf ?? []).entries()) nested(each, false, path.child('anyOf').index(index), errors)
  for (const [index, each] of (schema.allOf ?? []).entries()) nested(each, skipFirstAllOf && index === 0, path.child('allOf').index(index), errors)
  for (const [index, each] of (schema.oneOf ?? []).entries()) nested(each, false, path.child('oneOf').index(index), errors)
  if (schema.not) nested(schema.not, false, path.child('not'), errors)
  if (schema.pattern) {
    const problem = patternProblem(schema.pattern)
    if (problem !== undefined) errors.push(fieldInvalid(path.child('pattern'), schema.pattern, `must be a valid regular expression, but isn't: ${problem}`))
  }
}

/** Fields that junctors may not hold, each with upstream's text. */
const forbiddenWithin: readonly (readonly [keyof Schema, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
]

function nested(schema: Schema, skipAnyOf: boolean, path: FieldPath, errors: FieldError[]): void {
  values(schema, skipAnyOf, false, path, errors)
  const items = itemsOf(schema)
  if (items) nested(items, false, path.child('items'), errors)
  for (const name in schema.properties) nested(schema.properties[name]!, false, path.child('properties').key(name), errors)
  for (const [field, text] of forbiddenWithin) {
    const value = schema[field]
    if (value === undefined || value === '' || value === false || (Array.isArray(value) && value.length === 0)) continue
    errors.push(fieldForbidden(path.child(field), text))
  }
  if (propertyOf(schema, 'metadata')) errors.push(fieldForbidden(path.child('properties').key('metadata'), 'must not be specified in a nested context'))
}

/** What junctors mention has to be there outside of them, too. */
function completeness(schema: Schema, path: FieldPath, errors: FieldError[]): void {
  junctorsComplete(schema, schema, path, path, errors)
}

function junctorsComplete(inner: Schema, outer: Schema, outerPath: FieldPath, innerPath: FieldPath, errors: FieldError[]): void {
  if (inner.not) mentioned(inner.not, outer, outerPath, innerPath.child('not'), errors)
  for (const field of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [index, each] of (inner[field] ?? []).entries()) mentioned(each, outer, outerPath, innerPath.child(field).index(index), errors)
  }
}

function mentioned(inner: Schema, outer: Schema, outerPath: FieldPath, innerPath: FieldPath, errors: FieldError[]): void {
  junctorsComplete(inner, outer, outerPath, innerPath, errors)
  const items = itemsOf(inner)
  if (items) {
    const outerItems = itemsOf(outer)
    if (outerItems) mentioned(items, outerItems, outerPath.child('items'), innerPath.child('items'), errors)
    else errors.push(fieldRequired(outerPath.child('items'), `because it is defined in ${innerPath.child('items').toString()}`))
  }
  for (const name in inner.properties) {
    const property = propertyOf(outer, name)
    const at = innerPath.child('properties').key(name)
    if (property) mentioned(inner.properties[name]!, property, outerPath.child('properties').key(name), at, errors)
    else errors.push(fieldRequired(outerPath.child('properties').key(name), `because it is defined in ${at.toString()}`))
  }
}

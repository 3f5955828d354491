/** Defaults have to fit the schema that they stand in, and to survive its pruning. */
import { DecodeError } from '../../../machinery/codec/json.ts'
import { jsonEqual } from '../../../machinery/equality.ts'
import { fieldInvalid } from '../../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../../machinery/field-error.ts'
import { isObject } from '../../../machinery/json-value.ts'
import { uncorrelated } from './correlation.ts'
import { validateListTypes } from './list-types.ts'
import { coercedEmbedded, coercedMetadata } from './object-meta.ts'
import { pruned } from './prune.ts'
import { RuleBudget, validateRules } from './rules.ts'
import { itemsOf, metaFields, someSchema } from './structural.ts'
import type { Schema } from './structural.ts'
import { validateValue } from './value-validation.ts'

/** All that is wrong with the schema's defaults. Defaults within additionalProperties are not looked at: they are forbidden there. */
export function validateSchemaDefaults(schema: Schema, path: FieldPath, requirePruned: boolean): FieldError[] {
  const errors: FieldError[] = []
  if (hasDefaults(schema)) walk(schema, path, true, undefined, requirePruned, new RuleBudget(), errors)
  return errors
}

export function hasDefaults(schema: Schema): boolean {
  return someSchema(schema, (each) => each.default !== undefined)
}

/** Whether pruning would change a default. */
export function hasUnprunedDefaults(schema: Schema): boolean {
  return someSchema(schema, (each) => each.default !== undefined && !jsonEqual(pruned(each.default, each, each['x-kubernetes-embedded-resource'] === true), each.default))
}

/** `around` makes the metadata that a default within metadata is part of. */
function walk(schema: Schema, path: FieldPath, isResource: boolean, around: ((value: unknown) => unknown) | undefined, requirePruned: boolean, budget: RuleBudget, errors: FieldError[]): void {
  const resource = isResource || schema['x-kubernetes-embedded-resource'] === true
  const value = schema.default
  if (value !== undefined) {
    const at = path.child('default')
    const found = around ? metadataProblems(around(value), value, at) : []
    if (!around && requirePruned && !jsonEqual(pruned(value, schema, schema['x-kubernetes-embedded-resource'] === true), value)) found.push(fieldInvalid(at, value, 'must not have unknown fields'))
    if (!around) found.push(...embeddedProblems(value, schema, at))
    if (found.length === 0) {
      found.push(...validateValue(value, schema).map((error) => ({ ...error, field: error.field === '<nil>' ? at.toString() : `${at.toString()}${error.field.startsWith('[') ? '' : '.'}${error.field}` })))
      found.push(...validateListTypes(value, schema, uncorrelated))
    }
    if (found.length === 0) found.push(...validateRules(value, schema, { path: at, isRoot: resource, old: uncorrelated, budget, onWarning: () => undefined }))
    errors.push(...found)
  }
  const items = itemsOf(schema)
  if (items) walk(items, path.child('items'), false, around && ((inner) => around([inner])), requirePruned, budget, errors)
  for (const name in schema.properties) {
    const within = resource && metaFields.has(name) ? (inner: unknown): unknown => ({ [name]: inner }) : around && ((inner: unknown): unknown => around({ [name]: inner }))
    walk(schema.properties[name]!, path.child('properties').key(name), false, within, requirePruned, budget, errors)
  }
}

function metadataProblems(resource: unknown, value: unknown, at: FieldPath): FieldError[] {
  if (!isObject(resource)) return []
  try {
    coercedMetadata(resource, [])
    return []
  } catch (error) {
    if (error instanceof DecodeError) return [fieldInvalid(at, value, `must result in valid metadata: ${error.message}`)]
    throw error
  }
}

function embeddedProblems(value: unknown, schema: Schema, at: FieldPath): FieldError[] {
  try {
    coercedEmbedded(value, schema, [])
    return []
  } catch (error) {
    if (error instanceof DecodeError) return [fieldInvalid(at, value, error.message)]
    throw error
  }
}


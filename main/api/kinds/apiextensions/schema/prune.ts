/** Structural pruning: what the schema does not mention is taken out. Follows upstream's structural pruning. */
import { isObject, setOwn } from '../../../machinery/json-value.ts'
import type { JsonObject } from '../../../machinery/json-value.ts'
import { fieldSchemaOf, itemsOf, metaFields } from './structural.ts'
import type { Schema } from './structural.ts'

/** The value without what the schema does not know; what stays is shared with the argument, which is not changed. At the root of a
 *  resource (`isRoot`) apiVersion, kind and metadata stay. Paths of what went are added to `unknown`: `spec.foo`, `spec.list[0].bar`. */
export function pruned<T>(value: T, schema: Schema, isRoot: boolean, unknown?: string[]): T {
  return prune(value, schema, isRoot, '', unknown) as T
}

function prune(value: unknown, schema: Schema | undefined, isResource: boolean, path: string, unknown: string[] | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = schema && itemsOf(schema)
    if (!items && keepsUnknown(schema)) return value
    let changed: unknown[] | undefined
    for (let index = 0; index < value.length; index++) {
      const before: unknown = value[index]
      const after = prune(before, items ?? emptySchema, items?.['x-kubernetes-embedded-resource'] === true, `${path}[${index}]`, unknown)
      if (after !== before) (changed ??= [...(value as unknown[])])[index] = after
    }
    return changed ?? value
  }
  const object = value as JsonObject
  const keeps = keepsUnknown(schema)
  let changed: JsonObject | undefined
  for (const key in object) {
    if (isResource && metaFields.has(key)) continue
    const before = object[key]
    const inner = schema && fieldSchemaOf(schema, key)
    const at = path === '' ? key : `${path}.${key}`
    if (inner) {
      const after = prune(before, inner, inner['x-kubernetes-embedded-resource'] === true, at, unknown)
      if (after !== before) setOwn((changed ??= { ...object }), key, after)
    } else if (!keeps && schema?.additionalProperties !== true) {
      delete (changed ??= { ...object })[key]
      unknown?.push(at)
    }
  }
  return changed ?? value
}

function keepsUnknown(schema: Schema | undefined): boolean {
  return schema?.['x-kubernetes-preserve-unknown-fields'] === true
}

const emptySchema = {} as Schema

/** Whether a value is an object of its schema's own making that pruning would change. */
export function wouldPrune(value: unknown, schema: Schema, isRoot: boolean): boolean {
  return isObject(value) || Array.isArray(value) ? pruned(value, schema, isRoot) !== value : false
}

/** Structural defaulting: absent fields (and nulls where none may be) get the schema's defaults. Follows upstream's. */
import { cloneJson, setOwn } from '../../../machinery/json-value.ts'
import type { JsonObject } from '../../../machinery/json-value.ts'
import { fieldSchemaOf, itemsOf, someSchema, valuesOf } from './structural.ts'
import type { Schema } from './structural.ts'

/** The value with its defaults; what does not change is shared with the argument, which is not changed. */
export function defaulted<T>(value: T, schema: Schema): T {
  return (changesAnything(schema) ? fill(value, schema) : value) as T
}

const remembered = new WeakMap<Schema, boolean>()

/** Every schema can change something (nulls go); without typed properties there is nothing to walk for. */
function changesAnything(schema: Schema): boolean {
  let known = remembered.get(schema)
  if (known === undefined) remembered.set(schema, (known = someSchema(schema, (each) => each.default !== undefined || each.properties !== undefined || each.items !== undefined || each.additionalProperties !== undefined)))
  return known
}

function fill(value: unknown, schema: Schema): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = itemsOf(schema)
    if (!items) return value
    let changed: unknown[] | undefined
    for (let index = 0; index < value.length; index++) {
      const before: unknown = value[index]
      const start = isForbiddenNull(before, items) && items.default !== undefined ? cloneJson(items.default) : before
      const after = fill(start, items)
      if (after !== before) (changed ??= [...(value as unknown[])])[index] = after
    }
    return changed ?? value
  }
  const object = value as JsonObject
  let changed: JsonObject | undefined
  for (const name in schema.properties) {
    const property = schema.properties[name]!
    if (property.default === undefined) continue
    const present = Object.hasOwn(object, name) ? object[name] : undefined
    if (present === undefined || isForbiddenNull(present, property)) setOwn((changed ??= { ...object }), name, cloneJson(property.default))
  }
  const values = valuesOf(schema)
  const start = changed ?? object
  for (const key of Object.keys(start)) {
    const inner = fieldSchemaOf(schema, key)
    if (!inner) continue
    let before = start[key]
    if (isForbiddenNull(before, inner)) {
      if (inner.default !== undefined && inner === values) before = cloneJson(inner.default)
      else if (inner.default === undefined) {
        delete (changed ??= { ...object })[key]
        continue
      }
    }
    const after = fill(before, inner)
    if (after !== start[key]) setOwn((changed ??= { ...object }), key, after)
  }
  return changed ?? value
}

function isForbiddenNull(value: unknown, schema: Schema): boolean {
  return value === null && schema.nullable !== true
}

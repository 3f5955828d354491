/** Lists that are sets or maps hold no value or key twice. Follows upstream's listtype validation. */
import { fieldDuplicate, FieldPath } from '../../../machinery/field-error.ts'
import type { FieldError } from '../../../machinery/field-error.ts'
import { isObject } from '../../../machinery/json-value.ts'
import { correlatedField, correlatedItem, isRatcheted } from './correlation.ts'
import type { Old } from './correlation.ts'
import { fieldSchemaOf, itemsOf, propertyOf, someSchema } from './structural.ts'
import type { Schema } from './structural.ts'

const remembered = new WeakMap<Schema, boolean>()

/** The duplicates in all lists with a list type. */
export function validateListTypes(value: unknown, schema: Schema, old: Old): FieldError[] {
  let relevant = remembered.get(schema)
  if (relevant === undefined) remembered.set(schema, (relevant = someSchema(schema, (each) => each['x-kubernetes-list-type'] === 'set' || each['x-kubernetes-list-type'] === 'map')))
  const errors: FieldError[] = []
  if (relevant) walk(value, schema, undefined, old, errors)
  return errors
}

function walk(value: unknown, schema: Schema, path: FieldPath | undefined, old: Old, errors: FieldError[]): void {
  if (isRatcheted(value, old)) return
  if (Array.isArray(value)) {
    const type = schema['x-kubernetes-list-type']
    const seen = new Set<string>()
    const items = itemsOf(schema)
    for (const [index, item] of value.entries()) {
      const here = path ? path.index(index) : new FieldPath(index)
      if (type === 'set' || (type === 'map' && isObject(item))) {
        const shown = type === 'set' ? item as unknown : keysOf(item as Record<string, unknown>, schema)
        const text = JSON.stringify(shown)
        if (seen.has(text)) errors.push(fieldDuplicate(here, shown))
        seen.add(text)
      }
      if (items) walk(item, items, here, correlatedItem(old, schema, item), errors)
    }
    return
  }
  if (!isObject(value)) return
  for (const key of Object.keys(value)) {
    const inner = fieldSchemaOf(schema, key)
    if (!inner) continue
    const here = propertyOf(schema, key) ? (path ? path.child(key) : new FieldPath(key)) : path ? path.key(key) : new FieldPath(key, undefined, true)
    walk(value[key], inner, here, correlatedField(old, schema, key), errors)
  }
}

function keysOf(item: Record<string, unknown>, schema: Schema): Record<string, unknown> {
  const keys: Record<string, unknown> = {}
  for (const name of [...(schema['x-kubernetes-list-map-keys'] ?? [])].sort()) if (item[name] !== undefined) keys[name] = item[name]
  return keys
}

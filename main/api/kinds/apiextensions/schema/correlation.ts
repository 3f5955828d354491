/** Which part of the old object a part of the new one was: fields by name, items of map lists by their keys. What can't be told
 *  has no old value. Follows upstream's CorrelatedObject. */
import { jsonEqual } from '../../../machinery/equality.ts'
import { isObject } from '../../../machinery/json-value.ts'
import type { JsonObject } from '../../../machinery/json-value.ts'
import { fieldSchemaOf, itemsOf, propertyOf } from './structural.ts'
import type { Schema } from './structural.ts'

/** No old value is known. */
export const uncorrelated: unique symbol = Symbol('uncorrelated')
export type Old = unknown

/** The old value of an object's field. Fields of atomic objects have none. */
export function correlatedField(old: Old, schema: Schema, name: string): Old {
  if (!isObject(old) || schema['x-kubernetes-map-type'] === 'atomic' || !fieldSchemaOf(schema, name)) return uncorrelated
  return Object.hasOwn(old, name) && old[name] !== undefined ? old[name] : uncorrelated
}

/** The old value of a list's item: only items of lists of type map have one. */
export function correlatedItem(old: Old, schema: Schema, item: unknown): Old {
  if (!Array.isArray(old) || schema['x-kubernetes-list-type'] !== 'map' || !isObject(item)) return uncorrelated
  const found = itemByKeys(old, schema, item)
  return found === undefined ? uncorrelated : found
}

const indexes = new WeakMap<readonly unknown[], Map<string, JsonObject>>()

function itemByKeys(list: readonly unknown[], schema: Schema, item: JsonObject): JsonObject | undefined {
  let index = indexes.get(list)
  if (!index) {
    index = new Map()
    for (const each of list) {
      if (!isObject(each)) continue
      const key = keyText(each, schema)
      if (!index.has(key)) index.set(key, each)
    }
    indexes.set(list, index)
  }
  return index.get(keyText(item, schema))
}

/** The keys of a map list's item as one text; absent ones count as their defaults. */
export function keyText(item: JsonObject, schema: Schema): string {
  const items = itemsOf(schema)
  return JSON.stringify((schema['x-kubernetes-list-map-keys'] ?? []).map((key) => item[key] ?? (items && propertyOf(items, key)?.default) ?? null))
}

/** Whether a value is the same as the old one that it was. */
export function isRatcheted(value: unknown, old: Old): boolean {
  return old !== uncorrelated && jsonEqual(value, old)
}

/** The set of paths that a value speaks of: what its applier owns. */
import { isObject } from '../json-value.ts'
import type { JsonObject } from '../json-value.ts'
import { itemsByElement } from './compare.ts'
import { FieldSet } from './field-set.ts'
import { fieldTypeIn, isGranularMap } from './merge-type.ts'
import type { MapMerge, MergeType, StructMerge, DeducedMerge } from './merge-type.ts'

/** The paths of an object of that type. */
export function fieldSetOf(value: unknown, type: MergeType): FieldSet {
  const set = new FieldSet()
  if (isGranularMap(type) && isObject(value)) addMap(set, value, type)
  return set
}

/** Adds what lies below `element`, and the element itself where it is a leaf. */
function add(set: FieldSet, element: string, value: unknown, type: MergeType): void {
  if (isGranularMap(type)) {
    if (isObject(value)) addMap(set.descend(element), value, type)
    else if (type.how === 'deduced' || value !== null) set.add(element)
  } else if (type.how === 'list-map' || type.how === 'set') {
    if (!Array.isArray(value)) return
    const child = set.descend(element)
    for (const [item, same] of itemsByElement(value, type)) {
      if (same.length === 1) add(child, item, same[0], type.items)
      child.add(item)
    }
  } else set.add(element)
}

function addMap(set: FieldSet, map: JsonObject, type: StructMerge | MapMerge | DeducedMerge): void {
  for (const key in map) {
    const value = map[key]
    if (value === undefined) continue
    const element = `f:${key}`
    const declared = type.how === 'struct' ? type.fieldType(key) : undefined
    add(set, element, value, declared ?? fieldTypeIn(type, key) ?? { how: 'deduced' })
    if (declared === undefined || value === null || (isObject(value) && Object.keys(value).length === 0)) set.add(element)
  }
}

/** The set with every struct field that has members below as a member too, so that removing all of a struct removes it. */
export function withNamedFields(set: FieldSet, type: MergeType): FieldSet {
  const out = new FieldSet()
  out.members = set.members ? new Set(set.members) : undefined
  if (!set.children) return out
  for (const [element, child] of set.children) {
    const isField = element.startsWith('f:')
    const declared = isField && type.how === 'struct' ? type.fieldType(element.slice(2)) : undefined
    if (declared) out.add(element)
    const inner = declared ?? (type.how === 'map' ? type.values : type.how === 'list-map' || type.how === 'set' ? type.items : { how: 'deduced' as const })
    ;(out.children ??= new Map()).set(element, withNamedFields(child, inner))
  }
  return out
}

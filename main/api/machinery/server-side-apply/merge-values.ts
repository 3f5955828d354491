/** Merging an applied configuration into the live value, and removing paths from a value. Nothing is changed in place; parts
 *  that stay the same are shared. */
import { isObject, setOwn } from '../json-value.ts'
import type { JsonObject } from '../json-value.ts'
import type { FieldSet } from './field-set.ts'
import { fieldTypeIn, isGranularMap, itemElement } from './merge-type.ts'
import type { DeducedMerge, ListMapMerge, MapMerge, MergeType, SetMerge, StructMerge } from './merge-type.ts'

/** `right` over `left`; undefined = absent. */
export function mergeValues(left: unknown, right: unknown, type: MergeType): unknown {
  if (right === undefined || left === right) return left
  if (left === undefined) return right
  const [l, r] = [left ?? undefined, right ?? undefined]
  if (isGranularMap(type) && (isObject(r) || (r === undefined && isObject(l))) && (l === undefined || isObject(l))) {
    return hasFields(l) || hasFields(r) ? mergeMaps(l as JsonObject | undefined, r as JsonObject | undefined, type) : right
  }
  if ((type.how === 'list-map' || type.how === 'set') && (r === undefined || Array.isArray(r)) && (l === undefined || Array.isArray(l))) {
    const [lefts, rights] = [(l as unknown[] | undefined) ?? [], (r as unknown[] | undefined) ?? []]
    return lefts.length > 0 || rights.length > 0 ? mergeLists(lefts, rights, type) : right
  }
  return right
}

function hasFields(value: unknown): boolean {
  if (value === undefined) return false
  for (const _key in value as object) return true
  return false
}

function mergeMaps(left: JsonObject | undefined, right: JsonObject | undefined, type: StructMerge | MapMerge | DeducedMerge): JsonObject | undefined {
  if (!right) return left
  if (!left) return right
  let out: JsonObject | undefined
  for (const key in right) {
    const value = right[key]
    if (value === undefined) continue
    const before = Object.hasOwn(left, key) ? left[key] : undefined
    const merged = mergeValues(before, value, fieldTypeIn(type, key) ?? { how: 'deduced' })
    if (merged === before) continue
    out ??= { ...left }
    setOwn(out, key, merged)
  }
  return out ?? left
}

/** The applied order wins among shared items; live items keep their places around them (as upstream interleaves). */
function mergeLists(left: readonly unknown[], right: readonly unknown[], type: ListMapMerge | SetMerge): unknown[] {
  const leftElements = left.map((item) => elementOr(type, item))
  const rightElements = right.map((item) => itemElement(type, item))
  const rightValues = new Map<string, unknown>()
  rightElements.forEach((element, index) => {
    if (rightValues.has(element)) throw new Error(`duplicate entries for key ${element}`)
    rightValues.set(element, right[index])
  })
  const leftValues = new Map<string, unknown>()
  leftElements.forEach((element, index) => leftValues.set(element, leftValues.has(element) ? null : left[index]))
  const shared = rightElements.filter((element) => leftValues.has(element))
  let nextShared = 0
  const done = new Set<string>()
  const out: unknown[] = []
  const take = (element: string, l: unknown, r: unknown): void => {
    const merged = mergeValues(l, r, type.items)
    if (merged !== undefined) out.push(merged)
    if (r !== undefined) done.add(element)
  }
  let [i, j] = [0, 0]
  while (i < left.length || j < right.length) {
    const l = leftElements[i] as string
    const r = rightElements[j] as string
    if (i < left.length && j < right.length) {
      if (l === r) {
        take(l, leftValues.get(l) ?? undefined, rightValues.get(l))
        i++
        j++
        nextShared++
        continue
      }
      if (rightValues.has(l) && nextShared < shared.length && shared[nextShared] !== l) {
        i++
        continue
      }
    }
    if (i < left.length) {
      if (!rightValues.has(l)) {
        take(l, left[i], undefined)
        i++
        continue
      }
      if (done.has(l)) i++
    }
    if (j < right.length) {
      take(r, leftValues.get(r) ?? undefined, rightValues.get(r))
      j++
      if (nextShared < shared.length && shared[nextShared] === r) nextShared++
    }
  }
  return out
}

function elementOr(type: ListMapMerge | SetMerge, item: unknown): string {
  try {
    return itemElement(type, item)
  } catch {
    return `?${JSON.stringify(item)}`
  }
}

/** The value without the given paths. Maps and lists that become empty go too; atomic parts are never entered. */
export function removePaths(value: unknown, set: FieldSet, type: MergeType): unknown {
  if (isGranularMap(type)) return isObject(value) ? removeFromMap(value, set, type) : value
  if ((type.how === 'list-map' || type.how === 'set') && Array.isArray(value)) return removeFromList(value, set, type)
  // Upstream answers nothing for an atomic part that it has to look into.
  return type.how === 'scalar' ? value : undefined
}

function removeFromMap(map: JsonObject, set: FieldSet, type: StructMerge | MapMerge | DeducedMerge): JsonObject | undefined {
  let out: JsonObject | undefined
  const elements = new Set<string>([...(set.members ?? []), ...(set.children?.keys() ?? [])])
  for (const element of elements) {
    if (!element.startsWith('f:')) continue
    const key = element.slice(2)
    if (!Object.hasOwn(map, key) || map[key] === undefined) continue
    if (set.members?.has(element)) {
      out ??= { ...map }
      delete out[key]
      continue
    }
    const before = map[key]
    const after = removePaths(before, set.children?.get(element) as FieldSet, fieldTypeIn(type, key) ?? { how: 'deduced' })
    if (after === before) continue
    out ??= { ...map }
    // What became empty inside stays as null upstream, and decodes to nothing.
    if (after === undefined) delete out[key]
    else setOwn(out, key, after)
  }
  if (!out) return map
  return hasFields(out) ? out : undefined
}

function removeFromList(list: unknown[], set: FieldSet, type: ListMapMerge | SetMerge): unknown[] | undefined {
  const out: unknown[] = []
  let changed = false
  for (const item of list) {
    const element = elementOr(type, item)
    if (set.members?.has(element)) {
      changed = true
      continue
    }
    const inner = set.children?.get(element)
    const after = inner ? removePaths(item, inner, type.items) : item
    if (after !== item) changed = true
    if (after !== undefined) out.push(after)
  }
  if (!changed) return list
  return out.length > 0 ? out : undefined
}

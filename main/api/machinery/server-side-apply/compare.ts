/** What changed between two values, as sets of paths. */
import { jsonEqual } from '../equality.ts'
import { isObject } from '../json-value.ts'
import type { JsonObject } from '../json-value.ts'
import { FieldSet, isEmptySet } from './field-set.ts'
import { fieldTypeIn, isGranularMap, itemElement } from './merge-type.ts'
import type { ListMapMerge, MergeType, SetMerge } from './merge-type.ts'

export interface Comparison {
  readonly removed: FieldSet
  readonly modified: FieldSet
  readonly added: FieldSet
}

/** Compares two objects of a type. Parts that are the same reference are not looked into. */
export function compareValues(left: unknown, right: unknown, type: MergeType): Comparison {
  const walk = new Walk()
  walk.compareChildrenOrLeaf(left, right, type)
  return walk
}

export function isSame(comparison: Comparison): boolean {
  return isEmptySet(comparison.removed) && isEmptySet(comparison.modified) && isEmptySet(comparison.added)
}

class Walk implements Comparison {
  readonly removed = new FieldSet()
  readonly modified = new FieldSet()
  readonly added = new FieldSet()
  readonly #path: string[] = []

  #insert(set: FieldSet): void {
    const path = this.#path
    if (path.length === 0) return
    let at = set
    for (let i = 0; i < path.length - 1; i++) at = at.descend(path[i] as string)
    at.add(path[path.length - 1] as string)
  }

  /** One element below the current path; undefined = absent on that side. */
  #compare(element: string, left: unknown, right: unknown, type: MergeType): void {
    if (left === right) return
    this.#path.push(element)
    const isLeaf = this.compareChildrenOrLeaf(left, right, type)
    if (!isLeaf) {
      if (left === undefined) this.#insert(this.added)
      else if (right === undefined) this.#insert(this.removed)
    }
    this.#path.pop()
  }

  /** Answers whether the value was one leaf. */
  compareChildrenOrLeaf(left: unknown, right: unknown, type: MergeType): boolean {
    const [l, r] = [left ?? undefined, right ?? undefined]
    const sample = r ?? l
    if (isGranularMap(type) && isObject(sample) && (l === undefined || isObject(l))) {
      if (!isEmptyMap(l) || !isEmptyMap(r)) {
        this.#maps(l as JsonObject | undefined, r as JsonObject | undefined, type)
        return false
      }
    } else if ((type.how === 'list-map' || type.how === 'set') && Array.isArray(sample) && (l === undefined || Array.isArray(l))) {
      if ((l !== undefined && (l as unknown[]).length > 0) || (r !== undefined && (r as unknown[]).length > 0)) {
        this.#lists((l as unknown[] | undefined) ?? [], (r as unknown[] | undefined) ?? [], type)
        return false
      }
    } else if (type.how === 'deduced' && l !== undefined && r !== undefined && (isObject(l) || isObject(r))) {
      // A value that changed its shape: what was below it is gone, what is below now is new.
      if (isObject(l)) this.#maps(l, undefined, type)
      if (isObject(r)) this.#maps(undefined, r, type)
    }
    if (left === undefined) this.#insert(this.added)
    else if (right === undefined) this.#insert(this.removed)
    else if (!jsonEqual(left, right)) this.#insert(this.modified)
    return true
  }

  #maps(left: JsonObject | undefined, right: JsonObject | undefined, type: Parameters<typeof fieldTypeIn>[0]): void {
    if (left) {
      for (const key in left) {
        const value = left[key]
        if (value === undefined) continue
        const other = right !== undefined && Object.hasOwn(right, key) ? right[key] : undefined
        if (value !== other) this.#compare(`f:${key}`, value, other, fieldTypeIn(type, key) ?? { how: 'deduced' })
      }
    }
    if (right) {
      for (const key in right) {
        const value = right[key]
        if (value === undefined || (left !== undefined && Object.hasOwn(left, key) && left[key] !== undefined)) continue
        this.#compare(`f:${key}`, undefined, value, fieldTypeIn(type, key) ?? { how: 'deduced' })
      }
    }
  }

  #lists(left: readonly unknown[], right: readonly unknown[], type: ListMapMerge | SetMerge): void {
    const before = itemsByElement(left, type)
    const after = itemsByElement(right, type)
    for (const [element, was] of before) {
      const is = after.get(element)
      if (was.length === 1 && (is === undefined || is.length === 1)) this.#compare(element, was[0], is?.[0], type.items)
      else if (was.length >= 2 && is !== undefined && is.length >= 2) {
        if (!jsonEqual(was, is)) this.#mark(this.modified, element)
      } else if (was.length >= 2) {
        if (is) this.#compare(element, undefined, is[0], type.items)
        this.#mark(this.removed, element)
      } else {
        this.#compare(element, was[0], undefined, type.items)
        this.#mark(this.added, element)
      }
    }
    for (const [element, is] of after) {
      if (before.has(element)) continue
      if (is.length === 1) this.#compare(element, undefined, is[0], type.items)
      else this.#mark(this.added, element)
    }
  }

  #mark(set: FieldSet, element: string): void {
    this.#path.push(element)
    this.#insert(set)
    this.#path.pop()
  }
}

function isEmptyMap(value: unknown): boolean {
  if (value === undefined) return true
  for (const key in value as object) if ((value as JsonObject)[key] !== undefined) return false
  return true
}

/** Items by path element (more than one where a live list has duplicates); items without an element are left out. */
export function itemsByElement(list: readonly unknown[], type: ListMapMerge | SetMerge): Map<string, unknown[]> {
  const items = new Map<string, unknown[]>()
  for (const item of list) {
    let element: string
    try {
      element = itemElement(type, item)
    } catch {
      continue
    }
    const same = items.get(element)
    if (same) same.push(item)
    else items.set(element, [item])
  }
  return items
}

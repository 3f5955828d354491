/** Kubernetes' list functions, cel-go's list extensions and sets. */
import { boolType, bytesType, doubleType, durationType, dynType, intType, listType, stringType, timestampType, uintType } from '../types.ts'
import type { Type } from '../types.ts'
import { ArrayList, CelList, compareValues, Duration, EvaluationError, equalValues, noOverload, Uint, ValueSet } from '../values.ts'
import type { CelValue } from '../values.ts'
import { global, member, paramA } from './overload.ts'
import type { Library, Overload } from './overload.ts'

const listA = listType(paramA)
const comparable: readonly (readonly [string, Type])[] = [['int', intType], ['uint', uintType], ['double', doubleType], ['bool', boolType], ['duration', durationType], ['timestamp', timestampType], ['string', stringType], ['bytes', bytesType]]
const summable: readonly (readonly [string, Type, CelValue])[] = [['int', intType, 0n], ['uint', uintType, new Uint(0n)], ['double', doubleType, 0], ['duration', durationType, new Duration(0n)]]
const rangeMax = 1_000_000n

function isSorted(list: CelList): CelValue {
  for (let index = 1; index < list.size; index++) {
    const order = compareValues(list.at(index - 1), list.at(index))
    if (order === undefined) return noOverload
    if (order > 0) return false
  }
  return true
}

function sum(zero: CelValue): (list: CelList) => CelValue {
  return (list) => {
    let total = zero
    for (const item of list) {
      if (typeof total === 'bigint' && typeof item === 'bigint') {
        total += item
        if (total > 2n ** 63n - 1n || total < -(2n ** 63n)) return new EvaluationError('integer overflow')
      } else if (typeof total === 'number' && typeof item === 'number') total += item
      else if (total instanceof Uint && item instanceof Uint) {
        const next = total.value + item.value
        if (next > 2n ** 64n - 1n) return new EvaluationError('unsigned integer overflow')
        total = new Uint(next)
      } else if (total instanceof Duration && item instanceof Duration) total = new Duration(total.nanos + item.nanos)
      else return noOverload
    }
    return total
  }
}

function extreme(name: 'min' | 'max'): (list: CelList) => CelValue {
  return (list) => {
    if (list.size === 0) return new EvaluationError(`${name} called on empty list`)
    let best = list.at(0)
    for (const item of list) {
      const order = compareValues(item, best)
      if (order === undefined) return noOverload
      if (name === 'min' ? order < 0 : order > 0) best = item
    }
    return best
  }
}

function indexIn(list: CelList, item: CelValue): CelValue {
  for (let index = 0; index < list.size; index++) if (equalValues(list.at(index), item)) return BigInt(index)
  return -1n
}

function lastIndexIn(list: CelList, item: CelValue): CelValue {
  for (let index = list.size - 1; index >= 0; index--) if (equalValues(list.at(index), item)) return BigInt(index)
  return -1n
}

function slice(list: CelList, start: bigint, end: bigint): CelValue {
  if (start < 0n || end < 0n) return new EvaluationError(`cannot slice(${start}, ${end}), negative indexes not supported`)
  if (start > end) return new EvaluationError(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`)
  if (end > BigInt(list.size)) return new EvaluationError(`cannot slice(${start}, ${end}), list is length ${list.size}`)
  return new ArrayList([...list].slice(Number(start), Number(end)))
}

function flatten(list: CelList, depth = 1n): CelValue {
  if (depth < 0n) return new EvaluationError('level must be non-negative')
  const flat: CelValue[] = []
  for (const item of list) {
    if (!(item instanceof CelList) || depth === 0n) {
      flat.push(item)
      continue
    }
    const inner = flatten(item, depth - 1n)
    if (!(inner instanceof CelList)) return inner
    flat.push(...inner)
  }
  return new ArrayList(flat)
}

function sorted(list: CelList, keys: CelList = list): CelValue {
  const pairs = [...list].map((item, index) => ({ item, key: keys.at(index) }))
  let problem: CelValue | undefined
  pairs.sort((a, b) => {
    const order = compareValues(a.key, b.key)
    if (order === undefined) problem ??= new EvaluationError('list elements must be comparable')
    return order ?? 0
  })
  return problem ?? new ArrayList(pairs.map(({ item }) => item))
}

function distinct(list: CelList): CelValue {
  const kept: CelValue[] = []
  const known = new ValueSet()
  for (const item of list) {
    if (known.has(item)) continue
    known.add(item)
    kept.push(item)
  }
  return new ArrayList(kept)
}

function containsAll(list: CelList, wanted: CelList): boolean {
  const items = new ValueSet(list)
  for (const item of wanted) if (!items.has(item)) return false
  return true
}

function intersects(a: CelList, b: CelList): boolean {
  const items = new ValueSet(a)
  for (const item of b) if (items.has(item)) return true
  return false
}

export function listLibrary(): Library {
  const perType = comparable.flatMap(([name, type]): Overload[] => [
    member('isSorted', `list_${name}_is_sorted_bool`, [listType(type)], boolType, isSorted),
    member('max', `list_${name}_max_${name}`, [listType(type)], type, extreme('max')),
    member('min', `list_${name}_min_${name}`, [listType(type)], type, extreme('min')),
    member('sort', `list_${name}_sort`, [listType(type)], listType(type), (list: CelList) => sorted(list)),
    member('@sortByAssociatedKeys', `list_${name}_sortByAssociatedKeys`, [listA, listType(type)], listA, sorted),
  ])
  return {
    overloads: [
      ...perType,
      ...summable.map(([name, type, zero]) => member('sum', `list_${name}_sum_${name}`, [listType(type)], type, sum(zero))),
      member('indexOf', 'list_a_index_of_int', [listA, paramA], intType, indexIn),
      member('lastIndexOf', 'list_a_last_index_of_int', [listA, paramA], intType, lastIndexIn),
      member('slice', 'list_slice', [listA, intType, intType], listA, slice),
      member('flatten', 'list_flatten', [listType(listA)], listA, (list: CelList) => flatten(list)),
      member('flatten', 'list_flatten_int', [listType(dynType), intType], listType(dynType), flatten),
      global('lists.range', 'lists_range', [intType], listType(intType), (count: bigint) => (count > rangeMax ? new EvaluationError(`range too large: ${count}`) : new ArrayList(Array.from({ length: Math.max(Number(count), 0) }, (_, index) => BigInt(index))))),
      member('reverse', 'list_reverse', [listA], listA, (list: CelList) => new ArrayList([...list].reverse())),
      member('distinct', 'list_distinct', [listA], listA, distinct),
      global('sets.contains', 'list_sets_contains_list', [listA, listA], boolType, containsAll),
      global('sets.equivalent', 'list_sets_equivalent_list', [listA, listA], boolType, (a: CelList, b: CelList) => containsAll(a, b) && containsAll(b, a)),
      global('sets.intersects', 'list_sets_intersects_list', [listA, listA], boolType, intersects),
    ],
  }
}

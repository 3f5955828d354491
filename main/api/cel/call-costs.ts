/** What calls cost, estimated and in fact: cel-go's figures and those of Kubernetes' libraries. */
import type { FormatValue } from './functions/formats.ts'
import { CelList, CelMap, Opaque, sizeOf } from './values.ts'
import type { CelValue } from './values.ts'

export const selectCost = 1
export const listCost = 10
export const mapCost = 30
export const structCost = 40
export const traversalFactor = 0.1
export const regexFactor = 0.25
const checkCost = 350_000

/** Sizes as costs count them: libraries' values have sizes too. */
export function costSize(value: CelValue): number {
  if (value instanceof Opaque) return 'size' in value && typeof value.size === 'number' ? value.size : 1
  return sizeOf(value)
}

function traversed(value: CelValue): number {
  return Math.ceil(costSize(value) * traversalFactor)
}

function matched(text: CelValue, pattern: CelValue): number {
  return Math.ceil((1 + costSize(text)) * traversalFactor) * Math.ceil(costSize(pattern) * regexFactor)
}

/** Everything that is in a value, once. */
function deep(value: CelValue): number {
  if (typeof value === 'string') return Math.floor(new TextEncoder().encode(value).length * traversalFactor)
  if (value instanceof Uint8Array) return Math.floor(value.length * traversalFactor)
  let cost = 0
  if (value instanceof CelList) {
    for (const item of value) cost += deep(item)
    return cost
  }
  if (value instanceof CelMap) {
    for (const key of value.keys()) cost += deep(key) + deep(value.get(key)!)
    return cost
  }
  return 1
}

/** `10 + length/10 + length/2 requirements of 50`. */
export function selectorCost(length: number): number {
  return listCost + Math.ceil(length * traversalFactor) + Math.ceil(Math.ceil(length * 0.5) * (listCost + structCost))
}

/** Everything in a list with everything else in it. */
function comparedWithin(list: CelList): number {
  const [first] = list.size === 0 ? [null] : [list.at(0)]
  const factor = typeof first === 'string' || first instanceof Uint8Array ? 2 + traversalFactor : 2
  return 1 + listCost + Math.floor(list.size * list.size * factor)
}

const comparisons = /^(less|greater|less_equals|greater_equals)_(string|bytes)$/

/** The cost of a call that was made. */
export function callCost(name: string, overload: string, args: readonly CelValue[], result: CelValue): number {
  const [first = null, second = null] = args
  switch (name) {
    case 'check':
      return checkCost
    case 'fieldSelector':
    case 'labelSelector':
      return selectorCost(costSize(second))
    case 'isSorted':
    case 'sum':
    case 'max':
    case 'min':
    case 'indexOf':
    case 'lastIndexOf':
      return deep(first)
    case 'url':
    case 'lowerAscii':
    case 'upperAscii':
    case 'substring':
    case 'trim':
    case 'jsonpatch.escapeKey':
    case 'cidr':
    case 'isIP':
    case 'isCIDR':
    case 'quantity':
    case 'isQuantity':
    case 'semver':
    case 'isSemver':
      return traversed(first)
    case 'ip':
      return overload === 'cidr_ip' ? 1 : traversed(first)
    case 'ip.isCanonical':
    case 'replace':
    case 'split':
      return Math.ceil(costSize(first) * 2 * traversalFactor)
    case 'join':
      return Math.ceil(costSize(result) * 2 * traversalFactor)
    case 'find':
    case 'findAll':
      return matched(first, second)
    case 'containsIP':
      return Math.ceil(costSize(first) * 2 * traversalFactor) + (overload === 'cidr_contains_ip_string' ? traversed(second) : 0)
    case 'containsCIDR':
      return Math.ceil(costSize(first) * 2 * traversalFactor) + traversed(first) + 1 + (overload === 'cidr_contains_cidr_string' ? traversed(second) : 0)
    case 'validate':
      return Math.ceil((1 + costSize(second)) * traversalFactor) * Math.ceil((first as FormatValue).regexSizeMax * regexFactor)
    case '_==_':
      if (first instanceof Opaque) return 1
  }
  switch (overload) {
    case 'list_sets_contains_list':
    case 'list_sets_intersects_list':
      return 1 + costSize(first) * costSize(second)
    case 'list_sets_equivalent_list':
      return 1 + costSize(first) * costSize(second) * 2
    case 'list_slice':
    case 'lists_range':
    case 'list_reverse':
      return 1 + listCost + costSize(result)
    case 'list_flatten':
    case 'list_flatten_int':
      return 1 + listCost + Math.floor(costSize(first) * (typeof second === 'bigint' ? Number(second) : 1))
    case 'list_distinct':
      return comparedWithin(first as CelList)
    case 'starts_with_string':
    case 'ends_with_string':
      return traversed(second)
    case 'string_to_bytes':
    case 'bytes_to_string':
    case 'strings_quote':
    case 'string_format':
      return traversed(first)
    case 'in_list':
      return costSize(second)
    case 'equals':
    case 'not_equals':
      return Math.ceil(Math.min(costSize(first), costSize(second)) * traversalFactor)
    case 'add_string':
    case 'add_bytes':
      return Math.ceil((costSize(first) + costSize(second)) * traversalFactor)
    case 'matches_string':
    case 'matches':
      return overload === 'matches_string' ? matched(first, second) : 1
    case 'contains_string':
      return traversed(first) * traversed(second)
    default:
      if (name === 'sort') return comparedWithin(first as CelList)
      if (name === '@sortByAssociatedKeys') return comparedWithin(second as CelList)
      return comparisons.test(overload) ? Math.ceil(Math.min(costSize(first), costSize(second)) * traversalFactor) : 1
  }
}

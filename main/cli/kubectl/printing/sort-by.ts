import type { KubeObject } from '../../../api/machinery/object.ts'
import type { TableRow } from '../../../api/machinery/table.ts'
import { parseQuantity, compareQuantities } from '../../../api/machinery/quantity.ts'
import { CliError } from '../cli-error.ts'
import { findAll, relaxedPath } from './json-path.ts'

/** --sort-by: a stable sort by one JSONPath; what has no value comes first. */
export function sortObjects(objects: readonly KubeObject[], path: string): KubeObject[] {
  return sortBy(objects, path, (object) => object)
}

export function sortRows(rows: readonly TableRow[], path: string): TableRow[] {
  return sortBy(rows, path, (row) => row.object)
}

function sortBy<T>(items: readonly T[], path: string, objectOf: (item: T) => unknown): T[] {
  const template = relaxedPath(path)
  const keyed = items.map((item) => ({ item, key: findAll(template, objectOf(item), true)[0] }))
  if (items.length > 0 && keyed.every(({ key }) => key === undefined)) throw new CliError(`couldn't find any field with path "${path}" in the list of objects`)
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ item }) => item)
}

function compare(a: unknown, b: unknown): number {
  if (a === undefined || a === null) return b === undefined || b === null ? 0 : -1
  if (b === undefined || b === null) return 1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const x = parseQuantity(String(a))
  const y = parseQuantity(String(b))
  if (x && y) return compareQuantities(x, y)
  return naturalCompare(String(a), String(b))
}

/** Digits compare as numbers, as upstream's sortorder.NaturalLess. */
function naturalCompare(a: string, b: string): number {
  const pieces = (text: string): string[] => text.match(/\d+|\D+/g) ?? []
  const left = pieces(a)
  const right = pieces(b)
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [x, y] = [left[index]!, right[index]!]
    if (x === y) continue
    if (/^\d/.test(x) && /^\d/.test(y) && Number(x) !== Number(y)) return Number(x) - Number(y)
    return x < y ? -1 : 1
  }
  return left.length - right.length
}

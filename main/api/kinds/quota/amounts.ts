/** Arithmetic of resource lists for quotas. */
import { addQuantities, compareQuantities, formatQuantity, mustParseQuantity, parseQuantity, subtractQuantities, zeroQuantity } from '../../machinery/quantity.ts'
import type { ResourceList } from '../../machinery/quantity.ts'
import { compareBytes } from '../../machinery/go-text.ts'

export type Amounts = Readonly<ResourceList>

/** Those of the named resources. */
export function maskAmounts(amounts: Amounts, names: readonly string[]): ResourceList {
  const kept: ResourceList = {}
  for (const name of names) if (amounts[name] !== undefined) kept[name] = amounts[name]
  return kept
}

/** What `a` has more than `b`, for each of `a`'s resources: never below zero. */
export function subtractDownToZero(a: Amounts, b: Amounts): ResourceList {
  const rest: ResourceList = {}
  for (const name in a) {
    const [more, less] = [mustParseQuantity(a[name]!), mustParseQuantity(b[name] ?? '0')]
    rest[name] = compareQuantities(more, less) > 0 ? formatQuantity(subtractQuantities(more, less)) : '0'
  }
  return rest
}

export function withoutZeros(amounts: Amounts): ResourceList {
  const kept: ResourceList = {}
  for (const name in amounts) if (mustParseQuantity(amounts[name]!).nano !== 0n) kept[name] = amounts[name]!
  return kept
}

/** Names of resources whose amount is below zero. */
export function negativeNames(amounts: Amounts): string[] {
  return Object.keys(amounts).filter((name) => mustParseQuantity(amounts[name]!).nano < 0n)
}

/** Names of resources of which there is more than the limit says. */
export function namesAbove(amounts: Amounts, limits: Amounts): string[] {
  return Object.keys(amounts).filter((name) => limits[name] !== undefined && compareQuantities(mustParseQuantity(amounts[name]!), mustParseQuantity(limits[name])) > 0)
}

/** The sum over both, in the form of the first that knows the resource. */
export function addAmounts(a: Amounts, b: Amounts): ResourceList {
  const sum: ResourceList = { ...a }
  for (const name in b) sum[name] = formatQuantity(addQuantities(parseQuantity(sum[name] ?? '') ?? { ...zeroQuantity, format: mustParseQuantity(b[name]!).format }, mustParseQuantity(b[name]!)))
  return sum
}

export function amountsEqual(a: Amounts, b: Amounts): boolean {
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  return names.every((name) => b[name] !== undefined && compareQuantities(mustParseQuantity(a[name]!), mustParseQuantity(b[name])) === 0)
}

/** `pods=1,requests.cpu=500m` */
export function amountsText(amounts: Amounts): string {
  return Object.keys(amounts).sort(compareBytes).map((name) => `${name}=${formatQuantity(mustParseQuantity(amounts[name]!))}`).join(',')
}

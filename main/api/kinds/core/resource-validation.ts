/** Requests and limits. */
import type { ResourceRequirements } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldRequired, mustNotBeNegative } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { bytesOf, compareQuantities, cpuMillis, floatOf, parseQuantity } from '../../machinery/quantity.ts'
import { containerResourceNameErrors, isHugePages, isNativeResource, mayOvercommit } from './resource-names.ts'

const standard = new Set(['cpu', 'memory', 'ephemeral-storage'])

function nameErrors(name: string, at: FieldPath): FieldError[] {
  return standard.has(name) || isHugePages(name) ? [] : containerResourceNameErrors(name, at)
}

function amountErrors(name: string, amount: string, at: FieldPath): FieldError[] {
  if (standard.has(name)) {
    // The usual amounts without arithmetic in big numbers.
    const value = name === 'cpu' ? cpuMillis(amount) : bytesOf(amount)
    return value < 0 ? [fieldInvalid(at, amount, mustNotBeNegative)] : []
  }
  const quantity = parseQuantity(amount)
  if (!quantity) return []
  if (quantity.nano < 0n) return [fieldInvalid(at, amount, mustNotBeNegative)]
  if ((isHugePages(name) || !isNativeResource(name)) && !Number.isInteger(floatOf(quantity))) return [fieldInvalid(at, amount, 'must be an integer')]
  return []
}

export function resourceErrors(resources: ResourceRequirements | undefined, at: FieldPath): FieldError[] {
  if (!resources) return []
  const { limits, requests } = resources
  const errors: FieldError[] = []
  let hasBasic = false
  let hasHugePages = false
  for (const name in limits) {
    const path = at.child('limits').key(name)
    errors.push(...nameErrors(name, path), ...amountErrors(name, limits[name] as string, path))
    hasBasic ||= name === 'cpu' || name === 'memory'
    hasHugePages ||= isHugePages(name)
  }
  for (const name in requests) {
    const path = at.child('requests').key(name)
    const request = requests[name] as string
    errors.push(...nameErrors(name, path), ...amountErrors(name, request, path))
    hasBasic ||= name === 'cpu' || name === 'memory'
    hasHugePages ||= isHugePages(name)
    const limit = limits?.[name]
    if (limit === undefined) {
      if (!mayOvercommit(name)) errors.push(fieldRequired(at.child('limits'), 'Limit must be set for non overcommitable resources'))
    } else if (limit !== request) {
      const order = compared(request, limit)
      if (order !== 0 && !mayOvercommit(name)) errors.push(fieldInvalid(at.child('requests'), request, `must be equal to ${name} limit of ${limit}`))
      else if (order > 0) errors.push(fieldInvalid(at.child('requests'), request, `must be less than or equal to ${name} limit of ${limit}`))
    }
  }
  if (hasHugePages && !hasBasic) errors.push(fieldForbidden(at, 'HugePages require cpu or memory'))
  return errors
}

function compared(a: string, b: string): number {
  const [left, right] = [parseQuantity(a), parseQuantity(b)]
  return left && right ? compareQuantities(left, right) : 0
}

import type { LimitRange, LimitRangeItem } from '../../generated/types.ts'
import { fieldDuplicate, fieldForbidden, fieldInvalid, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isQualifiedName } from '../../machinery/names.ts'
import { compareQuantities, formatQuantity, milliValueOf, parseQuantity, quantityOf, valueOf } from '../../machinery/quantity.ts'
import type { Quantity } from '../../machinery/quantity.ts'
import { containerResourceNameErrors, mayOvercommit, resourceNameErrors } from './resource-names.ts'

const standardTypes = new Set(['Pod', 'Container', 'PersistentVolumeClaim'])

/** Above this a value is not counted in thousandths. */
const milliCountedMax = Math.floor(Number.MAX_SAFE_INTEGER / 1000)

export function validateLimitRange(limitRange: LimitRange): FieldError[] {
  const types = new Set<string>()
  return (limitRange.spec?.limits ?? []).flatMap((limit, index) => {
    const at = fieldPath('spec', 'limits').index(index)
    const errors = typeErrors(limit.type ?? '', at.child('type'))
    if (types.has(limit.type)) errors.push(fieldDuplicate(at.child('type'), limit.type))
    types.add(limit.type)
    return [...errors, ...limitErrors(limit, at)]
  })
}

function typeErrors(type: string, at: FieldPath): FieldError[] {
  const errors = isQualifiedName(type).map((message) => fieldInvalid(at, type, message))
  if (errors.length === 0 && !type.includes('/') && !standardTypes.has(type)) errors.push(fieldInvalid(at, type, 'must be a standard limit type or fully qualified'))
  return errors
}

function limitErrors(limit: LimitRangeItem, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const nameErrors = limit.type === 'Pod' || limit.type === 'Container' ? containerResourceNameErrors : resourceNameErrors
  const names = new Set<string>()
  const collect = (field: 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio'): void => {
    for (const name in limit[field]) {
      errors.push(...nameErrors(name, at.child(field).key(name)))
      names.add(name)
    }
  }
  collect('max')
  collect('min')
  if (limit.type === 'Pod') {
    for (const field of ['default', 'defaultRequest'] as const) {
      if (Object.keys(limit[field] ?? {}).length > 0) errors.push(fieldForbidden(at.child(field), "may not be specified when `type` is 'Pod'"))
    }
  } else {
    collect('default')
    collect('defaultRequest')
  }
  if (limit.type === 'PersistentVolumeClaim' && limit.min?.storage === undefined && limit.max?.storage === undefined) {
    errors.push(fieldRequired(at.child('limits'), 'either minimum or maximum storage value is required, but neither was provided'))
  }
  collect('maxLimitRequestRatio')
  for (const name of names) errors.push(...amountErrors(limit, name, at))
  return errors
}

/** The amounts of one resource among themselves: min <= default request <= default <= max, and the ratio within reach. */
function amountErrors(limit: LimitRangeItem, name: string, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const amount = (list: Record<string, string> | undefined): Quantity | undefined => (list?.[name] === undefined ? undefined : parseQuantity(list[name]))
  const isPod = limit.type === 'Pod'
  const [min, max, ratio] = [amount(limit.min), amount(limit.max), amount(limit.maxLimitRequestRatio)]
  const [usual, request] = isPod ? [undefined, undefined] : [amount(limit.default), amount(limit.defaultRequest)]
  const complain = (field: string, value: Quantity, message: string): void => {
    errors.push(fieldInvalid(at.child(field).key(name), formatQuantity(value), message))
  }
  const ordered = (low: Quantity | undefined, high: Quantity | undefined, field: string, bad: Quantity | undefined, lowName: string, highName: string): void => {
    if (low && high && bad && compareQuantities(low, high) > 0) complain(field, bad, `${lowName} value ${formatQuantity(low)} is greater than ${highName} value ${formatQuantity(high)}`)
  }
  ordered(min, max, 'min', min, 'min', 'max')
  ordered(min, request, 'defaultRequest', request, 'min', 'default request')
  ordered(request, max, 'defaultRequest', request, 'default request', 'max')
  ordered(request, usual, 'defaultRequest', request, 'default request', 'default limit')
  ordered(min, usual, 'default', min, 'min', 'default')
  ordered(usual, max, 'default', max, 'default', 'max')
  if (ratio && compareQuantities(ratio, quantityOf(1)) < 0) complain('maxLimitRequestRatio', ratio, `ratio ${formatQuantity(ratio)} is less than 1`)
  if (ratio && min && max) {
    const reach = reachOf(ratio, min, max)
    if (reach.ratio > reach.most) complain('maxLimitRequestRatio', ratio, `ratio ${formatQuantity(ratio)} is greater than max/min = ${goFixed(reach.most)}`)
  }
  if (usual && request && !mayOvercommit(name) && compareQuantities(usual, request) !== 0) {
    complain('defaultRequest', request, `default value ${formatQuantity(usual)} must equal to defaultRequest value ${formatQuantity(request)} in ${name}`)
  }
  return errors
}

/** The ratio asked for, and the most that max/min can give; in thousandths where these can be counted. */
function reachOf(ratio: Quantity, min: Quantity, max: Quantity): { readonly ratio: number; readonly most: number } {
  const inMillis = [ratio, min, max].every((quantity) => valueOf(quantity) < milliCountedMax)
  return inMillis ? { ratio: milliValueOf(ratio) / 1000, most: milliValueOf(max) / milliValueOf(min) } : { ratio: valueOf(ratio), most: valueOf(max) / valueOf(min) }
}

/** `%f`. */
function goFixed(value: number): string {
  return Number.isFinite(value) ? value.toFixed(6) : value > 0 ? '+Inf' : 'NaN'
}

import { fieldInvalid, mustNotBeNegative } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { parseQuantity, valueOf } from '../../machinery/quantity.ts'
import { isIntegerResource } from './resource-names.ts'

export function nonNegativeQuantity(text: string, at: FieldPath): FieldError[] {
  const quantity = parseQuantity(text)
  return quantity && quantity.nano < 0n ? [fieldInvalid(at, text, mustNotBeNegative)] : []
}

export function positiveQuantity(text: string, at: FieldPath): FieldError[] {
  const quantity = parseQuantity(text)
  return quantity && quantity.nano <= 0n ? [fieldInvalid(at, text, 'must be greater than zero')] : []
}

/** An amount of the resource: not negative, and whole where the resource is counted. */
export function resourceAmountErrors(resource: string, text: string, at: FieldPath): FieldError[] {
  const errors = nonNegativeQuantity(text, at)
  const quantity = parseQuantity(text)
  if (quantity && isIntegerResource(resource) && quantity.nano % 1_000_000_000n !== 0n) errors.push(fieldInvalid(at, text, 'must be an integer'))
  return errors
}

/** A capacity: not negative, said with the whole number as upstream does. */
export function basicResourceErrors(text: string, at: FieldPath): FieldError[] {
  const quantity = parseQuantity(text)
  if (!quantity) return []
  const value = valueOf(quantity)
  return value < 0 ? [fieldInvalid(at, value, 'must be a valid resource quantity')] : []
}

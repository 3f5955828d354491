/** Whether a value fits a custom resource's schema, in the words of kube-openapi's validator. With an old value given, what did
 *  not change is not held against it (validation ratcheting). */
import { compilePattern } from '../../../cel/regex.ts'
import type { Pattern } from '../../../cel/regex.ts'
import { jsonEqual } from '../../../machinery/equality.ts'
import { fieldInvalid, fieldNotSupported, fieldRequired, fieldTooLong, fieldTooMany, fieldTypeInvalid } from '../../../machinery/field-error.ts'
import type { FieldError } from '../../../machinery/field-error.ts'
import { goJson, quote } from '../../../machinery/go-text.ts'
import { isObject } from '../../../machinery/json-value.ts'
import type { JsonObject } from '../../../machinery/json-value.ts'
import { goNumber } from './go-number.ts'
import { hasFormat, isKnownFormat } from './formats.ts'
import { correlatedField, correlatedItem, uncorrelated } from './correlation.ts'
import type { Old } from './correlation.ts'
import { itemsOf, propertyOf, typesOf, valuesOf } from './structural.ts'
import type { Schema } from './structural.ts'

/** All that is wrong with a value. `path` is where it lies, '' for a whole object. */
export function validateValue(value: unknown, schema: Schema, path = '', old: Old = uncorrelated): FieldError[] {
  return check(value, schema, path, old).errors
}

/** The errors, and how many checks passed: what decides which alternative's errors are shown. */
interface Result {
  readonly errors: FieldError[]
  matches: number
}

const patterns = new WeakMap<Schema, Pattern>()

function check(value: unknown, schema: Schema, path: string, old: Old): Result {
  const result: Result = { errors: [], matches: 0 }
  if (old !== uncorrelated && value !== undefined && jsonEqual(value, old)) return result
  if (value === null || value === undefined) {
    if (typesOf(schema).length > 0 && schema.nullable !== true) result.errors.push(typeError(path, typesOf(schema).join(','), 'null'))
    else result.matches++
    checkEnum(null, schema, path, result)
    return result
  }
  checkType(value, schema, path, result)
  checkJunctors(value, schema, path, old, result)
  result.matches++
  if (typeof value === 'string') checkString(value, schema, path, result)
  else if (typeof value === 'number') checkNumber(value, schema, path, result)
  else if (Array.isArray(value)) checkList(value, schema, path, old, result)
  checkEnum(value, schema, path, result)
  if (isObject(value)) checkObject(value, schema, path, old, result)
  result.matches++
  return result
}

function merge(into: Result, from: Result): void {
  into.errors.push(...from.errors)
  into.matches += from.matches
}

/** The field that an error names: paths inside begin with a dot, the whole object has none. */
function at(path: string): string {
  const trimmed = path.startsWith('.') ? path.slice(1) : path
  return trimmed === '' ? nowhere : trimmed
}

/** How Go prints the path of the whole object. */
const nowhere = '<nil>'

function typeError(path: string, wanted: string, met: string): FieldError {
  return fieldTypeInvalid(at(path), met, `${path} in body must be of type ${wanted}: ${quote(met)}`)
}

function invalidValue(path: string, value: unknown, text: string): FieldError {
  return fieldInvalid(at(path), value, `${path} in body ${text}`)
}

function checkType(value: unknown, schema: Schema, path: string, result: Result): void {
  const types = typesOf(schema)
  const format = schema.format !== undefined && isKnownFormat(schema.format) ? schema.format : ''
  if (types.length === 0 && format === '') return
  result.matches++
  const met = typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : Array.isArray(value) ? 'array' : isObject(value) ? 'object' : typeof value
  const fits = types.includes(met) || (met === 'integer' && types.includes('number'))
  const isTextOrList = met === 'string' || met === 'array'
  if (!isTextOrList && format !== '' && !fits) {
    result.errors.push(typeError(path, format, met === 'integer' ? 'int64' : met === 'number' ? 'double' : ''))
    return
  }
  if (isTextOrList && format !== '' && !types.includes('number') && !types.includes('integer')) return
  if (!fits) result.errors.push(typeError(path, types.join(','), met))
}

function checkString(value: string, schema: Schema, path: string, result: Result): void {
  const { maxLength, minLength, pattern, format } = schema
  if (maxLength !== undefined || minLength !== undefined) {
    const length = runeCount(value)
    if (maxLength !== undefined && length > maxLength) result.errors.push({ ...fieldTooLong(at(path), maxLength), badValue: value })
    if (minLength !== undefined && length < minLength) result.errors.push(invalidValue(path, value, `should be at least ${minLength} chars long`))
  }
  if (pattern !== undefined && pattern !== '') {
    let compiled = patterns.get(schema)
    if (!compiled) patterns.set(schema, (compiled = compilePattern(pattern)))
    if (!compiled.test(value)) result.errors.push(invalidValue(path, value, `should match '${pattern}'`))
  }
  if (format !== undefined && !hasFormat(value, format)) result.errors.push(fieldTypeInvalid(at(path), value, `${path} in body must be of type ${format}: ${quote(value)}`))
}

function checkNumber(value: number, schema: Schema, path: string, result: Result): void {
  const { multipleOf, maximum, minimum } = schema
  if (multipleOf !== undefined && multipleOf > 0) {
    const quotient = value / multipleOf
    if (!Number.isInteger(quotient) && Math.abs(quotient - Math.round(quotient)) > Number.EPSILON * Math.abs(quotient)) result.errors.push(invalidValue(path, value, `should be a multiple of ${goNumber(multipleOf)}`))
  }
  if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum)) {
    result.errors.push(invalidValue(path, value, `should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${goNumber(maximum)}`))
  }
  if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum)) {
    result.errors.push(invalidValue(path, value, `should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${goNumber(minimum)}`))
  }
}

function checkList(value: readonly unknown[], schema: Schema, path: string, old: Old, result: Result): void {
  const items = itemsOf(schema)
  if (items) for (const [index, item] of value.entries()) merge(result, check(item, items, `${path}[${index}]`, correlatedItem(old, schema, item)))
  if (schema.minItems !== undefined && value.length < schema.minItems) result.errors.push(invalidValue(path, value.length, `should have at least ${schema.minItems} items`))
  if (schema.maxItems !== undefined && value.length > schema.maxItems) result.errors.push(fieldTooMany(at(path), value.length, schema.maxItems))
  if (schema.uniqueItems && hasDuplicates(value)) result.errors.push(invalidValue(path, '', "shouldn't contain duplicates"))
  result.matches++
}

function hasDuplicates(value: readonly unknown[]): boolean {
  const seen = new Set<string>()
  for (const item of value) {
    const text = goJson(sorted(item))
    if (seen.has(text)) return true
    seen.add(text)
  }
  return false
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  return isObject(value) ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])])) : value
}

function checkEnum(value: unknown, schema: Schema, path: string, result: Result): void {
  if (!schema.enum || schema.enum.length === 0) return
  if (schema.enum.some((each) => jsonEqual(each, value))) return
  result.errors.push(fieldNotSupported(at(path), value ?? '', schema.enum.map((each) => (typeof each === 'string' ? each : goJson(each)))))
}

function checkObject(value: JsonObject, schema: Schema, path: string, old: Old, result: Result): void {
  const { minProperties, maxProperties, required } = schema
  if (minProperties !== undefined || maxProperties !== undefined) {
    const count = Object.keys(value).length
    if (minProperties !== undefined && count < minProperties) result.errors.push(invalidValue(path, count, `should have at least ${minProperties} properties`))
    if (maxProperties !== undefined && count > maxProperties) result.errors.push(fieldTooMany(at(path), count, maxProperties))
  }
  if (schema.additionalProperties === false) {
    for (const key of Object.keys(value)) if (!propertyOf(schema, key)) result.errors.push(fieldInvalid(at(path), key, `${path}.${key} in body is a forbidden property`))
  } else {
    const values = valuesOf(schema)
    if (values) for (const key of Object.keys(value)) if (!propertyOf(schema, key)) merge(result, check(value[key], values, `${path}.${key}`, correlatedField(old, schema, key)))
  }
  for (const name in schema.properties) {
    if (Object.hasOwn(value, name) && value[name] !== undefined) merge(result, check(value[name], schema.properties[name]!, path === '' ? name : `${path}.${name}`, correlatedField(old, schema, name)))
  }
  if (required) for (const name of required) if (!Object.hasOwn(value, name) || value[name] === undefined) result.errors.push(fieldRequired(at(`${path}.${name}`)))
}

function checkJunctors(value: unknown, schema: Schema, path: string, old: Old, result: Result): void {
  const { anyOf, oneOf, allOf, not } = schema
  const name = quote(path)
  if (anyOf && anyOf.length > 0) {
    let best: Result | undefined
    let fits: Result | undefined
    for (const each of anyOf) {
      const found = check(value, each, path, old)
      if (found.errors.length === 0) {
        fits = found
        break
      }
      if (!best || found.matches > best.matches) best = found
    }
    if (!fits) result.errors.push(fieldInvalid(nowhere, '', `${name} must validate at least one schema (anyOf)`))
    if (fits ?? best) merge(result, (fits ?? best)!)
  }
  if (oneOf && oneOf.length > 0) {
    let best: Result | undefined
    let first: Result | undefined
    let count = 0
    for (const each of oneOf) {
      const found = check(value, each, path, old)
      if (found.errors.length === 0) {
        count++
        best = undefined
        first ??= found
      } else if (count === 0 && (!best || found.matches > best.matches)) best = found
    }
    if (count === 1) merge(result, first!)
    else {
      result.errors.push(fieldInvalid(nowhere, '', `${name} must validate one and only one schema (oneOf). ${count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`}`))
      if (best) merge(result, best)
    }
  }
  if (allOf && allOf.length > 0) {
    let count = 0
    for (const each of allOf) {
      const found = check(value, each, path, old)
      if (found.errors.length === 0) count++
      merge(result, found)
    }
    if (count < allOf.length) result.errors.push(fieldInvalid(nowhere, '', `${name} must validate all the schemas (allOf)${count === 0 ? '. None validated' : ''}`))
  }
  if (not && check(value, not, path, uncorrelated).errors.length === 0) result.errors.push(fieldInvalid(nowhere, '', `${name} must not validate the schema (not)`))
}

/** Characters as Go counts them. */
export function runeCount(text: string): number {
  let count = text.length
  for (let index = 0; index + 1 < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) {
      count--
      index++
    }
  }
  return count
}

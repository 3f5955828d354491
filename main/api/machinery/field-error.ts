/** Validation errors: upstream's field.Error with its types and texts. */
import { aggregateText, goJson, quote } from './go-text.ts'

/** The machine-readable reason of a status cause. */
export type FieldErrorType =
  | 'FieldValueNotFound' | 'FieldValueRequired' | 'FieldValueDuplicate' | 'FieldValueInvalid' | 'FieldValueNotSupported' | 'FieldValueForbidden'
  | 'FieldValueTooLong' | 'FieldValueTooShort' | 'FieldValueTooMany' | 'FieldValueTooFew' | 'FieldValueTypeInvalid' | 'InternalError'

export interface FieldError {
  readonly type: FieldErrorType
  /** `spec.containers[0].name`. */
  readonly field: string
  readonly badValue?: unknown
  readonly detail: string
}

const texts: { readonly [type in FieldErrorType]: string } = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooShort: 'Too short',
  FieldValueTooMany: 'Too many',
  FieldValueTooFew: 'Too few',
  FieldValueTypeInvalid: 'Invalid value',
  InternalError: 'Internal error',
}

const withoutValue = new Set<FieldErrorType>(['FieldValueRequired', 'FieldValueForbidden', 'FieldValueTooLong', 'FieldValueTooShort', 'InternalError'])

/** The error without its field: `Invalid value: -1: must be greater than or equal to 0`. */
export function fieldErrorBody(error: FieldError): string {
  let text = texts[error.type]
  if (!withoutValue.has(error.type) && error.badValue !== undefined) text += `: ${valueText(error.badValue)}`
  return error.detail ? `${text}: ${error.detail}` : text
}

/** `spec.replicas: Invalid value: -1: must be …`. */
export function fieldErrorText(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`
}

/** All errors in one line, as upstream's aggregate prints them. */
export function fieldErrorsText(errors: readonly FieldError[]): string {
  return aggregateText(errors.map(fieldErrorText))
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  return goJson(value)
}

/** A path to a field, built from the root; its text is made only when asked for. */
export class FieldPath {
  readonly #parent: FieldPath | undefined
  readonly #step: string | number
  readonly #isKey: boolean

  constructor(step: string | number, parent?: FieldPath, isKey = false) {
    this.#step = step
    this.#parent = parent
    this.#isKey = isKey
  }

  child(...names: string[]): FieldPath {
    return names.reduce<FieldPath>((path, name) => new FieldPath(name, path), this)
  }

  index(index: number): FieldPath {
    return new FieldPath(index, this)
  }

  /** A map key or a list item by key: `labels[app]`. */
  key(key: string): FieldPath {
    return new FieldPath(key, this, true)
  }

  toString(): string {
    const before = this.#parent?.toString() ?? ''
    if (typeof this.#step === 'number' || this.#isKey) return `${before}[${this.#step}]`
    return before ? `${before}.${this.#step}` : this.#step
  }
}

/** `fieldPath('spec', 'template')` -> `spec.template`. */
export function fieldPath(name: string, ...more: string[]): FieldPath {
  return new FieldPath(name).child(...more)
}

type At = FieldPath | string

function made(type: FieldErrorType, at: At, badValue: unknown, detail: string): FieldError {
  return { type, field: String(at), badValue, detail }
}

export function fieldRequired(at: At, detail = ''): FieldError {
  return made('FieldValueRequired', at, '', detail)
}

export function fieldInvalid(at: At, value: unknown, detail: string): FieldError {
  return made('FieldValueInvalid', at, value ?? null, detail)
}

export function fieldTypeInvalid(at: At, value: unknown, detail: string): FieldError {
  return made('FieldValueTypeInvalid', at, value ?? null, detail)
}

/** Unsupported value: the supported ones are listed in the given order (upstream usually sorts them). */
export function fieldNotSupported(at: At, value: unknown, supported: readonly string[]): FieldError {
  return made('FieldValueNotSupported', at, value ?? '', supported.length > 0 ? `supported values: ${supported.map(quote).join(', ')}` : '')
}

export function fieldForbidden(at: At, detail: string): FieldError {
  return made('FieldValueForbidden', at, '', detail)
}

export function fieldDuplicate(at: At, value: unknown): FieldError {
  return made('FieldValueDuplicate', at, value, '')
}

export function fieldNotFound(at: At, value: unknown): FieldError {
  return made('FieldValueNotFound', at, value, '')
}

export function fieldTooLong(at: At, lengthMax: number): FieldError {
  return made('FieldValueTooLong', at, '<value omitted>', lengthMax >= 0 ? `may not be more than ${lengthMax} ${lengthMax === 1 ? 'byte' : 'bytes'}` : 'value is too long')
}

export function fieldTooLongCharacters(at: At, lengthMax: number): FieldError {
  return made('FieldValueTooLong', at, '<value omitted>', `may not be more than ${lengthMax} ${lengthMax === 1 ? 'character' : 'characters'}`)
}

export function fieldTooShort(at: At, value: string, lengthMin: number): FieldError {
  return made('FieldValueTooShort', at, value, `must be at least ${lengthMin} ${lengthMin === 1 ? 'character' : 'characters'}`)
}

export function fieldTooMany(at: At, actual: number, countMax: number): FieldError {
  return made('FieldValueTooMany', at, actual >= 0 ? actual : undefined, countMax >= 0 ? `must have at most ${countMax} ${countMax === 1 ? 'item' : 'items'}` : 'has too many items')
}

export function fieldTooFew(at: At, actual: number, countMin: number): FieldError {
  return made('FieldValueTooFew', at, actual, `must have at least ${countMin} ${countMin === 1 ? 'item' : 'items'}`)
}

export function fieldInternal(at: At, message: string): FieldError {
  return made('InternalError', at, undefined, message)
}

/** Upstream's text for a field that may not change. */
export const fieldIsImmutable = 'field is immutable'
/** Upstream's text for a number below zero. */
export const mustNotBeNegative = 'must be greater than or equal to 0'

/** Values of expressions. An int is a bigint, a double is a number; errors are values too, as in cel-go, so that `&&`, `||`, `all` and
 *  `exists` can go on past them. */
import type { Type } from './types.ts'
import { boolType, bytesType, doubleType, durationType, dynType, errorType, intType, listType, mapType, nullType, optionalType, stringType, timestampType, typeText, typeType, uintType } from './types.ts'

export type CelValue = null | boolean | bigint | number | string | Uint8Array | Uint | Duration | Timestamp | TypeValue | CelList | CelMap | Optional | Opaque | EvaluationError

/** What went wrong while an expression ran, in cel-go's words. */
export class EvaluationError {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

export function isError(value: CelValue): value is EvaluationError {
  return value instanceof EvaluationError
}

export const noOverload = new EvaluationError('no such overload')

export class Uint {
  readonly value: bigint

  constructor(value: bigint) {
    this.value = value
  }
}

export class Duration {
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

export class Timestamp {
  /** Since 1970. */
  readonly nanos: bigint
  /** The zone that it was written in, in minutes from UTC; its text shows it again. */
  readonly zoneMinutes: number

  constructor(nanos: bigint, zoneMinutes = 0) {
    this.nanos = nanos
    this.zoneMinutes = zoneMinutes
  }
}

/** A type as a value: `type(1) == int`. */
export class TypeValue {
  readonly type: Type

  constructor(type: Type) {
    this.type = type
  }
}

/** A list; how its items come to be is its own matter. */
export abstract class CelList {
  abstract readonly size: number
  abstract at(index: number): CelValue
  /** How Kubernetes compares and joins it: sets and maps know no order. */
  get order(): ListOrder | undefined {
    return undefined
  }

  *[Symbol.iterator](): Iterator<CelValue> {
    for (let index = 0; index < this.size; index++) yield this.at(index)
  }
}

export type ListOrder = { readonly by: 'value' } | { readonly by: 'keys'; keyOf(item: CelValue): string }

export class ArrayList extends CelList {
  readonly values: readonly CelValue[]

  constructor(values: readonly CelValue[]) {
    super()
    this.values = values
  }

  get size(): number {
    return this.values.length
  }

  at(index: number): CelValue {
    return this.values[index]!
  }

  override [Symbol.iterator](): Iterator<CelValue> {
    return this.values[Symbol.iterator]()
  }
}

export const emptyList = new ArrayList([])

/** A map, or an object with fields. */
export abstract class CelMap {
  abstract readonly size: number
  abstract has(key: CelValue): boolean
  /** Undefined: there is no such key. */
  abstract get(key: CelValue): CelValue | undefined
  abstract keys(): Iterable<CelValue>
  /** The object's type; undefined for maps. */
  get objectType(): Type | undefined {
    return undefined
  }
}

interface Entry {
  readonly key: CelValue
  readonly value: CelValue
  /** How many were there before it. */
  readonly place: number
}

export class EntryMap extends CelMap {
  readonly size: number
  readonly #entries: Map<string, Entry>

  constructor(entries: Iterable<readonly [CelValue, CelValue]>, from?: { readonly entries: Map<string, Entry> }) {
    super()
    const map = from?.entries ?? new Map<string, Entry>()
    for (const [key, value] of entries) map.set(keyText(key)!, { key, value, place: map.size })
    this.#entries = map
    this.size = map.size
  }

  has(key: CelValue): boolean {
    return this.#find(key) !== undefined
  }

  get(key: CelValue): CelValue | undefined {
    return this.#find(key)?.value
  }

  *keys(): Iterable<CelValue> {
    for (const { key, place } of this.#entries.values()) if (place < this.size) yield key
  }

  /** The map with more entries, whose keys are new. Loops build maps entry by entry: whoever goes on first shares what is there. */
  with(entries: readonly (readonly [CelValue, CelValue])[]): EntryMap {
    if (this.#entries.size === this.size) return new EntryMap(entries, { entries: this.#entries })
    return new EntryMap([...[...this.keys()].map((key): [CelValue, CelValue] => [key, this.get(key)!]), ...entries])
  }

  #find(key: CelValue): Entry | undefined {
    const text = keyText(key)
    const found = text === undefined ? undefined : this.#entries.get(text)
    return found && found.place < this.size ? found : undefined
  }
}

/** An object made by an expression: `Object{spec: …}`. */
export class ObjectValue extends CelMap {
  readonly type: Type
  readonly fields: ReadonlyMap<string, CelValue>

  constructor(type: Type, fields: ReadonlyMap<string, CelValue>) {
    super()
    this.type = type
    this.fields = fields
  }

  override get objectType(): Type {
    return this.type
  }

  get size(): number {
    return this.fields.size
  }

  has(key: CelValue): boolean {
    return typeof key === 'string' && this.fields.has(key)
  }

  get(key: CelValue): CelValue | undefined {
    return typeof key === 'string' ? this.fields.get(key) : undefined
  }

  keys(): Iterable<CelValue> {
    return this.fields.keys()
  }
}

export class Optional {
  /** Undefined: none. */
  readonly value: CelValue | undefined

  constructor(value: CelValue | undefined) {
    this.value = value
  }
}

export const none = new Optional(undefined)

/** A value of a library's own type. */
export abstract class Opaque {
  abstract readonly type: Type
  abstract equals(other: Opaque): boolean
  /** What JSON it becomes; undefined: none. */
  toJson(): unknown {
    return undefined
  }
}

/** A key as text that tells keys apart; numbers of all kinds are one. Undefined: no key. */
export function keyText(key: CelValue): string | undefined {
  switch (typeof key) {
    case 'string':
      return `s${key}`
    case 'boolean':
      return `b${key}`
    case 'bigint':
      return `n${key}`
    case 'number':
      return Number.isInteger(key) ? `n${BigInt(key)}` : undefined
    default:
      return key instanceof Uint ? `n${key.value}` : undefined
  }
}

/** The type of a value as it is found at run time. */
export function typeOf(value: CelValue): Type {
  switch (typeof value) {
    case 'boolean':
      return boolType
    case 'bigint':
      return intType
    case 'number':
      return doubleType
    case 'string':
      return stringType
    default:
  }
  if (value === null) return nullType
  if (value instanceof Uint8Array) return bytesType
  if (value instanceof Uint) return uintType
  if (value instanceof Duration) return durationType
  if (value instanceof Timestamp) return timestampType
  if (value instanceof CelList) return anyList
  if (value instanceof CelMap) return value.objectType ?? anyMap
  if (value instanceof Optional) return anyOptional
  if (value instanceof TypeValue) return anyType
  if (value instanceof EvaluationError) return errorType
  return value.type
}

const anyList = listType(dynType)
const anyMap = mapType(dynType, dynType)
const anyOptional = optionalType(dynType)
const anyType = typeType(dynType)

/** The name that `type(value)` has. */
export function typeNameOf(type: Type): string {
  return type.name
}

/** Equality: numbers across their types, everything else by type and value; of different types: unequal. */
export function equalValues(a: CelValue, b: CelValue): boolean {
  if (a === b) return true
  switch (typeof a) {
    case 'string':
    case 'boolean':
      return false
    case 'bigint':
    case 'number':
      return compareNumbers(a, b) === 0
    default:
  }
  if (a === null || b === null) return false
  if (a instanceof Uint) return compareNumbers(a, b) === 0
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos
  if (a instanceof Uint8Array) return b instanceof Uint8Array && a.length === b.length && a.every((byte, index) => byte === b[index])
  if (a instanceof CelList) return b instanceof CelList && equalLists(a, b)
  if (a instanceof CelMap) return b instanceof CelMap && equalMaps(a, b)
  if (a instanceof Optional) {
    if (!(b instanceof Optional)) return false
    return a.value === undefined || b.value === undefined ? a.value === b.value : equalValues(a.value, b.value)
  }
  if (a instanceof TypeValue) return b instanceof TypeValue && a.type.name === b.type.name
  if (a instanceof EvaluationError) return false
  return b instanceof Opaque && a.type.name === b.type.name && a.equals(b)
}

function equalLists(a: CelList, b: CelList): boolean {
  if (a.size !== b.size) return false
  const order = a.order ?? b.order
  if (order?.by === 'keys') {
    const items = new Map<string, CelValue>()
    for (const item of b) items.set(order.keyOf(item), item)
    for (const item of a) {
      const other = items.get(order.keyOf(item))
      if (other === undefined || !equalValues(item, other)) return false
    }
    return true
  }
  if (order?.by === 'value') {
    const other = new ValueSet(b)
    for (const item of a) if (!other.has(item)) return false
    return true
  }
  for (let index = 0; index < a.size; index++) if (!equalValues(a.at(index), b.at(index))) return false
  return true
}

/** Values by equality: scalars are looked up, others compared one by one. */
export class ValueSet {
  readonly #keys = new Set<string>()
  readonly #others: CelValue[] = []

  constructor(values: Iterable<CelValue> = []) {
    for (const value of values) this.add(value)
  }

  add(value: CelValue): void {
    const key = keyText(value)
    if (key === undefined) this.#others.push(value)
    else this.#keys.add(key)
  }

  has(value: CelValue): boolean {
    const key = keyText(value)
    return key === undefined ? this.#others.some((other) => equalValues(value, other)) : this.#keys.has(key)
  }
}

function equalMaps(a: CelMap, b: CelMap): boolean {
  if (a.size !== b.size) return false
  for (const key of a.keys()) {
    const other = b.get(key)
    if (other === undefined || !equalValues(a.get(key)!, other)) return false
  }
  return true
}

function numberOf(value: CelValue): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value
  return value instanceof Uint ? value.value : undefined
}

/** -1, 0 or 1; undefined where there is no order (NaN, other types). JavaScript compares bigints and numbers exactly. */
export function compareNumbers(a: CelValue, b: CelValue): number | undefined {
  const left = numberOf(a)
  const right = numberOf(b)
  if (left === undefined || right === undefined) return undefined
  return left < right ? -1 : left > right ? 1 : left == right ? 0 : undefined // eslint-disable-line eqeqeq -- a bigint and a number of the same value are equal
}

/** -1, 0 or 1 for values that have an order between them. */
export function compareValues(a: CelValue, b: CelValue): number | undefined {
  if (typeof a === 'string') return typeof b === 'string' ? sign(compareText(a, b)) : undefined
  if (typeof a === 'boolean') return typeof b === 'boolean' ? Number(a) - Number(b) : undefined
  if (a instanceof Duration) return b instanceof Duration ? sign(a.nanos - b.nanos) : undefined
  if (a instanceof Timestamp) return b instanceof Timestamp ? sign(a.nanos - b.nanos) : undefined
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? compareBytesOf(a, b) : undefined
  return compareNumbers(a, b)
}

function sign(value: number | bigint): number {
  return value < 0 ? -1 : value > 0 ? 1 : 0
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  const left = [...a]
  const right = [...b]
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = left[index]!.codePointAt(0)! - right[index]!.codePointAt(0)!
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

function compareBytesOf(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) if (a[index] !== b[index]) return a[index]! < b[index]! ? -1 : 1
  return sign(a.length - b.length)
}

/** The size that costs are counted by: characters, bytes, items, entries; 1 for everything else. */
export function sizeOf(value: CelValue): number {
  if (typeof value === 'string') return runes(value)
  if (value instanceof Uint8Array) return value.length
  if (value instanceof CelList) return value.size
  if (value instanceof CelMap) return value.objectType ? 1 : value.size
  return value instanceof Optional && value.value !== undefined ? sizeOf(value.value) : 1
}

/** Code points of a text. */
export function runes(text: string): number {
  let count = text.length
  for (let index = 0; index + 1 < text.length; index++) {
    if ((text.charCodeAt(index) & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) {
      count--
      index++
    }
  }
  return count
}

/** For messages: what type a value has. */
export function typeNameOfValue(value: CelValue): string {
  return typeText(typeOf(value))
}


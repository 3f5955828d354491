/** Typed decoding of a built-in kind: what Go's decoder and encoder make of a body. Unknown fields and nulls go, empty optional
 *  values go, fields that are never absent get their zero (`{}`, 0, ''), quantities and times get their canonical text; wrong types are refused
 *  with encoding/json's texts. The input is never changed; what is canonical already is shared. */
import { isObject, setOwn } from '../json-value.ts'
import type { JsonObject } from '../json-value.ts'
import { canonicalQuantity, quantityError } from '../quantity.ts'
import { mustSchemaOf } from '../schema.ts'
import type { Definition, Field, ScalarName, SchemaType } from '../schema.ts'
import { formatMicroTime, formatTime, parseTime } from '../time.ts'
import { DecodeError } from './json.ts'
import type { TypeMismatch } from './json.ts'

export interface TypedResult<T> {
  readonly object: T
  /** Paths of fields that the kind does not have, in document order: `spec.template.spec.containers[0].imagee`. */
  readonly unknownFields: readonly string[]
}

/** Decodes a JSON value as the definition. Parts directly below the value that are the very same in `canonical`, an object that
 *  was decoded before, are not looked into. Throws DecodeError with Go's text for a value of a wrong type. */
export function decodeTyped<T = JsonObject>(value: unknown, definition: Definition, canonical?: JsonObject): TypedResult<T> {
  const walk = new Decoder(canonical)
  const object = walk.object(value, definition, undefined)
  return { object: (object ?? {}) as T, unknownFields: walk.unknown }
}

/** The same for objects that come from our own code: canonical form, silently without unknown fields. */
export function canonicalObject<T>(value: T, definition: Definition): T {
  return decodeTyped<T>(value, definition).object
}

/** Where a value stands, for messages. */
interface Place {
  readonly owner: Definition
  readonly field: Field
}

class Decoder {
  readonly unknown: string[] = []
  readonly #path: (string | number)[] = []
  readonly #canonical: JsonObject | undefined

  constructor(canonical: JsonObject | undefined) {
    this.#canonical = canonical
  }

  object(value: unknown, definition: Definition, place: Place | undefined): JsonObject {
    if (!isObject(value)) throw this.#mismatch(value, `v1.${shortName(definition)}`, place, definition, 'struct')
    let out: JsonObject | undefined
    for (const key in value) {
      const item = value[key]
      if (item === undefined) continue
      if (place === undefined && typeof item === 'object' && item !== null && this.#canonical?.[key] === item) continue
      const field = definition.fields.get(key)
      if (!field) {
        this.#reportUnknown(key)
        out ??= { ...value }
        delete out[key]
        continue
      }
      this.#path.push(key)
      const kept = item === null ? undefined : this.#value(item, field.type, { owner: definition, field })
      this.#path.pop()
      const next = kept === undefined || isDropped(kept, field) ? undefined : kept
      if (next === item) continue
      out ??= { ...value }
      if (next === undefined) delete out[key]
      else setOwn(out, key, next)
    }
    for (const field of alwaysFields(definition)) {
      if ((out ?? value)[field.name] !== undefined) continue
      out ??= { ...value }
      out[field.name] = zeroOf(field.type)
    }
    return out ?? value
  }

  #reportUnknown(key: string): void {
    let text = ''
    for (const step of this.#path) text += typeof step === 'number' ? `[${step}]` : text ? `.${step}` : step
    this.unknown.push(text ? `${text}.${key}` : key)
  }

  #value(value: unknown, type: SchemaType, place: Place): unknown {
    switch (type.is) {
      case 'scalar':
        return this.#scalar(value, type.scalar, place, type)
      case 'object':
        return isObject(value) ? this.object(value, type.target, place) : this.#fail(value, type, place)
      case 'list':
        return Array.isArray(value) ? this.#list(value, type.items, place) : this.#fail(value, type, place)
      default:
        return isObject(value) ? this.#map(value, type.values, place) : this.#fail(value, type, place)
    }
  }

  #list(list: unknown[], type: SchemaType, place: Place): unknown[] {
    let out: unknown[] | undefined
    for (let i = 0; i < list.length; i++) {
      this.#path.push(i)
      const item = list[i] ?? null
      const next = item === null ? zeroOf(type) : this.#value(item, type, place)
      this.#path.pop()
      if (next === list[i]) continue
      out ??= [...list]
      out[i] = next
    }
    return out ?? list
  }

  #map(map: JsonObject, type: SchemaType, place: Place): JsonObject {
    let out: JsonObject | undefined
    for (const key in map) {
      const item = map[key]
      if (item === undefined) continue
      let next: unknown
      if (type.is === 'scalar' && type.scalar === 'string' && typeof item === 'string') next = item
      else {
        this.#path.push(key)
        next = item === null ? zeroOf(type) : this.#value(item, type, place) ?? null
        this.#path.pop()
      }
      if (next === item) continue
      out ??= { ...map }
      setOwn(out, key, next)
    }
    return out ?? map
  }

  #scalar(value: unknown, scalar: ScalarName, place: Place, type: SchemaType): unknown {
    switch (scalar) {
      case 'string':
        return typeof value === 'string' ? value : this.#fail(value, type, place)
      case 'boolean':
        return typeof value === 'boolean' ? value : this.#fail(value, type, place)
      case 'int32':
        return typeof value === 'number' && value === (value | 0) ? value : this.#fail(value, type, place)
      case 'int64':
        return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 2 ** 63 ? value : this.#fail(value, type, place)
      case 'double':
        return typeof value === 'number' ? value : this.#fail(value, type, place)
      case 'bytes':
        return typeof value === 'string' ? canonicalBase64(value) : this.#fail(value, type, place)
      case 'Quantity':
        return quantity(value)
      case 'Time':
        return time(value, false)
      case 'MicroTime':
        return time(value, true)
      case 'IntOrString':
        if (typeof value === 'string' || (typeof value === 'number' && value === (value | 0))) return value
        throw new DecodeError(`json: cannot unmarshal ${valueName(value, true)} into Go value of type int32`)
      case 'Duration':
        if (typeof value === 'string') return value
        throw new DecodeError(`json: cannot unmarshal ${valueName(value)} into Go value of type string`)
      case 'JSONSchemaPropsOrArray':
      case 'JSONSchemaPropsOrBool':
      case 'JSONSchemaPropsOrStringArray':
        return schemaOr(value, scalar)
      default:
        return value
    }
  }

  #fail(value: unknown, type: SchemaType, place: Place): never {
    throw this.#mismatch(value, goTypeName(type, place.field), place, place.owner, goKindOf(type))
  }

  #mismatch(value: unknown, typeName: string, place: Place | undefined, owner: Definition, wanted: TypeMismatch['wanted']): DecodeError {
    const mismatch = { value, wanted, goType: typeName }
    const isInteger = typeName === 'int32' || typeName === 'int64'
    if (!place) return new DecodeError(`json: cannot unmarshal ${valueName(value, isInteger)} into Go value of type ${typeName}`, mismatch)
    const path = this.#path.filter((step) => typeof step === 'string')
    // Map keys are no part of Go's field path.
    const steps = fieldPathOf(path as string[], place)
    return new DecodeError(`json: cannot unmarshal ${valueName(value, isInteger)} into Go struct field ${shortName(owner)}.${steps} of type ${typeName}`, mismatch)
  }
}

function fieldPathOf(path: readonly string[], place: Place): string {
  const last = path.lastIndexOf(place.field.name)
  return path.slice(0, last + 1).join('.')
}

function shortName(definition: Definition): string {
  return definition.name.slice(definition.name.lastIndexOf('.') + 1)
}

/** encoding/json's word for a value. */
function valueName(value: unknown, forInteger = false): string {
  if (typeof value === 'number') return forInteger ? `number ${JSON.stringify(value)}` : 'number'
  if (typeof value === 'boolean') return 'bool'
  return Array.isArray(value) ? 'array' : typeof value
}

function goKindOf(type: SchemaType): TypeMismatch['wanted'] {
  if (type.is === 'list') return 'slice'
  if (type.is === 'map') return 'map'
  if (type.is === 'object') return 'struct'
  switch (type.scalar) {
    case 'boolean':
      return 'bool'
    case 'int32':
    case 'int64':
      return type.scalar
    case 'double':
      return 'float64'
    case 'bytes':
      return 'slice'
    default:
      return 'string'
  }
}

function goTypeName(type: SchemaType, field: Field): string {
  if (type.is === 'list') return `[]${goTypeName(type.items, field)}`
  if (type.is === 'map') return `map[string]${goTypeName(type.values, field)}`
  if (type.is === 'object') return type.definition.split('.').slice(-2).join('.')
  switch (type.scalar) {
    case 'string':
      return field.goType ?? 'string'
    case 'boolean':
      return 'bool'
    case 'double':
      return 'float64'
    case 'bytes':
      return '[]uint8'
    case 'Quantity':
      return 'resource.Quantity'
    case 'IntOrString':
      return 'intstr.IntOrString'
    case 'Time':
    case 'MicroTime':
    case 'Duration':
      return `v1.${type.scalar}`
    default:
      return type.scalar
  }
}

/** Whether Go leaves the value out when it writes the field. */
function isDropped(value: unknown, field: Field): boolean {
  if (field.pointer || field.keepsZero) return false
  if (value === '' || value === 0 || value === false) return true
  if (typeof value !== 'object' || field.type.is === 'object') return false
  if (Array.isArray(value)) return value.length === 0
  if (field.type.is !== 'map') return false
  for (const _key in value as object) return false
  return true
}

const always = new WeakMap<Definition, readonly Field[]>()
const never: readonly Field[] = []

function alwaysFields(definition: Definition): readonly Field[] {
  let fields = always.get(definition)
  if (!fields) {
    fields = [...definition.fields.values()].filter((field) => (field.always && field.type.is === 'object') || (field.keepsZero && !field.pointer && isPlainScalar(field.type)))
    if (fields.length === 0) fields = never
    always.set(definition, fields)
  }
  return fields
}

/** Scalars whose zero Go writes as it is. */
function isPlainScalar(type: SchemaType): boolean {
  return type.is === 'scalar' && plainScalars.has(type.scalar)
}

const plainScalars = new Set<ScalarName>(['string', 'int32', 'int64', 'double', 'boolean'])

/** An object with nothing in it but what is never absent. */
function emptyOf(type: SchemaType): JsonObject {
  const out: JsonObject = {}
  if (type.is === 'object') for (const field of alwaysFields(type.target)) out[field.name] = zeroOf(field.type)
  return out
}

function zeroOf(type: SchemaType): unknown {
  if (type.is === 'object') return emptyOf(type)
  if (type.is !== 'scalar') return null
  switch (type.scalar) {
    case 'string':
    case 'bytes':
      return ''
    case 'int32':
    case 'int64':
    case 'double':
      return 0
    case 'boolean':
      return false
    case 'Quantity':
      return '0'
    default:
      return null
  }
}

/** A schema or something else, as their own decoders in Go read them: unknown fields go without a word, and what is neither is nothing. */
function schemaOr(value: unknown, scalar: 'JSONSchemaPropsOrArray' | 'JSONSchemaPropsOrBool' | 'JSONSchemaPropsOrStringArray'): unknown {
  const definition = mustSchemaOf('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps')
  if (isObject(value)) return decodeTyped(value, definition).object
  if (scalar === 'JSONSchemaPropsOrBool') {
    if (typeof value === 'boolean') return value
    throw new DecodeError('boolean or JSON schema expected')
  }
  if (!Array.isArray(value)) return undefined
  const decode = (item: unknown): unknown => {
    if (scalar === 'JSONSchemaPropsOrArray') return decodeTyped(item ?? {}, definition).object
    if (typeof (item ?? '') === 'string') return item ?? ''
    throw new DecodeError(`json: cannot unmarshal ${valueName(item)} into Go value of type string`)
  }
  const decoded = value.map(decode)
  return decoded.every((item, index) => item === value[index]) ? value : decoded
}

const quantities = new Map<string, string>()
const quantityCountMax = 5000
const quantityLengthMax = 64

function quantity(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  let canonical = quantities.get(text)
  if (canonical !== undefined) return canonical
  const error = quantityError(text)
  if (error) throw new DecodeError(error)
  canonical = canonicalQuantity(text)
  if (quantities.size >= quantityCountMax) quantities.clear()
  if (text.length <= quantityLengthMax) quantities.set(text, canonical)
  return canonical
}

function time(value: unknown, micro: boolean): string {
  if (typeof value !== 'string') throw new DecodeError(`json: cannot unmarshal ${valueName(value)} into Go value of type string`)
  const ms = parseTime(value)
  const layout = micro ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00'
  if (ms === undefined) throw new DecodeError(`parsing time ${JSON.stringify(value)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(value)} as "2006"`)
  if (!micro) return value.length === 20 ? value : formatTime(ms)
  return value.length === 27 && value.endsWith('Z') ? value : formatMicroTime(ms)
}

function canonicalBase64(value: string): string {
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)) return value
  const compact = value.replace(/[\r\n]/g, '')
  if (compact !== value) return canonicalBase64(compact)
  const wrong = /[^A-Za-z0-9+/]/.exec(value)
  const at = wrong ? wrong.index : value.length - (value.length % 4)
  throw new DecodeError(`illegal base64 data at input byte ${at}`)
}

/** JSON seen through its schema: integers are ints and numbers doubles, formats become their types, lists know whether they are sets
 *  or maps. Nothing is converted before it is asked for. */
import type { JSONSchemaProps } from '../generated/types.ts'
import { isObject } from '../machinery/json-value.ts'
import type { JsonObject } from '../machinery/json-value.ts'
import { bytesOfBase64 } from './base64-text.ts'
import { parseDurationNanos, parseTimestampNanos, zoneMinutesOf } from './functions/time.ts'
import { valueOfJson } from './json-values.ts'
import { escapedName, typeOfSchema } from './schema-types.ts'
import { CelList, CelMap, Duration, EvaluationError, Timestamp } from './values.ts'
import type { CelValue, ListOrder } from './values.ts'
import type { Type } from './types.ts'

const text = { type: 'string' } as JSONSchemaProps
const rootMeta: Readonly<Record<string, JSONSchemaProps>> = { apiVersion: text, kind: text, metadata: { type: 'object', properties: { name: text, generateName: text } } }

/** A value of a schema. `isResource`: its root, with type and name. */
export function valueOfSchema(json: unknown, schema: JSONSchemaProps, isResource: boolean): CelValue {
  if (json === null || json === undefined) return null
  if (schema['x-kubernetes-int-or-string']) return valueOfJson(json)
  switch (schema.type) {
    case 'object':
      if (!isObject(json)) return mismatch(json, 'object')
      if (typeof schema.additionalProperties === 'object') return new SchemaMap(json, schema.additionalProperties)
      return new SchemaObject(json, schema, isResource || schema['x-kubernetes-embedded-resource'] === true)
    case 'array': {
      const items = Array.isArray(schema.items) ? undefined : schema.items
      if (!Array.isArray(json)) return mismatch(json, 'array')
      return new SchemaList(json, schema, items ?? {} as JSONSchemaProps)
    }
    case 'string':
      return typeof json === 'string' ? stringValue(json, schema.format) : mismatch(json, 'string')
    case 'number':
      return typeof json === 'number' ? json : mismatch(json, 'number')
    case 'integer':
      return typeof json === 'number' && Number.isInteger(json) ? BigInt(json) : mismatch(json, 'integer')
    case 'boolean':
      return typeof json === 'boolean' ? json : mismatch(json, 'boolean')
    default:
      return valueOfJson(json)
  }
}

function mismatch(json: unknown, wanted: string): EvaluationError {
  return new EvaluationError(`invalid data, expected ${wanted}, got ${Array.isArray(json) ? 'array' : typeof json}`)
}

function stringValue(json: string, format: string | undefined): CelValue {
  switch (format) {
    case 'byte':
      return bytesOfBase64(json) ?? new EvaluationError(`Invalid byte formatted string ${json}, err: illegal base64 data`)
    case 'duration': {
      const nanos = parseDurationNanos(json)
      return nanos === undefined ? new EvaluationError(`Invalid duration ${json}`) : new Duration(nanos)
    }
    case 'date':
    case 'date-time': {
      const nanos = parseTimestampNanos(format === 'date' ? `${json}T00:00:00Z` : json)
      return nanos === undefined ? new EvaluationError(`Invalid ${format} formatted string ${json}`) : new Timestamp(nanos, zoneMinutesOf(json))
    }
    default:
      return json
  }
}

class SchemaList extends CelList {
  readonly #json: readonly unknown[]
  readonly #items: JSONSchemaProps
  readonly #order: ListOrder | undefined

  constructor(json: readonly unknown[], schema: JSONSchemaProps, items: JSONSchemaProps) {
    super()
    this.#json = json
    this.#items = items
    const listType = schema['x-kubernetes-list-type']
    const keys = schema['x-kubernetes-list-map-keys'] ?? []
    if (listType === 'set') this.#order = { by: 'value' }
    else if (listType === 'map') this.#order = { by: 'keys', keyOf: (item) => JSON.stringify(keys.map((key) => (item instanceof CelMap ? keyPart(item.get(escapedName(key) ?? key)) : null))) }
  }

  override get order(): ListOrder | undefined {
    return this.#order
  }

  get size(): number {
    return this.#json.length
  }

  at(index: number): CelValue {
    return valueOfSchema(this.#json[index], this.#items, false)
  }
}

function keyPart(value: CelValue | undefined): unknown {
  return typeof value === 'bigint' ? String(value) : (value ?? null)
}

class SchemaMap extends CelMap {
  readonly #json: JsonObject
  readonly #values: JSONSchemaProps

  constructor(json: JsonObject, values: JSONSchemaProps) {
    super()
    this.#json = json
    this.#values = values
  }

  get size(): number {
    return Object.keys(this.#json).length
  }

  has(key: CelValue): boolean {
    return typeof key === 'string' && Object.hasOwn(this.#json, key)
  }

  get(key: CelValue): CelValue | undefined {
    return this.has(key) ? valueOfSchema(this.#json[key as string], this.#values, false) : undefined
  }

  keys(): Iterable<CelValue> {
    return Object.keys(this.#json)
  }
}

const names = new WeakMap<JSONSchemaProps, ReadonlyMap<string, string>>()

/** The properties by their names in expressions. */
function namesOf(schema: JSONSchemaProps): ReadonlyMap<string, string> {
  let known = names.get(schema)
  if (!known) {
    const map = new Map<string, string>()
    for (const name in schema.properties) {
      const escaped = escapedName(name)
      if (escaped !== undefined) map.set(escaped, name)
    }
    names.set(schema, (known = map))
  }
  return known
}

class SchemaObject extends CelMap {
  readonly #json: JsonObject
  readonly #schema: JSONSchemaProps
  readonly #isResource: boolean

  constructor(json: JsonObject, schema: JSONSchemaProps, isResource: boolean) {
    super()
    this.#json = json
    this.#schema = schema
    this.#isResource = isResource
  }

  override get objectType(): Type | undefined {
    return typeOfSchema(this.#schema, this.#isResource)
  }

  get size(): number {
    return [...this.keys()].length
  }

  has(key: CelValue): boolean {
    if (typeof key !== 'string') return false
    const name = this.#nameOf(key)
    return name !== undefined && Object.hasOwn(this.#json, name) && this.#json[name] !== undefined
  }

  get(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string') return undefined
    const name = this.#nameOf(key)
    if (name === undefined || !Object.hasOwn(this.#json, name) || this.#json[name] === undefined) return undefined
    const schema = (this.#isResource ? rootMeta[name] : undefined) ?? this.#schema.properties?.[name]
    return schema && valueOfSchema(this.#json[name], schema, false)
  }

  *keys(): Iterable<CelValue> {
    for (const [escaped, name] of namesOf(this.#schema)) if (Object.hasOwn(this.#json, name)) yield escaped
    if (this.#isResource) for (const name of Object.keys(rootMeta)) if (!namesOf(this.#schema).has(name) && Object.hasOwn(this.#json, name)) yield name
  }

  #nameOf(key: string): string | undefined {
    return namesOf(this.#schema).get(key) ?? (this.#isResource && Object.hasOwn(rootMeta, key) ? key : undefined)
  }
}

/** OpenAPI schemas as types, as Kubernetes derives them: with bounds of sizes, and names escaped where CEL would not take them. */
import type { JSONSchemaProps } from '../generated/types.ts'
import { runes } from './values.ts'
import { boolType, bytesType, doubleType, durationType, dynType, intType, listType, mapType, objectType, stringType, timestampType } from './types.ts'
import type { Type } from './types.ts'

const requestBytesMax = 3 * 1024 * 1024
const int: Type = { ...intType, serializedMin: 1 }
const double: Type = { ...doubleType, serializedMin: 1 }
const bool: Type = { ...boolType, serializedMin: 4 }
const mapKey: Type = { ...stringType, serializedMin: 2 }
const plainString: Type = { ...stringType, sizeMax: requestBytesMax - 2, serializedMin: 2 }
const metadataType: Type = { ...objectType('object', new Map([['name', plainString], ['generateName', plainString]])), serializedMin: 2 }

const remembered = new WeakMap<JSONSchemaProps, { root?: Type | undefined; inner?: Type | undefined }>()

/** The type of values of a schema; undefined where there is none (a field that may hold anything is not seen by expressions).
 *  A resource's root has apiVersion, kind and the names of its metadata, whatever the schema says. */
export function typeOfSchema(schema: JSONSchemaProps, isResource: boolean): Type | undefined {
  let known = remembered.get(schema)
  if (!known) remembered.set(schema, (known = {}))
  const at = isResource ? 'root' : 'inner'
  if (!(at in known)) known[at] = make(schema, isResource)
  return known[at]
}

function make(schema: JSONSchemaProps, isResource: boolean): Type | undefined {
  if (schema['x-kubernetes-int-or-string']) return { ...dynType, sizeMax: schema.maxLength === undefined ? requestBytesMax - 2 : positive(schema.maxLength) * 4, serializedMin: 1 }
  const resource = isResource || schema['x-kubernetes-embedded-resource'] === true
  switch (schema.type) {
    case 'array': {
      const items = Array.isArray(schema.items) ? undefined : schema.items
      const item = items && typeOfSchema(items, false)
      if (!item) return undefined
      const sizeMax = schema.maxItems === undefined ? Math.floor((requestBytesMax - 2) / ((item.serializedMin ?? 0) + 1)) : positive(schema.maxItems)
      return { ...listType(item, sizeMax), serializedMin: 2 }
    }
    case 'object':
      return typeof schema.additionalProperties === 'object' ? mapOf(schema, schema.additionalProperties) : objectOf(schema, resource)
    case 'string':
      return stringOf(schema)
    case 'boolean':
      return bool
    case 'number':
      return double
    case 'integer':
      return int
    default:
      return undefined
  }
}

function mapOf(schema: JSONSchemaProps, values: JSONSchemaProps): Type | undefined {
  const value = typeOfSchema(values, false)
  if (!value) return undefined
  const sizeMax = schema.maxProperties === undefined ? Math.floor((requestBytesMax - 2) / ((value.serializedMin ?? 0) + 6)) : positive(schema.maxProperties)
  return { ...mapType(mapKey, value, sizeMax), serializedMin: 2 }
}

function objectOf(schema: JSONSchemaProps, resource: boolean): Type {
  const fields = new Map<string, Type>()
  const required = new Set(schema.required ?? [])
  let serializedMin = 2
  for (const name in schema.properties) {
    const property = schema.properties[name]!
    const type = typeOfSchema(property, false)
    if (!type) continue
    const escaped = escapedName(name)
    if (escaped !== undefined) fields.set(escaped, type)
    if (required.has(name) && property.default === undefined) serializedMin += name.length + (type.serializedMin ?? 0) + 4
  }
  if (resource) {
    fields.set('apiVersion', plainString).set('kind', plainString)
    fields.set('metadata', metadataType)
  }
  return { ...objectType('object', fields), serializedMin }
}

function stringOf({ format, maxLength, enum: values }: JSONSchemaProps): Type {
  switch (format) {
    case 'byte':
      return { ...bytesType, sizeMax: maxLength === undefined ? requestBytesMax - 2 : positive(maxLength), serializedMin: 2 }
    case 'duration':
      return { ...durationType, sizeMax: 32, serializedMin: 3 }
    case 'date':
      return { ...timestampType, sizeMax: 12, serializedMin: 12 }
    case 'date-time':
      return { ...timestampType, sizeMax: 32, serializedMin: 21 }
    default:
  }
  if (maxLength !== undefined) return { ...stringType, sizeMax: positive(maxLength) * 4, serializedMin: 2 }
  const longest = values && values.length > 0 ? Math.max(...values.map((value) => (typeof value === 'string' ? runes(value) : 0))) : requestBytesMax - 2
  return { ...stringType, sizeMax: longest, serializedMin: 2 }
}

function positive(value: number): number {
  return Math.max(value, 0)
}

const celReserved = new Set(['true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while'])

/** A property's name as expressions write it: `a-b` is `a__dash__b`; undefined for names that can't be escaped. */
export function escapedName(name: string): string | undefined {
  if (celReserved.has(name)) return `__${name}__`
  if (!/^[a-zA-Z_][a-zA-Z0-9_.\-/]*$/.test(name)) return undefined
  return name.replaceAll('__', '__underscores__').replaceAll('.', '__dot__').replaceAll('-', '__dash__').replaceAll('/', '__slash__')
}

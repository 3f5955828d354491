/** Metadata of custom resources and of resources embedded in them: read as ObjectMeta, whatever the schema says. */
import { decodeTyped } from '../../../machinery/codec/typed.ts'
import { fieldRequired } from '../../../machinery/field-error.ts'
import type { FieldError } from '../../../machinery/field-error.ts'
import { isObject, setOwn } from '../../../machinery/json-value.ts'
import type { JsonObject } from '../../../machinery/json-value.ts'
import { schemaOf } from '../../../machinery/schema.ts'
import type { Definition } from '../../../machinery/schema.ts'
import { fieldSchemaOf, itemsOf, someSchema } from './structural.ts'
import type { Schema } from './structural.ts'

function metaDefinition(): Definition {
  return schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')!
}

/** The root's metadata in canonical form; unknown fields go, their paths are added to `unknown`. Throws DecodeError. */
export function coercedMetadata(object: JsonObject, unknown: string[]): JsonObject {
  const { metadata } = object
  if (metadata === undefined || metadata === null) return { ...object, metadata: {} }
  const decoded = decodeTyped(metadata, metaDefinition())
  unknown.push(...decoded.unknownFields.map((path) => `metadata.${path}`))
  return { ...object, metadata: decoded.object }
}

const remembered = new WeakMap<Schema, boolean>()

function hasEmbedded(schema: Schema): boolean {
  let known = remembered.get(schema)
  if (known === undefined) remembered.set(schema, (known = someSchema(schema, (each) => each['x-kubernetes-embedded-resource'] === true)))
  return known
}

/** The value with the metadata of embedded resources in canonical form; shared where nothing changes. Throws DecodeError. */
export function coercedEmbedded<T>(value: T, schema: Schema, unknown: string[]): T {
  return hasEmbedded(schema) ? (coerce(value, schema, '', unknown) as T) : value
}

function coerce(value: unknown, schema: Schema, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    const items = itemsOf(schema)
    return items ? value.map((item, index) => coerce(item, items, `${path}[${index}]`, unknown)) : value
  }
  if (!isObject(value)) return value
  let changed: JsonObject | undefined
  for (const key of Object.keys(value)) {
    const inner = fieldSchemaOf(schema, key)
    if (schema['x-kubernetes-embedded-resource'] && key === 'metadata' && value[key] !== null) {
      const decoded = decodeTyped(value[key], metaDefinition())
      unknown.push(...decoded.unknownFields.map((field) => `${path}.metadata.${field}`))
      ;(changed ??= { ...value }).metadata = decoded.object
    } else if (inner) {
      const after = coerce(value[key], inner, path === '' ? key : `${path}.${key}`, unknown)
      if (after !== value[key]) setOwn((changed ??= { ...value }), key, after)
    }
  }
  return changed ?? value
}

/** Embedded resources say what they are. */
export function validateEmbedded(value: unknown, schema: Schema): FieldError[] {
  const errors: FieldError[] = []
  if (hasEmbedded(schema)) walk(value, schema, '', errors)
  return errors
}

function walk(value: unknown, schema: Schema, path: string, errors: FieldError[]): void {
  if (Array.isArray(value)) {
    const items = itemsOf(schema)
    if (items) for (const [index, item] of value.entries()) walk(item, items, `${path}[${index}]`, errors)
    return
  }
  if (!isObject(value)) return
  if (schema['x-kubernetes-embedded-resource']) {
    for (const field of ['apiVersion', 'kind']) if (typeof value[field] !== 'string' || value[field] === '') errors.push(fieldRequired(`${path}.${field}`, 'must not be empty'))
  }
  for (const key of Object.keys(value)) {
    const inner = fieldSchemaOf(schema, key)
    if (inner) walk(value[key], inner, path === '' ? key : `${path}.${key}`, errors)
  }
}

/** Schemas of custom resources as they are published: v3 as it stands, v2 without what that dialect cannot say. */
import { isObject } from '../json-value.ts'
import type { JsonObject } from '../json-value.ts'

const junctors = ['allOf', 'anyOf', 'oneOf', 'not'] as const

/** The schema in OpenAPI v2. A root that preserves unknown fields says nothing but that. */
export function customSchemaV2(schema: JsonObject): JsonObject {
  return converted(schema)
}

function converted(schema: JsonObject): JsonObject {
  const { nullable, default: _default, 'x-kubernetes-selectable-fields': _selectable, ...out } = schema
  for (const junctor of junctors) delete out[junctor]
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true
  if (nullable === true || preserves) {
    delete out['items']
    delete out['properties']
    if (nullable === true || schema['type'] === 'object' || schema['type'] === 'array') delete out['type']
  }
  if (out['type'] === 'array' && !isObject(out['items'])) delete out['type']
  if (isObject(out['items'])) out['items'] = converted(out['items'])
  if (isObject(out['additionalProperties'])) {
    if (out['additionalProperties']['nullable'] === true) delete out['required']
    out['additionalProperties'] = converted(out['additionalProperties'])
  }
  const { properties, required } = out
  if (isObject(properties)) {
    const isNullable = (name: unknown): boolean => isObject(properties[name as string]) && (properties[name as string] as JsonObject)['nullable'] === true
    if (Array.isArray(required)) {
      const left = required.filter((name) => !isNullable(name)) as unknown[]
      if (left.length > 0) out['required'] = left
      else delete out['required']
    }
    out['properties'] = Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, isObject(property) ? converted(property) : property]))
  }
  return out
}

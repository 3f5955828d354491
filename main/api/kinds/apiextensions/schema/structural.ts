/** Reading a custom resource's schema (apiextensions.k8s.io/v1 JSONSchemaProps). */
import type { JSONSchemaProps } from '../../../generated/types.ts'

export type Schema = JSONSchemaProps

/** Whether a dependency is a schema: it may be a list of names, or null, which is neither. */
export function isSchema(dependency: Schema | readonly string[] | null): dependency is Schema {
  return dependency !== null && !Array.isArray(dependency)
}

/** The schema of a list's items, if there is one for all. */
export function itemsOf(schema: Schema): Schema | undefined {
  return schema.items !== undefined && !Array.isArray(schema.items) ? schema.items : undefined
}

/** The schema of a map's values; undefined when additional properties are merely allowed, or not mentioned. */
export function valuesOf(schema: Schema): Schema | undefined {
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
}

/** The schema of a named property. */
export function propertyOf(schema: Schema, name: string): Schema | undefined {
  return schema.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined
}

/** The schema of whatever lies under a key of an object: a property's, or that of all values. */
export function fieldSchemaOf(schema: Schema, name: string): Schema | undefined {
  return propertyOf(schema, name) ?? valuesOf(schema)
}

/** Fields that every resource has, whatever its schema says. */
export const metaFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata'])

/** Whether any part of the schema fulfils the condition. */
export function someSchema(schema: Schema | undefined, condition: (schema: Schema) => boolean): boolean {
  if (!schema) return false
  if (condition(schema)) return true
  for (const child of childrenOf(schema)) if (someSchema(child, condition)) return true
  return false
}

function* childrenOf(schema: Schema): Iterable<Schema> {
  if (Array.isArray(schema.items)) yield* schema.items
  else if (schema.items) yield schema.items
  for (const list of [schema.allOf, schema.anyOf, schema.oneOf]) if (list) yield* list
  if (schema.not) yield schema.not
  for (const map of [schema.properties, schema.patternProperties, schema.definitions]) if (map) yield* Object.values(map)
  if (typeof schema.additionalProperties === 'object') yield schema.additionalProperties
  if (typeof schema.additionalItems === 'object') yield schema.additionalItems
  for (const dependency of Object.values(schema.dependencies ?? {})) if (isSchema(dependency)) yield dependency
}

/** The schema's type for messages and checks: two types for int-or-string. */
export function typesOf(schema: Schema): readonly string[] {
  if (schema['x-kubernetes-int-or-string']) return intOrString
  return schema.type ? [schema.type] : none
}

const intOrString: readonly string[] = ['integer', 'string']
const none: readonly string[] = []

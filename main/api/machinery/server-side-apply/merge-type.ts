/** How values merge: the merge schema in the form that the walkers use, compiled from built-in definitions, from a custom
 *  resource's structural schema, or deduced from the values themselves where there is no schema. */
import { compareBytes } from '../go-text.ts'
import { getOwn, isObject } from '../json-value.ts'
import type { JsonObject } from '../json-value.ts'
import type { Definition, Field, SchemaType } from '../schema.ts'

export type MergeType = ScalarMerge | AtomicMerge | StructMerge | MapMerge | ListMapMerge | SetMerge | DeducedMerge

/** `accepts` is what validation demands; 'any' takes every scalar. */
export interface ScalarMerge {
  readonly how: 'scalar'
  readonly accepts: 'string' | 'numeric' | 'boolean' | 'any'
}

/** A map or list that is replaced whole; `inner` is only validated. */
export interface AtomicMerge {
  readonly how: 'atomic'
  readonly inner: MergeType | { readonly how: 'list'; readonly items: MergeType }
}

/** Known fields, each with its own type; `open` takes unknown fields too (preserve-unknown-fields), as what they are. */
export interface StructMerge {
  readonly how: 'struct'
  readonly fieldType: (name: string) => MergeType | undefined
  readonly open: boolean
}

export interface MapMerge {
  readonly how: 'map'
  readonly values: MergeType
}

/** A list whose items are known by the values of their keys. */
export interface ListMapMerge {
  readonly how: 'list-map'
  /** Sorted by name; `prefix` is `"name":`. */
  readonly keys: readonly { readonly name: string; readonly prefix: string; readonly defaultText: string | undefined }[]
  readonly items: MergeType
}

/** A list of distinct scalars. */
export interface SetMerge {
  readonly how: 'set'
  readonly items: MergeType
}

/** Maps merge field by field, lists are atomic. */
export interface DeducedMerge {
  readonly how: 'deduced'
}

export const deduced: DeducedMerge = { how: 'deduced' }
const anyScalar: ScalarMerge = { how: 'scalar', accepts: 'any' }
const stringScalar: ScalarMerge = { how: 'scalar', accepts: 'string' }
const numericScalar: ScalarMerge = { how: 'scalar', accepts: 'numeric' }
const booleanScalar: ScalarMerge = { how: 'scalar', accepts: 'boolean' }

const structs = new WeakMap<Definition, StructMerge>()

/** The merge type of a built-in definition: the root of every walk. */
export function mergeTypeOf(definition: Definition): StructMerge {
  let type = structs.get(definition)
  if (!type) {
    const fields = new Map<string, MergeType>()
    type = {
      how: 'struct',
      open: false,
      fieldType: (name) => {
        let known = fields.get(name)
        if (known) return known
        const field = definition.fields.get(name)
        if (!field) return undefined
        known = fieldMergeType(field)
        fields.set(name, known)
        return known
      },
    }
    structs.set(definition, type)
  }
  return type
}

function fieldMergeType(field: Field): MergeType {
  const { type, merge } = field
  if (type.is === 'list') {
    if (merge?.how === 'set') return { how: 'set', items: typeMerge(type.items) }
    if (merge?.how === 'keys') return listMap(merge.keys, typeMerge(type.items), (key) => itemField(type.items, key)?.default)
    return { how: 'atomic', inner: { how: 'list', items: typeMerge(type.items) } }
  }
  if (type.is === 'map') {
    const map: MapMerge = { how: 'map', values: typeMerge(type.values) }
    return merge?.how === 'atomic' ? { how: 'atomic', inner: map } : map
  }
  if (type.is === 'object') {
    const struct = mergeTypeOf(type.target)
    return type.target.atomic && merge?.how !== 'granular' ? { how: 'atomic', inner: struct } : struct
  }
  return typeMerge(type)
}

function itemField(type: SchemaType, key: string): Field | undefined {
  return type.is === 'object' ? type.target.fields.get(key) : undefined
}

function typeMerge(type: SchemaType): MergeType {
  switch (type.is) {
    case 'list':
      return { how: 'atomic', inner: { how: 'list', items: typeMerge(type.items) } }
    case 'map':
      return { how: 'map', values: typeMerge(type.values) }
    case 'object': {
      const struct = mergeTypeOf(type.target)
      return type.target.atomic ? { how: 'atomic', inner: struct } : struct
    }
    default:
      switch (type.scalar) {
        case 'string':
        case 'bytes':
        case 'Duration':
          return stringScalar
        case 'int32':
        case 'int64':
        case 'double':
          return numericScalar
        case 'boolean':
          return booleanScalar
        case 'Time':
        case 'MicroTime':
        case 'Quantity':
        case 'IntOrString':
          return anyScalar
        default:
          return deduced
      }
  }
}

function listMap(keys: readonly string[], items: MergeType, defaultOf: (key: string) => unknown): ListMapMerge {
  return {
    how: 'list-map',
    items,
    keys: [...keys].sort(compareBytes).map((name) => {
      const value = defaultOf(name)
      return { name, prefix: `${JSON.stringify(name)}:`, defaultText: value === undefined ? undefined : JSON.stringify(value) }
    }),
  }
}

const structural = new WeakMap<object, MergeType>()

/** The merge type of a custom resource's structural schema (OpenAPI v3 with x-kubernetes extensions), remembered per schema.
 *  `metadata` and type fields at the root merge as ObjectMeta does: pass its type. */
export function mergeTypeOfStructural(schema: JsonObject, objectMeta?: MergeType): MergeType {
  const known = structural.get(schema)
  if (known) return known
  const body = structuralType(schema)
  const made: MergeType = objectMeta
    ? {
        how: 'struct',
        open: body.how === 'deduced' || (body.how === 'struct' && body.open),
        fieldType: (name) => {
          if (name === 'metadata') return objectMeta
          if (name === 'apiVersion' || name === 'kind') return stringScalar
          return body.how === 'struct' ? body.fieldType(name) : deduced
        },
      }
    : body
  structural.set(schema, made)
  return made
}

function structuralType(schema: JsonObject): MergeType {
  if (schema['x-kubernetes-int-or-string'] === true) return anyScalar
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true
  switch (schema.type) {
    case 'string':
      return stringScalar
    case 'integer':
    case 'number':
      return numericScalar
    case 'boolean':
      return booleanScalar
    case 'array': {
      const items = isObject(schema.items) ? structuralType(schema.items) : deduced
      const listType = schema['x-kubernetes-list-type']
      if (listType === 'set') return { how: 'set', items }
      if (listType === 'map') {
        const properties = isObject(schema.items) && isObject(schema.items.properties) ? schema.items.properties : {}
        const keys = Array.isArray(schema['x-kubernetes-list-map-keys']) ? (schema['x-kubernetes-list-map-keys'] as string[]) : []
        return listMap(keys, items, (key) => {
          const property = getOwn(properties, key)
          return isObject(property) ? property.default : undefined
        })
      }
      return { how: 'atomic', inner: { how: 'list', items } }
    }
    case 'object': {
      const made = structuralObject(schema, preserves)
      return schema['x-kubernetes-map-type'] === 'atomic' ? { how: 'atomic', inner: made } : made
    }
    default:
      return deduced
  }
}

function structuralObject(schema: JsonObject, preserves: boolean): MergeType {
  const properties = isObject(schema.properties) ? schema.properties : undefined
  if (!properties) {
    if (isObject(schema.additionalProperties)) return { how: 'map', values: structuralType(schema.additionalProperties) }
    return deduced
  }
  const fields = new Map<string, MergeType>()
  return {
    how: 'struct',
    open: preserves,
    fieldType: (name) => {
      let known = fields.get(name)
      if (known) return known
      const property = getOwn(properties, name)
      if (!isObject(property)) return undefined
      known = structuralType(property)
      fields.set(name, known)
      return known
    },
  }
}

/** The type of a map's field: a struct's own, a map's values, deduced under unknown parts. */
export function fieldTypeIn(type: StructMerge | MapMerge | DeducedMerge, name: string): MergeType | undefined {
  if (type.how === 'struct') return type.fieldType(name)
  return type.how === 'map' ? type.values : deduced
}

/** The type that is left when an atomic part is being looked into, or a deduced one meets a value. */
export function isGranularMap(type: MergeType): type is StructMerge | MapMerge | DeducedMerge {
  return type.how === 'struct' || type.how === 'map' || type.how === 'deduced'
}

/** The path element of an associative list's item; throws upstream's text when it has none. */
export function itemElement(type: ListMapMerge | SetMerge, item: unknown): string {
  if (type.how === 'set') {
    if (item === null || item === undefined) throw new Error("associative list without keys has an element that's an explicit null")
    if (Array.isArray(item)) throw new Error('not supported: associative list with lists as elements')
    if (typeof item === 'object') throw new Error("associative list without keys has an element that's a map type")
    return `v:${JSON.stringify(item)}`
  }
  if (item === null || item === undefined) throw new Error('associative list with keys may not have a null element')
  if (!isObject(item)) throw new Error('associative list with keys may not have non-map elements')
  let text = ''
  for (const key of type.keys) {
    const value = item[key.name]
    const valueText = value === undefined ? key.defaultText : typeof value === 'object' ? JSON.stringify(value) : typeof value === 'string' ? JSON.stringify(value) : String(value)
    if (valueText !== undefined) text += `${text === '' ? '' : ','}${key.prefix}${valueText}`
  }
  if (text === '' && type.keys.length > 0) {
    throw new Error(`associative list with keys has an element that omits all key fields [${type.keys.map((key) => JSON.stringify(key.name)).join(' ')}] (and doesn't have default values for any key fields)`)
  }
  return `k:{${text}}`
}

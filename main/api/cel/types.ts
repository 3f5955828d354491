/** The types of expressions: CEL's own, those of Kubernetes' libraries, and objects with known fields. */

export type TypeKind = 'dyn' | 'error' | 'null' | 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'duration' | 'timestamp' | 'list' | 'map' | 'object' | 'opaque' | 'type' | 'param'

export interface Type {
  readonly kind: TypeKind
  /** As messages name it: `int`, `google.protobuf.Timestamp`, an object's or opaque type's name, a parameter's letter. */
  readonly name: string
  /** List: the items. Map: keys and values. Opaque and type: what it is of. */
  readonly params: readonly Type[]
  /** The fields of an object. */
  readonly fields?: FieldTypes
  /** How large the value can be at most (characters, items, entries), for cost estimates. */
  readonly sizeMax?: number
  /** The least number of bytes that such a value takes in JSON. */
  readonly serializedMin?: number
}

/** The types of an object's fields by name: a map, or a rule. */
export interface FieldTypes {
  get(name: string): Type | undefined
}

function simple(kind: TypeKind, name: string): Type {
  return { kind, name, params: [] }
}

export const dynType = simple('dyn', 'dyn')
export const errorType = simple('error', '!error!')
export const nullType = simple('null', 'null')
export const boolType = simple('bool', 'bool')
export const intType = simple('int', 'int')
export const uintType = simple('uint', 'uint')
export const doubleType = simple('double', 'double')
export const stringType = simple('string', 'string')
export const bytesType = simple('bytes', 'bytes')
export const durationType = simple('duration', 'google.protobuf.Duration')
export const timestampType = simple('timestamp', 'google.protobuf.Timestamp')

export function listType(item: Type, sizeMax?: number): Type {
  return { kind: 'list', name: 'list', params: [item], ...(sizeMax === undefined ? {} : { sizeMax }) }
}

export function mapType(key: Type, value: Type, sizeMax?: number): Type {
  return { kind: 'map', name: 'map', params: [key, value], ...(sizeMax === undefined ? {} : { sizeMax }) }
}

export function objectType(name: string, fields: FieldTypes): Type {
  return { kind: 'object', name, params: [], fields }
}

export function opaqueType(name: string, ...params: Type[]): Type {
  return { kind: 'opaque', name, params }
}

export function optionalType(value: Type): Type {
  return opaqueType('optional_type', value)
}

export function typeType(of: Type): Type {
  return { kind: 'type', name: 'type', params: [of] }
}

/** A parameter of a function's signature. */
export function typeParam(name: string): Type {
  return simple('param', name)
}

export function isOptional(type: Type): boolean {
  return type.kind === 'opaque' && type.name === 'optional_type'
}

export function isDyn(type: Type): boolean {
  return type.kind === 'dyn' || type.kind === 'error'
}

/** `list(int)`, `map(string, dyn)`, `optional_type(string)`. */
export function typeText(type: Type): string {
  if (type.kind === 'type' && type.params[0]?.kind === 'dyn') return 'type'
  return type.params.length === 0 ? type.name : `${type.name}(${type.params.map(typeText).join(', ')})`
}

export function sameType(a: Type, b: Type): boolean {
  if (a === b) return true
  if (a.kind !== b.kind || a.name !== b.name || a.params.length !== b.params.length) return false
  // Objects without names of their own are the same only when they are one.
  if (a.kind === 'object' && a.fields !== b.fields && !(a.name !== 'object' && a.name === b.name)) return false
  return a.params.every((param, index) => sameType(param, b.params[index]!))
}

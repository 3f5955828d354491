/** Definitions as JSON schemas, in the dialects of OpenAPI v3 and v2 that Kubernetes publishes. */
import type { JsonObject } from '../json-value.ts'
import { schemaOf } from '../schema.ts'
import type { Definition, Field, ScalarName, SchemaType } from '../schema.ts'
import type { Descriptions } from './descriptions.ts'

export type Dialect = 'v3' | 'v2'

const wellKnown: { readonly [scalar: string]: string } = {
  Time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  MicroTime: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  Duration: 'io.k8s.apimachinery.pkg.apis.meta.v1.Duration',
  FieldsV1: 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
  Quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  IntOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  RawExtension: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  JSON: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON',
  JSONSchemaPropsOrArray: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray',
  JSONSchemaPropsOrBool: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool',
  JSONSchemaPropsOrStringArray: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray',
}

function wellKnownSchema(name: string, dialect: Dialect): JsonObject | undefined {
  switch (name.slice(name.lastIndexOf('.') + 1)) {
    case 'Time':
    case 'MicroTime':
      return { type: 'string', format: 'date-time' }
    case 'Duration':
      return { type: 'string' }
    case 'Quantity':
      return dialect === 'v3' ? { oneOf: [{ type: 'string' }, { type: 'number' }] } : { type: 'string' }
    case 'IntOrString':
      return dialect === 'v3' ? { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] } : { type: 'string', format: 'int-or-string' }
    case 'RawExtension':
    case 'FieldsV1':
      return { type: 'object' }
    case 'JSON':
    case 'JSONSchemaPropsOrArray':
    case 'JSONSchemaPropsOrBool':
    case 'JSONSchemaPropsOrStringArray':
      return {}
    default:
      return undefined
  }
}

/** Collects definitions and everything they refer to. */
export class SchemaCollection {
  readonly #dialect: Dialect
  readonly #descriptions: Descriptions
  readonly #schemas = new Map<string, JsonObject>()

  constructor(dialect: Dialect, descriptions: Descriptions) {
    this.#dialect = dialect
    this.#descriptions = descriptions
  }

  /** The schemas by name, sorted. */
  schemas(): { [name: string]: JsonObject } {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  get(name: string): JsonObject | undefined {
    return this.#schemas.get(name)
  }

  /** Puts a schema of a custom resource. */
  put(name: string, schema: JsonObject): void {
    this.#schemas.set(name, schema)
  }

  /** A reference to the definition, collected with all that it refers to. */
  reference(name: string): JsonObject {
    this.add(name)
    return { $ref: (this.#dialect === 'v3' ? '#/components/schemas/' : '#/definitions/') + name }
  }

  add(name: string): void {
    if (this.#schemas.has(name)) return
    const known = Object.values(wellKnown).includes(name) ? wellKnownSchema(name, this.#dialect) : undefined
    const definition = known ? undefined : schemaOf(name)
    if (!known && !definition) throw new Error(`no schema for ${name}`)
    const made: JsonObject = { ...known }
    // Set before its fields are: definitions refer to themselves.
    this.#schemas.set(name, made)
    const description = this.#descriptions[name]?.[0]
    if (description) made.description = description
    if (definition) this.#fill(made, definition)
  }

  #fill(schema: JsonObject, definition: Definition): void {
    schema.type = 'object'
    const properties: JsonObject = {}
    const required: string[] = []
    for (const field of [...definition.fields.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      properties[field.name] = this.#property(field, definition.name)
      if (field.required) required.push(field.name)
    }
    if (Object.keys(properties).length > 0) schema.properties = properties
    if (required.length > 0) schema.required = required
    if (definition.atomic) schema['x-kubernetes-map-type'] = 'atomic'
  }

  #property(field: Field, owner: string): JsonObject {
    const schema = this.#typeSchema(field.type, field.always || (field.keepsZero && !field.pointer))
    const description = this.#descriptions[owner]?.[1][field.name] ?? this.#targetDescription(field.type)
    const out: JsonObject = description ? { description } : {}
    Object.assign(out, schema)
    if (field.default !== undefined && field.type.is === 'scalar') out.default = field.default
    if (field.enum && field.type.is === 'scalar') out.enum = field.enum
    if (field.type.is === 'list') {
      out['x-kubernetes-list-type'] = field.merge?.how === 'keys' ? 'map' : field.merge?.how === 'set' ? 'set' : 'atomic'
      if (field.merge?.how === 'keys') out['x-kubernetes-list-map-keys'] = field.merge.keys
    }
    if (field.merge?.how === 'atomic') out['x-kubernetes-map-type'] = 'atomic'
    if (field.merge?.how === 'granular') out['x-kubernetes-map-type'] = 'granular'
    if (field.patch) {
      const strategies = [...(field.patch.merge ? ['merge'] : []), ...(field.patch.retainKeys ? ['retainKeys'] : [])]
      out['x-kubernetes-patch-strategy'] = strategies.length > 0 ? strategies.join(',') : 'replace'
      if (field.patch.key) out['x-kubernetes-patch-merge-key'] = field.patch.key
    }
    return out
  }

  #targetDescription(type: SchemaType): string | undefined {
    const name = type.is === 'object' ? type.definition : type.is === 'scalar' ? wellKnown[type.scalar] : undefined
    return name === undefined ? undefined : this.#descriptions[name]?.[0] || undefined
  }

  /** `withZero`: the zero value is the default. */
  #typeSchema(type: SchemaType, withZero: boolean): JsonObject {
    switch (type.is) {
      case 'list':
        return { type: 'array', items: this.#typeSchema(type.items, true) }
      case 'map':
        return { type: 'object', additionalProperties: this.#typeSchema(type.values, true) }
      case 'object':
        return this.#referenceSchema(type.definition, withZero)
      default:
        return this.#scalarSchema(type.scalar, withZero)
    }
  }

  #referenceSchema(name: string, withDefault: boolean): JsonObject {
    const reference = this.reference(name)
    if (this.#dialect === 'v2') return reference
    return withDefault ? { allOf: [reference], default: {} } : { allOf: [reference] }
  }

  #scalarSchema(scalar: ScalarName, withZero: boolean): JsonObject {
    const zero = (value: unknown): JsonObject => (withZero && this.#dialect === 'v3' ? { default: value } : {})
    switch (scalar) {
      case 'string':
        return { type: 'string', ...zero('') }
      case 'bytes':
        return { type: 'string', format: 'byte' }
      case 'int32':
      case 'int64':
        return { type: 'integer', format: scalar, ...zero(0) }
      case 'double':
        return { type: 'number', format: 'double', ...zero(0) }
      case 'boolean':
        return { type: 'boolean', ...zero(false) }
      default:
        return this.#referenceSchema(wellKnown[scalar] as string, false)
    }
  }
}

/** Schemas of the built-in API: every definition's fields with type, protobuf numbers and merge rules.
 *  The text is parsed on first use and each definition compiled on first access, so importing costs nothing. */
import { schemaText } from '../generated/schema-text.ts'

/** A value whose shape the schema does not describe further. */
export type ScalarName =
  | 'string' | 'int32' | 'int64' | 'double' | 'boolean' | 'bytes'
  | 'Time' | 'MicroTime' | 'Quantity' | 'IntOrString' | 'Duration' | 'RawExtension' | 'FieldsV1' | 'JSON'
  | 'JSONSchemaPropsOrArray' | 'JSONSchemaPropsOrBool' | 'JSONSchemaPropsOrStringArray'

/** The type of a field: a scalar, a reference to a definition (compiled on first `target`), a list or a string-keyed map. */
export type SchemaType =
  | { readonly is: 'scalar'; readonly scalar: ScalarName }
  | { readonly is: 'object'; readonly definition: string; readonly target: Definition }
  | { readonly is: 'list'; readonly items: SchemaType; readonly wrapped: boolean }
  | { readonly is: 'map'; readonly values: SchemaType }

/** How server-side apply merges the field; absent means the default of its type (lists atomic, maps and objects granular). */
export type MergeRule = { readonly how: 'set' } | { readonly how: 'keys'; readonly keys: readonly string[] } | { readonly how: 'atomic' } | { readonly how: 'granular' }

/** How a strategic merge patch treats the field; absent means replace. */
export interface PatchRule {
  readonly merge: boolean
  readonly retainKeys: boolean
  /** The key lists of objects are merged by; absent for lists of scalars. */
  readonly key?: string
}

export interface Field {
  readonly name: string
  readonly type: SchemaType
  readonly required: boolean
  /** Protobuf field numbers from the message inwards (more than one where upstream inlines a struct); empty = not on the wire. */
  readonly wire: readonly number[]
  readonly merge?: MergeRule
  readonly patch?: PatchRule
  /** The value a list's merge key takes when it is absent. */
  readonly keyDefault?: unknown
}

export interface Definition {
  /** Upstream's OpenAPI name: `io.k8s.api.apps.v1.Deployment`. */
  readonly name: string
  /** Replaced whole by server-side apply. */
  readonly atomic: boolean
  readonly fields: ReadonlyMap<string, Field>
}

let lines: { readonly [definition: string]: string } | undefined
const compiled = new Map<string, Definition>()

function texts(): { readonly [definition: string]: string } {
  lines ??= JSON.parse(schemaText) as { [definition: string]: string }
  return lines
}

/** All definition names, sorted. */
export function definitionNames(): string[] {
  return Object.keys(texts())
}

/** The definition of that upstream name, or undefined. */
export function schemaOf(definition: string): Definition | undefined {
  const known = compiled.get(definition)
  if (known) return known
  const all = texts()
  if (!Object.hasOwn(all, definition)) return undefined
  const made = compile(definition, all[definition] as string)
  compiled.set(definition, made)
  return made
}

/** The definition of that name; throws where it must exist. */
export function mustSchemaOf(definition: string): Definition {
  const found = schemaOf(definition)
  if (!found) throw new Error(`no schema for ${definition}`)
  return found
}

/** One field of a definition, or undefined. */
export function fieldOf(definition: string, field: string): Field | undefined {
  return schemaOf(definition)?.fields.get(field)
}

/** The field at a dotted path (`spec.template.spec.containers`), stepping into list items and map values; undefined when absent. */
export function fieldAt(definition: string, path: string): Field | undefined {
  let within = schemaOf(definition)
  let field: Field | undefined
  for (const name of path.split('.')) {
    field = within?.fields.get(name)
    if (!field) return undefined
    let type = field.type
    while (type.is === 'list' || type.is === 'map') type = type.is === 'list' ? type.items : type.values
    within = type.is === 'object' ? type.target : undefined
  }
  return field
}

function compile(name: string, text: string): Definition {
  const parts = text.split('|')
  const own = name.slice(0, name.lastIndexOf('.') + 1)
  const fields = new Map<string, Field>()
  for (let at = 1; at < parts.length; at++) {
    const field = compileField(parts[at] as string, own)
    fields.set(field.name, field)
  }
  return { name, atomic: parts[0] === 'atomic', fields }
}

function compileField(text: string, own: string): Field {
  const [label, wire, type, ...annotations] = text.split(' ') as [string, string, string, ...string[]]
  const required = label.endsWith('!')
  const field: { -readonly [K in keyof Field]: Field[K] } = {
    name: required ? label.slice(0, -1) : label,
    type: compileType(type, own),
    required,
    wire: wire === '-' ? [] : wire.split('.').map(Number),
  }
  for (const annotation of annotations) {
    if (annotation === 'set' || annotation === 'atomic' || annotation === 'granular') field.merge = { how: annotation }
    else if (annotation.startsWith('keys=')) field.merge = { how: 'keys', keys: annotation.slice(5).split(',') }
    else if (annotation.startsWith('default=')) field.keyDefault = JSON.parse(annotation.slice(8)) as unknown
    else if (annotation.startsWith('patch=')) field.patch = compilePatch(annotation.slice(6))
  }
  return field
}

function compilePatch(text: string): PatchRule {
  const [strategy, key] = text.split(':') as [string, string?]
  const rule = { merge: strategy.startsWith('merge'), retainKeys: strategy.endsWith('retainKeys') }
  return key ? { ...rule, key } : rule
}

const scalars = new Set<string>([
  'string', 'int32', 'int64', 'double', 'boolean', 'bytes', 'Time', 'MicroTime', 'Quantity', 'IntOrString', 'Duration', 'RawExtension', 'FieldsV1',
  'JSON', 'JSONSchemaPropsOrArray', 'JSONSchemaPropsOrBool', 'JSONSchemaPropsOrStringArray',
])
const scalarTypes = new Map<string, SchemaType>()

function compileType(text: string, own: string): SchemaType {
  if (text.endsWith('[]')) return { is: 'list', items: compileType(text.slice(0, -2), own), wrapped: false }
  if (text.startsWith('{')) return { is: 'map', values: compileType(text.slice(1, -1), own) }
  if (text === 'StringList') return { is: 'list', items: compileType('string', own), wrapped: true }
  if (scalars.has(text)) {
    let type = scalarTypes.get(text)
    if (!type) scalarTypes.set(text, (type = { is: 'scalar', scalar: text as ScalarName }))
    return type
  }
  return referenceTo(text.includes('.') ? text : own + text)
}

function referenceTo(definition: string): SchemaType {
  let target: Definition | undefined
  return {
    is: 'object',
    definition,
    get target() {
      return (target ??= mustSchemaOf(definition))
    },
  }
}

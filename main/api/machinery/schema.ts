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
  /** The value that an absent field takes: of merge keys in server-side apply, of any field in OpenAPI. */
  readonly default?: unknown
  /** A zero value says something (upstream's Go field is a pointer). */
  readonly pointer: boolean
  /** Written even when it is empty or zero. */
  readonly keepsZero: boolean
  /** An object that is never absent: `{}` at least. */
  readonly always: boolean
  /** The values upstream declares for the field. */
  readonly enum?: readonly string[]
  /** The Go type of a named scalar, as decoding errors print it: `v1.PullPolicy`. */
  readonly goType?: string
}

export interface Definition {
  /** Upstream's OpenAPI name: `io.k8s.api.apps.v1.Deployment`. */
  readonly name: string
  /** Replaced whole by server-side apply. */
  readonly atomic: boolean
  readonly fields: ReadonlyMap<string, Field>
}

interface SchemaFile {
  readonly definitions: { readonly [definition: string]: string }
  readonly enums: { readonly [type: string]: readonly string[] }
}

let file: SchemaFile | undefined
const compiled = new Map<string, Definition>()

function schemas(): SchemaFile {
  file ??= JSON.parse(schemaText) as SchemaFile
  return file
}

/** All definition names, sorted. */
export function definitionNames(): string[] {
  return Object.keys(schemas().definitions)
}

/** The definition of that upstream name, or undefined. */
export function schemaOf(definition: string): Definition | undefined {
  const known = compiled.get(definition)
  if (known) return known
  const all = schemas().definitions
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

/** Mutable while it is being compiled. All fields have the same shape: walkers stay fast. */
type FieldInMaking = { -readonly [K in keyof Field]: Field[K] }

function compileField(text: string, own: string): Field {
  const parts = text.split(' ')
  const label = parts[0] as string
  const wire = parts[1] as string
  const required = label.endsWith('!')
  const field: FieldInMaking = {
    name: required ? label.slice(0, -1) : label,
    type: compileType(parts[2] as string, own),
    required,
    wire: wire === '-' ? noNumbers : wire.includes('.') ? wire.split('.').map(Number) : [Number(wire)],
    pointer: false,
    keepsZero: false,
    always: false,
  }
  for (let at = 3; at < parts.length; at++) annotate(field, parts[at] as string, own)
  return field
}

const noNumbers: readonly number[] = []

function annotate(field: FieldInMaking, annotation: string, own: string): void {
  const equals = annotation.indexOf('=')
  const value = annotation.slice(equals + 1)
  switch (equals < 0 ? annotation : annotation.slice(0, equals)) {
    case 'ptr':
      field.pointer = true
      break
    case 'keep':
      field.keepsZero = true
      break
    case 'always':
      field.always = true
      break
    case 'set':
      field.merge = { how: 'set' }
      break
    case 'atomic':
      field.merge = { how: 'atomic' }
      break
    case 'granular':
      field.merge = { how: 'granular' }
      break
    case 'keys':
      field.merge = { how: 'keys', keys: value.split(',') }
      break
    case 'default':
      field.default = JSON.parse(value) as unknown
      break
    case 'patch':
      field.patch = compilePatch(value)
      break
    case 'go':
      field.goType = value
      break
    case 'enum': {
      const name = value.includes('.') ? value : own + value
      field.enum = schemas().enums[name] as readonly string[]
      field.goType = name.slice(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1)
      break
    }
    default:
      throw new Error(`no annotation ${annotation} is known`)
  }
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

/** Reading a request body as a kind: JSON or YAML text to a typed object, with the errors and warnings of fieldValidation. */
import type { GroupVersionKind } from '../object.ts'
import { compareBytes } from '../go-text.ts'
import { isObject } from '../json-value.ts'
import type { JsonObject } from '../json-value.ts'
import type { Definition } from '../schema.ts'
import { badRequest } from '../status-error.ts'
import type { StatusError } from '../status-error.ts'
import { DecodeError, parseJson, strictProblems } from './json.ts'
import { decodeTyped } from './typed.ts'
import { parseYaml } from './yaml.ts'

/** What to do with unknown and duplicate fields. Upstream's default is Warn. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export interface DecodedBody {
  readonly object: JsonObject
  /** Texts for Warning headers (fieldValidation=Warn). */
  readonly warnings: readonly string[]
}

export interface DecodeOptions {
  /** The schema of the kind; undefined = a custom resource, taken as it is. */
  readonly definition: Definition | undefined
  readonly fieldValidation: FieldValidation
  /** The kind that the endpoint takes, for messages. */
  readonly kind: GroupVersionKind
  /** The text is YAML (which JSON is too, but slower). */
  readonly yaml?: boolean
}

/** Decodes a body. Throws a 400 StatusError with upstream's text. */
export function decodeBody(text: string, options: DecodeOptions): DecodedBody {
  let value: unknown
  let repeated: string | undefined
  try {
    if (options.yaml) ({ value, repeated } = parseRepeatingYaml(text))
    else value = parseJson(text)
  } catch (error) {
    if (error instanceof DecodeError) throw bodyError(undefined, options.kind, options.yaml ? error.message : noKindText + error.message, text)
    throw error
  }
  if (!isObject(value)) throw bodyError(undefined, options.kind, `${noKindText}json: cannot unmarshal ${nameOf(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`, text)
  let object: JsonObject = value
  let unknownFields: readonly string[] = []
  if (options.definition) {
    try {
      const decoded = decodeTyped(value, options.definition)
      object = decoded.object
      unknownFields = decoded.unknownFields
      // YAML becomes JSON with its keys sorted before it is read.
      if (options.yaml && unknownFields.length > 1) unknownFields = decodeTyped(withSortedKeys(value), options.definition).unknownFields
    } catch (error) {
      if (error instanceof DecodeError) throw bodyError(value, options.kind, error.message, text)
      throw error
    }
  }
  if (options.fieldValidation === 'Ignore') return { object, warnings: [] }
  const strict = (options.yaml ? unknownFields.map((path) => `unknown field ${JSON.stringify(path)}`) : strictProblems(text, value, unknownFields)).slice(0, problemsMax)
  if (repeated !== undefined) strict.unshift(repeated)
  if (strict.length > 0 && options.fieldValidation === 'Strict') throw bodyError(value, options.kind, strictText(strict), text)
  return { object, warnings: strict.flatMap(strictWarnings) }
}

/** The most problems that are told of. */
const problemsMax = 100

/** YAML in which a repeated key's last value wins, and what a strict reader says of the repetition: one text for all. */
export function parseRepeatingYaml(text: string): { readonly value: unknown; readonly repeated: string | undefined } {
  try {
    return { value: parseYaml(text), repeated: undefined }
  } catch (error) {
    if (!(error instanceof DecodeError) || !error.message.startsWith(conversionText + repeatedText)) throw error
    return { value: parseYaml(text, 'last wins'), repeated: error.message.slice(conversionText.length) }
  }
}

const conversionText = 'error converting YAML to JSON: '
const repeatedText = 'yaml: unmarshal errors:\n'

/** The warnings that a problem makes: one per repeated key of YAML. */
export function strictWarnings(problem: string): string[] {
  const at = problem.indexOf(repeatedText)
  return at < 0 ? [problem] : problem.slice(at + repeatedText.length).split('\n').map((line) => line.trim())
}

function withSortedKeys<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withSortedKeys) as T
  if (!isObject(value)) return value
  return Object.fromEntries(Object.keys(value).sort(compareBytes).map((key) => [key, withSortedKeys(value[key])])) as T
}

/** `strict decoding error: unknown field "spec.foo", duplicate field "spec.bar"`. */
export function strictText(errors: readonly string[]): string {
  return `strict decoding error: ${errors.join(', ')}`
}

/** Whether a query parameter names a field validation; upstream's default for absent ones is Warn. */
export function fieldValidationOf(parameter: string | null | undefined): FieldValidation | undefined {
  if (!parameter) return 'Warn'
  return parameter === 'Ignore' || parameter === 'Warn' || parameter === 'Strict' ? parameter : undefined
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** The 400 that the API server answers for a body that it cannot decode. */
export function bodyError(value: JsonObject | undefined, kind: GroupVersionKind, message: string, text: string): StatusError {
  if (value && typeof value.kind === 'string' && value.kind !== '') {
    const version = typeof value.apiVersion === 'string' ? value.apiVersion.slice(value.apiVersion.indexOf('/') + 1) : ''
    return badRequest(`${value.kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind.kind}: ${message}`)
  }
  return badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): ${message} (${summary(text)})`)
}

const noKindText = "couldn't get version/kind; json parse error: "
const encoder = new TextEncoder()

/** The first 30 bytes of a body, as upstream quotes them. */
function summary(text: string): string {
  if (text === '') return '<empty>'
  const bytes = encoder.encode(text.slice(0, 31))
  const tail = bytes.length > 30 || text.length > 30 ? ' ...' : ''
  if (text.startsWith('{')) return text.slice(0, 30) + tail
  return [...bytes.slice(0, 30)].map((byte) => byte.toString(16).padStart(2, '0')).join('') + tail
}

/** Bodies of writes: from bytes (or an object handed over) to an object of the kind that the endpoint expects. */
import type { Kind } from '../../../api/kinds/kind.ts'
import { apiVersionOf } from '../../../api/kinds/kind.ts'
import { DecodeError, parseJsonBytes } from '../../../api/machinery/codec/json.ts'
import { decodeProtobuf } from '../../../api/machinery/codec/protobuf.ts'
import { bodyError, decodeBody, strictText } from '../../../api/machinery/codec/strict.ts'
import { decodeTyped } from '../../../api/machinery/codec/typed.ts'
import { parseYaml } from '../../../api/machinery/codec/yaml.ts'
import { cloneBeside, cloneJson, isObject } from '../../../api/machinery/json-value.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { definitionNameOf } from '../../../api/machinery/openapi/kind.ts'
import { schemaOf } from '../../../api/machinery/schema.ts'
import type { Definition } from '../../../api/machinery/schema.ts'
import { badRequest, requestEntityTooLarge, unsupportedMediaType } from '../../../api/machinery/status-error.ts'
import type { HttpRequest } from '../../../kernel/http.ts'
import type { Warnings } from '../request-context.ts'
import { mediaTypes } from './output.ts'

/** The largest body that is read (upstream's MaxRequestBodyBytes). */
export const bodyBytesMax = 3 * 1024 * 1024

export type BodyKind = Pick<Kind, 'group' | 'version' | 'kind' | 'schema' | 'custom'>

export interface DecodeOptions {
  /** What happens to fields that the kind does not know. */
  readonly validation: 'Ignore' | 'Warn' | 'Strict'
  readonly warnings: Warnings
  /** What is stored now, where only status is written: what the body hands over of it again stays shared. */
  readonly stored?: KubeObject | undefined
}

const textDecoder = new TextDecoder()
const noBytes = new Uint8Array()

/** The media type of a request without its parameters; '' when there is none. */
export function contentTypeOf(request: HttpRequest): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
}

/** The body as bytes, undefined for one handed over as an object; throws 413. */
export function bodyBytes(request: HttpRequest): Uint8Array | undefined {
  const { body } = request
  if (body === undefined) return noBytes
  if (!(body instanceof Uint8Array)) return undefined
  if (body.length > bodyBytesMax) throw requestEntityTooLarge(`limit is ${bodyBytesMax}`)
  return body
}

/** Reads an object of the given kind, a private copy. Throws BadRequest, 413 or 415 with upstream's texts. */
export function decodeObject(request: HttpRequest, expected: BodyKind, options: DecodeOptions): KubeObject {
  const bytes = bodyBytes(request)
  if (!bytes) {
    const { body } = request
    const stored = options.stored as unknown as JsonObject | undefined
    return checkedObject(stored && isObject(body) ? privateStatus(body, stored) : cloneJson(body), expected, options)
  }
  const type = contentTypeOf(request)
  if (expected.custom && type === mediaTypes.protobuf) throw unsupportedMediaType([mediaTypes.json, mediaTypes.yaml])
  if (type === mediaTypes.protobuf) return checkedObject(fromProtobuf(bytes, expected), expected, options)
  if (type !== '' && type !== mediaTypes.json && type !== mediaTypes.yaml) throw unsupportedMediaType([mediaTypes.json, mediaTypes.yaml, mediaTypes.protobuf])
  const { object, warnings } = decodeBody(textDecoder.decode(bytes), { definition: schemaOf(expected.schema), fieldValidation: options.validation, kind: expected, yaml: type === mediaTypes.yaml })
  for (const warning of warnings) options.warnings.add(warning)
  return expected.custom ? checkedCustom(identified(object, expected) as unknown as JsonObject, expected, options) : identified(object, expected)
}

/** A custom resource in canonical form; what its schema does not know goes, and is told of. */
export function checkedCustom(value: JsonObject, expected: BodyKind, options: DecodeOptions): KubeObject {
  let decoded
  try {
    decoded = expected.custom!.decode(value)
  } catch (error) {
    if (error instanceof DecodeError) throw bodyError(value, expected, error.message, '')
    throw error
  }
  if (decoded.unknownFields.length > 0 && options.validation !== 'Ignore') {
    const problems = decoded.unknownFields.map((path) => `unknown field ${JSON.stringify(path)}`)
    if (options.validation === 'Strict') throw bodyError(value, expected, strictText(problems), '')
    for (const problem of problems) options.warnings.add(problem)
  }
  return decoded.object as unknown as KubeObject
}

/** A copy of an object whose status is to be written: metadata and what differs from the stored object are private, all else is
 *  put back to what is stored in any case. */
export function privateStatus(value: JsonObject, stored: JsonObject): JsonObject {
  const copy = cloneBeside(value, stored)
  const { metadata } = value
  if (isObject(metadata)) copy['metadata'] = cloneBeside(metadata, { managedFields: isObject(stored['metadata']) ? stored['metadata']['managedFields'] : undefined })
  return copy
}

/** Reads an object whose group and version are the client's choice (DeleteOptions). Throws BadRequest for another kind. */
export function decodeAnyVersion(request: HttpRequest, expected: Pick<BodyKind, 'kind' | 'schema'>): JsonObject {
  const bytes = bodyBytes(request)
  const value: unknown = bytes ? decodeValue(request, bytes) : request.body
  if (!isObject(value)) throw badRequest(`the object provided is unrecognized (must be of type ${expected.kind})`)
  const kind = value['kind'] || expected.kind
  if (kind !== expected.kind) throw badRequest('decoded object cannot be converted to DeleteOptions')
  const definition = schemaOf(expected.schema)
  try {
    return definition ? decodeTyped(value, definition).object : value
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`unable to decode: ${error.message}`)
    throw error
  }
}

function fromProtobuf(bytes: Uint8Array, expected: BodyKind): JsonObject {
  try {
    return decodeProtobuf(bytes, definitionFor, { apiVersion: apiVersionOf(expected), kind: expected.kind })
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`the object provided is unrecognized (must be of type ${expected.kind}): ${error.message}`)
    throw error
  }
}

/** A protobuf body of any known kind. Throws DecodeError. */
export function readProtobuf(bytes: Uint8Array): JsonObject {
  return decodeProtobuf(bytes, definitionFor)
}

function definitionFor(apiVersion: string, kind: string): Definition | undefined {
  const name = definitionNameOf(apiVersion, kind)
  return name === undefined ? undefined : schemaOf(name)
}

function decodeValue(request: HttpRequest, bytes: Uint8Array): unknown {
  const type = contentTypeOf(request)
  try {
    if (type === '' || type === mediaTypes.json) return parseJsonBytes(bytes)
    if (type === mediaTypes.yaml) return parseYaml(textDecoder.decode(bytes))
    if (type === mediaTypes.protobuf) return decodeProtobuf(bytes, definitionFor)
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(error.message)
    throw error
  }
  throw unsupportedMediaType([mediaTypes.json, mediaTypes.yaml, mediaTypes.protobuf])
}

/** Checks a value that is private already: apiVersion and kind (absent ones are those of the endpoint), and the types of all fields. */
export function checkedObject(value: unknown, expected: BodyKind, options: DecodeOptions): KubeObject {
  const definition = schemaOf(expected.schema)
  if (expected.custom) return checkedCustom(identified(value, expected) as unknown as JsonObject, expected, options)
  if (!definition || !isObject(value)) return identified(value, expected)
  try {
    const { object, unknownFields } = decodeTyped(value, definition, options.stored as unknown as JsonObject | undefined)
    if (unknownFields.length > 0 && options.validation !== 'Ignore') {
      const problems = unknownFields.map((path) => `unknown field ${JSON.stringify(path)}`)
      if (options.validation === 'Strict') throw bodyError(value, expected, strictText(problems), '')
      for (const problem of problems) options.warnings.add(problem)
    }
    return identified(object, expected)
  } catch (error) {
    if (error instanceof DecodeError) throw bodyError(value, expected, error.message, '')
    throw error
  }
}

/** Checks apiVersion and kind only. The object stays private; its metadata is there. */
export function identified(value: unknown, expected: BodyKind): KubeObject {
  const wanted = apiVersionOf(expected)
  if (!isObject(value)) throw badRequest(`the object provided is unrecognized (must be of type ${expected.kind})`)
  const apiVersion = value['apiVersion'] || wanted
  const kind = value['kind'] || expected.kind
  if (kind !== expected.kind) throw badRequest(`${String(kind)} in version ${JSON.stringify(String(apiVersion).split('/').pop())} cannot be handled as a ${expected.kind}: ${misfit(String(apiVersion), String(kind), expected)}`)
  if (apiVersion !== wanted) throw badRequest(`the API version in the data (${String(apiVersion)}) does not match the expected API version (${wanted})`)
  const metadata = (value['metadata'] ?? {}) as JsonObject
  const object: JsonObject = { kind, apiVersion, metadata, ...value }
  object['kind'] = expected.kind
  object['apiVersion'] = wanted
  object['metadata'] = metadata['creationTimestamp'] === null ? { ...metadata, creationTimestamp: undefined } : metadata
  return object as unknown as KubeObject
}

/** Why one kind is not another: a kind that exists cannot be converted, any other is not known. */
function misfit(apiVersion: string, kind: string, expected: BodyKind): string {
  if (definitionNameOf(apiVersion, kind) === undefined) return `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`
  const internal = expected.group === '' ? 'core' : expected.group.split('.')[0]!
  return `converting (${apiVersion.slice(apiVersion.lastIndexOf('/') + 1)}.${kind}) to (${internal}.${expected.kind}): unknown conversion`
}

/** Bodies of writes: from bytes (or an object handed over) to an object of the kind that the endpoint expects. */
import type { Kind } from '../../../api/kinds/kind.ts'
import { apiVersionOf } from '../../../api/kinds/kind.ts'
import { DecodeError, parseJsonBytes } from '../../../api/machinery/codec/json.ts'
import { parseYaml } from '../../../api/machinery/codec/yaml.ts'
import { cloneJson, isObject } from '../../../api/machinery/json-value.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { badRequest, requestEntityTooLarge, unsupportedMediaType } from '../../../api/machinery/status-error.ts'
import type { HttpRequest } from '../../../kernel/http.ts'
import type { Warnings } from '../request-context.ts'
import { mediaTypes } from './output.ts'

/** The largest body that is read (upstream's MaxRequestBodyBytes). */
export const bodyBytesMax = 3 * 1024 * 1024

export type BodyKind = Pick<Kind, 'group' | 'version' | 'kind' | 'schema'>

const textDecoder = new TextDecoder()

/** The media type of a request without its parameters; '' when there is none. */
export function contentTypeOf(request: HttpRequest): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
}

/** The body as bytes, for patches and for kinds that are decoded elsewhere; throws 413. */
export function bodyBytes(request: HttpRequest): Uint8Array | undefined {
  const { body } = request
  if (!(body instanceof Uint8Array)) return undefined
  if (body.length > bodyBytesMax) throw requestEntityTooLarge(`limit is ${bodyBytesMax}`)
  return body
}

export interface DecodeOptions {
  /** What happens to fields that the kind does not know. */
  readonly validation: 'Ignore' | 'Warn' | 'Strict'
  readonly warnings: Warnings
}

/** Reads an object of the given kind, a private copy. Throws BadRequest, 413 or 415 with upstream's texts. */
export function decodeObject(request: HttpRequest, expected: BodyKind, options: DecodeOptions): KubeObject {
  return checkedObject(decodeValue(request), expected, request, options)
}

/** Options in a body (DELETE): `undefined` when there is none. */
export function decodeOptional(request: HttpRequest): JsonObject | undefined {
  const { body } = request
  if (body === undefined || (body instanceof Uint8Array && body.length === 0)) return undefined
  const value = decodeValue(request)
  return isObject(value) ? value : undefined
}

function decodeValue(request: HttpRequest): unknown {
  const { body } = request
  if (body !== undefined && !(body instanceof Uint8Array)) return cloneJson(body)
  const bytes = bodyBytes(request) ?? new Uint8Array()
  const type = contentTypeOf(request)
  try {
    if (type === '' || type === mediaTypes.json) return parseJsonBytes(bytes)
    if (type === mediaTypes.yaml) return parseYaml(textDecoder.decode(bytes))
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(error.message)
    throw error
  }
  throw unsupportedMediaType([mediaTypes.json, mediaTypes.yaml, mediaTypes.protobuf])
}

/** Checks apiVersion and kind (absent ones are those of the endpoint) and the types of all fields. */
export function checkedObject(value: unknown, expected: BodyKind, request: HttpRequest, options: DecodeOptions): KubeObject {
  void options
  return identified(value, expected, request)
}

/** Checks apiVersion and kind only. */
export function identified(value: unknown, expected: BodyKind, request: HttpRequest): KubeObject {
  const wanted = apiVersionOf(expected)
  if (!isObject(value)) throw badRequest(`the object provided is unrecognized (must be of type ${expected.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${goTypeName(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (${summary(request)})`)
  const apiVersion = value['apiVersion'] ?? wanted
  const kind = value['kind'] ?? expected.kind
  if (kind !== expected.kind) throw badRequest(`${String(kind)} in version ${JSON.stringify(String(apiVersion).split('/').pop())} cannot be handled as a ${expected.kind}: converting (v1.${String(kind)}) to (v1.${expected.kind}): unknown conversion`)
  if (apiVersion !== wanted) throw badRequest(`the API version in the data (${String(apiVersion)}) does not match the expected API version (${wanted})`)
  const metadata = value['metadata']
  if (metadata !== undefined && metadata !== null && !isObject(metadata)) throw badRequest(`${expected.kind} in version ${JSON.stringify(expected.version)} cannot be handled as a ${expected.kind}: json: cannot unmarshal ${goTypeName(metadata)} into Go struct field ${expected.kind}.metadata of type v1.ObjectMeta`)
  return { ...value, apiVersion: wanted, kind: expected.kind, metadata: metadata ?? {} } as unknown as KubeObject
}

function goTypeName(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return value === null ? 'null' : typeof value
}

/** The first bytes of a body, in hex, as upstream quotes it. */
function summary(request: HttpRequest): string {
  const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array()
  const hex = [...bytes.subarray(0, 30)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return bytes.length > 30 ? `${hex} ...` : hex
}

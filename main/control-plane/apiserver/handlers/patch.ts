/** The four kinds of patches. */
import { DecodeError, parseJson, strictProblems } from '../../../api/machinery/codec/json.ts'
import { parseRepeatingYaml, strictText, strictWarnings } from '../../../api/machinery/codec/strict.ts'
import { canonicalObject, decodeTyped } from '../../../api/machinery/codec/typed.ts'
import { converterText, goText } from '../../../api/machinery/codec/unstructured.ts'
import { fieldInvalid } from '../../../api/machinery/field-error.ts'
import { canonicalJson } from '../../../api/machinery/hash.ts'
import { applyJsonPatch, checkJsonPatch, JsonPatchError, jsonPatchOperationsMax } from '../../../api/machinery/json-patch.ts'
import { cloneJson, isObject } from '../../../api/machinery/json-value.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import { applyMergePatch } from '../../../api/machinery/merge-patch.ts'
import { parseGroupVersion } from '../../../api/machinery/object.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { schemaOf } from '../../../api/machinery/schema.ts'
import type { Definition } from '../../../api/machinery/schema.ts'
import { applyPatch } from '../../../api/machinery/server-side-apply/field-manager.ts'
import { badRequest, conflict, failure, genericServerResponse, invalid, requestEntityTooLarge, StatusError, unsupportedMediaType } from '../../../api/machinery/status-error.ts'
import { applyStrategicMergePatch, StrategicMergeError } from '../../../api/machinery/strategic-merge-patch.ts'
import type { HttpRequest } from '../../../kernel/http.ts'
import { bodyBytes, contentTypeOf, identified, privateStatus } from '../negotiation/request-body.ts'
import type { DecodeOptions } from '../negotiation/request-body.ts'
import { mergeTypeFor, resetFieldsFor } from '../registry/field-management.ts'
import type { Warnings } from '../request-context.ts'
import type { ServedResource } from '../registry/resources.ts'
import type { UpdatePlan } from '../registry/store.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { apiVersionOf } from '../../../api/kinds/kind.ts'
import { withNameChecked } from './names.ts'

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

/** In the order in which upstream lists them. */
export const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
}

const textDecoder = new TextDecoder()

export function patchTypeOf(request: HttpRequest): PatchType | undefined {
  const type = contentTypeOf(request)
  return Object.hasOwn(patchTypes, type) ? patchTypes[type] : undefined
}

export interface PatchOptions {
  readonly warnings: Warnings
  readonly fieldManager: string
  readonly force: boolean | undefined
  readonly fieldValidation: DecodeOptions['validation']
  readonly timestamp: string
  readonly name: string
  readonly namespace: string
}

/** Reads a patch; answers how it makes the new object of the stored one. Throws what upstream answers for patches that can't be. */
export function readPatch(request: HttpRequest, type: PatchType, resource: ServedResource, endpoint: { readonly subresource: string }, options: PatchOptions): UpdatePlan['transform'] {
  if (type === 'apply') return applyOf(request, resource, endpoint, options)
  if (type === 'strategic' && !schemaOf(resource.kind.schema)) throw unsupportedMediaType(Object.keys(patchTypes).filter((media) => patchTypes[media] !== 'strategic'))
  const read = readValue(request, type, options)
  const { kind } = resource
  return (current) => {
    const before = current as unknown as JsonObject
    const changed = patched(before, read.patch, type, resource)
    if (!isObject(changed)) throw badRequest(`the object provided is unrecognized`)
    // Writing status changes nothing else: what the patch left as it was need not be private.
    const shared = endpoint.subresource === 'status' && schemaOf(kind.schema) ? before : undefined
    const after = shared ? privateStatus(changed, shared) : cloneJson(changed)
    const object = withIdentity(typed(after, read, type, kind, options, shared), current!)
    withNameChecked(object, options.name, kind.namespaced ? options.namespace : '')
    return object
  }
}

/** A patch as it was sent, and what strict decoding has against it. */
interface ReadPatch {
  readonly patch: unknown
  readonly problems: readonly string[]
}

/** The patched object, checked against the kind's types. Throws Invalid, with upstream's one error on `patch`: what it shows of
 *  strategic merge patches is the patch as Go prints maps, of the others the object that came out. */
function typed(after: JsonObject, { patch, problems }: ReadPatch, type: PatchType, kind: Kind, options: PatchOptions, canonical: JsonObject | undefined): KubeObject {
  const definition = schemaOf(kind.schema)
  const refuse = (detail: string): StatusError => invalid({ group: '', kind: '' }, '', [fieldInvalid('patch', type === 'strategic' ? goText(patch) : canonicalJson(after), detail)])
  try {
    const { object, unknownFields } = kind.custom ? decodedCustom(after, kind) : definition ? decodeTyped(after, definition, canonical) : { object: after, unknownFields: [] }
    if (options.fieldValidation !== 'Ignore' && (problems.length > 0 || unknownFields.length > 0)) {
      const all = [...problems, ...unknownFields.map((path) => `unknown field ${JSON.stringify(path)}`)]
      if (options.fieldValidation === 'Strict') throw refuse(strictText(all))
      for (const problem of all) options.warnings.add(problem)
    }
    return identified(object, kind)
  } catch (error) {
    if (error instanceof DecodeError) throw refuse(type === 'strategic' ? converterText(error) : error.message)
    throw error
  }
}

function decodedCustom(value: JsonObject, kind: Kind): { readonly object: JsonObject; readonly unknownFields: readonly string[] } {
  try {
    return kind.custom!.decode(identified(value, kind) as unknown as JsonObject)
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(error.message)
    throw error
  }
}

function withIdentity(object: KubeObject, current: KubeObject): KubeObject {
  const { metadata } = object
  metadata.resourceVersion ||= current.metadata.resourceVersion
  return object
}

/** The patch from the body. Strict reading comes first unless nobody wants to know, and then its errors have other words. */
function readValue(request: HttpRequest, type: Exclude<PatchType, 'apply'>, { fieldValidation }: PatchOptions): ReadPatch {
  const { body } = request
  const bytes = body instanceof Uint8Array || body === undefined ? bodyBytes(request) : undefined
  const strict = fieldValidation !== 'Ignore'
  const prefix = strict && type !== 'strategic' ? 'error decoding patch: ' : ''
  try {
    const text = bytes ? textDecoder.decode(bytes) : undefined
    const patch = text === undefined ? body : parseJson(text)
    if (type === 'json') checkJsonPatch(patch, strict ? { list: '[]handlers.jsonPatchOp', item: 'handlers.jsonPatchOp' } : undefined)
    else if (!isObject(patch) && (strict || type === 'strategic') && patch !== null) throw new DecodeError(`json: cannot unmarshal ${typeName(patch)} into Go value of type map[string]interface {}`)
    const unknown = type === 'json' ? (patch as JsonObject[]).flatMap((operation, index) => Object.keys(operation).filter((key) => !operationFields.has(key)).map((key) => `[${index}].${key}`)) : []
    const problems = strict && text !== undefined ? strictProblems(text, patch, unknown) : []
    return { patch, problems: type === 'json' ? problems.map((problem) => `json patch ${problem}`) : problems }
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(type === 'merge' && !strict ? badMergePatch : prefix + error.message)
    if (error instanceof JsonPatchError) throw badRequest(prefix + error.message)
    throw error
  }
}

const operationFields: ReadonlySet<string> = new Set(['op', 'path', 'from', 'value'])
const badMergePatch = 'Invalid JSON Patch'

function typeName(value: unknown): string {
  if (typeof value === 'boolean') return 'bool'
  return Array.isArray(value) ? 'array' : typeof value
}

function patched(before: JsonObject, patch: unknown, type: Exclude<PatchType, 'apply'>, resource: ServedResource): unknown {
  try {
    if (type === 'json') {
      const count = (patch as unknown[]).length
      if (count > jsonPatchOperationsMax) throw requestEntityTooLarge(`The allowed maximum operations in a JSON patch is ${jsonPatchOperationsMax}, got ${count}`)
      return applyJsonPatch(before, patch)
    }
    if (type === 'merge') {
      if (typeof patch !== 'object' || patch === null) throw badRequest(badMergePatch)
      return applyMergePatch(before, patch)
    }
    return patch === null ? before : applyStrategicMergePatch(before, patch as JsonObject, schemaOf(resource.kind.schema)!)
  } catch (error) {
    if (error instanceof JsonPatchError) throw error.malformed ? badRequest(error.message) : refusedPatch(error.message)
    if (error instanceof StrategicMergeError) throw error.code === 400 ? badRequest(error.message) : error.code === 422 ? refusedPatch(error.message) : new StatusError(failure(500, '', error.message))
    throw error
  }
}

/** Upstream's answer to a patch that does not fit what is stored: it keeps the reason to itself. */
function refusedPatch(why: string): StatusError {
  return genericServerResponse(422, '', { group: '', resource: '' }, '', why)
}

function applyOf(request: HttpRequest, resource: ServedResource, endpoint: { readonly subresource: string }, options: PatchOptions): UpdatePlan['transform'] {
  const { kind } = resource
  const { value, repeated } = applyValue(request)
  if (!isObject(value)) throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${typeName(value)} into Go value of type map[string]interface {}`)
  const wanted = apiVersionOf(kind)
  if (value.kind !== kind.kind || value.apiVersion !== wanted) throw badRequest(`invalid object type: ${kindText(value)}`)
  const applied = { ...value, metadata: value.metadata ?? {} } as unknown as KubeObject
  return (current) => {
    const merged = applyPatch({
      live: current, applied, manager: options.fieldManager, force: options.force === true, subresource: endpoint.subresource, type: mergeTypeFor(kind), timestamp: options.timestamp,
      resetFields: resetFieldsFor(kind, endpoint.subresource), apiVersion: wanted,
    })
    if (repeated !== undefined && options.fieldValidation !== 'Ignore') {
      if (options.fieldValidation === 'Strict') throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${repeated}`)
      for (const warning of strictWarnings(repeated)) options.warnings.add(warning)
    }
    const definition = schemaOf(kind.schema)
    const object = cloneJson(kind.custom ? (decodedCustom(merged as unknown as JsonObject, kind).object as unknown as KubeObject) : definition ? decodedMerged(merged, definition, value) : merged)
    if (current) object.metadata.resourceVersion = applied.metadata.resourceVersion ?? current.metadata.resourceVersion
    else if (object.metadata.uid) throw conflict({ group: kind.group, resource: kind.plural }, options.name, `uid mismatch: the provided object specified uid ${object.metadata.uid}, and no existing object was found`)
    withNameChecked(object, options.name, kind.namespaced ? options.namespace : '')
    return object
  }
}

/** What the merge let through may still be none of the kind, like a port that is no int32. Upstream's error for it is no Status. */
function decodedMerged(merged: KubeObject, definition: Definition, applied: JsonObject): KubeObject {
  try {
    return canonicalObject(merged, definition)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    const { name = '', namespace = '' } = (applied.metadata ?? {}) as { readonly name?: string; readonly namespace?: string }
    const kind = kindText(applied)
    throw new StatusError(failure(500, '', `failed to convert new object (${namespace}/${name}; ${kind}) to proper version: unable to convert unstructured object to ${kind}: ${error.message}`))
  }
}

/** A GroupVersionKind as Go prints it: `apps/v1, Kind=Deployment`, `/v1, Kind=Pod`. */
function kindText({ apiVersion, kind }: JsonObject): string {
  const { group, version } = parseGroupVersion(typeof apiVersion === 'string' ? apiVersion : '')
  return `${group}/${version}, Kind=${typeof kind === 'string' ? kind : ''}`
}

function applyValue(request: HttpRequest): { readonly value: unknown; readonly repeated: string | undefined } {
  const { body } = request
  if (body !== undefined && !(body instanceof Uint8Array)) return { value: cloneJson(body), repeated: undefined }
  try {
    return parseRepeatingYaml(textDecoder.decode(bodyBytes(request) ?? new Uint8Array()))
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`error decoding YAML: ${error.message}`)
    throw error
  }
}

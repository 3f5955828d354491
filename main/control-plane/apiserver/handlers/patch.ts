/** The four kinds of patches. */
import { DecodeError, parseJsonBytes } from '../../../api/machinery/codec/json.ts'
import { strictText } from '../../../api/machinery/codec/strict.ts'
import { canonicalObject, decodeTyped } from '../../../api/machinery/codec/typed.ts'
import { converterText, goText } from '../../../api/machinery/codec/unstructured.ts'
import { parseYaml } from '../../../api/machinery/codec/yaml.ts'
import { fieldInvalid } from '../../../api/machinery/field-error.ts'
import { canonicalJson } from '../../../api/machinery/hash.ts'
import { applyJsonPatch, JsonPatchError } from '../../../api/machinery/json-patch.ts'
import { cloneJson, isObject } from '../../../api/machinery/json-value.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import { applyMergePatch } from '../../../api/machinery/merge-patch.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { schemaOf } from '../../../api/machinery/schema.ts'
import { applyPatch } from '../../../api/machinery/server-side-apply/field-manager.ts'
import { badRequest, failure, invalid, StatusError, unsupportedMediaType } from '../../../api/machinery/status-error.ts'
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
  const patch = patchValue(request)
  const { kind } = resource
  return (current) => {
    const before = current as unknown as JsonObject
    const changed = patched(before, patch, type, resource)
    if (!isObject(changed)) throw badRequest(`the object provided is unrecognized`)
    // Writing status changes nothing else: what the patch left as it was need not be private.
    const shared = endpoint.subresource === 'status' && schemaOf(kind.schema) ? before : undefined
    const after = shared ? privateStatus(changed, shared) : cloneJson(changed)
    return withIdentity(typed(after, patch, type, kind, options, shared), current!)
  }
}

/** The patched object, checked against the kind's types. Throws Invalid, with upstream's one error on `patch`: what it shows of
 *  strategic merge patches is the patch as Go prints maps, of the others the object that came out. */
function typed(after: JsonObject, patch: unknown, type: PatchType, kind: Kind, options: PatchOptions, canonical: JsonObject | undefined): KubeObject {
  const definition = schemaOf(kind.schema)
  if (kind.custom) return customPatched(after, kind, options)
  if (!definition) return identified(after, kind)
  const refuse = (detail: string): StatusError => invalid({ group: '', kind: '' }, '', [fieldInvalid('patch', type === 'strategic' ? goText(patch) : canonicalJson(after), detail)])
  try {
    const { object, unknownFields } = decodeTyped(after, definition, canonical)
    if (unknownFields.length > 0 && options.fieldValidation !== 'Ignore') {
      const problems = unknownFields.map((path) => `unknown field ${JSON.stringify(path)}`)
      if (options.fieldValidation === 'Strict') throw refuse(strictText(problems))
      for (const problem of problems) options.warnings.add(problem)
    }
    return identified(object, kind)
  } catch (error) {
    if (error instanceof DecodeError) throw refuse(type === 'strategic' ? converterText(error) : error.message)
    throw error
  }
}

/** A patched custom resource: what its schema does not know goes, and is told of as of a body's. */
function customPatched(after: JsonObject, kind: Kind, options: PatchOptions): KubeObject {
  const { object, unknownFields } = decodedCustom(after, kind)
  if (unknownFields.length > 0 && options.fieldValidation !== 'Ignore') {
    const problems = unknownFields.map((path) => `unknown field ${JSON.stringify(path)}`)
    if (options.fieldValidation === 'Strict') throw invalid({ group: '', kind: '' }, '', [fieldInvalid('patch', canonicalJson(after), strictText(problems))])
    for (const problem of problems) options.warnings.add(problem)
  }
  return object as unknown as KubeObject
}

function decodedCustom(value: JsonObject, kind: Kind): { readonly object: JsonObject; readonly unknownFields: readonly string[] } {
  try {
    return kind.custom!.decode(identified(value, kind) as unknown as JsonObject)
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(error.message)
    throw error
  }
}

/** A patch may not move an object elsewhere: upstream's update reports that as an invalid change. */
function withIdentity(object: KubeObject, current: KubeObject): KubeObject {
  const { metadata } = object
  metadata.resourceVersion ||= current.metadata.resourceVersion
  return object
}

function patchValue(request: HttpRequest): unknown {
  const { body } = request
  if (body !== undefined && !(body instanceof Uint8Array)) return body
  try {
    return parseJsonBytes(bodyBytes(request) ?? new Uint8Array())
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`error decoding patch: ${error.message}`)
    throw error
  }
}

function patched(before: JsonObject, patch: unknown, type: Exclude<PatchType, 'apply'>, resource: ServedResource): unknown {
  try {
    if (type === 'json') return applyJsonPatch(before, patch)
    if (!isObject(patch)) throw badRequest(`json: cannot unmarshal ${Array.isArray(patch) ? 'array' : typeof patch} into Go value of type map[string]interface {}`)
    if (type === 'merge') return applyMergePatch(before, patch)
    return applyStrategicMergePatch(before, patch, schemaOf(resource.kind.schema)!)
  } catch (error) {
    if (error instanceof JsonPatchError) throw error.malformed ? badRequest(error.message) : new StatusError(failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {}))
    if (error instanceof StrategicMergeError) throw badRequest(error.message)
    throw error
  }
}

function applyOf(request: HttpRequest, resource: ServedResource, endpoint: { readonly subresource: string }, options: PatchOptions): UpdatePlan['transform'] {
  const { kind } = resource
  const value = applyValue(request)
  if (!isObject(value)) throw badRequest('error decoding YAML: apply patch must be an object')
  const applied = identified(cloneJson(value), kind)
  withNameChecked(applied, options.name, kind.namespaced ? options.namespace : '')
  return (current) => {
    const merged = applyPatch({
      live: current, applied, manager: options.fieldManager, force: options.force === true, subresource: endpoint.subresource, type: mergeTypeFor(kind), timestamp: options.timestamp,
      resetFields: resetFieldsFor(kind, endpoint.subresource), apiVersion: apiVersionOf(kind),
    })
    const definition = schemaOf(kind.schema)
    const object = cloneJson(kind.custom ? (decodedCustom(merged as unknown as JsonObject, kind).object as unknown as KubeObject) : definition ? canonicalObject(merged, definition) : merged)
    if (current) object.metadata.resourceVersion = applied.metadata.resourceVersion ?? current.metadata.resourceVersion
    return object
  }
}

function applyValue(request: HttpRequest): unknown {
  const { body } = request
  if (body !== undefined && !(body instanceof Uint8Array)) return body
  try {
    return parseYaml(textDecoder.decode(bodyBytes(request) ?? new Uint8Array()))
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`error decoding YAML: ${error.message}`)
    throw error
  }
}

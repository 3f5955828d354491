/** create, update, patch, delete and deletecollection. */
import type { ListMeta } from '../../../api/generated/types.ts'
import { apiVersionOf } from '../../../api/kinds/kind.ts'
import type { Strategy, Subresource } from '../../../api/kinds/kind.ts'
import { listOf } from '../../../api/machinery/list.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { schemaOf } from '../../../api/machinery/schema.ts'
import { isNotFound, unsupportedMediaType } from '../../../api/machinery/status-error.ts'
import { negotiateOutput } from '../negotiation/output.ts'
import type { OutputForm } from '../negotiation/output.ts'
import { decodeAnyVersion, decodeObject } from '../negotiation/request-body.ts'
import { validateDeleteOptions } from '../registry/delete-options.ts'
import type { DeleteOptions } from '../registry/delete-options.ts'
import type { ServedResource } from '../registry/resources.ts'
import type { UpdatePlan } from '../registry/store.ts'
import { answer, respondWith } from './answer.ts'
import { integerOf, listOptionsOf, writeQueryOf } from './options.ts'
import { patchTypeOf, patchTypes, readPatch } from './patch.ts'
import { storedOf } from './read.ts'
import type { ApiRequest } from './request.ts'
import { checkNamespace, withNameChecked } from './names.ts'

const transforms = ['Table', 'PartialObjectMetadata'] as const

/** How an endpoint under an object changes it: undefined for the object itself. */
export interface Endpoint {
  readonly subresource: string
  readonly strategy?: Pick<Strategy<KubeObject>, 'prepareForUpdate' | 'validateUpdate'>
  readonly keepsGeneration?: boolean
}

export const mainEndpoint: Endpoint = { subresource: '' }

/** The endpoint of a status or named subresource that changes the whole object. */
export function endpointOf(subresource: Subresource<KubeObject>): Endpoint | undefined {
  if (subresource.type === 'status') return { subresource: 'status', keepsGeneration: true, strategy: { prepareForUpdate: subresource.prepareForUpdate ?? keepAllButStatus, validateUpdate: subresource.validateUpdate } }
  if (subresource.type === 'named' && subresource.strategy) return { subresource: subresource.name, strategy: subresource.strategy }
  return undefined
}

function keepAllButStatus(object: KubeObject, old: KubeObject): void {
  const target = object as unknown as Record<string, unknown>
  const source = old as unknown as Record<string, unknown>
  for (const field of new Set([...Object.keys(target), ...Object.keys(source)])) {
    if (field === 'status' || field === 'metadata') continue
    if (source[field] === undefined) delete target[field]
    else target[field] = source[field]
  }
}

export async function createObject(request: ApiRequest, resource: ServedResource): Promise<void> {
  const { info, exchange, context } = request
  const form = formOf(request)
  const query = writeQueryOf(info.query, 'CreateOptions', context.userAgent)
  const { kind } = resource
  const object = decodeObject(exchange.request, kind, { validation: query.fieldValidation, warnings: context.warnings })
  checkNamespace(object, kind.namespaced ? info.namespace : '')
  const created = await storedOf(resource).store.create(context, object, query)
  answer(request, 201, form, kind, created)
}

export async function updateObject(request: ApiRequest, resource: ServedResource, endpoint: Endpoint = mainEndpoint): Promise<void> {
  const { info, exchange, context } = request
  const form = formOf(request)
  const query = writeQueryOf(info.query, 'UpdateOptions', context.userAgent)
  const { kind } = resource
  const stored = endpoint.subresource === 'status' && schemaOf(kind.schema) ? storedOf(resource).store.cached(info.namespace, info.name) : undefined
  const object = decodeObject(exchange.request, kind, { validation: query.fieldValidation, warnings: context.warnings, stored })
  withNameChecked(object, info.name, kind.namespaced ? info.namespace : '')
  let first = true
  const updated = await storedOf(resource).store.update(context, info.namespace, info.name, planOf(resource, endpoint, () => {
    if (first) {
      first = false
      return object
    }
    const again = decodeObject(exchange.request, kind, { validation: 'Ignore', warnings: context.warnings })
    withNameChecked(again, info.name, kind.namespaced ? info.namespace : '')
    return again
  }), query)
  answer(request, updated.created ? 201 : 200, form, kind, updated.object)
}

export async function patchObject(request: ApiRequest, resource: ServedResource, endpoint: Endpoint = mainEndpoint): Promise<void> {
  const { info, exchange, context } = request
  const form = formOf(request)
  const type = patchTypeOf(exchange.request)
  if (!type) throw unsupportedMediaType(Object.keys(patchTypes))
  const query = writeQueryOf(info.query, 'PatchOptions', context.userAgent, type === 'apply')
  const patch = readPatch(exchange.request, type, resource, endpoint, { ...query, warnings: context.warnings, name: info.name, namespace: info.namespace, timestamp: context.timestamp })
  const plan = planOf(resource, endpoint, patch)
  const updated = await storedOf(resource).store.update(context, info.namespace, info.name, { ...plan, mayCreate: type === 'apply' && endpoint.subresource === '' }, { ...query, managed: type === 'apply' })
  answer(request, updated.created ? 201 : 200, form, resource.kind, updated.object)
}

function planOf(resource: ServedResource, endpoint: Endpoint, transform: UpdatePlan['transform']): UpdatePlan {
  const { allowCreateOnUpdate } = resource.kind.strategy
  const plan: UpdatePlan = { subresource: endpoint.subresource, transform, mayCreate: endpoint.subresource === '' && allowCreateOnUpdate === true, ...(endpoint.keepsGeneration ? { keepsGeneration: true } : {}) }
  return endpoint.strategy ? { ...plan, strategy: endpoint.strategy } : plan
}

export async function deleteObject(request: ApiRequest, resource: ServedResource): Promise<void> {
  const { info, context } = request
  const form = formOf(request)
  const options = deleteOptionsOf(request)
  const { kind } = resource
  const { object, gone } = await storedOf(resource).store.delete(context, info.namespace, info.name, options)
  const foreground = options.propagationPolicy === 'Foreground' || options.orphanDependents === false
  const status = !gone && foreground ? 202 : 200
  if (gone && !kind.strategy.returnsDeleted) {
    respondWith(request, status, form, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: { name: info.name, ...(kind.group ? { group: kind.group } : {}), kind: kind.plural, uid: object.metadata.uid } })
    return
  }
  answer(request, status, form, kind, object)
}

/** How many objects of a collection are deleted at a time. */
const deletePageSize = 500

/** Deletes what a list shows, one after the other, and answers that list, as it was: upstream's DeleteCollection. The first refusal ends
 *  it; what was deleted before stays deleted. */
export async function deleteCollection(request: ApiRequest, resource: ServedResource): Promise<void> {
  const { info, context } = request
  const form = formOf(request)
  const list = listOptionsOf(info, resource.view)
  const options = deleteOptionsOf(request)
  validateDeleteOptions(options)
  const { reader, store } = storedOf(resource)
  const { kind } = resource
  const listed: KubeObject[] = []
  const hasLimit = list.limit > 0
  let page: typeof list = { ...list, limit: list.limit || deletePageSize }
  let metadata: ListMeta | undefined
  for (;;) {
    const found = await reader.list({ ...page, namespace: info.namespace })
    metadata ??= {
      resourceVersion: String(found.revision),
      ...(hasLimit && found.continue ? { continue: found.continue } : {}),
      ...(hasLimit && found.remaining !== undefined ? { remainingItemCount: found.remaining } : {}),
    }
    listed.push(...found.items)
    for (const { metadata: { namespace = '', name = '' } } of found.items) {
      try {
        await store.delete(context, namespace, name, options)
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    if (hasLimit || !found.continue) break
    page = { ...page, continue: found.continue, resourceVersion: '', resourceVersionMatch: '' }
  }
  answer(request, 200, form, kind, listOf(apiVersionOf(kind), kind.kind, listed, metadata))
}

/** DeleteOptions from the body, or from the query when there is none. */
function deleteOptionsOf({ info, exchange }: ApiRequest): DeleteOptions {
  const { query } = info
  const body = deleteOptionsBody(exchange.request)
  if (body) return body
  const gracePeriodSeconds = integerOf(query, 'gracePeriodSeconds')
  const orphanDependents = query.optionalFlag('orphanDependents')
  const propagationPolicy = query.get('propagationPolicy')
  const dryRun = query.all('dryRun').filter((value) => value !== '')
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(orphanDependents === undefined ? {} : { orphanDependents }),
    ...(propagationPolicy === '' ? {} : { propagationPolicy: propagationPolicy as DeleteOptions['propagationPolicy'] }),
    ...(dryRun.length === 0 ? {} : { dryRun }),
  }
}

const deleteOptionsSchema = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'

/** DeleteOptions come as v1, as meta.k8s.io/v1, or in the group of what is deleted. */
function deleteOptionsBody(request: ApiRequest['exchange']['request']): DeleteOptions | undefined {
  const { body } = request
  if (body === undefined || (body instanceof Uint8Array && body.length === 0)) return undefined
  return decodeAnyVersion(request, { kind: 'DeleteOptions', schema: deleteOptionsSchema }) as DeleteOptions
}

function formOf({ exchange, info }: ApiRequest): OutputForm {
  return negotiateOutput(exchange.request.headers, info.query, { byReference: exchange.byReference, transforms })
}

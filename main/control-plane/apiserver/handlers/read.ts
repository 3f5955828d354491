/** get, list and watch. */
import { apiVersionOf } from '../../../api/kinds/kind.ts'
import { listOf } from '../../../api/machinery/list.ts'
import type { ListMeta } from '../../../api/generated/types.ts'
import { notFound } from '../../../api/machinery/status-error.ts'
import { negotiateOutput } from '../negotiation/output.ts'
import type { ServedResource, StoredResource } from '../registry/resources.ts'
import { answer } from './answer.ts'
import { listOptionsOf } from './options.ts'
import type { ApiRequest } from './request.ts'
import { serveWatch } from './watch.ts'

const singleTransforms = ['Table', 'PartialObjectMetadata'] as const
const listTransforms = ['Table', 'PartialObjectMetadataList'] as const

export async function getObject(request: ApiRequest, resource: ServedResource): Promise<void> {
  const { info, exchange } = request
  const form = negotiateOutput(exchange.request.headers, info.query, { byReference: exchange.byReference, transforms: singleTransforms })
  const object = await storedOf(resource).reader.get(info.namespace, info.name, info.query.get('resourceVersion'))
  answer(request, 200, form, resource.kind, object)
}

export async function listOrWatch(request: ApiRequest, resource: ServedResource): Promise<void> {
  const { info, exchange } = request
  const options = listOptionsOf(info, resource.view)
  if (options.watch) return serveWatch(request, resource, options)
  const form = negotiateOutput(exchange.request.headers, info.query, { byReference: exchange.byReference, transforms: listTransforms })
  const { kind } = resource
  const found = await storedOf(resource).reader.list({ ...options, namespace: info.namespace })
  const metadata: ListMeta = { resourceVersion: String(found.revision) }
  if (found.continue !== undefined) metadata.continue = found.continue
  if (found.remaining !== undefined) metadata.remainingItemCount = found.remaining
  answer(request, 200, form, kind, listOf(apiVersionOf(kind), kind.kind, found.items, metadata))
}

/** The storage of a resource; kinds that have none can't be read. */
export function storedOf(resource: ServedResource): StoredResource {
  if (!resource.stored) throw notFound({ group: resource.kind.group, resource: resource.kind.plural }, '')
  return resource.stored
}


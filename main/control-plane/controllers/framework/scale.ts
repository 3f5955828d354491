import type { ApiClient } from '../../../api/client/contract.ts'
import { pathOf } from '../../../api/client/rest-client.ts'
import type { ObjectMeta, Status } from '../../../api/generated/types.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import type { HttpResponse } from '../../../kernel/http.ts'
import { genericServerResponse, StatusError } from '../../../api/machinery/status-error.ts'

/** autoscaling/v1 Scale: how many replicas an object of any kind wants, has, and by which selector. */
export interface Scale {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly spec?: { readonly replicas?: number }
  readonly status?: { readonly replicas: number; readonly selector?: string }
}

export async function getScale(client: ApiClient, kind: Kind, namespace: string, name: string): Promise<Scale> {
  return read(await client.raw('GET', pathOf(kind, namespace, name, 'scale')), 'GET', kind, name)
}

export async function updateScale(client: ApiClient, kind: Kind, scale: Scale): Promise<Scale> {
  const { namespace, name } = scale.metadata
  return read(await client.raw('PUT', pathOf(kind, namespace, name, 'scale'), scale, { 'content-type': 'application/json' }), 'PUT', kind, name)
}

function read(response: HttpResponse, verb: string, kind: Kind, name: string): Scale {
  const body = response.body as Scale | Status | undefined
  if (response.status < 400) return body as Scale
  if (body && typeof body === 'object' && body.kind === 'Status') throw new StatusError(body as Status)
  throw genericServerResponse(response.status, verb, { group: kind.group, resource: kind.plural }, name, '')
}

/** Answers: an object in the form that the client asked for. */
import type { Kind } from '../../../api/kinds/kind.ts'
import { isList } from '../../../api/machinery/list.ts'
import type { KubeList, KubeObject } from '../../../api/machinery/object.ts'
import { statusOf, badRequest } from '../../../api/machinery/status-error.ts'
import { partialMetadata, partialMetadataList } from '../../../api/machinery/table.ts'
import type { IncludeObject } from '../../../api/machinery/table.ts'
import { encodeBody } from '../negotiation/encode.ts'
import type { OutputForm } from '../negotiation/output.ts'
import { tableFor } from '../negotiation/table.ts'
import type { ApiRequest } from './request.ts'

/** Answers with an object or list of a kind, transformed as negotiated. */
export function answer(request: ApiRequest, status: number, form: OutputForm, kind: Kind, object: KubeObject | KubeList): void {
  respondWith(request, status, form, transformed(request, form, kind, object))
}

/** The object in the shape that the form asks for. */
export function transformed(request: ApiRequest, form: OutputForm, kind: Kind, object: KubeObject | KubeList, headers = true): object {
  const { transform } = form
  if (!transform) return object
  const shaped = transform.as === 'Table' ? tableFor(kind, object, includeOf(request), request.context.process.clock.now(), headers) : isList(object) ? partialMetadataList(object) : partialMetadata(object as KubeObject)
  return transform.version === 'v1' ? shaped : { ...shaped, apiVersion: 'meta.k8s.io/v1beta1' }
}

/** Answers with any object, Status included, as it is. */
export function respondWith(request: ApiRequest, status: number, form: OutputForm, object: object): void {
  const { body, contentType } = encodeBody(object, form)
  const headers: Record<string, string> = { ...baseHeaders(request), 'content-type': contentType }
  request.context.audit?.responds(object)
  request.respond({ status, headers, body })
}

/** Answers a failure. */
export function respondError(request: ApiRequest, error: unknown, form: OutputForm): void {
  const status = statusOf(error)
  const code = status.code ?? 500
  const { body, contentType } = encodeBody(status, form)
  request.context.audit?.responds(status)
  const headers: Record<string, string> = { ...baseHeaders(request), 'content-type': contentType }
  const retryAfter = status.details?.retryAfterSeconds
  if (retryAfter !== undefined && retryAfter > 0) headers['retry-after'] = String(retryAfter)
  request.respond({ status: code, headers, body })
}

/** Headers of every answer. */
export function baseHeaders({ context }: ApiRequest): Record<string, string> {
  const headers: Record<string, string> = { 'cache-control': 'no-cache, private' }
  if (context.warnings.texts.length > 0) headers['warning'] = context.warnings.texts.map((text) => `299 - "${text.replace(/[\\"]/g, '\\$&').replace(/[\x00-\x1f\x7f]/g, ' ')}"`).join(', ')
  return headers
}

function includeOf({ info }: ApiRequest): IncludeObject {
  const include = info.query.get('includeObject')
  if (include === '' || include === 'Metadata') return 'Metadata'
  if (include === 'None' || include === 'Object') return include
  throw badRequest(`unrecognized includeObject value: "${include}"`)
}


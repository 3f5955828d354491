import type { Subresource } from '../../api/kinds/kind.ts'
import type { KubeObject } from '../../api/machinery/object.ts'
import { StatusError } from '../../api/machinery/status-error.ts'
import { createObject, deleteCollection, deleteObject, endpointOf, patchObject, updateObject } from './handlers/write.ts'
import { getObject, listOrWatch } from './handlers/read.ts'
import { readScale, writeScale } from './handlers/scale.ts'
import type { ApiHandler, ApiRequest } from './handlers/request.ts'
import { methodNotAllowed, unknownResource } from './pipeline.ts'
import type { Resources, ServedResource } from './registry/resources.ts'

/** Handlers of endpoints that no declaration can answer: `pods/binding`, `serviceaccounts/token`, and the create of kinds that
 *  are never stored, under their plural. */
export type NamedHandlers = ReadonlyMap<string, (request: ApiRequest, resource: ServedResource) => void | Promise<void>>

/** `pods/log`, `deployments.apps/scale`, `tokenreviews.authentication.k8s.io`. */
export function handlerKey(group: string, plural: string, subresource = ''): string {
  return `${plural}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource}`}`
}

/** Picks the handler of a request for a resource; requests for anything else go to `other`. */
export function router(resources: Resources, named: NamedHandlers, other: ApiHandler): ApiHandler {
  return (request) => {
    // Who may do what with a namespace is asked in that namespace, as upstream; it is stored in none.
    const { info } = request
    if (!info.isResource || info.resource === '') return other(request)
    const resource = resources.find(info.group, info.version, info.resource)
    if (!resource) {
      if (resources.hasGroupVersion(info.group, info.version)) throw unknownResource()
      return other(request)
    }
    if (resource.kind.deprecation) request.context.warnings.add(resource.kind.deprecation)
    const scoped = !resource.kind.namespaced && info.resource === 'namespaces' && info.namespace !== '' ? { ...request, info: { ...info, namespace: '' } } : request
    return info.subresource === '' ? mainResource(scoped, resource, named) : subresourceOf(scoped, resource, named)
  }
}

function mainResource(request: ApiRequest, resource: ServedResource, named: NamedHandlers): void | Promise<void> {
  const { info } = request
  const { kind } = resource
  const special = named.get(handlerKey(kind.group, kind.plural))
  if (info.parts.length > 1) throw unknownResource()
  if (kind.namespaced ? info.namespace === '' && !['list', 'watch'].includes(info.verb) && !special : info.namespace !== '' && info.resource !== 'namespaces') {
    if (!kind.namespaced) throw unknownResource()
    if (info.name !== '') throw unknownResource()
    throw methodNotAllowed()
  }
  const refusal = kind.custom?.refusal?.(info.verb)
  if (refusal !== undefined) throw new StatusError({ ...methodNotAllowed().status, message: refusal, details: { group: kind.group, kind: kind.plural } })
  if (!kind.verbs.includes(info.verb as never)) throw methodNotAllowed()
  if (special) return special(request, resource)
  switch (info.verb) {
    case 'get':
      return getObject(request, resource)
    case 'list':
    case 'watch':
      return listOrWatch(request, resource)
    case 'create':
      if (info.name !== '') throw methodNotAllowed()
      return createObject(request, resource)
    case 'update':
      if (info.name === '') throw methodNotAllowed()
      return updateObject(request, resource)
    case 'patch':
      if (info.name === '') throw methodNotAllowed()
      return patchObject(request, resource)
    case 'delete':
      return deleteObject(request, resource)
    case 'deletecollection':
      return deleteCollection(request, resource)
    default:
      throw methodNotAllowed()
  }
}

function subresourceOf(request: ApiRequest, resource: ServedResource, named: NamedHandlers): void | Promise<void> {
  const { info } = request
  const { kind } = resource
  const subresource = kind.subresources.find((each) => nameOf(each) === info.subresource)
  if (!subresource) throw unknownResource()
  const special = named.get(handlerKey(kind.group, kind.plural, info.subresource))
  if (subresource.type === 'named' && !subresource.verbs.includes(info.verb as never) && !(info.verb === 'get' && subresource.verbs.includes('get')) && info.verb !== '') throw methodNotAllowed()
  if (special) return special(request, resource)
  if (subresource.type === 'scale') {
    if (info.verb === 'get') return readScale(request, resource, subresource)
    if (info.verb === 'update' || info.verb === 'patch') return writeScale(request, resource, subresource)
    throw methodNotAllowed()
  }
  const endpoint = endpointOf(subresource)
  if (!endpoint) throw unknownResource()
  if (info.verb === 'get') return getObject(request, resource)
  if (info.verb === 'update') return updateObject(request, resource, endpoint)
  if (info.verb === 'patch') return patchObject(request, resource, endpoint)
  throw methodNotAllowed()
}

export function nameOf(subresource: Subresource<KubeObject>): string {
  return subresource.type === 'named' ? subresource.name : subresource.type
}

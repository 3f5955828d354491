/** The parameters that a binding gives to its policy. Throws Errors with upstream's texts: they are errors of configuration. */
import type { ParamKind, ParamRef } from '../../../api/generated/types.ts'
import { matchesSelector, selectorOf } from '../../../api/machinery/labels.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import type { Resources, ServedResource } from '../registry/resources.ts'

/** The endpoint that serves a kind of parameters. */
export function paramResource(resources: Resources, paramKind: ParamKind): ServedResource | undefined {
  const parts = (paramKind.apiVersion ?? '').split('/')
  const [group, version] = parts.length === 2 ? (parts as [string, string]) : ['', parts[0] ?? '']
  for (const resource of resources.all()) if (resource.kind.kind === paramKind.kind && resource.kind.group === group && resource.kind.version === version && resource.stored) return resource
  return undefined
}

/** `rules.example.com/v1, Kind=ReplicaLimit` */
export function paramKindText({ apiVersion = '', kind = '' }: ParamKind): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`
}

/** One evaluation for each; null: without parameters. `namespace` is the request's. */
export async function paramsOf(resource: ServedResource | undefined, paramRef: ParamRef | undefined, namespace: string): Promise<readonly (KubeObject | null)[]> {
  if (!resource || !paramRef) return [null]
  const { kind, view } = resource
  const { store, cache } = resource.stored!
  let from = ''
  if (kind.namespaced) {
    from = paramRef.namespace || namespace
    if (from === '') throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources')
  } else if (paramRef.namespace) throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  const found: KubeObject[] = []
  if (paramRef.name) {
    const known = cache.get(kind.namespaced ? `${from}/${paramRef.name}` : paramRef.name)
    if (known) found.push(known)
    else {
      // The cache may be behind: parameters are often made just before what they are for.
      const read = await store.get(from, paramRef.name).catch((error: unknown) => {
        if (isNotFound(error)) return undefined
        throw error
      })
      if (read) return [read]
    }
  } else if (paramRef.selector) {
    const selector = selectorOf(paramRef.selector)
    cache.scan(from === '' ? undefined : from, (object) => {
      if (matchesSelector(selector, object.metadata.labels)) found.push(object)
      return true
    })
  } else throw new Error('one of name or selector must be provided')
  if (found.length === 0 && paramRef.parameterNotFoundAction === 'Deny') throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction')
  await view.prepare(found)
  return found.map((object) => view.fromStored(object))
}

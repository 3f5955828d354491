/** Objects on the server, addressed by resource, namespace and name; what commands read and write. */
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { CommandContext } from '../command.ts'
import { groupVersionOf, type ApiResource } from './mapper.ts'
import { compactJson } from '../printing/go-json.ts'
import { requestJson } from './requests.ts'

export interface Target {
  readonly resource: ApiResource
  /** Absent for what has no namespace. */
  readonly namespace?: string | undefined
  readonly name: string
}

export interface WriteSettings {
  readonly dryRun?: boolean
  readonly fieldManager?: string
  readonly fieldValidation?: string
  readonly subresource?: string
  readonly force?: boolean
}

/** Path of a collection, or of an object in it. */
export function objectPath(resource: ApiResource, namespace: string | undefined, name?: string, subresource?: string): string {
  const base = resource.group === '' ? `/api/${resource.version}` : `/apis/${groupVersionOf(resource)}`
  return `${base}${resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''}/${resource.plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}${subresource ? `/${subresource}` : ''}`
}

function withQuery(path: string, settings: WriteSettings): string {
  const query = new URLSearchParams()
  if (settings.dryRun) query.set('dryRun', 'All')
  if (settings.fieldManager) query.set('fieldManager', settings.fieldManager)
  if (settings.fieldValidation) query.set('fieldValidation', settings.fieldValidation)
  if (settings.force !== undefined) query.set('force', String(settings.force))
  return query.size > 0 ? `${path}?${query.toString()}` : path
}

export function readObject<T = KubeObject>(context: CommandContext, target: Target, subresource?: string): Promise<T> {
  return requestJson<T>(context, 'GET', objectPath(target.resource, target.namespace, target.name, subresource))
}

/** Keys sorted, as Go marshals maps: the server names mistakes in the order in which it meets them. */
function bodyOf(object: object): Uint8Array {
  return new TextEncoder().encode(compactJson(object))
}

export function createObject<T = KubeObject>(context: CommandContext, resource: ApiResource, namespace: string | undefined, object: object, settings: WriteSettings = {}): Promise<T> {
  return requestJson<T>(context, 'POST', withQuery(objectPath(resource, namespace), settings), {}, bodyOf(object))
}

export function replaceObject<T = KubeObject>(context: CommandContext, target: Target, object: object, settings: WriteSettings = {}): Promise<T> {
  return requestJson<T>(context, 'PUT', withQuery(objectPath(target.resource, target.namespace, target.name, settings.subresource), settings), {}, bodyOf(object))
}

const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const
export type PatchKind = keyof typeof patchTypes

/** Text is sent as it is. */
export function patchObject<T = KubeObject>(context: CommandContext, target: Target, kind: PatchKind, patch: object | string, settings: WriteSettings = {}): Promise<T> {
  const body = typeof patch === 'string' ? new TextEncoder().encode(patch) : patch
  return requestJson<T>(context, 'PATCH', withQuery(objectPath(target.resource, target.namespace, target.name, settings.subresource), settings), { 'content-type': patchTypes[kind] }, body)
}

export interface DeleteSettings {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: string
  readonly dryRun?: boolean
  readonly uid?: string
}

/** Answers a Status, or the object when it is still being deleted. */
export function deleteObject(context: CommandContext, target: Target, settings: DeleteSettings): Promise<KubeObject> {
  const body = {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...(settings.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: settings.gracePeriodSeconds }),
    ...(settings.uid ? { preconditions: { uid: settings.uid } } : {}),
    ...(settings.propagationPolicy ? { propagationPolicy: settings.propagationPolicy } : {}),
    ...(settings.dryRun ? { dryRun: ['All'] } : {}),
  }
  return requestJson<KubeObject>(context, 'DELETE', objectPath(target.resource, target.namespace, target.name), {}, body)
}

export interface ListSettings {
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

/** All objects of a type, each with its kind. An absent namespace means all of them. */
export async function listObjects<T extends KubeObject = KubeObject>(context: CommandContext, resource: ApiResource, namespace: string | undefined, settings: ListSettings = {}): Promise<T[]> {
  const query = new URLSearchParams()
  if (settings.labelSelector) query.set('labelSelector', settings.labelSelector)
  if (settings.fieldSelector) query.set('fieldSelector', settings.fieldSelector)
  query.set('limit', '500')
  const items: T[] = []
  for (;;) {
    const list = await requestJson<{ items?: T[]; metadata?: { continue?: string } }>(context, 'GET', `${objectPath(resource, namespace)}?${query.toString()}`)
    for (const item of list.items ?? []) items.push({ ...item, apiVersion: groupVersionOf(resource), kind: resource.kind })
    const next = list.metadata?.continue
    if (!next) return items
    query.set('continue', next)
  }
}

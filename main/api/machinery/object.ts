/** What every object has in common, and the few questions everyone asks of it. */
import type { ListMeta, ObjectMeta, OwnerReference } from '../generated/types.ts'

/** The part that all objects share. Every generated kind (`Pod`, `Deployment` …) is assignable to it. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
}

/** An object whose kind is not known at compile time. */
export interface Unstructured extends KubeObject {
  [field: string]: unknown
}

/** A list as the API returns it. */
export interface KubeList<T = KubeObject> {
  apiVersion: string
  kind: string
  metadata: ListMeta
  items: T[]
}

/** What a watch tells. `object` is a Status for ERROR, and carries only its kind and resourceVersion for BOOKMARK. */
export interface WatchEvent<T = KubeObject> {
  readonly type: WatchEventType
  readonly object: T
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export interface GroupVersionResource {
  readonly group: string
  readonly version: string
  readonly resource: string
}

export interface GroupResource {
  readonly group: string
  readonly resource: string
}

export interface GroupKind {
  readonly group: string
  readonly kind: string
}

/** `namespace/name`, or `name` for a cluster-scoped object: the key of caches and work queues. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name
}

export function keyOf(object: { metadata: { namespace?: string; name?: string } }): string {
  return objectKey(object.metadata.namespace, object.metadata.name ?? '')
}

/** Undoes objectKey; throws upstream's text for a key of more than two parts. */
export function splitKey(key: string): { namespace: string; name: string } {
  const parts = key.split('/')
  if (parts.length === 1) return { namespace: '', name: key }
  if (parts.length === 2) return { namespace: parts[0] as string, name: parts[1] as string }
  throw new Error(`unexpected key format: "${key}"`)
}

/** The group and version of an apiVersion: `apps/v1` -> apps, v1; `v1` -> "", v1. */
export function parseGroupVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/')
  if (slash < 0) return { group: '', version: apiVersion }
  if (apiVersion.indexOf('/', slash + 1) >= 0) throw new Error(`unexpected GroupVersion string: ${apiVersion}`)
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

export function apiVersionOf(group: string, version: string): string {
  return group ? `${group}/${version}` : version
}

export function groupVersionKindOf(object: { apiVersion?: string; kind?: string }): GroupVersionKind {
  return { ...parseGroupVersion(object.apiVersion ?? ''), kind: object.kind ?? '' }
}

/** `deployments.apps`, or `pods` for the core group. */
export function groupResourceText(groupResource: GroupResource): string {
  return groupResource.group ? `${groupResource.resource}.${groupResource.group}` : groupResource.resource
}

/** `Deployment.apps`, or `Pod` for the core group. */
export function groupKindText(groupKind: GroupKind): string {
  return groupKind.group ? `${groupKind.kind}.${groupKind.group}` : groupKind.kind
}

/** The managing controller's reference: the one with `controller: true`. */
export function controllerOf(object: { metadata: { ownerReferences?: OwnerReference[] } }): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true)
}

/** Whether `owner` is the managing controller of the object (by uid). */
export function isControlledBy(object: { metadata: { ownerReferences?: OwnerReference[] } }, owner: { metadata: { uid?: string } }): boolean {
  const controller = controllerOf(object)
  return controller !== undefined && controller.uid === owner.metadata.uid
}

/** Whether `owner` is among the object's owners (by uid). */
export function isOwnedBy(object: { metadata: { ownerReferences?: OwnerReference[] } }, owner: { metadata: { uid?: string } }): boolean {
  return object.metadata.ownerReferences?.some((reference) => reference.uid === owner.metadata.uid) ?? false
}

/** A reference that makes `owner` the managing controller, blocking its foreground deletion (upstream's NewControllerRef). */
export function controllerReference(owner: KubeObject): OwnerReference {
  return { ...ownerReference(owner), controller: true, blockOwnerDeletion: true }
}

/** A plain owner reference. */
export function ownerReference(owner: KubeObject): OwnerReference {
  return { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid ?? '' }
}

export function isBeingDeleted(object: { metadata: { deletionTimestamp?: string } }): boolean {
  return object.metadata.deletionTimestamp !== undefined
}

export function hasFinalizer(object: { metadata: { finalizers?: string[] } }, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false
}

/** The object with the finalizer added last; the same object when it is there already. */
export function withFinalizer<T extends { metadata: ObjectMeta }>(object: T, finalizer: string): T {
  if (hasFinalizer(object, finalizer)) return object
  return { ...object, metadata: { ...object.metadata, finalizers: [...(object.metadata.finalizers ?? []), finalizer] } }
}

/** The object without the finalizer; the same object when it was not there. */
export function withoutFinalizer<T extends { metadata: ObjectMeta }>(object: T, finalizer: string): T {
  if (!hasFinalizer(object, finalizer)) return object
  const { finalizers, ...metadata } = object.metadata
  const rest = finalizers?.filter((name) => name !== finalizer) ?? []
  return { ...object, metadata: rest.length > 0 ? { ...metadata, finalizers: rest } : metadata }
}

/** A Go-like lookup that treats absent as empty. */
export function annotationOf(object: { metadata: { annotations?: { [key: string]: string } } }, key: string): string | undefined {
  return object.metadata.annotations?.[key]
}

export function labelOf(object: { metadata: { labels?: { [key: string]: string } } }, key: string): string | undefined {
  return object.metadata.labels?.[key]
}

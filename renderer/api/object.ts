/** The part of an object that the window relies on; the rest is looked at with care. */
export interface ApiObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly creationTimestamp?: string
    readonly deletionTimestamp?: string
    readonly generation?: number
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly ownerReferences?: readonly { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly uid: string; readonly controller?: boolean }[]
  }
  readonly spec?: unknown
  readonly status?: unknown
}

/** Names one object, as links and the inspector do. */
export interface ObjectReference {
  readonly group: string
  readonly kind: string
  /** '' when cluster-scoped. */
  readonly namespace: string
  readonly name: string
}

export function referenceTo(object: ApiObject): ObjectReference {
  return { group: groupOf(object.apiVersion), kind: object.kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name }
}

export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? '' : apiVersion.slice(0, slash)
}

export function sameReference(a: ObjectReference | undefined, b: ObjectReference | undefined): boolean {
  return !!a && !!b && a.kind === b.kind && a.name === b.name && a.namespace === b.namespace && a.group === b.group
}

export function identityOf(object: ApiObject): string {
  return object.metadata.uid ?? `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

/** What OpenAPI has to know of a kind; a kind's declaration or a custom resource definition answers it. */
import type { JsonObject } from '../json-value.ts'
import type { GroupVersionKind } from '../object.ts'
import { definitionNames, schemaOf } from '../schema.ts'

export interface OpenApiKind extends GroupVersionKind {
  readonly plural: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  /** The definition's name; for a custom resource any unique one (`com.example.v1.Widget`). */
  readonly schema: string
  /** A custom resource's own schema. */
  readonly structural?: JsonObject
  readonly subresources: readonly OpenApiSubresource[]
}

export interface OpenApiSubresource {
  readonly name: string
  /** get, update, patch, create, delete. */
  readonly verbs: readonly string[]
  /** The body where it is another kind's: Scale, Binding, Eviction, TokenRequest. Absent: the parent's. */
  readonly body?: GroupVersionKind & { readonly schema: string }
}

/** `com.example.v1.Widget`: how upstream names a custom resource's definition. */
export function customDefinitionName(kind: GroupVersionKind): string {
  return `${kind.group.split('.').reverse().join('.')}.${kind.version}.${kind.kind}`
}

const groups: { readonly [folder: string]: string } = {
  core: '', rbac: 'rbac.authorization.k8s.io', networking: 'networking.k8s.io', storage: 'storage.k8s.io', admissionregistration: 'admissionregistration.k8s.io', authentication: 'authentication.k8s.io',
  authorization: 'authorization.k8s.io', certificates: 'certificates.k8s.io', coordination: 'coordination.k8s.io', discovery: 'discovery.k8s.io', events: 'events.k8s.io', flowcontrol: 'flowcontrol.apiserver.k8s.io',
  node: 'node.k8s.io', scheduling: 'scheduling.k8s.io', resource: 'resource.k8s.io', admission: 'admission.k8s.io', apiserverinternal: 'internal.apiserver.k8s.io', storagemigration: 'storagemigration.k8s.io',
  apiextensions: 'apiextensions.k8s.io', apiregistration: 'apiregistration.k8s.io', metrics: 'metrics.k8s.io', custom_metrics: 'custom.metrics.k8s.io', external_metrics: 'external.metrics.k8s.io', meta: '',
}

/** Group, version and kind of a built-in definition that is a kind (has apiVersion and kind), or undefined. */
export function groupVersionKindOfDefinition(name: string): GroupVersionKind | undefined {
  const fields = schemaOf(name)?.fields
  if (!fields?.get('apiVersion') || !fields.get('kind') || fields.get('kind')?.wire.length !== 0) return undefined
  const [folder, version, kind] = name.split('.').slice(-3) as [string, string, string]
  return { group: groups[folder] ?? folder, version, kind }
}

let byKind: Map<string, string> | undefined

/** The definition of a built-in kind: `definitionNameOf('apps/v1', 'Deployment')`; undefined = not known. */
export function definitionNameOf(apiVersion: string, kind: string): string | undefined {
  if (!byKind) {
    byKind = new Map()
    for (const name of definitionNames()) {
      const found = groupVersionKindOfDefinition(name)
      if (found) byKind.set(`${found.group ? `${found.group}/` : ''}${found.version}|${found.kind}`, name)
    }
  }
  return byKind.get(`${apiVersion}|${kind}`)
}

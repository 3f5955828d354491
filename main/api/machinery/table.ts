/** Server-side printing: Table and PartialObjectMetadata of meta.k8s.io/v1. */
import type { ListMeta, ObjectMeta } from '../generated/types.ts'
import type { KubeList, KubeObject } from './object.ts'

export interface TableColumnDefinition {
  readonly name: string
  readonly type: string
  readonly format: string
  readonly description: string
  readonly priority: number
}

export interface TableRow {
  readonly cells: readonly unknown[]
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string; readonly message?: string }[]
  readonly object?: unknown
}

export interface Table {
  readonly kind: 'Table'
  readonly apiVersion: 'meta.k8s.io/v1'
  readonly metadata: ListMeta
  readonly columnDefinitions: readonly TableColumnDefinition[] | null
  readonly rows: readonly TableRow[]
}

export interface PartialObjectMetadata {
  readonly kind: 'PartialObjectMetadata'
  readonly apiVersion: 'meta.k8s.io/v1'
  readonly metadata: ObjectMeta
}

export interface PartialObjectMetadataList {
  readonly kind: 'PartialObjectMetadataList'
  readonly apiVersion: 'meta.k8s.io/v1'
  readonly metadata: ListMeta
  readonly items: readonly PartialObjectMetadata[]
}

/** What `includeObject` asks for in each row. */
export type IncludeObject = 'None' | 'Metadata' | 'Object'

export function tableOf(metadata: ListMeta, columnDefinitions: readonly TableColumnDefinition[] | null, rows: readonly TableRow[]): Table {
  return { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions, rows }
}

/** A row's object as the request's includeObject wants it. */
export function rowObject(object: KubeObject, include: IncludeObject): unknown {
  if (include === 'None') return undefined
  return include === 'Object' ? object : partialMetadata(object)
}

/** Only the metadata of an object. */
export function partialMetadata(object: KubeObject): PartialObjectMetadata {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
}

export function partialMetadataList(list: KubeList): PartialObjectMetadataList {
  return { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: list.metadata, items: list.items.map(partialMetadata) }
}

/** The binary form of objects and lists that are only metadata: metadata is field 1, items are field 2, as in every kind and list. */
import type { Definition, Field } from '../../../api/machinery/schema.ts'
import { mustSchemaOf } from '../../../api/machinery/schema.ts'

const names: Readonly<Record<string, boolean>> = { PartialObjectMetadata: false, PartialObjectMetadataList: true }
let made: { readonly object: Definition; readonly list: Definition } | undefined

/** The definition of `PartialObjectMetadata` and its list; undefined for any other kind. */
export function partialDefinition(apiVersion: string | undefined, kind: string): Definition | undefined {
  // Some documents of discovery have no version.
  if (apiVersion?.startsWith('meta.k8s.io/') !== true || !Object.hasOwn(names, kind)) return undefined
  made ??= make()
  return names[kind] ? made.list : made.object
}

function make(): { readonly object: Definition; readonly list: Definition } {
  // Any kind will do to take the two fields from.
  const metadata = mustSchemaOf('io.k8s.api.core.v1.ConfigMap').fields.get('metadata')!
  const listFields = mustSchemaOf('io.k8s.api.core.v1.ConfigMapList').fields
  const name = 'io.k8s.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata'
  const object: Definition = { name, atomic: false, fields: new Map([['metadata', metadata]]) }
  const items: Field = { ...listFields.get('items')!, type: { is: 'list', items: { is: 'object', definition: name, target: object }, wrapped: false } }
  return { object, list: { name: `${name}List`, atomic: false, fields: new Map([['metadata', listFields.get('metadata')!], ['items', items]]) } }
}

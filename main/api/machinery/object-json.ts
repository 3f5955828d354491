/** JSON of whole API objects. A third of a stored object is its managed fields, and those of one kind mostly are the very same
 *  (shared, frozen) sets: their texts are kept. */
import type { ManagedFieldsEntry } from '../generated/types.ts'
import type { KubeObject } from './object.ts'

/** What JSON.stringify writes, but for the order of fields: kind, apiVersion and metadata come first, managedFields are metadata's
 *  last. With `versionless`, metadata.resourceVersion is left out. */
export function objectJson(object: KubeObject, versionless = false): string {
  const { kind, apiVersion, metadata } = object
  if (typeof kind !== 'string' || typeof apiVersion !== 'string' || typeof metadata !== 'object' || metadata === null) return JSON.stringify(object)
  const entries = metadata.managedFields as ManagedFieldsEntry[] | null | undefined
  const head = JSON.stringify(versionless ? { ...metadata, managedFields: undefined, resourceVersion: undefined } : entries ? { ...metadata, managedFields: undefined } : metadata)
  const rest = JSON.stringify({ ...object, kind: undefined, apiVersion: undefined, metadata: undefined })
  const managed = entries && entries.length > 0 ? `${head.length > 2 ? ',' : ''}"managedFields":[${entries.map(entryJson).join(',')}]` : ''
  return `{"kind":${quoted(kind)},"apiVersion":${quoted(apiVersion)},"metadata":${head.slice(0, -1)}${managed}}${rest.length > 2 ? ',' : ''}${rest.slice(1)}`
}

const fieldsTexts = new WeakMap<object, string>()

function entryJson(entry: ManagedFieldsEntry): string {
  const { fieldsV1 } = entry
  // Only sets that the field manager shares between objects are frozen at once and for good.
  if (typeof fieldsV1 !== 'object' || fieldsV1 === null || !Object.isFrozen(fieldsV1)) return JSON.stringify(entry)
  let fields = fieldsTexts.get(fieldsV1)
  if (fields === undefined) fieldsTexts.set(fieldsV1, (fields = JSON.stringify(fieldsV1)))
  const rest = JSON.stringify({ ...entry, fieldsV1: undefined })
  return `${rest.slice(0, -1)}${rest.length > 2 ? ',' : ''}"fieldsV1":${fields}}`
}

const quotedTexts = new Map<string, string>()
const quotedCountMax = 1_000
const quotedLengthMax = 500

function quoted(text: string): string {
  if (text.length > quotedLengthMax) return JSON.stringify(text)
  let known = quotedTexts.get(text)
  if (known === undefined) {
    if (quotedTexts.size >= quotedCountMax) quotedTexts.clear()
    quotedTexts.set(text, (known = JSON.stringify(text)))
  }
  return known
}

/** Who owns which field, on every write: what a kind adds to machinery's field manager. */
import type { Kind } from '../../../api/kinds/kind.ts'
import type { ManagedFieldsEntry } from '../../../api/generated/types.ts'
import { jsonEqual } from '../../../api/machinery/equality.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { schemaOf } from '../../../api/machinery/schema.ts'
import { trackUpdate } from '../../../api/machinery/server-side-apply/field-manager.ts'
import { deduced, mergeTypeOf, mergeTypeOfStructural } from '../../../api/machinery/server-side-apply/merge-type.ts'
import type { MergeType } from '../../../api/machinery/server-side-apply/merge-type.ts'

const mergeTypes = new WeakMap<Kind, MergeType>()
const resets = new WeakMap<Kind, Readonly<Record<'main' | 'status', readonly (readonly string[])[]>>>()

const metadataResets = ['annotations', 'creationTimestamp', 'deletionGracePeriodSeconds', 'deletionTimestamp', 'finalizers', 'generateName', 'generation', 'labels', 'name', 'namespace', 'ownerReferences', 'resourceVersion', 'selfLink', 'uid']
const customStatusResets = [['apiVersion'], ['kind'], ['spec'], ...metadataResets.map((field) => ['metadata', field])]

/** How values of a kind merge. */
export function mergeTypeFor(kind: Kind): MergeType {
  let type = mergeTypes.get(kind)
  if (!type) {
    const definition = schemaOf(kind.schema)
    if (kind.custom) type = mergeTypeOfStructural(kind.custom.structural, mergeTypeOf(schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')!))
    else type = definition ? mergeTypeOf(definition) : deduced
    mergeTypes.set(kind, type)
  }
  return type
}

/** Paths that an endpoint puts back, and that are therefore never owned through it. */
export function resetFieldsFor(kind: Kind, subresource: string): readonly (readonly string[])[] {
  let known = resets.get(kind)
  if (!known) {
    const hasStatus = kind.subresources.some((each) => each.type === 'status')
    // Of custom resources the status endpoint resets the metadata, too.
    resets.set(kind, (known = { main: hasStatus ? [['status']] : [], status: kind.custom ? customStatusResets : [['spec']] }))
  }
  return subresource === 'status' ? known.status : subresource === '' ? known.main : []
}

/** The object with its managedFields as this create, update or patch leaves them. */
export function trackedUpdate(kind: Kind, live: KubeObject | undefined, updated: KubeObject, about: { readonly manager: string; readonly timestamp: string; readonly subresource: string }): KubeObject {
  return trackUpdate({ live, updated, manager: about.manager, subresource: about.subresource, type: mergeTypeFor(kind), timestamp: about.timestamp, resetFields: resetFieldsFor(kind, about.subresource) })
}

/** Whether a write would change nothing: the same but for resourceVersion and the times in managedFields. */
export function isUnchanged(object: KubeObject, old: KubeObject): boolean {
  return sameBut(object, old, beside.object) && sameBut(object.metadata, old.metadata, beside.metadata) && sameOwnership(object.metadata.managedFields, old.metadata.managedFields)
}

/** What is compared apart from the rest. */
const beside = { object: new Set(['metadata']), metadata: new Set(['resourceVersion', 'managedFields']), entry: new Set(['time']) }

/** jsonEqual of two objects but for some of their fields. */
function sameBut(left: object, right: object, but: ReadonlySet<string>): boolean {
  const [a, b] = [left as Readonly<Record<string, unknown>>, right as Readonly<Record<string, unknown>>]
  for (const name in a) if (a[name] !== b[name] && !but.has(name) && !jsonEqual(a[name], b[name])) return false
  for (const name in b) if (b[name] !== undefined && a[name] === undefined && !but.has(name)) return false
  return true
}

function sameOwnership(a: readonly ManagedFieldsEntry[] | undefined, b: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (a === b) return true
  if (a?.length !== b?.length) return false
  return (a ?? []).every((entry, index) => entry === b![index] || sameBut(entry, b![index]!, beside.entry))
}

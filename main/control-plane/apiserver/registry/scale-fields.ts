/** Who owns the replicas, said of an object and of its scale: managedFields are translated on the way into the scale endpoint and
 *  back out of it. Follows apimachinery's ScaleHandler; entries that come back from the scale carry no time, as upstream's don't. */
import type { ManagedFieldsEntry } from '../../../api/generated/types.ts'
import { difference, hasPath, isEmptySet, setOfPaths } from '../../../api/machinery/server-side-apply/field-set.ts'
import { decodeManagedFields, encodeManagedFields, identifierOf } from '../../../api/machinery/server-side-apply/managed-fields.ts'
import type { Managed, Managers } from '../../../api/machinery/server-side-apply/managed-fields.ts'

/** Where an object of a version keeps its replicas. */
export interface ReplicasField {
  readonly apiVersion: string
  /** Dotted: `spec.replicas`. */
  readonly path: string
}

const scaleApiVersion = 'autoscaling/v1'
const scalePath = ['f:spec', 'f:replicas']

/** Of an object's entries, those that own its replicas, as entries of its scale. */
export function scaleEntries(entries: readonly ManagedFieldsEntry[] | undefined, replicas: ReplicasField): ManagedFieldsEntry[] | undefined {
  const made: Managers = new Map()
  const path = elementsOf(replicas)
  for (const [id, managed] of decodeManagedFields(entries)) {
    if (managed.apiVersion !== replicas.apiVersion || !hasPath(managed.set, path)) continue
    made.set(id, { ...managed, apiVersion: scaleApiVersion, set: setOfPaths([scalePath]), entry: undefined })
  }
  return encodeManagedFields(made)
}

/** An object's entries after its scale was written: who lost the replicas there loses them here, who got them is given them. */
export function parentEntries(entries: readonly ManagedFieldsEntry[] | undefined, scale: readonly ManagedFieldsEntry[] | undefined, replicas: ReplicasField): ManagedFieldsEntry[] | undefined {
  const path = elementsOf(replicas)
  const inScale = decodeManagedFields(scale)
  const owners = new Map([...inScale.values()].map((managed) => [ownerOf(managed, replicas), managed]))
  const before = decodeManagedFields(entries)
  const made: Managers = new Map()
  for (const [id, managed] of before) {
    if (managed.apiVersion !== replicas.apiVersion) continue
    if (hasPath(managed.set, path) && !owners.delete(id)) {
      const rest = difference(managed.set, setOfPaths([path]))
      if (!isEmptySet(rest)) made.set(id, { ...managed, set: rest, entry: undefined })
    } else made.set(id, managed)
  }
  for (const [id, managed] of owners) {
    if (hasPath(managed.set, scalePath)) made.set(id, { ...managed, apiVersion: replicas.apiVersion, time: undefined, set: setOfPaths([path]), entry: undefined })
  }
  return encodeManagedFields(made)
}

/** The identifier of the scale's owner among the object's. */
function ownerOf(managed: Managed, { apiVersion }: ReplicasField): string {
  return identifierOf({ ...managed, apiVersion })
}

function elementsOf({ path }: ReplicasField): string[] {
  return path.split('.').filter((step) => step !== '').map((step) => `f:${step}`)
}

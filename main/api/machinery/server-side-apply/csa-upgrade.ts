/** Moving from client-side to server-side apply: the updater's entry becomes the applier's (client-go's csaupgrade, which kubectl
 *  uses before `apply --server-side`). */
import type { ManagedFieldsEntry } from '../../generated/types.ts'
import { decodeFieldsV1, encodeFieldsV1, union } from './field-set.ts'

/** The entries with what `updaters` own through Update handed to the applier `applier`; the same list when there is nothing to
 *  hand over. */
export function upgradeManagedFields(entries: readonly ManagedFieldsEntry[], updaters: readonly string[], applier: string, subresource = ''): ManagedFieldsEntry[] {
  const isUpdater = (entry: ManagedFieldsEntry): boolean => entry.operation === 'Update' && updaters.includes(entry.manager ?? '') && (entry.subresource ?? '') === subresource
  const first = entries.find(isUpdater)
  if (!first) return entries as ManagedFieldsEntry[]
  const isApplier = (entry: ManagedFieldsEntry): boolean => entry.operation === 'Apply' && entry.manager === applier && (entry.subresource ?? '') === subresource
  const present = entries.find(isApplier)
  const target: ManagedFieldsEntry = present ?? { ...first, operation: 'Apply', manager: applier }
  let set = decodeFieldsV1(target.fieldsV1 ?? {})
  for (const entry of entries) if (isUpdater(entry) && entry.apiVersion === target.apiVersion) set = union(set, decodeFieldsV1(entry.fieldsV1 ?? {}))
  const upgraded: ManagedFieldsEntry = { ...target, fieldsV1: encodeFieldsV1(set) }
  return entries.flatMap((entry) => {
    if (entry === present || (!present && entry === first)) return [upgraded]
    return isUpdater(entry) ? [] : [entry]
  })
}

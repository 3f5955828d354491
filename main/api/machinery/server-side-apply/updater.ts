/** Ownership and merging as structured-merge-diff's updater has them: values, a type, and who owns which paths. Knows nothing of
 *  Kubernetes' objects but the paths that nobody owns. Not modelled: conversion between versions of a group (managers of other
 *  versions are compared in the present one). */
import { jsonEqual } from '../equality.ts'
import type { JsonObject } from '../json-value.ts'
import { compareValues, isSame } from './compare.ts'
import type { Comparison } from './compare.ts'
import { difference, emptySet, forEachPath, intersection, isEmptySet, setOfPaths, union } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import type { Conflict } from './conflict.ts'
import { dropEmpty } from './managed-fields.ts'
import type { Managed, Managers } from './managed-fields.ts'
import type { MergeType } from './merge-type.ts'
import { mergeValues, removePaths } from './merge-values.ts'
import { reconciled } from './reconcile.ts'
import { fieldSetOf, withNamedFields } from './to-field-set.ts'

/** Who writes, and what of. */
export interface Write {
  /** The key of the writer in the managers. */
  readonly id: string
  readonly identity: Omit<Managed, 'set' | 'entry' | 'time'>
  readonly type: MergeType
  /** Paths that never are owned through this endpoint, with all below them. */
  readonly ignored: FieldSet
  readonly timestamp: string
}

/** Fields of an object that nobody owns. */
const unowned = setOfPaths([
  ['f:apiVersion'], ['f:kind'], ['f:metadata'], ['f:metadata', 'f:name'], ['f:metadata', 'f:namespace'], ['f:metadata', 'f:creationTimestamp'], ['f:metadata', 'f:selfLink'],
  ['f:metadata', 'f:uid'], ['f:metadata', 'f:clusterName'], ['f:metadata', 'f:generation'], ['f:metadata', 'f:managedFields'], ['f:metadata', 'f:resourceVersion'],
])

function withoutIgnored(comparison: Comparison, ignored: FieldSet): Comparison {
  if (ignored === emptySet) return comparison
  return { removed: difference(comparison.removed, ignored, true), modified: difference(comparison.modified, ignored, true), added: difference(comparison.added, ignored, true) }
}

/** Changes `managers` as an update from `before` to `after` does; answers whether ownership moved. */
export function updateOwnership(before: JsonObject, after: JsonObject, managers: Managers, write: Write): boolean {
  const { id, identity, type, ignored, timestamp } = write
  const comparison = withoutIgnored(compareValues(before, after, type), ignored)
  if (isSame(comparison)) return false
  reconcileManagers(managers, type)
  const touched = union(comparison.modified, comparison.added)
  for (const [otherId, managed] of managers) {
    const set = difference(difference(managed.set, touched), comparison.removed)
    if (set !== managed.set) managers.set(otherId, { ...managed, set, entry: undefined })
  }
  dropEmpty(managers)
  const own = difference(touched, unowned)
  if (!isEmptySet(own)) {
    const previous = managers.get(id)
    managers.set(id, { ...identity, time: timestamp, set: previous ? union(own, previous.set) : own })
  }
  return true
}

export type Applied = { readonly value: JsonObject; readonly managers: Managers } | { readonly conflicts: Conflict[] }

/** `applied` merged into `live` with what the applier does not say any more removed, and who owns what then. Throws an Error for
 *  lists that cannot be merged. */
export function applyConfiguration(live: JsonObject, applied: JsonObject, startManagers: Managers, write: Write, force: boolean): Applied {
  const { id, identity, type, ignored, timestamp } = write
  const managers: Managers = new Map(startManagers)
  reconcileManagers(managers, type)
  const last = managers.get(id)
  let merged = mergeValues(live, applied, type) as JsonObject
  const set = difference(fieldSetOf(applied, type), ignored, true)
  const own: Managed = { ...identity, time: last?.time, set }
  managers.set(id, own)
  if (last && !isEmptySet(last.set)) merged = prune(merged, managers, last.set, set, type)
  const comparison = withoutIgnored(compareValues(live, merged, type), ignored)
  const touched = union(comparison.modified, comparison.added)
  const conflicts: Conflict[] = []
  for (const [otherId, managed] of managers) {
    if (otherId === id) continue
    const contested = intersection(managed.set, touched)
    if (!isEmptySet(contested)) forEachPath(contested, (path) => conflicts.push({ managed, path: [...path] }))
    const rest = difference(difference(managed.set, contested), comparison.removed)
    if (rest !== managed.set) managers.set(otherId, { ...managed, set: rest, entry: undefined })
  }
  if (conflicts.length > 0 && !force) return { conflicts }
  const stripped = difference(set, unowned)
  const changed = !jsonEqual(live, merged)
  managers.set(id, { ...own, set: stripped, time: changed ? timestamp : last?.time })
  dropEmpty(managers)
  return { value: merged, managers }
}

/** Sets that were written under another schema, in the form that the present one gives them. */
function reconcileManagers(managers: Managers, type: MergeType): void {
  for (const [id, managed] of managers) {
    const set = reconciled(managed.set, type)
    if (set !== managed.set) managers.set(id, { ...managed, set, entry: undefined })
  }
}

/** Removes what the applier owned and no longer applies, unless somebody else owns it. */
function prune(merged: JsonObject, managers: Managers, last: FieldSet, now: FieldSet, type: MergeType): JsonObject {
  if (isEmptySet(difference(last, now))) return merged
  const lastNamed = withNamedFields(last, type)
  let pruned = (removePaths(merged, lastNamed, type) ?? {}) as JsonObject
  let managed: FieldSet = emptySet
  for (const each of managers.values()) managed = union(managed, each.set)
  const mergedSet = withNamedFields(fieldSetOf(merged, type), type)
  const keep = union(withNamedFields(fieldSetOf(pruned, type), type), withNamedFields(managed, type))
  pruned = (removePaths(merged, difference(mergedSet, keep), type) ?? {}) as JsonObject
  const prunedSet = withNamedFields(fieldSetOf(pruned, type), type)
  return (removePaths(merged, intersection(difference(mergedSet, prunedSet), lastNamed), type) ?? {}) as JsonObject
}

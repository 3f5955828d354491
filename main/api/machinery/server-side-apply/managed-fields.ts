/** metadata.managedFields, decoded: who owns which paths, by which operation, since when. */
import type { ManagedFieldsEntry } from '../../generated/types.ts'
import { compareBytes } from '../go-text.ts'
import { parseTime } from '../time.ts'
import { decodeFieldsV1, encodeFieldsV1, isEmptySet, union } from './field-set.ts'
import type { FieldSet } from './field-set.ts'

export type Operation = 'Apply' | 'Update'

/** One manager's fields. */
export interface Managed {
  readonly manager: string
  readonly operation: Operation
  readonly apiVersion: string
  readonly subresource: string
  readonly time: string | undefined
  readonly set: FieldSet
  /** How it is written, once it was. */
  entry?: ManagedFieldsEntry | undefined
}

/** By identifier: an applier is one whatever its version, an updater is one per version. */
export type Managers = Map<string, Managed>

export function identifierOf(entry: Pick<Managed, 'manager' | 'operation' | 'apiVersion' | 'subresource'>): string {
  return `${entry.operation}|${entry.manager}|${entry.operation === 'Apply' ? '' : entry.apiVersion}|${entry.subresource}`
}

/** Decodes entries; throws upstream's text for a wrong one. */
export function decodeManagedFields(entries: readonly ManagedFieldsEntry[] | null | undefined): Managers {
  const managers: Managers = new Map()
  for (const [index, entry] of (entries ?? []).entries()) {
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') throw new Error('operation must be `Apply` or `Update`')
    if (!entry.apiVersion) throw new Error('apiVersion must not be empty')
    if (!entry.fieldsType) throw new Error(`missing fieldsType in managed fields entry ${index}`)
    if (entry.fieldsType !== 'FieldsV1') throw new Error(`invalid fieldsType ${JSON.stringify(entry.fieldsType)} in managed fields entry ${index}`)
    const managed: Managed = {
      manager: entry.manager ?? '',
      operation: entry.operation,
      apiVersion: entry.apiVersion,
      subresource: entry.subresource ?? '',
      time: entry.time,
      set: decodeFieldsV1(entry.fieldsV1 ?? {}),
    }
    managers.set(identifierOf(managed), managed)
  }
  return managers
}

/** Encodes managers in upstream's order (operation, time, manager, version, subresource); undefined when there are none. */
export function encodeManagedFields(managers: Managers): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined
  return [...managers.values()].sort(compareManaged).map(entryOf)
}

function entryOf(managed: Managed): ManagedFieldsEntry {
  let { entry } = managed
  if (!entry) {
    entry = { manager: managed.manager, operation: managed.operation, apiVersion: managed.apiVersion }
    if (managed.time !== undefined) entry.time = managed.time
    entry.fieldsType = 'FieldsV1'
    entry.fieldsV1 = encodeFieldsV1(managed.set)
    if (managed.subresource) entry.subresource = managed.subresource
    managed.entry = entry
  }
  return entry
}

function compareManaged(a: Managed, b: Managed): number {
  if (a.operation !== b.operation) return a.operation < b.operation ? -1 : 1
  return secondsOf(a) - secondsOf(b) || compareBytes(a.manager, b.manager) || compareBytes(a.apiVersion, b.apiVersion) || compareBytes(a.subresource, b.subresource)
}

function secondsOf(managed: Managed): number {
  return Math.floor((parseTime(managed.time) ?? 0) / 1000)
}

/** The most updaters that are kept apart. */
const updaterCountMax = 10

/** Merges the oldest updaters of a version into `ancient-changes` while there are too many. */
export function capUpdaters(managers: Managers): void {
  if (managers.size <= updaterCountMax) return
  const updaters = [...managers].filter(([, managed]) => managed.operation === 'Update')
  let count = updaters.length
  if (count <= updaterCountMax) return
  updaters.sort(([a, x], [b, y]) => secondsOf(x) - secondsOf(y) || compareBytes(a, b))
  const firsts = new Map<string, string>()
  for (const [id, managed] of updaters) {
    if (count <= updaterCountMax) return
    const first = firsts.get(managed.apiVersion)
    if (first === undefined) {
      firsts.set(managed.apiVersion, id)
      continue
    }
    const bucket = { manager: 'ancient-changes', operation: 'Update' as const, apiVersion: managed.apiVersion, subresource: '' }
    const bucketId = identifierOf(bucket)
    const before = managers.get(bucketId) ?? (managers.get(first) as Managed)
    if (!managers.has(bucketId)) managers.delete(first)
    managers.delete(id)
    managers.set(bucketId, { ...bucket, time: managed.time, set: union(managed.set, before.set) })
    count--
  }
}

/** Drops managers that own nothing. */
export function dropEmpty(managers: Managers): void {
  for (const [id, managed] of managers) if (isEmptySet(managed.set)) managers.delete(id)
}

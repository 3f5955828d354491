/** Server-side apply and the tracking of field ownership on every write. Follows upstream's managedfields package over
 *  structured-merge-diff (`updater.ts`). */
import type { ManagedFieldsEntry, ObjectMeta } from '../../generated/types.ts'
import { jsonEqual } from '../equality.ts'
import { byteLength, goJson } from '../go-text.ts'
import { isObject } from '../json-value.ts'
import type { JsonObject } from '../json-value.ts'
import { parseGroupVersion } from '../object.ts'
import type { KubeObject } from '../object.ts'
import { badRequest, failure, StatusError } from '../status-error.ts'
import { compareValues } from './compare.ts'
import { conflictError } from './conflict.ts'
import type { Conflict } from './conflict.ts'
import { difference, emptySet, hasPath, setOfPaths } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import { capUpdaters, decodeManagedFields, encodeManagedFields, identifierOf } from './managed-fields.ts'
import type { Managers } from './managed-fields.ts'
import type { MergeType } from './merge-type.ts'
import { fieldSetOf } from './to-field-set.ts'
import { applyConfiguration, updateOwnership } from './updater.ts'
import { typeErrors, typeErrorsText } from './validate-type.ts'

export interface TrackOptions {
  /** The stored object before the write; undefined on create. */
  readonly live: KubeObject | undefined
  /** The object to be stored, its managedFields as the client sent them. */
  readonly updated: KubeObject
  /** The field manager's name; '' is `unknown`. */
  readonly manager: string
  /** '' or absent for the object itself. */
  readonly subresource?: string
  readonly type: MergeType
  /** RFC 3339, whole seconds. */
  readonly timestamp: string
  /** Paths that this endpoint resets (`[['status']]` for a main resource with a status subresource, `[['spec']]` for status):
   *  they are never owned through it. */
  readonly resetFields?: readonly (readonly string[])[]
}

export interface ApplyOptions {
  /** The stored object; undefined when the apply creates it. */
  readonly live: KubeObject | undefined
  /** The configuration. */
  readonly applied: KubeObject
  readonly manager: string
  /** Take over fields that others own. */
  readonly force: boolean
  readonly subresource?: string
  readonly type: MergeType
  readonly timestamp: string
  readonly resetFields?: readonly (readonly string[])[]
  /** The version of the endpoint: `apps/v1`. */
  readonly apiVersion: string
}

/** The object with metadata.managedFields as this create, update or patch leaves them. Never fails: where ownership cannot be
 *  told, the live object's entries stay. */
export function trackUpdate<T extends KubeObject>(options: TrackOptions & { readonly updated: T }): T {
  const { live, updated } = options
  try {
    const { managers, entries } = managersToStart(options)
    if (managers.size === 0 && live?.metadata.uid) return withManagedFields(updated, undefined)
    const changed = track(live, updated, managers, options)
    return withManagedFields(updated, changed ? encodeManagedFields(managers) : entries)
  } catch {
    return withManagedFields(updated, live?.metadata.managedFields)
  }
}

interface Start {
  readonly managers: Managers
  /** The entries that say the same. */
  readonly entries: readonly ManagedFieldsEntry[] | undefined
}

/** What the client sent decides, unless it sent nothing usable or writes to a subresource; an explicit empty list resets. */
function managersToStart(options: TrackOptions): Start {
  const liveEntries = options.live?.metadata.managedFields
  const sent = options.updated.metadata.managedFields as readonly ManagedFieldsEntry[] | null | undefined
  if (!options.subresource && sent && sent !== liveEntries) {
    if (sent.length === 0 || (sent.length === 1 && Object.keys(sent[0] as object).length === 0)) return { managers: new Map(), entries: undefined }
    if (!jsonEqual(sent, liveEntries)) {
      const managers = decodeOrEmpty(sent)
      if (managers.size > 0) return { managers, entries: encodeManagedFields(managers) }
    }
  }
  const managers = decodeOrEmpty(liveEntries)
  return { managers, entries: managers.size > 0 ? liveEntries : undefined }
}

function decodeOrEmpty(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  try {
    return decodeManagedFields(entries)
  } catch {
    return new Map()
  }
}

function withManagedFields<T extends KubeObject>(object: T, entries: readonly ManagedFieldsEntry[] | undefined): T {
  if (object.metadata.managedFields === entries && (entries !== undefined || !('managedFields' in object.metadata))) return object
  if (entries) return { ...object, metadata: { ...object.metadata, managedFields: entries as ManagedFieldsEntry[] } }
  const { managedFields: _old, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** The object as it is compared: without managedFields. */
function plain(object: KubeObject | undefined): JsonObject {
  if (!object) return {}
  if (object.metadata.managedFields === undefined) return object as unknown as JsonObject
  return { ...(object as unknown as JsonObject), metadata: { ...object.metadata, managedFields: undefined } }
}

const ignoredSets = new WeakMap<object, FieldSet>()

/** Remembered, as an endpoint gives the same list each time. */
function ignoredSet({ resetFields }: Pick<TrackOptions, 'resetFields'>): FieldSet {
  if (!resetFields || resetFields.length === 0) return emptySet
  let set = ignoredSets.get(resetFields)
  if (!set) ignoredSets.set(resetFields, (set = setOfPaths(resetFields.map((path) => path.map((name) => `f:${name}`)))))
  return set
}

/** Changes `managers` as an update by `options.manager` does; answers whether ownership moved. */
function track(live: KubeObject | undefined, updated: KubeObject, managers: Managers, options: Omit<TrackOptions, 'live' | 'updated'>): boolean {
  const ignored = ignoredSet(options)
  // The very same entries on both sides are not looked into anyway.
  const shared = live !== undefined && live.metadata.managedFields === updated.metadata.managedFields
  const [before, after] = shared ? [live as unknown as JsonObject, updated as unknown as JsonObject] : [plain(live), plain(updated)]
  const identity = { manager: options.manager || 'unknown', operation: 'Update' as const, apiVersion: updated.apiVersion, subresource: options.subresource ?? '' }
  const changed = updateOwnership(before, after, managers, { id: identifierOf(identity), identity, type: options.type, ignored, timestamp: options.timestamp })
  if (changed) capUpdaters(managers)
  return changed
}

/** The merged object with its managedFields. Throws a StatusError: 409 with the conflicts, 400 for a wrong version or managedFields
 *  in the configuration, 500 with upstream's text for a configuration that does not fit the schema. */
export function applyPatch(options: ApplyOptions): KubeObject {
  const { live, applied, manager } = options
  if (applied.apiVersion !== options.apiVersion) {
    throw badRequest(`Incorrect version specified in apply patch. Specified patch version: ${applied.apiVersion}, expected: ${options.apiVersion}`)
  }
  if (applied.metadata?.managedFields !== undefined && applied.metadata.managedFields !== null) throw badRequest('metadata.managedFields must be nil')
  const errors = typeErrors(applied, options.type)
  if (errors.length > 0) throw plainError(`failed to create typed patch object (${describe(applied)}): ${typeErrorsText(errors)}`)
  let managers: Managers
  try {
    managers = decodeManagedFields(live?.metadata.managedFields)
  } catch (error) {
    throw plainError(`failed to decode managed fields: ${(error as Error).message}`)
  }
  if (managers.size === 0 && live) {
    track(undefined, live, managers, { ...options, manager: 'before-first-apply' })
  }
  let result = merge(options, managers, options.force)
  if ('conflicts' in result && manager === 'kubectl' && live) {
    const allowed = unchangedSinceLastApplied(live, options)
    const rest = result.conflicts.filter((conflict) => !hasPath(allowed, conflict.path))
    result = rest.length > 0 ? { conflicts: rest } : merge(options, managers, true)
  }
  if ('conflicts' in result) throw conflictError(result.conflicts)
  return withManagedFields(manager === 'kubectl' ? withLastApplied(result.object, applied) : result.object, encodeManagedFields(result.managers))
}

function plainError(message: string): StatusError {
  return new StatusError(failure(500, '', message))
}

function describe(object: KubeObject): string {
  const { group, version } = parseGroupVersion(object.apiVersion)
  return `${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}; ${group}/${version}, Kind=${object.kind}`
}

type MergeResult = { readonly object: KubeObject; readonly managers: Managers } | { readonly conflicts: Conflict[] }

function merge(options: ApplyOptions, managers: Managers, force: boolean): MergeResult {
  const identity = { manager: options.manager || 'unknown', operation: 'Apply' as const, apiVersion: options.applied.apiVersion, subresource: options.subresource ?? '' }
  const write = { id: identifierOf(identity), identity, type: options.type, ignored: ignoredSet(options), timestamp: options.timestamp }
  try {
    const result = applyConfiguration(plain(options.live), plain(options.applied), managers, write, force)
    return 'conflicts' in result ? result : { object: result.value as unknown as KubeObject, managers: result.managers }
  } catch (error) {
    throw plainError(`failed to merge config: ${(error as Error).message}`)
  }
}

export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration'
const annotationsSizeMax = 262_144

/** For an object that client-side apply managed before: the paths that still are as it applied them last, on which `kubectl` as
 *  an applier does not conflict with itself. */
function unchangedSinceLastApplied(live: KubeObject, options: ApplyOptions): FieldSet {
  const text = live.metadata.annotations?.[lastAppliedAnnotation]
  if (!text) return emptySet
  try {
    const last = JSON.parse(text) as unknown
    if (!isObject(last) || last.apiVersion !== options.apiVersion || typeErrors(last, options.type).length > 0) return emptySet
    const comparison = compareValues(last, plain(live), options.type)
    return difference(difference(difference(fieldSetOf(last, options.type), comparison.modified), comparison.added), comparison.removed)
  } catch {
    return emptySet
  }
}

/** Keeps client-side apply's annotation up to date while it is there. */
function withLastApplied(object: KubeObject, applied: KubeObject): KubeObject {
  const annotations = object.metadata.annotations
  if (!annotations?.[lastAppliedAnnotation]) return object
  const text = lastAppliedText(applied)
  const next: { [key: string]: string } = { ...annotations, [lastAppliedAnnotation]: text }
  let size = 0
  for (const key in next) size += byteLength(key) + byteLength(next[key] as string)
  if (size > annotationsSizeMax) delete next[lastAppliedAnnotation]
  return { ...object, metadata: { ...object.metadata, annotations: next } as ObjectMeta }
}

/** The text of client-side apply's annotation for a configuration: its JSON as Go writes it, without that annotation, keys sorted,
 *  and a newline. */
export function lastAppliedText(applied: KubeObject): string {
  const annotations = { ...applied.metadata.annotations }
  delete annotations[lastAppliedAnnotation]
  const metadata = applied.metadata.annotations ? { ...applied.metadata, annotations } : applied.metadata
  return `${goJson(sortKeys({ ...applied, metadata }))}\n`
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sortKeys(value[key])]))
}

import type { EtcdHistory, EtcdVersionView, EtcdWriteView } from '../../../preload/contract/etcd.ts'
import { differences, type Change } from './object-diff.ts'

/** One version of an object, with what is different from the one before. */
export interface Revision {
  readonly revision: number
  /** Undefined: the version before is not known (compacted, or beyond what was asked for). */
  readonly changes: readonly Change[] | undefined
  readonly created: boolean
  readonly write: EtcdWriteView | undefined
  /** Field managers whose entry this version brought or renewed: `kubelet`, `kubectl-client-side-apply`. */
  readonly managers: readonly string[]
  /** When it was written, ms: exactly where the write is known, else to the second, by its field managers. */
  readonly time: number | undefined
  readonly exact: boolean
}

interface ManagedEntry {
  readonly manager?: string
  readonly operation?: string
  readonly subresource?: string
  readonly time?: string
}

/** The versions of a history, newest first, each compared with its elder. */
export function revisionsOf(history: EtcdHistory): Revision[] {
  const objects = history.versions.map((version) => parsed(version))
  return history.versions.map((version, index) => {
    const object = objects[index]
    const isLast = index === history.versions.length - 1
    const created = isLast && history.end === 'created'
    const elder = isLast ? undefined : objects[index + 1]
    const renewed = renewedEntries(created ? undefined : elder, object)
    const stamped = newestTime(isLast && !created ? [] : renewed)
    return {
      revision: version.modRevision,
      changes: isLast ? undefined : differences(elder, object),
      created,
      write: version.write,
      managers: isLast && !created ? [] : [...new Set(renewed.map((entry) => entry.manager ?? ''))].filter(Boolean),
      time: version.write?.time ?? stamped,
      exact: version.write !== undefined,
    }
  })
}

function parsed(version: EtcdVersionView): Record<string, unknown> {
  try {
    return JSON.parse(version.value) as Record<string, unknown>
  } catch {
    return { value: version.value }
  }
}

function entriesOf(object: Record<string, unknown> | undefined): readonly ManagedEntry[] {
  const entries = (object?.metadata as { managedFields?: unknown } | undefined)?.managedFields
  return Array.isArray(entries) ? (entries as ManagedEntry[]) : []
}

function renewedEntries(before: Record<string, unknown> | undefined, after: Record<string, unknown> | undefined): ManagedEntry[] {
  const known = new Set(entriesOf(before).map((entry) => JSON.stringify(entry)))
  return entriesOf(after).filter((entry) => !known.has(JSON.stringify(entry)))
}

function newestTime(entries: readonly ManagedEntry[]): number | undefined {
  const times = entries.map((entry) => Date.parse(entry.time ?? '')).filter((time) => !Number.isNaN(time))
  return times.length > 0 ? Math.max(...times) : undefined
}

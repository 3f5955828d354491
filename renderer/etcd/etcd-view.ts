/** What etcd shows under `etcd`. */
export interface EtcdView {
  readonly name: string
  readonly memberId: string
  readonly version: string
  readonly leader: string
  readonly raftTerm: number
  readonly appliedIndex: number
  readonly revision: number
  readonly compactRevision: number
  readonly keys: number
  readonly dbSizeBytes: number
  readonly dbSizeInUseBytes: number
  readonly quotaBytes: number
  readonly alarms: readonly string[]
  readonly wal: { readonly segments: number; readonly bytes: number; readonly bytesWritten: number; readonly fsyncs: number; readonly fsyncMeanMs: number; readonly fsyncNewestMs: readonly number[] }
  readonly snapshot: { readonly taken: number; readonly lastIndex: number; readonly lastBytes: number }
  readonly watchers: { readonly synced: number; readonly unsynced: number; readonly targets: readonly { readonly key: string; readonly watchers: number }[] }
  readonly leases: { readonly count: number }
  /** Newest first. */
  readonly operations: readonly Operation[]
}

export interface Operation {
  readonly time: number
  readonly revision: number
  readonly type: string
  readonly key: string
  readonly outcome: string
}

/** The folders that a key's path stands in, each with the prefix that lists it: `/registry/pods/default/x` -> /registry, pods, default. */
export function crumbs(prefix: string): { readonly name: string; readonly prefix: string }[] {
  const parts = prefix.split('/').filter(Boolean)
  return parts.map((name, index) => ({ name, prefix: `/${parts.slice(0, index + 1).join('/')}/` }))
}

export interface Folder {
  readonly name: string
  readonly prefix: string
  readonly keys: number
}

/** What stands directly under a prefix: folders with how many keys each holds, and keys of its own. */
export function foldersOf<K extends { readonly key: string }>(prefix: string, keys: readonly K[]): { readonly folders: Folder[]; readonly own: K[] } {
  const counts = new Map<string, number>()
  const own: K[] = []
  for (const entry of keys) {
    const rest = entry.key.slice(prefix.length)
    const slash = rest.indexOf('/', rest.startsWith('/') ? 1 : 0)
    if (slash < 0) own.push(entry)
    else counts.set(rest.slice(0, slash), (counts.get(rest.slice(0, slash)) ?? 0) + 1)
  }
  return { folders: [...counts].map(([name, count]) => ({ name, prefix: `${prefix}${name}/`, keys: count })), own }
}

/** A stored value to read: JSON is laid out, anything else is shown as it is. */
export function readable(value: string): string {
  try {
    return JSON.stringify(JSON.parse(value), undefined, 2)
  } catch {
    return value
  }
}

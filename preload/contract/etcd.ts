/** Reading etcd's keys as `etcdctl get --prefix` does, for the key browser. Nothing is written, no lease is touched. */
export interface EtcdKeyView {
  readonly key: string
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
  /** Hexadecimal; '0' = none. */
  readonly lease: string
  readonly valueBytes: number
  /** Only when asked for: the value as text, at most 256 KiB of it. */
  readonly value?: string
}

export interface EtcdRange {
  /** The store's revision when it was read. */
  readonly revision: number
  /** Keys under the prefix, whatever the limit. */
  readonly count: number
  /** Ascending by key, the first `limit`. */
  readonly keys: readonly EtcdKeyView[]
}

/** What is known of the write that made a version of a key. Only writes of this run that were not yet forgotten are known. */
export interface EtcdWriteView {
  /** Virtual ms since the epoch. */
  readonly time: number
  /** Leads to the trace: see `observe.rootOf`. */
  readonly spanId: number
  /** The API request that wrote it, as `PATCH /api/v1/namespaces/default/pods/web/status`; '' when no request did. */
  readonly request: string
  /** Who sent that request: `system:node:worker-1`; '' when not known. */
  readonly user: string
  /** What set it all off, as `kubectl: POST /apis/apps/v1/namespaces/default/deployments`; '' when nothing from outside did. */
  readonly cause: string
}

/** A key as it was from one revision on. */
export interface EtcdVersionView {
  readonly modRevision: number
  readonly version: number
  readonly valueBytes: number
  /** As text, at most 256 KiB of it. */
  readonly value: string
  readonly write?: EtcdWriteView
}

export interface EtcdHistory {
  /** The store's revision when it was read. */
  readonly revision: number
  /** Newest first. */
  readonly versions: readonly EtcdVersionView[]
  /** Why there are no older ones: the last is the key's creation, what was before is compacted, or there were `limit` of them. */
  readonly end: 'created' | 'compacted' | 'limit'
}

export interface EtcdCalls {
  /** The versions of one key that etcd still has, as `etcdctl get --rev` reads them, `limit` at most (up to 100). `atRevision` begins
   *  with the version of that time instead of the newest: what is deleted now was there then. */
  'etcd.history': { readonly argument: { readonly key: string; readonly limit: number; readonly atRevision?: number }; readonly result: EtcdHistory }
  /** Keys that begin with `prefix` (with `values`, of at most 100 keys). Asks the first living member; `unavailable` when none answers. */
  'etcd.range': { readonly argument: { readonly prefix: string; readonly limit: number; readonly values?: boolean }; readonly result: EtcdRange }
}

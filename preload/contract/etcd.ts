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

export interface EtcdCalls {
  /** Keys that begin with `prefix` (with `values`, of at most 100 keys). Asks the first living member; `unavailable` when none answers. */
  'etcd.range': { readonly argument: { readonly prefix: string; readonly limit: number; readonly values?: boolean }; readonly result: EtcdRange }
}

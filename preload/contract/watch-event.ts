/** A watch event as the API sends it. The object's shape follows what was asked for: an object, a Table, or a Status. */
export interface WatchEvent<T = Readonly<Record<string, unknown>>> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: T
}

import { EtcdError, type KeyValue } from '../control-plane/etcd/client.ts'
import type { Cluster } from './cluster.ts'
import { etcdFromOutside } from './etcd-from-outside.ts'

export interface KeyVersions {
  /** The store's revision when the newest was read. */
  readonly revision: number
  /** Newest first. */
  readonly versions: readonly KeyValue[]
  readonly end: 'created' | 'compacted' | 'limit'
}

/** The versions of a key, newest first: each is read at the revision before the one that made its successor, until the key's creation
 *  or what is compacted. `atRevision` 0 begins with the newest. To be called inside an event. */
export async function versionsOf(cluster: Cluster, key: string, limit: number, atRevision: number): Promise<KeyVersions> {
  const client = etcdFromOutside(cluster)()
  if (!client) throw new EtcdError('unavailable', 'the control-plane node is off')
  const versions: KeyValue[] = []
  let revision = 0
  let at = atRevision
  while (versions.length < limit) {
    try {
      const { header, kvs } = await client.range(at === 0 ? { key } : { key, revision: at })
      revision ||= header.revision
      const found = kvs[0]
      if (!found) return { revision, versions, end: 'created' }
      versions.push(found)
      if (found.modRevision === found.createRevision) return { revision, versions, end: 'created' }
      at = found.modRevision - 1
    } catch (error) {
      if (error instanceof EtcdError && error.code === 'compacted') return { revision, versions, end: 'compacted' }
      throw error
    }
  }
  return { revision, versions, end: 'limit' }
}

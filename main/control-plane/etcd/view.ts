import type { ServerFacts } from './server.ts'

const targetsShown = 60
const leasesShown = 30
const operationsShown = 50

/** What the etcd dashboard shows; plain and bounded. */
export interface EtcdView {
  readonly name: string
  readonly memberId: string
  readonly clusterId: string
  readonly version: string
  readonly leader: string
  readonly raftTerm: number
  readonly committedIndex: number
  readonly appliedIndex: number
  readonly pendingProposals: number
  readonly revision: number
  readonly compactRevision: number
  readonly keys: number
  readonly dbSizeBytes: number
  readonly dbSizeInUseBytes: number
  readonly quotaBytes: number
  readonly alarms: readonly string[]
  readonly connections: number
  readonly wal: { readonly segments: number; readonly bytes: number; readonly bytesWritten: number; readonly fsyncs: number; readonly fsyncMeanMs: number; readonly fsyncNewestMs: readonly number[] }
  readonly snapshot: { readonly taken: number; readonly lastIndex: number; readonly lastBytes: number }
  readonly watchers: { readonly synced: number; readonly unsynced: number; readonly targets: readonly { readonly key: string; readonly rangeEnd?: string; readonly watchers: number }[] }
  readonly leases: { readonly count: number; readonly soonest: readonly { readonly id: string; readonly ttlSeconds: number; readonly expiresAt: number; readonly keys: number }[] }
  readonly counters: Readonly<Record<string, number>>
  /** Newest first. */
  readonly operations: readonly { readonly time: number; readonly revision: number; readonly type: string; readonly key: string; readonly outcome: string }[]
}

export function etcdView({ member, log, wal, snapshots, connections }: ServerFacts): () => EtcdView {
  return () => {
    const { store, leases, alarms } = member.state
    return {
      name: member.options.facts.name,
      memberId: member.options.facts.id,
      clusterId: member.options.clusterId,
      version: member.options.version,
      leader: log.leader,
      raftTerm: log.term,
      committedIndex: log.committed,
      appliedIndex: member.applied,
      pendingProposals: member.pending,
      revision: store.revision,
      compactRevision: store.compactRevision,
      keys: store.keyCount,
      dbSizeBytes: store.sizeBytes,
      dbSizeInUseBytes: store.sizeInUseBytes,
      quotaBytes: member.options.quotaBytes,
      alarms: [...alarms],
      connections: connections(),
      wal: {
        segments: wal.segmentCount,
        bytes: wal.bytes,
        bytesWritten: wal.bytesWritten,
        fsyncs: log.flushes.count,
        fsyncMeanMs: log.flushes.count === 0 ? 0 : log.flushes.totalMs / log.flushes.count,
        fsyncNewestMs: log.flushes.newest.slice(-60),
      },
      snapshot: { taken: snapshots.count, lastIndex: snapshots.lastIndex, lastBytes: snapshots.lastBytes },
      watchers: { synced: member.hub.syncedCount, unsynced: member.hub.unsyncedCount, targets: member.hub.targets().slice(0, targetsShown) },
      leases: {
        count: leases.size,
        soonest: [...leases.all()]
          .sort((a, b) => a.deadline - b.deadline)
          .slice(0, leasesShown)
          .map((lease) => ({ id: lease.id.toString(16), ttlSeconds: lease.ttlSeconds, expiresAt: lease.deadline, keys: lease.keys.size })),
      },
      counters: { ...member.counters },
      operations: member.operations.slice(-operationsShown).reverse(),
    }
  }
}

import { serveHttp, type HttpResponse } from '../../kernel/http.ts'
import type { NetworkStack } from '../../kernel/network.ts'
import type { Scope } from '../../kernel/scope.ts'
import { flushBucketsMs } from './log/solo-log.ts'
import type { ServerFacts } from './server.ts'

/** Health and Prometheus metrics under etcd's names, as `--listen-metrics-urls` serves them. */
export function serveMetrics(stack: NetworkStack, scope: Scope, port: number, facts: ServerFacts): void {
  const encoder = new TextEncoder()
  const answer = (status: number, type: string, text: string): HttpResponse => ({ status, headers: { 'content-type': type }, body: encoder.encode(text) })
  serveHttp(
    stack,
    port,
    (exchange) => {
      const path = exchange.request.path.split('?')[0]
      if (path === '/metrics') exchange.respond(answer(200, 'text/plain; version=0.0.4; charset=utf-8', metricsText(facts)))
      else if (path === '/health') {
        const [alarm] = facts.member.state.alarms
        const body = alarm ? { health: 'false', reason: `ALARM ${alarm}` } : { health: 'true', reason: '' }
        exchange.respond(answer(alarm ? 503 : 200, 'application/json', JSON.stringify(body)))
      } else if (path === '/livez' || path === '/readyz') exchange.respond(answer(200, 'text/plain; charset=utf-8', 'ok\n'))
      else if (path === '/version') exchange.respond(answer(200, 'application/json', JSON.stringify({ etcdserver: facts.member.options.version, etcdcluster: '3.6.0', storage: '3.6.0' })))
      else exchange.respond(answer(404, 'text/plain; charset=utf-8', '404 page not found\n'))
    },
    { scope, address: '127.0.0.1' },
  )
}

type MetricType = 'counter' | 'gauge'

function metricsText({ member, log, wal }: ServerFacts): string {
  const { store, leases } = member.state
  const { counters } = member
  const lines: string[] = []
  const metric = (name: string, type: MetricType, help: string, value: number): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`)
  }
  metric('etcd_debugging_mvcc_current_revision', 'gauge', 'The current revision of store.', store.revision)
  metric('etcd_debugging_mvcc_compact_revision', 'gauge', 'The revision of the last compaction in store.', store.compactRevision)
  metric('etcd_debugging_mvcc_keys_total', 'gauge', 'Total number of keys.', store.keyCount)
  metric('etcd_debugging_mvcc_watcher_total', 'gauge', 'Total number of watchers.', member.hub.syncedCount + member.hub.unsyncedCount)
  metric('etcd_debugging_mvcc_slow_watcher_total', 'gauge', 'Total number of unsynced slow watchers.', member.hub.unsyncedCount)
  metric('etcd_debugging_mvcc_events_total', 'counter', 'Total number of events sent by this member.', counters.watchEvents)
  metric('etcd_mvcc_db_total_size_in_bytes', 'gauge', 'Total size of the underlying database physically allocated in bytes.', store.sizeBytes)
  metric('etcd_mvcc_db_total_size_in_use_in_bytes', 'gauge', 'Total size of the underlying database logically in use in bytes.', store.sizeInUseBytes)
  metric('etcd_mvcc_put_total', 'counter', 'Total number of puts seen by this member.', counters.puts)
  metric('etcd_mvcc_range_total', 'counter', 'Total number of ranges seen by this member.', counters.ranges)
  metric('etcd_mvcc_txn_total', 'counter', 'Total number of txns seen by this member.', counters.txns)
  metric('etcd_mvcc_delete_total', 'counter', 'Total number of deletes seen by this member.', counters.deletes)
  metric('etcd_server_has_leader', 'gauge', 'Whether or not a leader exists. 1 is existence, 0 is not.', 1)
  metric('etcd_server_is_leader', 'gauge', 'Whether or not this member is a leader. 1 if is, 0 otherwise.', log.leading ? 1 : 0)
  metric('etcd_server_leader_changes_seen_total', 'counter', 'The number of leader changes seen.', 1)
  metric('etcd_server_proposals_committed_total', 'gauge', 'The total number of consensus proposals committed.', log.committed)
  metric('etcd_server_proposals_applied_total', 'gauge', 'The total number of consensus proposals applied.', member.applied)
  metric('etcd_server_proposals_pending', 'gauge', 'The current number of pending proposals to commit.', member.pending)
  metric('etcd_server_proposals_failed_total', 'counter', 'The total number of failed proposals seen.', counters.proposalsFailed)
  metric('etcd_server_quota_backend_bytes', 'gauge', 'Current backend storage quota size in bytes.', member.options.quotaBytes)
  metric('etcd_server_lease_expired_total', 'counter', 'The total number of expired leases.', counters.leasesExpired)
  metric('etcd_debugging_lease_total', 'gauge', 'Number of leases.', leases.size)
  metric('etcd_disk_wal_write_bytes_total', 'counter', 'Total number of bytes written in WAL.', wal.bytesWritten)
  const histogram = 'etcd_disk_wal_fsync_duration_seconds'
  lines.push(`# HELP ${histogram} The latency distributions of fsync called by WAL.`, `# TYPE ${histogram} histogram`)
  let below = 0
  flushBucketsMs.forEach((bound, index) => {
    below += log.flushes.buckets[index]!
    lines.push(`${histogram}_bucket{le="${bound / 1_000}"} ${below}`)
  })
  lines.push(`${histogram}_bucket{le="+Inf"} ${log.flushes.count}`, `${histogram}_sum ${log.flushes.totalMs / 1_000}`, `${histogram}_count ${log.flushes.count}`)
  const info = member.options
  lines.push('# HELP etcd_server_version Which version is running. 1 for \'server_version\' label with current version.', '# TYPE etcd_server_version gauge', `etcd_server_version{server_version="${info.version}"} 1`)
  return `${lines.join('\n')}\n`
}

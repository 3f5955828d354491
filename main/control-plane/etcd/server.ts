import type { Process, Program } from '../../kernel/machine.ts'
import type { Connection } from '../../kernel/network.ts'
import type { Member } from './client.ts'
import type { EtcdWatch } from './client.ts'
import { readNewestSnapshot } from './log/snapshot.ts'
import { SoloLog } from './log/solo-log.ts'
import { hexadecimal, WriteAheadLog } from './log/write-ahead-log.ts'
import { EtcdMember, surroundingsOf } from './member.ts'
import { serveMetrics } from './metrics.ts'
import { Snapshots } from './snapshots.ts'
import { etcdView } from './view.ts'
import { labelOf, type Frame, type Method, type Methods } from './wire.ts'

export const etcdVersion = '3.6.6'
export const etcdClientPort = 2379
export const etcdPeerPort = 2380
export const etcdMetricsPort = 2381

export interface EtcdServerOptions {
  /** As `etcd --name`; kubeadm takes the node's name. */
  readonly name: string
  /** On the machine's disk. Default: `var/lib/etcd`. */
  readonly dataDir?: string
  /** Bytes after which writes are refused. Default: 2 GiB. */
  readonly quotaBytes?: number
  /** How often a silent watch that asked for it is told how far it is. Default: kubeadm's 5 s. */
  readonly progressNotifyIntervalMs?: number
  /** Bytes of log after which a snapshot is taken. Default: 8 MiB. */
  readonly snapshotLogBytes?: number
}

/** An etcd server with one member: recovers what its disk has, then serves the client API on port 2379, and health and metrics
 *  on 127.0.0.1:2381. Follows etcd 3.6; not modelled: authentication by users and roles, and (yet) more than one member. */
export function etcdServer(options: EtcdServerOptions): (process: Process) => Program {
  return (process) => new EtcdServer(options, process)
}

/** What the server knows of itself, for dashboards and metrics. */
export interface ServerFacts {
  readonly member: EtcdMember
  readonly log: SoloLog
  readonly wal: WriteAheadLog
  readonly snapshots: Snapshots
  readonly connections: () => number
  readonly startedAt: number
}

/** Methods that are not worth a span: they change nothing that anybody waits for. */
const quiet: ReadonlySet<Method> = new Set<Method>(['Lease/LeaseKeepAlive', 'Lease/LeaseTimeToLive', 'Lease/LeaseLeases', 'Cluster/MemberList', 'Maintenance/Status', 'Maintenance/Alarm'])

class EtcdServer implements Program {
  readonly #process: Process
  readonly #log: SoloLog
  readonly #connections = new Set<Connection>()
  #stopListening: (() => void) | undefined

  constructor(options: EtcdServerOptions, process: Process) {
    this.#process = process
    const { disk, clock, journal } = process
    const directory = `${(options.dataDir ?? 'var/lib/etcd').replace(/^\/+/, '')}/member`
    const address = process.stack.address
    const peerUrl = `https://${address}:${etcdPeerPort}`
    const facts: Member = { id: idOf(`${options.name} ${peerUrl}`), name: options.name, peerUrls: [peerUrl], clientUrls: [`https://${address}:${etcdClientPort}`] }
    const clusterId = idOf(`cluster ${peerUrl}`)
    journal.info('starting an etcd server', { 'etcd-version': etcdVersion, name: options.name, 'data-dir': `/${directory.slice(0, -'/member'.length)}` })

    const snapshot = readNewestSnapshot(disk, `${directory}/snap`)
    const wal = new WriteAheadLog(disk, `${directory}/wal`)
    const recovered = wal.recover(snapshot?.index ?? 0)
    const owner = recovered.owner ?? { clusterId, memberId: facts.id }
    const member = new EtcdMember(
      {
        clusterId: owner.clusterId,
        facts: { ...facts, id: owner.memberId },
        version: etcdVersion,
        quotaBytes: options.quotaBytes ?? 2 * 1024 ** 3,
        progressIntervalMs: options.progressNotifyIntervalMs ?? 5_000,
      },
      surroundingsOf(process),
    )
    if (recovered.tornBytes > 0) journal.warning('cut a torn write off the end of the write-ahead log', { bytes: recovered.tornBytes })
    if (snapshot) {
      member.state.store.restore(snapshot.store)
      for (const { id, ttlSeconds } of snapshot.leases) member.state.leases.grant(id, ttlSeconds, clock.now())
      for (const { lease, key } of snapshot.store.base) if (lease !== 0 && member.state.store.current(key)?.lease === lease) member.state.leases.attach(lease, key)
      for (const { events } of snapshot.store.commits) {
        for (const { kv } of events) if (kv.lease !== 0 && member.state.store.current(kv.key) === kv) member.state.leases.attach(kv.lease, kv.key)
      }
      for (const alarm of snapshot.alarms) member.state.alarms.add(alarm)
      member.recovered(snapshot.index)
      journal.info('recovered v3 backend from snapshot', { 'snapshot-index': snapshot.index, 'current-revision': member.state.store.revision })
    }
    for (const entry of recovered.entries) member.recover(entry)
    const term = Math.max(recovered.term, snapshot?.term ?? 0) + 1
    wal.begin(owner, term)
    wal.removeThrough(snapshot?.index ?? 0)
    this.#log = new SoloLog(wal, clock, owner.memberId, term, () => process.scope.closed)
    this.#log.onFailure = (error) => this.#die(error)
    const snapshots = new Snapshots(disk, clock, `${directory}/snap`, wal, member, snapshot && `${directory}/snap/${hexadecimal(snapshot.term)}-${hexadecimal(snapshot.index)}.snap`, options.snapshotLogBytes)
    snapshots.onFailure = (error) => journal.error('failed to save a snapshot', { error })
    this.#log.onBatch = () => {
      snapshots.consider()
      process.changed('etcd')
    }
    const known: ServerFacts = { member, log: this.#log, wal, snapshots, connections: () => this.#connections.size, startedAt: process.startedAt }
    process.expose('etcd', etcdView(known))
    process.scope.onClose(() => this.#hangUp())
    // What was recovered but perhaps never synced has to be durable before anybody may read it.
    wal.sync().then(
      () => clock.after(0, () => {
        if (!process.scope.closed) this.#serve(known)
      }),
      (error: unknown) => this.#die(error),
    )
  }

  async stop(): Promise<void> {
    this.#process.journal.info('skipped leadership transfer for single voting member cluster')
    this.#stopListening?.()
    await this.#log.whenIdle()
    this.#process.journal.info('closed etcd server')
  }

  #serve(known: ServerFacts): void {
    const { member, log } = known
    const { stack, journal, scope } = this.#process
    journal.info('elected leader', { 'raft-term': log.term, leader: log.leader })
    serveMetrics(stack, scope, etcdMetricsPort, known)
    const stopListening = stack.listen(etcdClientPort, (connection) => this.#accept(connection, member))
    this.#stopListening = stopListening
    member.start(log)
    journal.info('ready to serve client requests', { 'current-revision': member.state.store.revision, keys: member.state.store.keyCount })
    this.#process.changed('etcd')
  }

  #hangUp(): void {
    this.#stopListening?.()
    for (const connection of this.#connections) connection.close('reset')
  }

  #accept(connection: Connection, member: EtcdMember): void {
    this.#connections.add(connection)
    const watches = new Map<number, EtcdWatch>()
    connection.onMessage((message) => this.#receive(connection, member, watches, message.body as Frame))
    connection.onClose(() => {
      this.#connections.delete(connection)
      for (const watch of watches.values()) watch.cancel()
      watches.clear()
    })
  }

  #receive(connection: Connection, member: EtcdMember, watches: Map<number, EtcdWatch>, frame: Frame): void {
    switch (frame.type) {
      case 'call':
        return this.#call(connection, member, frame.id, frame.method, frame.request)
      case 'watch': {
        const { id, request } = frame
        const watch = member.watch(
          request,
          (response) => {
            const events = response.events.length
            const label = events === 0 ? 'Watch progress' : `Watch ${response.events[0]!.type} ${response.events[0]!.kv.key}${events > 1 ? ` and ${events - 1} more` : ''}`
            transmit(connection, label, { type: 'watched', id, response })
          },
          (end) => {
            watches.delete(id)
            transmit(connection, 'Watch cancelled', { type: 'watch-end', id, end })
          },
        )
        watches.set(id, watch)
        return
      }
      case 'watch-cancel':
        watches.get(frame.id)?.cancel()
        watches.delete(frame.id)
        return
      case 'watch-progress':
        return watches.get(frame.id)?.requestProgress()
      case 'ping':
        return connection.send({ kind: 'heartbeat', label: 'pong', bytes: 0, body: { type: 'pong' } satisfies Frame })
      case 'answer':
      case 'watched':
      case 'watch-end':
      case 'pong':
        // What only a server says: a client that sends it is not answered.
        return
    }
  }

  #call<M extends Method>(connection: Connection, member: EtcdMember, id: number, method: M, request: Methods[M]['request']): void {
    const label = labelOf(method, request)
    const span = quiet.has(method) ? undefined : this.#process.span(label)
    member.call(method, request, (outcome) => {
      if (span) this.#process.endSpan(span, 'error' in outcome ? { error: outcome.error.message } : { revision: member.state.store.revision })
      transmit(connection, 'error' in outcome ? `${method}: ${outcome.error.message}` : `${method} answer`, { type: 'answer', id, outcome })
    })
  }

  #die(error: unknown): void {
    if (this.#process.scope.closed) return
    this.#process.journal.error('failed to write to the write-ahead log', { error })
    this.#process.scope.close()
  }
}

function transmit(connection: Connection, label: string, body: Frame): void {
  connection.send({ kind: 'storage', label, bytes: 0, body })
}

/** Sixteen hexadecimal digits that depend on the text alone (FNV-1a, twice). */
function idOf(text: string): string {
  const half = (seed: number): string => {
    let hash = seed
    for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0
    return hash.toString(16).padStart(8, '0')
  }
  return half(0x811c9dc5) + half(0x9e3779b1)
}

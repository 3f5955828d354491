import { edgeLabel, replayEdge } from '../control-plane/apiserver/edge-input.ts'
import { outboundLabel } from '../control-plane/apiserver/outbound/door.ts'
import type { EtcdInput } from '../control-plane/etcd/grpc/edge-calls.ts'
import { replayEtcd } from '../control-plane/etcd/grpc/replay.ts'
import type { RecordedInput } from '../kernel/input-log.ts'
import type { Cluster } from './cluster.ts'
import { consoleLabel, ConsoleSessions, type ConsoleInput } from './console-sessions.ts'
import { etcdFromOutside, rangeOfPrefix } from './etcd-from-outside.ts'
import type { PacketRequest } from '../../preload/contract/packet.ts'
import { packetLabel, packetTraceIn } from './followed-packets.ts'
import { versionsOf } from './key-history.ts'
import { trafficLabel, type TrafficInput } from './outside-traffic.ts'

/** Prepares a cluster that has not run yet to live another run again: every recorded input, from whichever door, happens as the
 *  event that it was, and its answer goes nowhere. The cluster has to have the same spec, epoch and token key. */
export function replayRun(cluster: Cluster, inputs: readonly RecordedInput[]): void {
  const api = replayEdge(cluster.apiServers.handler)
  const etcd = replayEtcd(etcdFromOutside(cluster))
  const consoles = new ConsoleSessions(cluster)
  cluster.outsideCalls.useRecorded()
  cluster.gateway.onReplay(({ label, data }) => {
    if (label === edgeLabel) api(data)
    else if (label === outboundLabel) cluster.outsideCalls.replay(data)
    else if (label === 'etcd') etcd(data as EtcdInput)
    else if (label === 'etcd-range') {
      const { prefix, limit } = data as { prefix: string; limit: number }
      rangeOfPrefix(cluster, prefix, limit).catch(() => {})
    } else if (label === 'etcd-history') {
      const { key, limit, atRevision } = data as { key: string; limit: number; atRevision: number }
      versionsOf(cluster, key, limit, atRevision).catch(() => {})
    } else if (label === trafficLabel) cluster.traffic.apply(data as TrafficInput)
    else if (label === packetLabel) packetTraceIn(cluster, data as PacketRequest).catch(() => {})
    else if (label === consoleLabel) consoles.apply(data as ConsoleInput)
    else throw new Error(`input ${label} cannot be replayed: nobody knows it`)
  })
  cluster.replay(inputs)
}

import type { EtcdMaintenance } from '../control-plane/etcd/callers.ts'
import { EtcdError, type EtcdClient, type RangeResponse } from '../control-plane/etcd/client.ts'
import { etcdClient } from '../control-plane/etcd/network-client.ts'
import type { Cluster } from './cluster.ts'

type Client = EtcdClient & EtcdMaintenance

const clients = new WeakMap<Cluster, () => Client | undefined>()

/** What people do with etcd, they do on the first control-plane node: a process `etcdctl` that is there once it is needed, and
 *  again after the machine was off. Undefined while it is off. To be called inside an event. */
export function etcdFromOutside(cluster: Cluster): () => Client | undefined {
  let clientOf = clients.get(cluster)
  if (!clientOf) clients.set(cluster, (clientOf = startedWhenNeeded(cluster)))
  return clientOf
}

function startedWhenNeeded(cluster: Cluster): () => Client | undefined {
  let client: Client | undefined
  return () => {
    const machine = [...cluster.nodes.values()].find(({ spec }) => spec.role === 'control-plane')?.machine
    if (!machine?.poweredOn) return undefined
    if (client && machine.process('etcdctl')) return client
    machine.start('etcdctl', (process) => {
      client = etcdClient(process, [{ address: '127.0.0.1', port: 2379 }])
      return {}
    })
    return client
  }
}

/** The first `limit` keys under a prefix, with their values. To be called inside an event. */
export async function rangeOfPrefix(cluster: Cluster, prefix: string, limit: number): Promise<RangeResponse> {
  const client = etcdFromOutside(cluster)()
  if (!client) throw new EtcdError('unavailable', 'the control-plane node is off')
  return client.range(prefix === '' ? { key: '\0', rangeEnd: '\0', limit } : { key: prefix, rangeEnd: afterPrefix(prefix), limit })
}

/** The first key that no longer begins with `prefix`. */
function afterPrefix(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
}

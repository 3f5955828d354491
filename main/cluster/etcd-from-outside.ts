import type { EtcdMaintenance } from '../control-plane/etcd/callers.ts'
import type { EtcdClient } from '../control-plane/etcd/client.ts'
import { etcdClient } from '../control-plane/etcd/network-client.ts'
import type { Cluster } from './cluster.ts'

/** What people do with etcd, they do on the first control-plane node: a process `etcdctl` that is there once it is needed, and
 *  again after the machine was off. Undefined while it is off. To be called inside an event. */
export function etcdFromOutside(cluster: Cluster): () => (EtcdClient & EtcdMaintenance) | undefined {
  let client: (EtcdClient & EtcdMaintenance) | undefined
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

import { listenEtcd } from '../control-plane/etcd/grpc/listener.node.ts'
import type { Pki } from '../control-plane/apiserver/pki.node.ts'
import type { Cluster } from './cluster.ts'
import { etcdFromOutside } from './etcd-from-outside.ts'

/** How the cluster's etcd is reached from this computer, with the certificate that opens it. PEM texts. */
export interface EtcdAccess {
  readonly endpoint: string
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

export interface EtcdEdge {
  readonly access: EtcdAccess
  close(): void
}

/** Opens etcd's gRPC endpoint on 127.0.0.1, for etcdctl: the cluster's administrators may use it. */
export async function openEtcdEdge(cluster: Cluster, pki: Pki): Promise<EtcdEdge> {
  const listener = await listenEtcd({
    client: etcdFromOutside(cluster),
    enter: (label, data, run) => cluster.gateway.enter(label, data, run),
    tls: { key: pki.server.key, cert: pki.server.certificate, ca: pki.ca.certificate },
  })
  return {
    access: { endpoint: `https://127.0.0.1:${listener.port}`, ca: pki.ca.certificate, certificate: pki.admin.certificate, key: pki.admin.key },
    close: () => listener.close(),
  }
}

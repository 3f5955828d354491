import { listenHttps } from '../control-plane/apiserver/listener.node.ts'
import { kubeconfigText, type Pki } from '../control-plane/apiserver/pki.node.ts'
import type { Cluster } from './cluster.ts'

/** The cluster's API on a real socket. */
export interface Edge {
  readonly port: number
  readonly kubeconfig: string
  close(): Promise<void>
}

/** Opens the HTTPS endpoint on 127.0.0.1. Rejects when the port cannot be had. */
export async function openEdge(cluster: Cluster, pki: Pki, port: number): Promise<Edge> {
  const listener = await listenHttps({
    handler: cluster.apiServers.handler,
    tls: { key: pki.server.key, cert: pki.server.certificate, ca: pki.ca.certificate },
    port,
    enter: (label, data, run) => cluster.gateway.enter(label, data, run),
  })
  return {
    port: listener.port,
    kubeconfig: kubeconfigText({ server: `https://127.0.0.1:${listener.port}`, ca: pki.ca.certificate, user: 'kubernetes-admin', client: pki.admin }),
    close: () => listener.close(),
  }
}

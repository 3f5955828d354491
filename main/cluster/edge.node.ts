import { replayEdge } from '../control-plane/apiserver/edge-input.ts'
import { listenHttps } from '../control-plane/apiserver/listener.node.ts'
import { kubeconfigText, type Pki } from '../control-plane/apiserver/pki.node.ts'
import type { EtcdInput } from '../control-plane/etcd/grpc/edge-calls.ts'
import { replayEtcd } from '../control-plane/etcd/grpc/replay.ts'
import type { HttpHandler } from '../kernel/http.ts'
import type { Cluster } from './cluster.ts'
import { etcdFromOutside } from './etcd-from-outside.ts'

/** The cluster's API on a real socket. */
export interface Edge {
  readonly port: number
  readonly kubeconfig: string
  close(): Promise<void>
}

/** Opens the HTTPS endpoint on 127.0.0.1. Rejects when the port cannot be had. */
export async function openEdge(cluster: Cluster, pki: Pki, port: number): Promise<Edge> {
  const handler = currentHandler(cluster)
  const listener = await listenHttps({
    handler,
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

/** Lets a cluster replay what entered at its edge. */
export function replayEdgeInputs(cluster: Cluster): void {
  const replay = replayEdge(currentHandler(cluster))
  const replayEtcdInput = replayEtcd(etcdFromOutside(cluster))
  cluster.gateway.onReplay((input) => {
    if (input.label === 'etcd') replayEtcdInput(input.data as EtcdInput)
    else replay(input.data)
  })
}

/** The API server's container may be restarting: its address then refuses, and what comes in through the edge hears it. */
function currentHandler(cluster: Cluster): HttpHandler {
  return (exchange) => {
    const handler = cluster.apiHandler()
    if (handler) handler(exchange)
    else exchange.respond({ status: 503, headers: { 'content-type': 'application/json' }, body: new TextEncoder().encode(JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'the API server is not running', reason: 'ServiceUnavailable', code: 503 })) })
  }
}

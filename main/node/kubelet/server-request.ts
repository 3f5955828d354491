import type { ServerExchange } from '../../kernel/http.ts'
import type { NodeAgent } from './node-agent.ts'
import type { PodRegistry } from './pod-registry.ts'
import type { PodTools } from './pod-tools.ts'
import type { PodWorker } from './pod-worker.ts'
import type { DelegatedAccess } from './server-access.ts'

export interface KubeletServerParts {
  readonly tools: PodTools
  readonly registry: PodRegistry
  readonly agent: NodeAgent
  readonly access: Pick<DelegatedAccess, 'authenticate' | 'authorize'>
}

/** What a route is given. */
export interface KubeletRequest {
  readonly exchange: ServerExchange
  /** Path segments after the route's name. */
  readonly segments: readonly string[]
  readonly query: URLSearchParams
  readonly parts: KubeletServerParts
}

/** Answers with text. */
export function plain(exchange: ServerExchange, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  exchange.respond({ status, headers: { 'content-type': type }, body: new TextEncoder().encode(text) })
}

/** The worker of the pod that a path names: `/{namespace}/{pod}` or `/{namespace}/{pod}/{uid}`. Static pods are found by their
 *  mirror's name. */
export function findWorker(registry: PodRegistry, namespace: string | undefined, name: string | undefined): PodWorker | undefined {
  for (const worker of registry.workers()) if (worker.pod.metadata.name === name && worker.pod.metadata.namespace === namespace) return worker
  return undefined
}

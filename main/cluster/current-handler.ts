import type { HttpHandler } from '../kernel/http.ts'
import type { Cluster } from './cluster.ts'

/** The API server's container may be restarting: its address then refuses, and what comes in through the edge hears it. */
export function currentHandler(cluster: Cluster): HttpHandler {
  return (exchange) => {
    const handler = cluster.apiHandler()
    if (handler) handler(exchange)
    else exchange.respond({ status: 503, headers: { 'content-type': 'application/json' }, body: new TextEncoder().encode(JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'the API server is not running', reason: 'ServiceUnavailable', code: 503 })) })
  }
}

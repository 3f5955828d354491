import type { HttpHandler } from '../../kernel/http.ts'
import { metricsText, type ManagerFacts } from './metrics/metrics-page.ts'

/** /healthz, /livez, /readyz and /metrics of the controller manager's secure port. */
export function healthHandler(facts: () => ManagerFacts): HttpHandler {
  return (exchange) => {
    const path = exchange.request.path.split('?')[0]!
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => exchange.respond({ status, headers: { 'content-type': type }, body: new TextEncoder().encode(text) })
    if (path === '/healthz' || path === '/livez' || path === '/readyz') answer(200, 'ok')
    else if (path === '/metrics') answer(200, metricsText(facts()), 'text/plain; version=0.0.4; charset=utf-8')
    else answer(404, '404 page not found\n')
  }
}

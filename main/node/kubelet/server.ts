import { serveHttp, type ServerExchange } from '../../kernel/http.ts'
import type { Process } from '../../kernel/machine.ts'
import type { Pod } from '../../api/generated/types.ts'
import { serveLogs } from './server-logs.ts'
import { metricsText, resourceMetricsText, statsSummary } from './server-metrics.ts'
import { plain, type KubeletRequest, type KubeletServerParts } from './server-request.ts'
import { servePortForward } from './server-port-forward.ts'
import { serveAttach, serveExec, serveRun } from './server-sessions.ts'

interface Route {
  readonly methods: readonly string[]
  /** Subresource of nodes that the delegated authorizer is asked for. */
  readonly subresource: string
  readonly serve: (request: KubeletRequest) => void
}

/** Serves the kubelet's API on :10250 and its health on 127.0.0.1:10248. Clients are authenticated by certificate; authorised
 *  are the API server's kubelet client and cluster administrators (upstream asks the API server for both). */
export function serveKubelet(process: Process, parts: KubeletServerParts): void {
  serveHttp(process.stack, 10_248, (exchange) => plain(exchange, exchange.request.path === '/healthz' ? 200 : 404, exchange.request.path === '/healthz' ? 'ok' : '404 page not found\n'), { scope: process.scope, address: '127.0.0.1' })
  serveHttp(process.stack, 10_250, (exchange) => dispatch(exchange, parts), { scope: process.scope })
}

const routes: Readonly<Record<string, Route>> = {
  healthz: { methods: ['GET'], subresource: 'healthz', serve: ({ exchange }) => plain(exchange, 200, 'ok') },
  livez: { methods: ['GET'], subresource: 'healthz', serve: ({ exchange }) => plain(exchange, 200, 'ok') },
  pods: { methods: ['GET'], subresource: 'pods', serve: servePods },
  runningpods: { methods: ['GET'], subresource: 'proxy', serve: servePods },
  metrics: { methods: ['GET'], subresource: 'metrics', serve: serveMetrics },
  stats: { methods: ['GET'], subresource: 'stats', serve: serveStats },
  containerLogs: { methods: ['GET'], subresource: 'log', serve: serveLogs },
  exec: { methods: ['GET', 'POST'], subresource: 'proxy', serve: serveExec },
  attach: { methods: ['GET', 'POST'], subresource: 'proxy', serve: serveAttach },
  portForward: { methods: ['GET', 'POST'], subresource: 'proxy', serve: servePortForward },
  run: { methods: ['POST'], subresource: 'proxy', serve: serveRun },
}

const administrators: ReadonlySet<string> = new Set(['system:masters', 'kubeadm:cluster-admins'])

function dispatch(exchange: ServerExchange, parts: KubeletServerParts): void {
  const { request } = exchange
  const url = new URL(request.path, 'https://kubelet')
  const [name = '', ...segments] = url.pathname.split('/').slice(1).filter((segment) => segment !== '').map(decodeURIComponent)
  const route = Object.hasOwn(routes, name) ? routes[name]! : undefined
  const { certificate } = request
  if (!certificate) return plain(exchange, 401, 'Unauthorized')
  const allowed = certificate.commonName === 'kube-apiserver-kubelet-client' || certificate.organizations.some((organization) => administrators.has(organization))
  if (!allowed) {
    const verb = { GET: 'get', HEAD: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }[request.method] ?? request.method.toLowerCase()
    return plain(exchange, 403, `Forbidden (user=${certificate.commonName}, verb=${verb}, resource=nodes, subresource(s)=[${subresourcesOf(route)}])\n`)
  }
  if (!route) return plain(exchange, 404, '404 page not found\n')
  if (!route.methods.includes(request.method)) return plain(exchange, 405, '405: Method Not Allowed')
  route.serve({ exchange, segments, query: url.searchParams, parts })
}

function subresourcesOf(route: Route | undefined): string {
  const own = route?.subresource ?? 'proxy'
  return own === 'pods' || own === 'healthz' ? `${own} proxy` : own
}

function servePods({ exchange, parts }: KubeletRequest): void {
  const items: Pod[] = [...parts.registry.workers()].map((worker) => ({ ...worker.pod, status: parts.tools.status.get(worker.uid) ?? worker.pod.status ?? {} }))
  exchange.respond({ status: 200, headers: { 'content-type': 'application/json' }, body: new TextEncoder().encode(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items })) })
}

function serveMetrics({ exchange, segments, parts }: KubeletRequest): void {
  const type = 'text/plain; version=0.0.4; charset=utf-8'
  if (segments.length === 0) return plain(exchange, 200, metricsText(parts), type)
  if (segments[0] !== 'resource' && segments[0] !== 'cadvisor') return plain(exchange, 404, '404 page not found\n')
  void resourceMetricsText(parts).then((text) => plain(exchange, 200, text, type), (error: unknown) => plain(exchange, 500, `${error instanceof Error ? error.message : String(error)}\n`))
}

function serveStats({ exchange, segments, parts }: KubeletRequest): void {
  if (segments[0] !== 'summary') return plain(exchange, 404, '404 page not found\n')
  void statsSummary(parts).then(
    (summary) => exchange.respond({ status: 200, headers: { 'content-type': 'application/json' }, body: new TextEncoder().encode(JSON.stringify(summary)) }),
    (error: unknown) => plain(exchange, 500, `${error instanceof Error ? error.message : String(error)}\n`),
  )
}

import { serveHttp, type ServerExchange } from '../../kernel/http.ts'
import type { Process } from '../../kernel/machine.ts'
import type { Pod } from '../../api/generated/types.ts'
import type { Client } from './server-access.ts'
import { serveLogs } from './server-logs.ts'
import { cadvisorMetricsText, metricsText, probeMetricsText, resourceMetricsText, statsSummary } from './server-metrics.ts'
import { plain, type KubeletRequest, type KubeletServerParts } from './server-request.ts'
import { servePortForward } from './server-port-forward.ts'
import { serveAttach, serveExec, serveRun } from './server-sessions.ts'

interface Route {
  readonly methods: readonly string[]
  readonly serve: (request: KubeletRequest) => void
}

/** Serves the kubelet's API on :10250 and its health on 127.0.0.1:10248. Who may ask for what, the API server is asked. */
export function serveKubelet(process: Process, parts: KubeletServerParts): void {
  serveHttp(process.stack, 10_248, (exchange) => plain(exchange, exchange.request.path === '/healthz' ? 200 : 404, exchange.request.path === '/healthz' ? 'ok' : '404 page not found\n'), { scope: process.scope, address: '127.0.0.1' })
  serveHttp(process.stack, 10_250, (exchange) => dispatch(exchange, parts), { scope: process.scope })
}

const routes: Readonly<Record<string, Route>> = {
  healthz: { methods: ['GET'], serve: ({ exchange }) => plain(exchange, 200, 'ok') },
  livez: { methods: ['GET'], serve: ({ exchange }) => plain(exchange, 200, 'ok') },
  pods: { methods: ['GET'], serve: servePods },
  runningpods: { methods: ['GET'], serve: servePods },
  metrics: { methods: ['GET'], serve: serveMetrics },
  stats: { methods: ['GET'], serve: serveStats },
  containerLogs: { methods: ['GET'], serve: serveLogs },
  exec: { methods: ['GET', 'POST'], serve: serveExec },
  attach: { methods: ['GET', 'POST'], serve: serveAttach },
  portForward: { methods: ['GET', 'POST'], serve: servePortForward },
  run: { methods: ['POST'], serve: serveRun },
}

const verbs: Readonly<Record<string, string>> = { GET: 'get', HEAD: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }

/** Under what else than nodes/proxy a path may be allowed, by its first segment. */
const fineGrained: Readonly<Record<string, string>> = { pods: 'pods', runningpods: 'pods', healthz: 'healthz', configz: 'configz' }
/** Paths that are allowed under a subresource of their own, and not under nodes/proxy. */
const separate: Readonly<Record<string, string>> = { stats: 'stats', metrics: 'metrics', logs: 'log', checkpoint: 'checkpoint', statusz: 'statusz', flagz: 'flagz' }

/** The subresources of nodes of which one has to be allowed, in upstream's order. */
export function subresourcesOf(segment: string): string[] {
  const own = Object.hasOwn(fineGrained, segment) ? [fineGrained[segment]!] : []
  return [...own, Object.hasOwn(separate, segment) ? separate[segment]! : 'proxy']
}

function dispatch(exchange: ServerExchange, parts: KubeletServerParts): void {
  const { request } = exchange
  const { process } = parts.tools
  void judge(exchange, parts).catch((error: unknown) => {
    if (process.scope.closed) return
    process.journal.error('Authorization error', { path: request.path, err: error })
    plain(exchange, 500, 'Authorization error')
  })
}

/** Lets a request through to its route if its sender may. */
async function judge(exchange: ServerExchange, parts: KubeletServerParts): Promise<void> {
  const { request } = exchange
  const url = new URL(request.path, 'https://kubelet')
  const [name = '', ...segments] = url.pathname.split('/').slice(1).filter((segment) => segment !== '').map(unescaped)
  const client = await parts.access.authenticate(request).catch((error: unknown) => {
    parts.tools.process.journal.error('Unable to authenticate the request due to an error', { err: error })
    return undefined
  })
  if (!client) return plain(exchange, 401, 'Unauthorized')
  const verb = verbs[request.method] ?? ''
  const subresources = subresourcesOf(name)
  if (!(await isAllowed(parts, client, verb, subresources))) return plain(exchange, 403, `Forbidden (user=${client.name}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}])\n`)
  const route = Object.hasOwn(routes, name) ? routes[name]! : undefined
  if (!route) return plain(exchange, 404, '404 page not found\n')
  if (!route.methods.includes(request.method)) return plain(exchange, 405, '405: Method Not Allowed')
  route.serve({ exchange, segments, query: url.searchParams, parts })
}

async function isAllowed({ access, tools }: KubeletServerParts, client: Client, verb: string, subresources: readonly string[]): Promise<boolean> {
  for (const subresource of subresources) if (await access.authorize(client, verb, subresource)) return true
  tools.process.journal.info('Forbidden', { user: client.name, verb, resource: 'nodes', 'subresource(s)': subresources.join(' ') })
  return false
}

function unescaped(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function servePods({ exchange, parts }: KubeletRequest): void {
  const items: Pod[] = [...parts.registry.workers()].map((worker) => ({ ...worker.pod, status: parts.tools.status.get(worker.uid) ?? worker.pod.status ?? {} }))
  exchange.respond({ status: 200, headers: { 'content-type': 'application/json' }, body: new TextEncoder().encode(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items })) })
}

function serveMetrics({ exchange, segments, parts }: KubeletRequest): void {
  const type = 'text/plain; version=0.0.4; charset=utf-8'
  if (segments.length === 0) return plain(exchange, 200, metricsText(parts), type)
  if (segments[0] === 'probes') return plain(exchange, 200, probeMetricsText(parts), type)
  if (segments[0] !== 'resource' && segments[0] !== 'cadvisor') return plain(exchange, 404, '404 page not found\n')
  void (segments[0] === 'cadvisor' ? cadvisorMetricsText : resourceMetricsText)(parts).then((text) => plain(exchange, 200, text, type), (error: unknown) => plain(exchange, 500, `${error instanceof Error ? error.message : String(error)}\n`))
}

function serveStats({ exchange, segments, parts }: KubeletRequest): void {
  if (segments[0] !== 'summary') return plain(exchange, 404, '404 page not found\n')
  void statsSummary(parts).then(
    (summary) => exchange.respond({ status: 200, headers: { 'content-type': 'application/json' }, body: new TextEncoder().encode(JSON.stringify(summary)) }),
    (error: unknown) => plain(exchange, 500, `${error instanceof Error ? error.message : String(error)}\n`),
  )
}

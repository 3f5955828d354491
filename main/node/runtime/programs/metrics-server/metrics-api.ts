/** metrics.k8s.io/v1beta1 as metrics-server answers it. */
import type { Node, ObjectMeta, Pod } from '../../../../api/generated/types.ts'
import { matchesFields, parseFieldSelector } from '../../../../api/machinery/fields.ts'
import { matchesSelector, parseSelector } from '../../../../api/machinery/labels.ts'
import type { KubeObject } from '../../../../api/machinery/object.ts'
import { addQuantityTexts, formatQuantity, quantityOf } from '../../../../api/machinery/quantity.ts'
import { badRequest, failure, methodNotSupported, notFound, StatusError, statusOf } from '../../../../api/machinery/status-error.ts'
import { rowObject, tableOf } from '../../../../api/machinery/table.ts'
import { formatDuration, formatTime } from '../../../../api/machinery/time.ts'
import type { HttpHandler, HttpRequest, ServerExchange } from '../../../../kernel/http.ts'
import type { MetricsStorage } from './metrics-storage.ts'
import type { Usage } from './resource-metrics.ts'

export interface MetricsApiParts {
  readonly storage: MetricsStorage
  readonly nodes: () => readonly Node[]
  readonly pods: (namespace: string | undefined) => readonly Pod[]
  readonly now: () => number
}

interface Metrics extends KubeObject {
  readonly timestamp: string
  readonly window: string
}
interface NodeMetrics extends Metrics {
  readonly usage: Readonly<Record<string, string>>
}
interface PodMetrics extends Metrics {
  readonly containers: readonly { readonly name: string; readonly usage: Readonly<Record<string, string>> }[]
}

const group = 'metrics.k8s.io'
const version = 'v1beta1'
const apiVersion = `${group}/${version}`
const verbs = ['get', 'list']
const groupDocument = { name: group, versions: [{ groupVersion: apiVersion, version }], preferredVersion: { groupVersion: apiVersion, version } }
const documents: Readonly<Record<string, object>> = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [groupDocument] },
  [`/apis/${group}`]: { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument },
  [`/apis/${apiVersion}`]: {
    kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersion,
    resources: [
      { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs },
      { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs },
    ],
  },
}

/** Serves the API and the health of metrics-server. Only the front proxy is answered: whom it asks for, the API server has judged. */
export function metricsApi(parts: MetricsApiParts): HttpHandler {
  return (exchange) => {
    const { request } = exchange
    const [path = ''] = request.path.split('?')
    if (path === '/livez' || path === '/healthz') return text(exchange, 200, 'ok')
    if (path === '/readyz') return parts.storage.ready ? text(exchange, 200, 'ok') : text(exchange, 500, '[-]metric-storage-ready failed: no metrics to serve\nreadyz check failed\n')
    if (request.certificate?.commonName !== 'front-proxy-client' || !request.headers['x-remote-user']) return json(exchange, 401, failure(401, 'Unauthorized', 'Unauthorized'))
    try {
      const document = Object.hasOwn(documents, path.replace(/\/$/, '')) ? documents[path.replace(/\/$/, '')] : answerOf(parts, request)
      if (document) json(exchange, 200, document)
      else text(exchange, 404, '404 page not found\n')
    } catch (error) {
      const status = statusOf(error)
      json(exchange, status.code ?? 500, status)
    }
  }
}

function answerOf(parts: MetricsApiParts, request: HttpRequest): object | undefined {
  const url = new URL(request.path, 'https://metrics-server')
  if (!url.pathname.startsWith(`/apis/${apiVersion}/`)) return undefined
  const segments = url.pathname.slice(`/apis/${apiVersion}/`.length).split('/').map(decodeURIComponent)
  const namespace = segments[0] === 'namespaces' ? segments[1] : undefined
  const [resource, name, ...more] = namespace === undefined ? segments : segments.slice(2)
  if ((resource !== 'nodes' && resource !== 'pods') || more.length > 0 || (resource === 'nodes' && namespace !== undefined)) return undefined
  if (request.method !== 'GET' || url.searchParams.get('watch') === 'true' || (resource === 'pods' && name && namespace === undefined)) throw methodNotSupported({ group, resource }, request.method === 'GET' ? 'watch' : request.method.toLowerCase())
  const all: readonly (NodeMetrics | PodMetrics)[] = resource === 'nodes' ? nodeMetrics(parts, name) : podMetrics(parts, namespace, name)
  const found = name ? all : selected(all, url.searchParams)
  if (name && found.length === 0) throw notFound({ group, resource: resource === 'nodes' ? 'nodemetrics' : 'podmetrics' }, resource === 'nodes' ? name : `${namespace}/${name}`)
  if (/as=Table/.test(request.headers['accept'] ?? '')) return tableFor(found, url.searchParams.get('includeObject') ?? 'Metadata')
  if (name) return found[0]
  return { kind: resource === 'nodes' ? 'NodeMetricsList' : 'PodMetricsList', apiVersion, metadata: {}, items: found }
}

function selected<T extends Metrics>(all: readonly T[], query: URLSearchParams): T[] {
  try {
    const labels = parseSelector(query.get('labelSelector') ?? '')
    const fields = parseFieldSelector(query.get('fieldSelector') ?? '')
    return all.filter(({ metadata }) => matchesSelector(labels, metadata.labels) && matchesFields(fields, (field) => (field === 'metadata.name' ? metadata.name : field === 'metadata.namespace' ? (metadata.namespace ?? '') : '')))
  } catch (error) {
    throw error instanceof StatusError ? error : badRequest(error instanceof Error ? error.message : String(error))
  }
}

function nodeMetrics({ storage, nodes, now }: MetricsApiParts, name: string | undefined): NodeMetrics[] {
  return nodes().filter(({ metadata }) => name === undefined || metadata.name === name).flatMap((node) => {
    const usage = storage.ofNode(node.metadata.name)
    return usage ? [{ kind: 'NodeMetrics', apiVersion, metadata: metadataOf(node, now()), timestamp: formatTime(usage.time), window: formatDuration(usage.windowMs), usage: amounts(usage) }] : []
  }).sort(byName)
}

function podMetrics({ storage, pods, now }: MetricsApiParts, namespace: string | undefined, name: string | undefined): PodMetrics[] {
  return pods(namespace).filter(({ metadata, status }) => (name === undefined || metadata.name === name) && status?.phase === 'Running').flatMap((pod) => {
    const containers = storage.ofPod(pod.metadata.namespace ?? '', pod.metadata.name)
    if (!containers) return []
    // What was read first says from when the pod's figures are.
    const [earliest] = [...containers.values()].sort((a, b) => a.time - b.time)
    return [{
      kind: 'PodMetrics', apiVersion, metadata: metadataOf(pod, now()), timestamp: formatTime(earliest!.time), window: formatDuration(earliest!.windowMs),
      containers: [...containers].map(([container, usage]) => ({ name: container, usage: amounts(usage) })),
    }]
  }).sort(byName)
}

function byName(a: Metrics, b: Metrics): number {
  const [left, right] = [`${a.metadata.namespace ?? ''}/${a.metadata.name}`, `${b.metadata.namespace ?? ''}/${b.metadata.name}`]
  return left < right ? -1 : 1
}

function metadataOf({ metadata: { name, namespace, labels } }: KubeObject, now: number): ObjectMeta & { readonly name: string } {
  return { name, ...(namespace === undefined ? {} : { namespace }), creationTimestamp: formatTime(now), ...(labels ? { labels } : {}) }
}

function amounts({ cpuCores, memoryBytes }: Usage): Record<string, string> {
  return { cpu: formatQuantity({ nano: BigInt(Math.round(cpuCores * 1e9)), format: 'DecimalSI' }), memory: formatQuantity(quantityOf(Math.round(memoryBytes), 'BinarySI')) }
}

/** metrics-server's own columns: what is used, and over what time. */
function tableFor(found: readonly (NodeMetrics | PodMetrics)[], include: string): object {
  const column = (name: string, type: string, format: string, description = ''): { name: string; type: string; format: string; description: string; priority: number } => ({ name, type, format, description, priority: 0 })
  const columns = [column('Name', 'string', 'name', 'Name of the resource'), column('cpu', 'string', 'quantity'), column('memory', 'string', 'quantity'), column('Window', 'string', 'duration')]
  return tableOf({}, found.length === 0 ? null : columns, found.map((each) => {
    const { cpu, memory } = 'usage' in each ? each.usage : total(each)
    return { cells: [each.metadata.name, cpu, memory, each.window], object: rowObject(each, include === 'None' || include === 'Object' ? include : 'Metadata') }
  }))
}

function total({ containers }: PodMetrics): Readonly<Record<string, string>> {
  return Object.fromEntries(['cpu', 'memory'].map((resource) => [resource, containers.map(({ usage }) => usage[resource]!).reduce(addQuantityTexts)]))
}

function text(exchange: ServerExchange, status: number, body: string): void {
  exchange.respond({ status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: new TextEncoder().encode(body) })
}

function json(exchange: ServerExchange, status: number, body: object): void {
  exchange.respond({ status, headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private' }, body: exchange.byReference ? body : new TextEncoder().encode(`${JSON.stringify(body)}\n`) })
}

import type { ApiClient } from '../../../api/client/contract.ts'
import { eventRecorder } from '../../../api/client/event-recorder.ts'
import { InformerSet } from '../../../api/client/informer.ts'
import type { EndpointSlice, Ingress } from '../../../api/generated/types.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { serviceKind } from '../../../api/kinds/core/service.ts'
import { endpointSliceKind, serviceNameLabel } from '../../../api/kinds/discovery/endpoint-slice.ts'
import { ingressClassKind } from '../../../api/kinds/networking/ingress-class.ts'
import { ingressKind } from '../../../api/kinds/networking/ingress.ts'
import { objectKey } from '../../../api/machinery/object.ts'
import { HttpClient, HttpTimeout, type HttpHandler, type HttpResponse, type ServerExchange } from '../../../kernel/http.ts'
import type { Endpoint } from '../../../kernel/network.ts'
import type { ContainerProcess, DaemonHost } from '../daemon-host.ts'
import { hosted, inClusterClient } from '../in-cluster.ts'
import { isMine, rewritten, routeOf, routeTable, type IngressRoute, type IngressTable } from './routes.ts'

/** A process in a container that serves HTTP, as the runtime's ProcessContext is. */
export interface IngressContainer extends ContainerProcess {
  serveHttp(port: number, handler: HttpHandler, address?: string): () => void
}

const upstreamTimeoutMs = 60_000
/** How long changes are gathered before the table is made anew: ingress-nginx' sync rate. */
const syncMs = 1_000
const clientsMax = 500

/** ingress-nginx as the program of a container: serves what Ingresses of its class say on :80 and :443, says on :10254 how it is, and
 *  writes where it can be reached into their status. Requests go to endpoints directly, in turn. Not modelled: TLS (443 takes plain HTTP, and
 *  nobody is redirected there), its admission webhook, upgraded connections, most annotations. */
export async function ingressController(context: IngressContainer): Promise<number> {
  const flag = (name: string, otherwise: string): string => context.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise
  const host = hosted(context, 'nginx-ingress-controller')
  const controller = new IngressController(host, inClusterClient(context, 'nginx-ingress-controller/v1.14.0'), {
    controllerClass: flag('controller-class', 'k8s.io/ingress-nginx'),
    ingressClass: flag('ingress-class', 'nginx'),
    withoutClass: flag('watch-ingress-without-class', 'false') === 'true',
    publishService: flag('publish-service', '').replace('$(POD_NAMESPACE)', context.env.get('POD_NAMESPACE') ?? 'default'),
    statusAddress: flag('publish-status-address', ''),
    namespace: context.env.get('POD_NAMESPACE') ?? 'default',
    pod: context.env.get('POD_NAME') ?? context.hostname,
    access: (line) => void context.stdout.write(`${line}\n`),
  })
  for (const port of [80, 443]) context.serveHttp(port, (exchange) => controller.answer(exchange, port))
  context.serveHttp(10_254, (exchange) => exchange.respond(exchange.request.path === '/healthz' ? plain(controller.ready ? 200 : 500, controller.ready ? 'ok' : 'not synced') : plain(404, '404 page not found\n')))
  await context.untilSignal('TERM', 'INT')
  return 0
}

export interface IngressControllerOptions {
  readonly controllerClass: string
  readonly ingressClass: string
  readonly withoutClass: boolean
  /** `namespace/name` of the Service whose address the status shows; '' = the addresses of the controller's nodes. */
  readonly publishService: string
  readonly statusAddress: string
  readonly namespace: string
  readonly pod: string
  readonly access: (line: string) => void
}

export class IngressController {
  readonly #host: DaemonHost
  readonly #client: ApiClient
  readonly #options: IngressControllerOptions
  readonly #informers: InformerSet
  readonly #ingresses
  readonly #classes
  readonly #services
  readonly #slices
  readonly #pods
  readonly #events
  readonly #clients = new Map<string, HttpClient>()
  readonly #turns = new Map<string, number>()
  readonly #told = new Map<string, number>()
  #table: IngressTable = new Map()
  #timer: { cancel(): void } | undefined
  ready = false

  constructor(host: DaemonHost, client: ApiClient, options: IngressControllerOptions) {
    this.#host = host
    this.#client = client
    this.#options = options
    this.#informers = new InformerSet(host, client)
    this.#ingresses = this.#informers.of(ingressKind)
    this.#classes = this.#informers.of(ingressClassKind)
    this.#services = this.#informers.of(serviceKind)
    this.#slices = this.#informers.of(endpointSliceKind)
    this.#pods = this.#informers.of(podKind, { namespace: options.namespace })
    this.#slices.addIndex('service', (slice: EndpointSlice) => [objectKey(slice.metadata.namespace, slice.metadata.labels?.[serviceNameLabel] ?? '')])
    this.#events = eventRecorder(host, client, 'nginx-ingress-controller')
    const changed = (): void => this.#schedule()
    for (const informer of [this.#ingresses, this.#classes]) informer.onChange({ added: changed, updated: changed, deleted: changed })
    if (options.publishService !== '') this.#services.onChange({ added: changed, updated: changed })
    this.#pods.onChange({ added: changed, updated: changed })
    this.#informers.start()
    void this.#informers.whenSynced().then(() => {
      this.#sync()
      this.ready = true
    })
  }

  /** Passes a request on to an endpoint of the backend that the Ingresses name, and its answer back. */
  answer(exchange: ServerExchange, port: number): void {
    const { request, source } = exchange
    const [path = '/', query] = splitOnce(request.path)
    const hostName = request.headers.host ?? ''
    const route = routeOf(this.#table, hostName, path)
    const id = this.#host.random.suffix(32)
    const startedAt = this.#host.clock.now()
    const upstreamName = route?.backend ? `${route.namespace}-${route.backend.name}-${route.backend.port?.name ?? route.backend.port?.number ?? ''}` : 'upstream-default-backend'
    const finish = (response: HttpResponse, upstream: string): void => {
      const seconds = ((this.#host.clock.now() - startedAt) / 1000).toFixed(3)
      const size = response.body instanceof Uint8Array ? response.body.length : 0
      this.#options.access(`${source.address} - - [${logTime(startedAt)}] "${request.method} ${request.path} HTTP/1.1" ${response.status} ${size} "${request.headers.referer ?? '-'}" "${request.headers['user-agent'] ?? '-'}" ${request.path.length} ${seconds} [${upstreamName}] [] ${upstream === '' ? '- - - -' : `${upstream} ${size} ${seconds} ${response.status}`} ${id}`)
      exchange.respond(response)
    }
    if (!route?.backend) return finish(errorPage(404), '')
    const endpoint = this.#endpointOf(route)
    if (!endpoint) return finish(errorPage(503), '')
    const upstream = `${endpoint.address}:${endpoint.port}`
    const scheme = port === 443 ? 'https' : 'http'
    const headers = { ...request.headers, 'x-request-id': id, 'x-real-ip': source.address, 'x-forwarded-for': source.address, 'x-forwarded-host': hostName, 'x-forwarded-port': String(port), 'x-forwarded-proto': scheme, 'x-forwarded-scheme': scheme, 'x-scheme': scheme }
    this.#clientOf(endpoint)
      .request({ ...request, path: rewritten(route, path) + (query === undefined ? '' : `?${query}`), headers }, { timeoutMs: upstreamTimeoutMs, kind: 'traffic' })
      .then(
        (response) => finish(response, upstream),
        (error: unknown) => {
          this.#host.journal.error('upstream failed', { err: error, upstream, host: hostName })
          finish(errorPage(error instanceof HttpTimeout ? 504 : 502), upstream)
        },
      )
  }

  #clientOf(endpoint: Endpoint): HttpClient {
    const key = `${endpoint.address}:${endpoint.port}`
    let client = this.#clients.get(key)
    if (client) return client
    this.#clients.set(key, (client = new HttpClient(this.#host, endpoint)))
    if (this.#clients.size > clientsMax) {
      const [oldest, unused] = this.#clients.entries().next().value as [string, HttpClient]
      unused.close()
      this.#clients.delete(oldest)
    }
    return client
  }

  /** The next ready endpoint of a route's Service port. */
  #endpointOf({ namespace, backend }: IngressRoute): Endpoint | undefined {
    const service = backend && this.#services.get(namespace, backend.name)
    const port = service?.spec?.ports?.find((each) => (backend!.port?.name === undefined ? each.port === backend!.port?.number : each.name === backend!.port.name))
    if (!port) return undefined
    const key = objectKey(namespace, backend!.name)
    const found: Endpoint[] = []
    for (const slice of this.#slices.byIndex('service', key)) {
      const number = slice.ports?.find((each) => (each.name ?? '') === (port.name ?? ''))?.port
      if (number === undefined || slice.addressType !== 'IPv4') continue
      for (const endpoint of slice.endpoints ?? []) if (endpoint.conditions?.ready !== false) found.push({ address: endpoint.addresses[0]!, port: number })
    }
    if (found.length === 0) return undefined
    const turn = this.#turns.get(key) ?? 0
    this.#turns.set(key, (turn + 1) % 1_000_000)
    return found[turn % found.length]
  }

  #schedule(): void {
    if (!this.ready) return
    this.#timer ??= this.#host.clock.after(syncMs, () => {
      this.#timer = undefined
      this.#sync()
    })
  }

  #sync(): void {
    const { controllerClass, ingressClass, withoutClass } = this.#options
    const mine = this.#ingresses.list().filter((ingress) => isMine(ingress, this.#classes.list(), controllerClass, ingressClass, withoutClass))
    this.#table = routeTable(mine)
    const addresses = this.#addresses()
    for (const ingress of mine) {
      const uid = ingress.metadata.uid ?? ''
      if (this.#told.get(uid) !== ingress.metadata.generation) {
        this.#told.set(uid, ingress.metadata.generation ?? 0)
        this.#events.event(ingress, 'Normal', 'Sync', 'Scheduled for sync')
      }
      this.#publish(ingress, addresses)
    }
    for (const uid of this.#told.keys()) if (!mine.some(({ metadata }) => metadata.uid === uid)) this.#told.delete(uid)
  }

  #addresses(): string[] {
    const { publishService, statusAddress, pod, namespace } = this.#options
    if (statusAddress !== '') return statusAddress.split(',')
    if (publishService !== '') {
      const [of, name] = publishService.split('/') as [string, string]
      const service = this.#services.get(of, name)
      const balanced = (service?.status?.loadBalancer?.ingress ?? []).flatMap((each) => each.ip ?? each.hostname ?? [])
      const external = service?.spec?.externalIPs ?? []
      if (service?.spec?.type === 'LoadBalancer') return [...balanced, ...external]
      return external.length > 0 ? [...external] : [service?.spec?.clusterIP ?? ''].filter((address) => address !== '')
    }
    const labels = this.#pods.get(namespace, pod)?.metadata.labels ?? {}
    const siblings = this.#pods.list().filter((each) => each.metadata.labels?.['app.kubernetes.io/name'] === labels['app.kubernetes.io/name'] && each.status?.phase === 'Running')
    return [...new Set(siblings.flatMap((each) => each.status?.hostIP ?? []))].sort()
  }

  #publish(ingress: Ingress, addresses: readonly string[]): void {
    const has = (ingress.status?.loadBalancer?.ingress ?? []).map((each) => each.ip ?? each.hostname ?? '')
    if (addresses.length === has.length && addresses.every((address, index) => address === has[index])) return
    const made = addresses.map((address) => (/^[\d.]+$/.test(address) ? { ip: address } : { hostname: address }))
    const body: Ingress = { ...ingress, status: { loadBalancer: made.length > 0 ? { ingress: made } : {} } }
    this.#client.update(ingressKind, body, { subresource: 'status' }).catch((error: unknown) => this.#host.journal.warning('error updating ingress rule', { err: error }))
  }
}

function splitOnce(path: string): [string, string | undefined] {
  const at = path.indexOf('?')
  return at < 0 ? [path, undefined] : [path.slice(0, at), path.slice(at + 1)]
}

function logTime(time: number): string {
  return new Date(time).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1/$2/$3:$4 +0000')
}

function plain(status: number, text: string): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: new TextEncoder().encode(text) }
}

const reasons: Readonly<Record<number, string>> = { 404: 'Not Found', 502: 'Bad Gateway', 503: 'Service Temporarily Unavailable', 504: 'Gateway Time-out' }

/** nginx' page for an error. */
function errorPage(status: number): HttpResponse {
  const title = `${status} ${reasons[status]}`
  return { status, headers: { 'content-type': 'text/html' }, body: new TextEncoder().encode(`<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`) }
}

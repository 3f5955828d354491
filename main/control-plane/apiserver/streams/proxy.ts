/** `nodes/proxy`, `pods/proxy` and `services/proxy`: HTTP passed on to something inside the cluster, changes of protocol included. */
import type { EndpointSlice, Pod, Service } from '../../../api/generated/types.ts'
import { badRequest, serviceUnavailable } from '../../../api/machinery/status-error.ts'
import { HttpClient } from '../../../kernel/http.ts'
import type { HttpRequest, HttpResponse } from '../../../kernel/http.ts'
import type { Endpoint } from '../../../kernel/network.ts'
import type { ApiRequest } from '../handlers/request.ts'
import { bodyBytes } from '../negotiation/request-body.ts'
import type { Parts } from '../parts.ts'
import { rewriteAddress, rewriteLinks } from './html-links.ts'
import { relay } from './relay.ts'

/** `[scheme:]name[:port]` */
interface Target {
  readonly name: string
  readonly port: string
  readonly scheme: '' | 'http' | 'https'
}

/** Where a request goes. */
interface Location {
  readonly client: HttpClient
  readonly host: string
  /** Whether the client is this request's alone. */
  readonly own: boolean
}

type Reach = (request: ApiRequest, target: Target) => Promise<Location>

/** Headers that are between two neighbours, and those that the server has dealt with itself. */
const hopHeaders = new Set(['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'authorization', 'host', 'content-length'])
/** Pages larger than this keep their links. */
const rewriteBytesMax = 16 * 1024 * 1024

export function nodeProxy({ kubelets, process }: Parts): (request: ApiRequest) => Promise<void> {
  return proxy('node', async (_request, { name, port }) => {
    const endpoint = kubelets.endpointOf(name)
    const kubelet = port === '' || port === String(endpoint.port)
    if (kubelet) return { client: kubelets.clientFor(name), host: hostOf(endpoint), own: false }
    const other = { address: endpoint.address, port: portNumber(port) }
    return { client: new HttpClient(process, other), host: hostOf(other), own: true }
  })
}

export function podProxy({ resources, process }: Parts): (request: ApiRequest) => Promise<void> {
  const pods = resources.storeOf('', 'pods').store
  return proxy('pod', async ({ info }, { name, port, scheme }) => {
    const pod = (await pods.get(info.namespace, name)) as Pod
    const address = pod.status?.podIP
    if (!address) throw badRequest('address not allowed')
    const declared = pod.spec?.containers.find((container) => container.ports?.length)?.ports?.[0]?.containerPort
    const endpoint = { address, port: port === '' ? (declared ?? (scheme === 'https' ? 443 : 80)) : portNumber(port) }
    return { client: new HttpClient(process, endpoint), host: hostOf(endpoint), own: true }
  })
}

export function serviceProxy({ resources, process }: Parts): (request: ApiRequest) => Promise<void> {
  const services = resources.storeOf('', 'services').store
  const slices = resources.storeOf('discovery.k8s.io', 'endpointslices').cache
  /** A ready address behind the port of that name, by chance. */
  const endpointOf = (namespace: string, service: string, portName: string): Endpoint | undefined => {
    const found: Endpoint[] = []
    slices.scan(namespace, (object) => {
      const slice = object as EndpointSlice
      if (slice.metadata.labels?.['kubernetes.io/service-name'] !== service) return true
      const target = slice.ports?.find((each) => (each.name ?? '') === portName)?.port
      for (const endpoint of slice.endpoints ?? []) if (target && endpoint.conditions?.ready !== false && endpoint.addresses[0]) found.push({ address: endpoint.addresses[0], port: target })
      return true
    })
    return found.length === 0 ? undefined : process.random.pick(found)
  }
  return proxy('service', async ({ info }, { name, port }) => {
    const service = (await services.get(info.namespace, name)) as Service
    let portName = port
    if (/^\d+$/.test(port)) {
      const declared = (service.spec?.ports ?? []).find((each) => String(each.port) === port)
      if (!declared) throw serviceUnavailable(`no service port ${Number(port)} found for service "${name}"`)
      portName = declared.name ?? ''
    }
    const endpoint = endpointOf(info.namespace, name, portName)
    if (!endpoint) throw serviceUnavailable(`no endpoints available for service "${port === '' ? name : info.name}"`)
    return { client: new HttpClient(process, endpoint), host: hostOf(endpoint), own: true }
  })
}

function proxy(kind: string, reach: Reach): (request: ApiRequest) => Promise<void> {
  return async (request) => {
    const { info, exchange } = request
    const given = exchange.request
    const { prefix, path } = splitProxyPath(given.path)
    const { client, own, host } = await reach(request, targetOf(kind, info.name))
    const release = (): void => {
      if (own) client.close()
    }
    // A page's relative links need the slash.
    if (path.rest === '' && (given.method === 'GET' || given.method === 'HEAD')) {
      release()
      return request.respond({ status: 301, headers: { location: `${prefix}/${path.query}`, 'content-type': 'text/html; charset=utf-8' } })
    }
    const upgrade = upgradeOf(given)
    const body = bodyBytes(given) ?? given.body
    const passed: HttpRequest = {
      method: given.method,
      path: `${path.rest || '/'}${path.query}`,
      headers: {
        ...passedHeaders(given.headers),
        ...(upgrade === undefined ? {} : { connection: 'Upgrade', upgrade }),
        host,
        'x-forwarded-for': given.headers['x-forwarded-for'] ? `${given.headers['x-forwarded-for']}, ${exchange.source.address}` : exchange.source.address,
        ...(given.headers['host'] === undefined ? {} : { 'x-forwarded-host': given.headers['host'] }),
        'x-forwarded-proto': 'https',
        'x-forwarded-uri': `${prefix}${path.rest || '/'}`,
      },
      ...(body === undefined || (body instanceof Uint8Array && body.length === 0) ? {} : { body }),
    }
    const stream = await client.stream(passed, { kind: 'traffic' }).catch((error: unknown) => {
      release()
      throw serviceUnavailable(`error trying to reach service: ${error instanceof Error ? error.message : String(error)}`)
    })
    const { response } = stream
    if (response.status === 101) {
      request.open({ ...response, headers: { connection: 'Upgrade', upgrade: upgrade ?? '', ...response.headers } })
      exchange.onData((data) => stream.send(data))
      return relay(request, stream, { kind: 'traffic' }, release)
    }
    const answer = rewritten({ ...response, headers: passedHeaders(response.headers) }, prefix, host)
    if (response.body !== undefined || isEmpty(response.status, given.method)) {
      release()
      return request.respond(answer)
    }
    request.open(answer)
    relay(request, stream, { kind: 'traffic' }, release)
  }
}

/** Whether an answer has no body by its nature. */
export function isEmpty(status: number, method: string): boolean {
  return method === 'HEAD' || status === 204 || status === 304 || (status >= 100 && status < 200)
}

/** The protocol that a request asks to change to, if any. */
export function upgradeOf({ headers }: HttpRequest): string | undefined {
  return /(^|,)\s*upgrade\s*(,|$)/i.test(headers['connection'] ?? '') ? headers['upgrade'] : undefined
}

/** The headers that go on to the other side. */
export function passedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const named = new Set((headers['connection'] ?? '').toLowerCase().split(',').map((name) => name.trim()))
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.has(name) && !named.has(name) && !name.startsWith('impersonate-')))
}

/** Addresses in redirects and pages lead through the proxy. */
function rewritten(response: HttpResponse, prefix: string, host: string): HttpResponse {
  const { location } = response.headers
  const moved = location === undefined ? response : { ...response, headers: { ...response.headers, location: rewriteAddress(location, prefix, host) } }
  const { body, headers } = moved
  if (!(body instanceof Uint8Array) || body.length > rewriteBytesMax || !(headers['content-type'] ?? '').startsWith('text/html') || headers['content-encoding'] !== undefined) return moved
  return { ...moved, body: new TextEncoder().encode(rewriteLinks(new TextDecoder().decode(body), prefix, host)) }
}

/** Throws for a name that no target can have. */
function targetOf(kind: string, text: string): Target {
  const parts = text.split(':')
  if (parts.length === 1 && text !== '') return { name: text, port: '', scheme: '' }
  if (parts.length === 2 && parts[0] !== '') return { name: parts[0]!, port: parts[1]!, scheme: '' }
  if (parts.length === 3 && parts[1] !== '' && ['', 'http', 'https'].includes(parts[0]!)) return { name: parts[1]!, port: parts[2]!, scheme: parts[0] as Target['scheme'] }
  throw badRequest(`invalid ${kind} request ${JSON.stringify(text)}`)
}

function portNumber(port: string): number {
  const number = Number(port)
  if (/^\d+$/.test(port) && number > 0 && number < 65_536) return number
  throw serviceUnavailable(`error trying to reach service: dial tcp${/^\d+$/.test(port) ? `: address ${port}: invalid port` : `: lookup tcp/${port}: unknown port`}`)
}

function hostOf({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** What comes before the rest of the path, and the rest as it was sent, query included. */
function splitProxyPath(path: string): { readonly prefix: string; readonly path: { readonly rest: string; readonly query: string } } {
  const question = path.indexOf('?')
  const whole = question < 0 ? path : path.slice(0, question)
  const match = /^(\/api\/v1\/(?:namespaces\/[^/]+\/)?[^/]+\/[^/]+\/proxy)(\/[^]*)?$/.exec(whole)
  return { prefix: match?.[1] ?? whole, path: { rest: match?.[2] ?? '', query: question < 0 ? '' : path.slice(question) } }
}

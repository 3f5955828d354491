/** `nodes/proxy`, `pods/proxy` and `services/proxy`: HTTP passed on to something inside the cluster. */
import type { EndpointSlice, Pod, Service } from '../../../api/generated/types.ts'
import { badRequest, notFound, serviceUnavailable } from '../../../api/machinery/status-error.ts'
import { HttpClient } from '../../../kernel/http.ts'
import type { HttpRequest } from '../../../kernel/http.ts'
import type { Endpoint } from '../../../kernel/network.ts'
import type { ApiRequest } from '../handlers/request.ts'
import { bodyBytes } from '../negotiation/request-body.ts'
import type { Parts } from '../parts.ts'

/** `[scheme:]name[:port]` */
interface Target {
  readonly name: string
  readonly port: string
}

type Reach = (request: ApiRequest, target: Target) => Promise<{ readonly client: HttpClient; readonly close: boolean }>

const hopHeaders = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'authorization', 'host', 'content-length'])

export function nodeProxy({ kubelets }: Parts): (request: ApiRequest) => Promise<void> {
  return proxy(async (_request, { name }) => ({ client: kubelets.clientFor(name), close: false }))
}

export function podProxy({ resources, process }: Parts): (request: ApiRequest) => Promise<void> {
  const pods = resources.storeOf('', 'pods').store
  return proxy(async ({ info }, { name, port }) => {
    const pod = (await pods.get(info.namespace, name)) as Pod
    const address = pod.status?.podIP
    if (!address) throw badRequest('address not allowed')
    const declared = pod.spec?.containers.find((container) => container.ports?.length)?.ports?.[0]?.containerPort
    return { client: new HttpClient(process, { address, port: Number(port) || declared || 80 }), close: true }
  })
}

export function serviceProxy({ resources, process }: Parts): (request: ApiRequest) => Promise<void> {
  const services = resources.storeOf('', 'services').store
  const slices = resources.storeOf('discovery.k8s.io', 'endpointslices').cache
  const endpointOf = (namespace: string, service: Service, port: string): Endpoint | undefined => {
    const servicePort = (service.spec?.ports ?? []).find((each) => (port === '' ? true : each.name === port || String(each.port) === port))
    if (!servicePort) return undefined
    const found: Endpoint[] = []
    slices.scan(namespace, (object) => {
      const slice = object as EndpointSlice
      if (slice.metadata.labels?.['kubernetes.io/service-name'] !== service.metadata.name) return true
      const target = slice.ports?.find((each) => (each.name ?? '') === (servicePort.name ?? ''))?.port
      for (const endpoint of slice.endpoints ?? []) if (target && endpoint.conditions?.ready !== false && endpoint.addresses[0]) found.push({ address: endpoint.addresses[0], port: target })
      return true
    })
    return found.length === 0 ? undefined : process.random.pick(found)
  }
  return proxy(async ({ info }, { name, port }) => {
    const service = (await services.get(info.namespace, name)) as Service
    const ports = service.spec?.ports ?? []
    if (port === '' && ports.length > 1) throw badRequest(`a port must be specified for service ${name}`)
    if (port !== '' && !ports.some((each) => each.name === port || String(each.port) === port)) throw serviceUnavailable(`no service port "${port}" found for service "${name}"`)
    const endpoint = endpointOf(info.namespace, service, port)
    if (!endpoint) throw serviceUnavailable(`no endpoints available for service "${name}"`)
    return { client: new HttpClient(process, endpoint), close: true }
  })
}

function proxy(reach: Reach): (request: ApiRequest) => Promise<void> {
  return async (request) => {
    const { info, exchange } = request
    const target = targetOf(info.name)
    const { client, close } = await reach(request, target)
    const release = (): void => {
      if (close) client.close()
    }
    const given = exchange.request
    const headers = Object.fromEntries(Object.entries(given.headers).filter(([name]) => !hopHeaders.has(name) && !name.startsWith('impersonate-')))
    const body = bodyBytes(given) ?? given.body
    const passed: HttpRequest = {
      method: given.method,
      path: pathAfterProxy(given.path),
      headers: { ...headers, 'x-forwarded-for': exchange.source.address },
      ...(body === undefined || (body instanceof Uint8Array && body.length === 0) ? {} : { body }),
    }
    const stream = await client.stream(passed, { kind: 'traffic' }).catch((error: unknown) => {
      release()
      throw serviceUnavailable(`error trying to reach service: ${error instanceof Error ? error.message : String(error)}`)
    })
    const { response } = stream
    const answerHeaders = Object.fromEntries(Object.entries(response.headers).filter(([name]) => !hopHeaders.has(name)))
    if (response.body !== undefined || isEmpty(response.status, given.method)) {
      release()
      request.respond({ ...response, headers: answerHeaders })
      return
    }
    request.open({ ...response, headers: answerHeaders })
    const finish = (): void => {
      release()
      request.end()
    }
    exchange.onCancel(() => {
      stream.cancel()
      finish()
    })
    stream.onData((data) => exchange.send(data, { kind: 'traffic' }))
    stream.onEnd(finish)
  }
}

/** Whether an answer has no body by its nature. */
function isEmpty(status: number, method: string): boolean {
  return method === 'HEAD' || status === 204 || status === 304 || (status >= 100 && status < 200)
}

/** Throws for a name that no target can have. */
function targetOf(text: string): Target {
  const parts = text.split(':')
  if (parts.length === 1) return { name: text, port: '' }
  if (parts.length === 2) return { name: parts[0]!, port: parts[1]! }
  if (parts.length === 3 && ['', 'http', 'https'].includes(parts[0]!)) return { name: parts[1]!, port: parts[2]! }
  throw notFound({ group: '', resource: 'services' }, text)
}

/** The rest of the path as it was sent, query included. */
function pathAfterProxy(path: string): string {
  const match = /^\/api\/v1\/(?:namespaces\/[^/]+\/)?[^/]+\/[^/]+\/proxy(\/[^?]*)?(\?.*)?$/.exec(path)
  return `${match?.[1] || '/'}${match?.[2] ?? ''}`
}

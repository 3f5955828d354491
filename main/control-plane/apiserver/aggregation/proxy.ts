/** Passes requests for aggregated groups and versions on, watches and changes of protocol included. */
import { serviceUnavailable } from '../../../api/machinery/status-error.ts'
import type { HttpRequest, HttpResponse, HttpStream } from '../../../kernel/http.ts'
import type { ApiHandler, ApiRequest } from '../handlers/request.ts'
import { respondText } from '../health/health.ts'
import { bodyBytes } from '../negotiation/request-body.ts'
import { isEmpty, passedHeaders, upgradeOf } from '../streams/proxy.ts'
import { relayBacklogBytesMax } from '../streams/relay.ts'
import type { AggregatedService, AggregatedServices } from './aggregated-services.ts'
import { hostOf } from '../outbound/service-clients.ts'
import { remoteHeaders } from './backends.ts'
import type { Backends } from './backends.ts'

const encoder = new TextEncoder()
const requestTimeoutMs = 60_000

/** Answers what aggregated services answer; everything else goes to `local`. */
export function aggregatedOr(services: AggregatedServices, backends: Backends, local: ApiHandler): ApiHandler {
  return (request) => {
    const service = serviceOf(services, request)
    return service ? passOn(request, service, backends) : local(request)
  }
}

/** Discovery of one group and version is its server's own, too. */
function serviceOf(services: AggregatedServices, { info }: ApiRequest): AggregatedService | undefined {
  if (info.isResource) return info.prefix === 'apis' ? services.find(info.group, info.version) : undefined
  const [, group, version] = /^\/apis\/([^/]+)\/([^/]+)/.exec(info.path) ?? []
  return group === undefined ? undefined : services.find(group, version!)
}

/** Sends one request to the service's server and its answer to the client. */
export async function passOn(request: ApiRequest, service: AggregatedService, backends: Backends): Promise<void> {
  const { exchange } = request
  const given = exchange.request
  const unavailable = (text: string): void => respondText(request, 503, `${text}\n`)
  if (!service.available) return unavailable('service unavailable')
  let address
  try {
    address = backends.addressOf(service)
  } catch (error) {
    request.context.process.journal.error('Error resolving the service of an APIService', { apiService: service.name, err: error })
    return unavailable('service unavailable')
  }
  const upgrade = upgradeOf(given)
  const body = bodyBytes(given) ?? given.body
  const passed: HttpRequest = {
    method: given.method,
    path: given.path,
    headers: {
      ...Object.fromEntries(Object.entries(passedHeaders(given.headers)).filter(([name]) => !name.startsWith('x-remote-'))),
      ...(upgrade === undefined ? {} : { connection: 'Upgrade', upgrade }),
      ...remoteHeaders(request.context.user),
      host: hostOf(address),
      'x-forwarded-for': given.headers['x-forwarded-for'] ? `${given.headers['x-forwarded-for']}, ${exchange.source.address}` : exchange.source.address,
      ...(given.headers['host'] === undefined ? {} : { 'x-forwarded-host': given.headers['host'] }),
      'x-forwarded-proto': 'https',
      'x-forwarded-uri': request.info.path,
    },
    ...(body === undefined || (body instanceof Uint8Array && body.length === 0) ? {} : { body }),
  }
  let stream: HttpStream
  try {
    stream = await backends.stream(service, address, passed, requestTimeoutMs)
  } catch (error) {
    if (request.isOver()) return
    return unavailable(serviceUnavailable(`error trying to reach service: ${error instanceof Error ? error.message : String(error)}`).message)
  }
  if (request.isOver()) return stream.cancel()
  const { response } = stream
  if (response.status === 101) {
    request.open({ ...response, headers: { connection: 'Upgrade', upgrade: upgrade ?? '', ...response.headers } })
    exchange.onData((data) => stream.send(data))
    return relayData(request, stream)
  }
  // This server's own audit id stays.
  const { 'audit-id': _theirs, ...headers } = passedHeaders(response.headers)
  const answer = inBytes({ ...response, headers }, exchange.byReference)
  if (response.body !== undefined || isEmpty(response.status, given.method)) return request.respond(answer)
  request.open(answer)
  relayData(request, stream)
}

/** Objects that travel by reference become JSON for clients that need bytes. */
function inBytes(response: HttpResponse, byReference: boolean): HttpResponse {
  const { body, headers } = response
  const typed = headers['content-type'] === undefined && body !== undefined && !(body instanceof Uint8Array) ? { ...headers, 'content-type': 'application/json' } : headers
  return body === undefined || body instanceof Uint8Array || byReference ? { ...response, headers: typed } : { ...response, headers: typed, body: encoder.encode(`${JSON.stringify(body)}\n`) }
}

function relayData(request: ApiRequest, stream: HttpStream): void {
  const { exchange } = request
  let over = false
  const finish = (): void => {
    if (over) return
    over = true
    request.end()
  }
  exchange.onCancel(() => {
    stream.cancel()
    finish()
  })
  stream.onData((data) => {
    if (exchange.backlogBytes > relayBacklogBytesMax) {
      stream.cancel()
      finish()
    } else exchange.send(exchange.byReference || data instanceof Uint8Array ? data : encoder.encode(textOf(data)), { kind: 'watch' })
  })
  stream.onEnd(finish)
}

/** Watch events come as arrays, and go as a line each. */
function textOf(data: unknown): string {
  if (typeof data === 'string') return data
  return (Array.isArray(data) ? (data as unknown[]) : [data]).map((each) => `${JSON.stringify(each)}\n`).join('')
}

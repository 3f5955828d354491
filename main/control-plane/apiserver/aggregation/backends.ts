/** Reaches the servers behind aggregated services: inside the simulation over its network, by the cluster IP as kube-apiserver does
 *  without --enable-aggregator-routing; ExternalNames and hand-written endpoints of the host through the outbound door. */
import type { ClientCertificate, HttpRequest, HttpStream } from '../../../kernel/http.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { User } from '../authn/user.ts'
import type { OutboundDoor } from '../outbound/door.ts'
import { addressOfService } from '../outbound/service-address.ts'
import type { ServiceAddress, ServiceLookup } from '../outbound/service-address.ts'
import { hostOf, ServiceClients } from '../outbound/service-clients.ts'
import type { AggregatedService } from './aggregated-services.ts'
import { frontProxyName, repeatedValues } from './front-proxy.ts'

const frontProxy: ClientCertificate = { commonName: frontProxyName, organizations: [] }
const clientsMax = 64

export class Backends {
  readonly #lookup: ServiceLookup
  readonly #door: OutboundDoor | undefined
  readonly #clients: ServiceClients

  constructor(process: Process, lookup: ServiceLookup, door: OutboundDoor | undefined) {
    this.#lookup = lookup
    this.#door = door
    this.#clients = new ServiceClients(process, clientsMax, frontProxy)
  }

  /** Where the service's server is. Throws Errors with upstream's texts. */
  addressOf({ service }: AggregatedService): ServiceAddress {
    return addressOfService(this.#lookup, service.namespace, service.name, service.port)
  }

  /** Sends a request on. Rejects with the transport's own errors. What is outside the simulation answers as a whole: a stream from
   *  there comes when it has ended. */
  async stream(service: AggregatedService, address: ServiceAddress, request: HttpRequest, timeoutMs: number): Promise<HttpStream> {
    if (address.outside) return this.#outside(service, address, request, timeoutMs)
    return this.#clients.of(address).stream(request, { kind: request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write', timeoutMs })
  }

  async #outside({ service, caBundle, insecure }: AggregatedService, address: ServiceAddress, request: HttpRequest, timeoutMs: number): Promise<HttpStream> {
    if (!this.#door) throw new Error('this server makes no calls to the outside')
    const { body = '' } = request
    const answer = await this.#door.call({
      url: `https://${hostOf(address)}${request.path}`,
      method: request.method,
      ...(caBundle ? { authorities: atob(caBundle) } : {}),
      ...(insecure ? { insecure } : {}),
      serverName: `${service.name}.${service.namespace}.svc`,
      headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== 'accept-encoding').map(([name, text]) => [name, repeatedValues(name, text)])),
      body: body instanceof Uint8Array ? new TextDecoder().decode(body) : typeof body === 'string' ? body : JSON.stringify(body),
      timeoutMs,
    })
    if ('problem' in answer) throw new Error(answer.problem)
    const headers: Record<string, string> = { 'content-type': answer.contentType }
    if (answer.retryAfter !== undefined) headers['retry-after'] = answer.retryAfter
    return { response: { status: answer.status, headers, body: new TextEncoder().encode(answer.body) }, onData: () => undefined, onEnd: (handler) => handler(), send: () => undefined, cancel: () => undefined }
  }
}

/** The headers that tell a server behind the proxy for whom it works. */
export function remoteHeaders(user: User): Record<string, string> {
  const headers: Record<string, string> = { 'x-remote-user': user.name }
  if (user.uid) headers['x-remote-uid'] = user.uid
  if (user.groups.length > 0) headers['x-remote-group'] = user.groups.join('\n')
  for (const [key, values] of Object.entries(user.extra ?? {})) headers[`x-remote-extra-${encodeURIComponent(key.toLowerCase())}`] = values.join('\n')
  return headers
}

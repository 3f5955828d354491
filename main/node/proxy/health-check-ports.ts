import type { Service } from '../../api/generated/types.ts'
import { serveHttp } from '../../kernel/http.ts'
import type { NetworkStack } from '../../kernel/network.ts'
import type { Scope } from '../../kernel/scope.ts'

interface Served {
  readonly port: number
  endpoints: number
  close(): void
}

/** Health-check node ports of Services with externalTrafficPolicy Local: each answers 200 while the node has endpoints of its Service, 503
 *  otherwise, so that load balancers send traffic only where it can be answered. Follows pkg/proxy/healthcheck's service health server. */
export class HealthCheckPorts {
  readonly #stack: NetworkStack
  readonly #scope: Scope
  readonly #served = new Map<string, Served>()

  constructor(stack: NetworkStack, scope: Scope) {
    this.#stack = stack
    this.#scope = scope
  }

  /** Makes what is served for `namespace/name` follow the service; `endpoints` are those on this node. Throws nothing: a port that is taken
   *  stays as it is until the next change. */
  update(key: string, service: Service | undefined, endpoints: number): void {
    const port = service?.spec?.type === 'LoadBalancer' && service.spec.externalTrafficPolicy === 'Local' ? (service.spec.healthCheckNodePort ?? 0) : 0
    let served = this.#served.get(key)
    if (served && served.port !== port) {
      served.close()
      this.#served.delete(key)
      served = undefined
    }
    if (served) served.endpoints = endpoints
    else if (port !== 0 && !this.#taken(port)) this.#served.set(key, this.#serve(key, port, endpoints))
  }

  #taken(port: number): boolean {
    return this.#stack.listening().some((each) => each.protocol === 'tcp' && each.port === port)
  }

  #serve(key: string, port: number, endpoints: number): Served {
    const [namespace, name] = key.split('/')
    const served: Served = { port, endpoints, close: () => {} }
    served.close = serveHttp(this.#stack, port, (exchange) => {
      const count = served.endpoints
      const body = `{\n\t"service": {\n\t\t"namespace": ${JSON.stringify(namespace)},\n\t\t"name": ${JSON.stringify(name)}\n\t},\n\t"localEndpoints": ${count},\n\t"serviceProxyHealthy": true\n}`
      exchange.respond({ status: count > 0 ? 200 : 503, headers: { 'content-type': 'application/json', 'x-content-type-options': 'nosniff', 'x-load-balancing-endpoint-weight': String(count) }, body: new TextEncoder().encode(body) })
    }, { scope: this.#scope })
    return served
  }
}

import { serveHttp } from '../../kernel/http.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { DaemonHost } from '../network/daemon-host.ts'
import type { ServicePortRules } from './service-rules.ts'

interface Served {
  readonly port: number
  readonly scope: Scope
  localEndpoints: number
}

/** Health-check node ports of Services with externalTrafficPolicy Local: a load balancer asks there whether the node has endpoints (200)
 *  or should be left out (503). */
export class HealthCheckPorts {
  readonly #host: DaemonHost
  readonly #served = new Map<string, Served>()

  constructor(host: DaemonHost) {
    this.#host = host
  }

  /** Serves what a service (`namespace/name`) asks for now; no rules end it. */
  follow(service: string, rules: readonly ServicePortRules[]): void {
    const port = rules[0]?.healthCheckNodePort ?? 0
    const old = this.#served.get(service)
    if (old && old.port !== port) {
      old.scope.close()
      this.#served.delete(service)
    }
    if (port === 0) return
    const localEndpoints = new Set(rules.flatMap((each) => each.externalEndpoints.filter(({ local }) => local).map(({ address }) => address))).size
    const known = this.#served.get(service)
    if (known) known.localEndpoints = localEndpoints
    else this.#serve(service, port, localEndpoints)
  }

  #serve(service: string, port: number, localEndpoints: number): void {
    const [namespace, name] = service.split('/')
    const scope = this.#host.scope.child()
    const served: Served = { port, scope, localEndpoints }
    try {
      serveHttp(
        this.#host.stack,
        port,
        (exchange) => {
          const count = served.localEndpoints
          const body = JSON.stringify({ service: { namespace, name }, localEndpoints: count, serviceProxyHealthy: true }, null, '\t')
          exchange.respond({ status: count > 0 ? 200 : 503, headers: { 'content-type': 'application/json', 'x-content-type-options': 'nosniff', 'x-load-balancing-endpoint-weight': String(count) }, body: new TextEncoder().encode(body) })
        },
        { scope },
      )
      this.#served.set(service, served)
    } catch (error) {
      scope.close()
      this.#host.journal.error('Failed to start healthcheck', { err: error, node: this.#host.name, service, port })
    }
  }
}

import type { ApiServer } from '../control-plane/apiserver/server.ts'
import type { HttpHandler, HttpRequest, HttpResponse, ServerExchange } from '../kernel/http.ts'
import type { Endpoint } from '../kernel/network.ts'
import type { Scope } from '../kernel/scope.ts'

interface Running {
  readonly machine: string
  readonly server: Pick<ApiServer, 'handler'>
  readonly exchanges: Set<WatchedExchange>
}

/** The cluster's API servers as whoever is outside the simulated network reaches them: each connection has one of those that answer, and what is
 *  under way breaks with its server. */
export class ApiServers {
  readonly #machines: readonly string[]
  readonly #isHealthy: (machine: string) => boolean
  readonly #running = new Map<string, Running>()

  /** `machines` in the order of preference; `isHealthy`: what a load balancer found. */
  constructor(machines: readonly string[], isHealthy: (machine: string) => boolean) {
    this.#machines = machines
    this.#isHealthy = isHealthy
  }

  /** A server has started on a machine; it ends with the scope. */
  started(machine: string, server: Pick<ApiServer, 'handler'>, scope: Scope): void {
    const running: Running = { machine, server, exchanges: new Set() }
    this.#running.set(machine, running)
    scope.onClose(() => {
      if (this.#running.get(machine) === running) this.#running.delete(machine)
      for (const exchange of [...running.exchanges]) exchange.break()
    })
  }

  /** The machine whose server a connection from `source` reaches: the same one as long as that is there. Connections that
   *  have no port of their own (the window's) take the first. Undefined while no server runs. */
  machineFor(source: Endpoint): string | undefined {
    const running = this.#machines.filter((machine) => this.#running.has(machine))
    const healthy = running.filter(this.#isHealthy)
    const candidates = healthy.length > 0 ? healthy : running
    if (candidates.length <= 1 || source.port === 0) return candidates[0]
    let best = -1
    let chosen: string | undefined
    for (const machine of candidates) {
      const weight = hashOf(`${source.address}:${source.port} ${machine}`)
      if (weight > best) [best, chosen] = [weight, machine]
    }
    return chosen
  }

  /** Serves a request that came from outside. */
  readonly handler: HttpHandler = (exchange) => {
    const machine = this.machineFor(exchange.source)
    const running = machine === undefined ? undefined : this.#running.get(machine)
    if (running) running.server.handler(new WatchedExchange(exchange, running.exchanges))
    else exchange.respond({ status: 503, headers: { 'content-type': 'application/json' }, body: exchange.byReference ? unavailable : new TextEncoder().encode(JSON.stringify(unavailable)) })
  }
}

const unavailable = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'the API server is not running', reason: 'ServiceUnavailable', code: 503 }

/** FNV-1a with a last stir, so that neighbouring ports spread. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** An exchange that is known until it ends, so that it can break with its server. */
class WatchedExchange implements ServerExchange {
  readonly #inner: ServerExchange
  readonly #open: Set<WatchedExchange>
  #done = false
  #onCancel: (() => void) | undefined

  constructor(inner: ServerExchange, open: Set<WatchedExchange>) {
    this.#inner = inner
    this.#open = open
    open.add(this)
    inner.onCancel(() => {
      this.#finish()
      this.#onCancel?.()
    })
  }

  get request(): HttpRequest {
    return this.#inner.request
  }

  get source(): Endpoint {
    return this.#inner.source
  }

  get byReference(): boolean {
    return this.#inner.byReference
  }

  get backlogBytes(): number {
    return this.#inner.backlogBytes
  }

  respond(response: HttpResponse): void {
    if (this.#finish()) this.#inner.respond(response)
  }

  open(response: HttpResponse): void {
    if (!this.#done) this.#inner.open(response)
  }

  send(...data: Parameters<ServerExchange['send']>): void {
    if (!this.#done) this.#inner.send(...data)
  }

  end(): void {
    if (this.#finish()) this.#inner.end()
  }

  onData(handler: (data: unknown) => void): void {
    this.#inner.onData(handler)
  }

  onCancel(handler: () => void): void {
    this.#onCancel = handler
  }

  /** The server is gone: nobody will answer. */
  break(): void {
    if (!this.#finish()) return
    if (this.#inner.abort) this.#inner.abort()
    else this.#inner.end()
  }

  #finish(): boolean {
    if (this.#done) return false
    this.#done = true
    this.#open.delete(this)
    return true
  }
}

import type { Kernel } from '../kernel/kernel.ts'
import type { Pacer } from '../kernel/pacer.ts'
import type { ClientCertificate, HttpHandler, HttpRequest, HttpResponse, ServerExchange } from '../kernel/http.ts'
import type { MessageFeed } from './observer/message-feed.ts'

/** Whom the window acts as: what kubeadm's admin.conf holds. */
export const adminCertificate: ClientCertificate = { commonName: 'kubernetes-admin', organizations: ['kubeadm:cluster-admins'] }

/** The part of an exchange that a caller outside the simulation gets. */
export interface OutsideAnswer {
  onHead(response: HttpResponse, more: boolean): void
  onData(data: unknown): void
  onEnd(): void
}

/** Where everything from outside enters the simulation: stamped with a virtual time, recorded, given a cause of its own. */
export class Gateway {
  readonly #kernel: Kernel
  readonly #pacer: Pacer
  readonly #messages: MessageFeed
  readonly #handler: () => HttpHandler | undefined
  readonly #apiServerMachine: string

  constructor(kernel: Kernel, pacer: Pacer, messages: MessageFeed, apiServerMachine: string, handler: () => HttpHandler | undefined) {
    this.#kernel = kernel
    this.#pacer = pacer
    this.#messages = messages
    this.#apiServerMachine = apiServerMachine
    this.#handler = handler
  }

  /** Runs `run` inside the simulation as a recorded input; requests get a root span that names who asked. */
  enter(label: string, data: unknown, run: () => void): void {
    this.#kernel.input(
      label,
      data,
      () => {
        const facts = requestFacts(data)
        if (facts) {
          const span = this.#kernel.trace.start(`${facts.agent}@outside`, `${facts.agent}: ${facts.method} ${facts.path}`, { user: facts.user, method: facts.method, path: facts.path })
          this.#kernel.trace.end(span)
          this.#messages.addOutside(facts.agent, this.#apiServerMachine, facts.kind, `${facts.method} ${facts.path}`, facts.user)
        }
        run()
      },
      this.#pacer.stamp(),
    )
  }

  /** Sends a request as the window: straight to the API server's handler, past TLS, as kubernetes-admin. Answers a cancel function. */
  send(request: Omit<HttpRequest, 'certificate'>, answer: OutsideAnswer): () => void {
    const exchange = new OutsideExchange({ ...request, headers: { 'user-agent': 'window', ...request.headers }, certificate: adminCertificate }, answer)
    const { method, path, headers } = exchange.request
    const body = request.body instanceof Uint8Array ? new TextDecoder().decode(request.body) : undefined
    this.enter('api', { method, path, headers, ...(body === undefined ? {} : { body }) }, () => {
      const handler = this.#handler()
      if (handler) handler(exchange)
      else exchange.respond({ status: 503, headers: {}, body: unavailable })
    })
    return () => {
      if (exchange.finished) return
      this.enter('api-cancel', { method, path }, () => exchange.cancel())
    }
  }
}

const unavailable = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'the API server is not running', reason: 'ServiceUnavailable', code: 503 }

class OutsideExchange implements ServerExchange {
  readonly request: HttpRequest
  readonly source = { address: '127.0.0.1', port: 0 }
  readonly byReference = true
  readonly backlogBytes = 0
  finished = false
  readonly #answer: OutsideAnswer
  #onCancel: (() => void) | undefined

  constructor(request: HttpRequest, answer: OutsideAnswer) {
    this.request = request
    this.#answer = answer
  }

  respond(response: HttpResponse): void {
    if (this.finished) return
    this.finished = true
    this.#answer.onHead(response, false)
    this.#answer.onEnd()
  }

  open(response: HttpResponse): void {
    if (!this.finished) this.#answer.onHead(response, true)
  }

  send(data: unknown): void {
    if (!this.finished) this.#answer.onData(data)
  }

  end(): void {
    if (this.finished) return
    this.finished = true
    this.#answer.onEnd()
  }

  onData(): void {
    // The window's streams go one way.
  }

  onCancel(handler: () => void): void {
    this.#onCancel = handler
  }

  cancel(): void {
    if (this.finished) return
    this.finished = true
    this.#onCancel?.()
  }
}

function requestFacts(data: unknown): { agent: string; method: string; path: string; kind: 'read' | 'write' | 'watch'; user: boolean } | undefined {
  const { method, path, headers } = (data ?? {}) as { method?: unknown; path?: unknown; headers?: Record<string, string> }
  if (typeof method !== 'string' || typeof path !== 'string' || !headers) return undefined
  const agent = (headers['user-agent'] ?? 'client').split('/')[0]!.split(' ')[0]!
  const reads = method === 'GET' || method === 'HEAD'
  return { agent, method, path, kind: /[?&]watch=(true|1)/.test(path) ? 'watch' : reads ? 'read' : 'write', user: agent !== 'window' || !reads }
}

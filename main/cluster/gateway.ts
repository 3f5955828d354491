import type { RecordedInput } from '../kernel/input-log.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Pacer } from '../kernel/pacer.ts'
import type { ClientCertificate, HttpRequest, HttpResponse, ServerExchange } from '../kernel/http.ts'
import type { Endpoint } from '../kernel/network.ts'
import type { ApiServers } from './api-servers.ts'
import { shortText } from '../kernel/short-text.ts'
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
  readonly #servers: ApiServers
  readonly #open = new Map<number, OutsideExchange>()
  #replayOther: ((input: RecordedInput) => void) | undefined
  #nextId = 1

  constructor(kernel: Kernel, pacer: Pacer, messages: MessageFeed, servers: ApiServers) {
    this.#kernel = kernel
    this.#pacer = pacer
    this.#messages = messages
    this.#servers = servers
  }

  /** Runs `run` inside the simulation as a recorded input; requests get a root span that names who asked. */
  enter(label: string, data: unknown, run: () => void): void {
    this.#kernel.input(
      label,
      data,
      () => {
        this.#announce(data)
        run()
      },
      this.#pacer.stamp(),
    )
  }

  /** Does a recorded input again, with nobody to hear the answer. */
  replay(input: RecordedInput): void {
    this.#announce(input.data)
    if (input.label === 'api') {
      const { id, method, path, headers, body } = input.data as SentRequest
      this.#open.set(id, this.#handOver({ method, path, headers, ...(body === undefined ? {} : { body: new TextEncoder().encode(body) }) }, silence))
    } else if (input.label === 'api-cancel') this.#open.get((input.data as SentRequest).id)?.cancel()
    else this.#replayOther?.(input)
  }

  /** Who replays the inputs that others (the HTTPS edge) entered. */
  onReplay(handler: (input: RecordedInput) => void): void {
    this.#replayOther = handler
  }

  #announce(data: unknown): void {
    const facts = requestFacts(data)
    if (!facts) return
    const span = this.#kernel.trace.start(`${facts.agent}@outside`, `${facts.agent}: ${facts.method} ${facts.path}`, { user: facts.user, method: facts.method, path: facts.path, ...facts.command })
    this.#kernel.trace.end(span)
    const machine = this.#servers.machineFor(facts.source)
    if (machine !== undefined) this.#messages.addOutside(facts.agent, machine, facts.kind, `${facts.method} ${facts.path}`, facts.user)
  }

  /** Sends a request as the window: straight to the API server's handler, past TLS, as kubernetes-admin. Answers a cancel function. */
  send(given: Omit<HttpRequest, 'certificate'>, answer: OutsideAnswer): () => void {
    const request = { ...given, headers: { 'user-agent': 'window', ...given.headers } }
    const { method, path, headers } = request
    const id = this.#nextId++
    const body = given.body instanceof Uint8Array ? new TextDecoder().decode(given.body) : undefined
    let exchange: OutsideExchange | undefined
    this.enter('api', { id, method, path, headers, ...(body === undefined ? {} : { body }) } satisfies SentRequest, () => {
      exchange = this.#handOver(request, answer)
    })
    return () => {
      if (!exchange?.finished) this.enter('api-cancel', { id }, () => exchange?.cancel())
    }
  }

  #handOver(request: Omit<HttpRequest, 'certificate'>, answer: OutsideAnswer): OutsideExchange {
    const exchange = new OutsideExchange({ ...request, certificate: adminCertificate }, answer)
    this.#servers.handler(exchange)
    return exchange
  }
}

interface SentRequest {
  readonly id: number
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

const silence: OutsideAnswer = { onHead: () => {}, onData: () => {}, onEnd: () => {} }

/** The window has no connection of its own. */
const windowSource: Endpoint = { address: '127.0.0.1', port: 0 }

class OutsideExchange implements ServerExchange {
  readonly request: HttpRequest
  readonly source = windowSource
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

  abort(): void {
    this.end()
  }

  cancel(): void {
    if (this.finished) return
    this.finished = true
    this.#onCancel?.()
  }
}

const shownPathMax = 500

function requestFacts(data: unknown): { agent: string; method: string; path: string; kind: 'read' | 'write' | 'watch'; user: boolean; source: Endpoint; command: Record<string, string> } | undefined {
  const { method, path, headers, source } = (data ?? {}) as { method?: unknown; path?: unknown; headers?: Record<string, string>; source?: Endpoint }
  if (typeof method !== 'string' || typeof path !== 'string' || !headers) return undefined
  // What is shown of a request is kept for long: however long it is, it takes little.
  const agent = shortText(headers['user-agent'] ?? 'client', 100).split('/')[0]!.split(' ')[0]!
  const reads = method === 'GET' || method === 'HEAD'
  return { agent, method, path: shortText(path, shownPathMax), kind: /[?&]watch=(true|1)/.test(path) ? 'watch' : reads ? 'read' : 'write', user: agent !== 'window' || !reads, source: source ?? windowSource, command: commandFacts(headers) }
}

/** kubectl says which command a request belongs to, and gives all requests of one run the same session. */
function commandFacts(headers: Record<string, string>): Record<string, string> {
  const command = headers['kubectl-command']
  const session = headers['kubectl-session']
  return { ...(command ? { command: shortText(command, 100) } : {}), ...(session ? { session: shortText(session, 100) } : {}) }
}

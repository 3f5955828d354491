import type { Clock } from './clock.ts'
import type { Connection, Endpoint, NetworkStack, TrafficKind } from './network.ts'
import type { Scope } from './scope.ts'
import type { Trace } from './trace.ts'

/** HTTP inside the simulation: requests and answers as values, many at a time on one connection, as HTTP/2 has them.
 *  Bodies travel by reference: bytes, text, or a plain object that both sides treat as immutable (in place of JSON).
 *  The API server, kubelets, health endpoints, webhooks and simulated web servers all speak this. */

/** Whom a client certificate names. The simulated wire trusts it, as TLS would have verified it. */
export interface ClientCertificate {
  readonly commonName: string
  readonly organizations: readonly string[]
}

export interface HttpRequest {
  readonly method: string
  /** Path with query, as on the request line. */
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Bytes as sent, or an object handed over by reference (then no content type is needed). */
  readonly body?: Uint8Array | object
  readonly certificate?: ClientCertificate
}

export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | object
}

/** How a request is drawn on the map and how long it may take. */
export interface RequestOptions {
  readonly kind?: TrafficKind
  /** Ms until the request fails with HttpTimeout; streams: until the response begins. Default 30 000. */
  readonly timeoutMs?: number
}

/** A response that goes on: a watch, a followed log, an exec session. */
export interface HttpStream {
  readonly response: HttpResponse
  /** What the server sent after the response head. Handlers set late get what came early. */
  onData(handler: (data: unknown) => void): void
  /** `error` is set when the connection broke; a server's orderly end has none. */
  onEnd(handler: (error?: Error) => void): void
  /** To the server, for two-way streams. */
  send(data: unknown, bytes?: number): void
  cancel(): void
}

/** How a client reaches a server: over the simulated network (`HttpClient`), over real HTTPS (the command line), or over
 *  the window's bridge. */
export interface HttpTransport {
  request(request: HttpRequest, options?: RequestOptions): Promise<HttpResponse>
  /** Rejects when no response began. A response of status >= 400 comes with its body and has already ended. */
  stream(request: HttpRequest, options?: RequestOptions): Promise<HttpStream>
}

/** One request as its server sees it; real sockets and simulated ones look the same. */
export interface ServerExchange {
  readonly request: HttpRequest
  /** Address of the client. */
  readonly source: Endpoint
  /** True when objects may be handed over as they are; false when the client needs bytes. */
  readonly byReference: boolean
  /** Answers completely. */
  respond(response: HttpResponse): void
  /** Begins an answer that goes on with `send` and ends with `end`. */
  open(response: HttpResponse): void
  send(data: unknown, about?: { readonly kind?: TrafficKind; readonly label?: string; readonly bytes?: number }): void
  end(): void
  /** Bytes accepted but not yet taken by a slow client. Always 0 inside the simulation. */
  readonly backlogBytes: number
  onData(handler: (data: unknown) => void): void
  /** The client went away or cancelled, or the exchange broke. Not called after `respond` or `end`. */
  onCancel(handler: () => void): void
  /** Set before `respond`: hears once when the client has taken the whole answer, or is gone. Absent where that takes no time. */
  whenTaken?(handler: () => void): void
  /** Breaks the connection, as the end of its server does. Absent where the network itself does that. */
  abort?(): void
}

export type HttpHandler = (exchange: ServerExchange) => void

/** What travels on a connection that speaks HTTP by value. */
export type HttpFrame =
  | { readonly type: 'request'; readonly stream: number; readonly request: HttpRequest }
  | { readonly type: 'response'; readonly stream: number; readonly response: HttpResponse; readonly more: boolean }
  | { readonly type: 'data'; readonly stream: number; readonly data: unknown }
  | { readonly type: 'end'; readonly stream: number }
  | { readonly type: 'cancel'; readonly stream: number }

/** The connection broke while a request was on it. */
export class ConnectionLost extends Error {}

/** No answer in time. The words are those of Go's net/http client. */
export class HttpTimeout extends Error {
  constructor(request: HttpRequest) {
    super(`${request.method} ${request.path}: net/http: request canceled (Client.Timeout exceeded while awaiting headers)`)
  }
}

/** Serves HTTP on a port of a network stack. Returns a function that stops listening and breaks open connections. */
export function serveHttp(stack: NetworkStack, port: number, handler: HttpHandler, options: { scope?: Scope; address?: string } = {}): () => void {
  const connections = new Set<Connection>()
  const stopListening = stack.listen(
    port,
    (connection) => {
      connections.add(connection)
      serveConnection(connection, handler)
      connection.onClose(() => connections.delete(connection))
    },
    'tcp',
    options.address ?? '*',
  )
  const stop = (): void => {
    stopListening()
    for (const connection of connections) connection.close('reset')
  }
  options.scope?.onClose(stop)
  return stop
}

/** Serves HTTP on one accepted connection: for listeners that look at the first message before they decide. */
export function serveConnection(connection: Connection, handler: HttpHandler): void {
  const exchanges = new Map<number, SimulatedExchange>()
  connection.onMessage((message) => {
    const frame = message.body as HttpFrame
    if (frame.type === 'request') {
      const exchange = new SimulatedExchange(connection, frame.stream, frame.request, message.kind, () => exchanges.delete(frame.stream))
      exchanges.set(frame.stream, exchange)
      handler(exchange)
    } else if (frame.type === 'data') exchanges.get(frame.stream)?.receive(frame.data)
    else if (frame.type === 'cancel') exchanges.get(frame.stream)?.cancelled()
  })
  connection.onClose(() => {
    for (const exchange of [...exchanges.values()]) exchange.cancelled()
  })
}

class SimulatedExchange implements ServerExchange {
  readonly request: HttpRequest
  readonly byReference = true
  readonly backlogBytes = 0
  readonly #connection: Connection
  readonly #stream: number
  readonly #kind: TrafficKind
  readonly #forget: () => void
  #done = false
  #onData: ((data: unknown) => void) | undefined
  #onCancel: (() => void) | undefined
  #early: unknown[] = []

  constructor(connection: Connection, stream: number, request: HttpRequest, kind: TrafficKind, forget: () => void) {
    this.#connection = connection
    this.#stream = stream
    this.request = request
    this.#kind = kind
    this.#forget = forget
  }

  get source(): Endpoint {
    return this.#connection.remote
  }

  respond(response: HttpResponse): void {
    this.#answer(response, false)
    this.#finish()
  }

  open(response: HttpResponse): void {
    this.#answer(response, true)
  }

  send(data: unknown, about: { readonly kind?: TrafficKind; readonly label?: string; readonly bytes?: number } = {}): void {
    if (this.#done) return
    const body: HttpFrame = { type: 'data', stream: this.#stream, data }
    this.#connection.send({ kind: about.kind ?? this.#kind, label: about.label ?? '', bytes: about.bytes ?? 0, body })
  }

  end(): void {
    if (this.#done) return
    this.#transmit({ type: 'end', stream: this.#stream }, 'end')
    this.#finish()
  }

  onData(handler: (data: unknown) => void): void {
    this.#onData = handler
    for (const data of this.#early.splice(0)) handler(data)
  }

  onCancel(handler: () => void): void {
    this.#onCancel = handler
  }

  receive(data: unknown): void {
    if (this.#onData) this.#onData(data)
    else this.#early.push(data)
  }

  cancelled(): void {
    if (this.#done) return
    this.#finish()
    this.#onCancel?.()
  }

  #answer(response: HttpResponse, more: boolean): void {
    if (this.#done) return
    this.#transmit({ type: 'response', stream: this.#stream, response, more }, String(response.status))
  }

  #transmit(body: HttpFrame, label: string): void {
    this.#connection.send({ kind: this.#kind, label, bytes: 0, body })
  }

  #finish(): void {
    this.#done = true
    this.#forget()
  }
}

/** What an HttpClient stands on; a `Process` is one. */
export interface ClientHost {
  /** Process name, for whoever watches the wires. */
  readonly name?: string
  readonly stack: NetworkStack
  readonly clock: Clock
  readonly scope: Scope
  readonly kernel: { readonly trace: Trace }
}

interface Pending {
  readonly request: HttpRequest
  readonly resolve: (stream: ClientStream) => void
  readonly reject: (error: Error) => void
  readonly cause: number
  readonly deadline: number
  /** Of a request with a time limit of its own; the others are watched over together. */
  readonly timer: { cancel(): void } | undefined
}

/** How long most requests may take: one timer watches over all of them, as the oldest is the next to give up. */
const usualTimeoutMs = 30_000

/** A client of one server, on one connection that is dialed when first needed and again after it broke. */
export class HttpClient implements HttpTransport {
  readonly #host: ClientHost
  readonly #server: () => Endpoint
  readonly #certificate: ClientCertificate | undefined
  #connection: Promise<Connection> | undefined
  /** The connection once it stands. */
  #established: Connection | undefined
  #sweep: { cancel(): void } | undefined
  #nextStream = 1
  readonly #pending = new Map<number, Pending>()
  readonly #streams = new Map<number, ClientStream>()

  /** `server` is asked at every dial, so that an address may move. */
  constructor(host: ClientHost, server: Endpoint | (() => Endpoint), certificate?: ClientCertificate) {
    this.#host = host
    this.#server = typeof server === 'function' ? server : () => server
    this.#certificate = certificate
    host.scope.onClose(() => this.close())
  }

  async request(request: HttpRequest, options?: RequestOptions): Promise<HttpResponse> {
    return (await this.#open(request, options)).response
  }

  stream(request: HttpRequest, options?: RequestOptions): Promise<HttpStream> {
    return this.#open(request, options)
  }

  close(): void {
    const connection = this.#connection
    this.#connection = this.#established = undefined
    void connection?.then((open) => open.close('reset'), () => {})
  }

  #open(given: HttpRequest, options: RequestOptions = {}): Promise<ClientStream> {
    // What is left of a dead process's code asks nothing more, and never learns that it did not.
    if (this.#host.scope.closed) return new Promise(() => {})
    const request = this.#certificate && !given.certificate ? { ...given, certificate: this.#certificate } : given
    const id = this.#nextStream++
    const cause = this.#host.kernel.trace.current
    return new Promise<ClientStream>((resolve, reject) => {
      const { clock } = this.#host
      const timeoutMs = options.timeoutMs ?? usualTimeoutMs
      const timer = timeoutMs === usualTimeoutMs ? undefined : clock.after(timeoutMs, () => this.#fail(id, new HttpTimeout(request)))
      this.#pending.set(id, { request, resolve, reject, cause, deadline: clock.now() + timeoutMs, timer })
      if (!timer) this.#armSweep()
      const kind = options.kind ?? (request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write')
      const transmit = (connection: Connection): void => {
        if (!this.#pending.has(id)) return
        const body: HttpFrame = { type: 'request', stream: id, request }
        connection.send({ kind, label: `${request.method} ${request.path}`, bytes: 0, body })
      }
      if (this.#established) transmit(this.#established)
      else this.#connect().then(transmit, (error: Error) => this.#fail(id, error))
    })
  }

  #fail(id: number, error: Error): void {
    const pending = this.#pending.get(id)
    if (!pending) return
    this.#pending.delete(id)
    pending.timer?.cancel()
    pending.reject(error)
  }

  #armSweep(): void {
    if (this.#sweep) return
    let oldest: Pending | undefined
    for (const pending of this.#pending.values()) {
      if (pending.timer) continue
      oldest = pending
      break
    }
    if (!oldest) return
    const { clock, kernel } = this.#host
    this.#sweep = clock.afterUncaused(oldest.deadline - clock.now(), () => {
      this.#sweep = undefined
      for (const [id, { request, timer, deadline, cause }] of this.#pending) {
        if (timer) continue
        if (deadline > clock.now()) break
        // In an event of its own, under its own cause: several may give up together.
        kernel.trace.current = cause
        clock.after(0, () => this.#fail(id, new HttpTimeout(request)))
      }
      kernel.trace.current = 0
      clock.afterUncaused(0, () => this.#armSweep())
    })
  }

  #connect(): Promise<Connection> {
    if (this.#connection) return this.#connection
    const dialing = this.#host.stack.dial(this.#server(), 'tcp', undefined, this.#host.name).then((connection) => {
      if (this.#connection === dialing) this.#established = connection
      connection.onMessage((message) => this.#receive(connection, message.body as HttpFrame, message.kind))
      connection.onClose((reason) => this.#lost(dialing, reason))
      return connection
    })
    this.#connection = dialing
    dialing.catch(() => {
      if (this.#connection === dialing) this.#connection = undefined
    })
    return dialing
  }

  #receive(connection: Connection, frame: HttpFrame, kind: TrafficKind): void {
    if (frame.type === 'response') {
      const pending = this.#pending.get(frame.stream)
      if (!pending) {
        if (frame.more) connection.send({ kind, label: 'cancel', bytes: 0, body: { type: 'cancel', stream: frame.stream } satisfies HttpFrame })
        return
      }
      this.#pending.delete(frame.stream)
      pending.timer?.cancel()
      const stream = new ClientStream(connection, frame.stream, kind, frame.response, () => this.#streams.delete(frame.stream))
      if (frame.more) this.#streams.set(frame.stream, stream)
      else stream.ended()
      // The answer belongs to whoever asked, whatever the server was doing when it sent it.
      this.#host.kernel.trace.current = pending.cause
      pending.resolve(stream)
    } else if (frame.type === 'data') this.#streams.get(frame.stream)?.receive(frame.data)
    else if (frame.type === 'end') this.#streams.get(frame.stream)?.ended()
  }

  #lost(dialing: Promise<Connection>, reason: string): void {
    if (this.#connection === dialing) this.#connection = this.#established = undefined
    if (this.#host.scope.closed) return
    const error = new ConnectionLost(reason === 'timeout' ? 'http2: client connection lost' : 'unexpected EOF')
    for (const id of [...this.#pending.keys()]) this.#fail(id, error)
    for (const stream of [...this.#streams.values()]) stream.ended(error)
  }
}

class ClientStream implements HttpStream {
  readonly response: HttpResponse
  readonly #connection: Connection
  readonly #id: number
  readonly #kind: TrafficKind
  readonly #forget: () => void
  #ended = false
  #error: Error | undefined
  #onData: ((data: unknown) => void) | undefined
  #onEnd: ((error?: Error) => void) | undefined
  #early: unknown[] = []

  constructor(connection: Connection, id: number, kind: TrafficKind, response: HttpResponse, forget: () => void) {
    this.#connection = connection
    this.#id = id
    this.#kind = kind
    this.response = response
    this.#forget = forget
  }

  onData(handler: (data: unknown) => void): void {
    this.#onData = handler
    for (const data of this.#early.splice(0)) handler(data)
  }

  onEnd(handler: (error?: Error) => void): void {
    this.#onEnd = handler
    if (this.#ended) handler(this.#error)
  }

  send(data: unknown, bytes = 0): void {
    if (this.#ended) return
    this.#connection.send({ kind: this.#kind, label: 'data', bytes, body: { type: 'data', stream: this.#id, data } satisfies HttpFrame })
  }

  cancel(): void {
    if (this.#ended) return
    this.#connection.send({ kind: this.#kind, label: 'cancel', bytes: 0, body: { type: 'cancel', stream: this.#id } satisfies HttpFrame })
    this.ended()
  }

  receive(data: unknown): void {
    if (this.#ended) return
    if (this.#onData) this.#onData(data)
    else this.#early.push(data)
  }

  ended(error?: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    this.#forget()
    this.#onEnd?.(error)
  }
}

import {
  serveConnection,
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
  type ServerExchange,
} from '../../../kernel/http.ts'
import type { Connection, Endpoint, NetworkStack } from '../../../kernel/network.ts'
import type { Scope } from '../../../kernel/scope.ts'
import { bodyBytes, Http1Parser, joinBytes, requestOf, responseHead } from './http1.ts'

const encoder = new TextEncoder()

/** Serves HTTP as kernel/http's serveHttp does, and also to clients that send HTTP/1.1 as bytes: what the first message
 *  of a connection is decides. Returns a function that stops listening and breaks open connections. */
export function serveWeb(stack: NetworkStack, port: number, handler: HttpHandler, options: { scope?: Scope; address?: string } = {}): () => void {
  let connections: Set<Connection> | undefined
  const stopListening = stack.listen(
    port,
    (connection) => {
      const open = (connections ??= new Set())
      open.add(connection)
      connection.onClose(() => open.delete(connection))
      acceptWeb(connection, handler)
    },
    'tcp',
    options.address ?? '*',
  )
  const stop = (): void => {
    stopListening()
    for (const connection of connections ?? []) connection.close('reset')
  }
  options.scope?.onClose(stop)
  return stop
}

/** Serves one accepted connection, whichever way its client speaks. */
function acceptWeb(connection: Connection, handler: HttpHandler): void {
  let deliver: ((bytes: Uint8Array) => void) | undefined
  connection.onMessage((first) => {
    if (first.body instanceof Uint8Array) {
      deliver ??= serveBytes(connection, handler)
      deliver(first.body)
      return
    }
    // A byte client may say that it has nothing more to send; the answer still goes out.
    if (deliver) return
    // Hands the connection over: the value server sets its own handler, and is given what has already come.
    serveConnection(replaying(connection, first), handler)
  })
}

/** The same connection, except that its first message comes again. */
function replaying(connection: Connection, first: { readonly body: unknown }): Connection {
  return {
    get id() {
      return connection.id
    },
    get local() {
      return connection.local
    },
    get remote() {
      return connection.remote
    },
    get dialed() {
      return connection.dialed
    },
    get closed() {
      return connection.closed
    },
    send: (message) => connection.send(message),
    onMessage: (receive) => {
      receive(first as Parameters<typeof receive>[0])
      connection.onMessage(receive)
    },
    onClose: (closed) => connection.onClose(closed),
    close: (reason) => connection.close(reason),
  }
}

function serveBytes(connection: Connection, handler: HttpHandler): (bytes: Uint8Array) => void {
  const parser = new Http1Parser('request')
  const waiting: BytesExchange[] = []
  let closing = false
  const next = (): void => {
    waiting.shift()
    if (closing && waiting.length === 0) connection.close()
    else if (waiting.length > 0) handler(waiting[0]!)
  }
  connection.onClose(() => {
    for (const exchange of waiting) exchange.cancelled()
  })
  return (bytes) => {
    if (closing) return
    let requests: (HttpRequest & { readonly version: string })[]
    try {
      requests = parser.push(bytes).map(requestOf)
    } catch {
      closing = true
      const response: HttpResponse = { status: 400, headers: { 'content-type': 'text/plain' } }
      transmit(connection, joinBytes([responseHead(response, { connection: 'close' }), encoder.encode('400 Bad Request\n')]))
      connection.close()
      return
    }
    for (const request of requests) {
      const keepAlive = request.version === 'HTTP/1.1' ? request.headers.connection?.toLowerCase() !== 'close' : request.headers.connection?.toLowerCase() === 'keep-alive'
      if (!keepAlive) closing = true
      const exchange = new BytesExchange(connection, request, keepAlive, next)
      waiting.push(exchange)
      if (waiting.length === 1) handler(exchange)
      if (closing) break
    }
  }
}

function transmit(connection: Connection, bytes: Uint8Array): void {
  connection.send({ kind: 'traffic', label: '', bytes: bytes.length, body: bytes })
}

/** One request that came as bytes. */
class BytesExchange implements ServerExchange {
  readonly request: HttpRequest
  readonly byReference = false
  readonly backlogBytes = 0
  readonly #connection: Connection
  readonly #keepAlive: boolean
  readonly #finished: () => void
  #done = false
  #chunked = false
  #onCancel: (() => void) | undefined

  constructor(connection: Connection, request: HttpRequest, keepAlive: boolean, finished: () => void) {
    this.#connection = connection
    this.request = request
    this.#keepAlive = keepAlive
    this.#finished = finished
  }

  get source(): Endpoint {
    return this.#connection.remote
  }

  respond(response: HttpResponse): void {
    if (this.#done) return
    const body = bodyBytes(response.body)
    const head = responseHead(response, {
      ...(response.headers['content-length'] === undefined ? { 'content-length': String(body.length) } : {}),
      connection: this.#keepAlive ? 'keep-alive' : 'close',
    })
    transmit(this.#connection, this.request.method === 'HEAD' ? head : joinBytes([head, body]))
    this.#finish()
  }

  open(response: HttpResponse): void {
    if (this.#done) return
    this.#chunked = true
    transmit(this.#connection, responseHead(response, { 'transfer-encoding': 'chunked', connection: this.#keepAlive ? 'keep-alive' : 'close' }))
    if (response.body) this.send(response.body)
  }

  send(data: unknown): void {
    if (this.#done) return
    const bytes = data instanceof Uint8Array ? data : typeof data === 'string' ? encoder.encode(data) : encoder.encode(JSON.stringify(data))
    if (bytes.length === 0) return
    transmit(this.#connection, joinBytes([encoder.encode(`${bytes.length.toString(16)}\r\n`), bytes, encoder.encode('\r\n')]))
  }

  end(): void {
    if (this.#done) return
    if (this.#chunked) transmit(this.#connection, encoder.encode('0\r\n\r\n'))
    this.#finish()
  }

  onData(): void {
    // The body of a request in bytes came with it.
  }

  onCancel(handler: () => void): void {
    this.#onCancel = handler
  }

  cancelled(): void {
    if (this.#done) return
    this.#done = true
    this.#onCancel?.()
  }

  #finish(): void {
    this.#done = true
    this.#finished()
  }
}

import { constants as cryptoConstants } from 'node:crypto'
import { createServer as createHttpServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { IncomingHttpHeaders as Http2Headers, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import type { HttpHandler } from '../../kernel/http.ts'
import { joinedValues } from './authn/impersonation.ts'
import { edgeLabel, requestOf } from './edge-input.ts'
import type { EdgeRequest, Enter } from './edge-input.ts'
import { Http1Output, Http2Output } from './edge-output.node.ts'
import type { EdgeOutput } from './edge-output.node.ts'
import { EdgeExchange } from './edge-exchange.node.ts'
import { bodyBytesMax } from './negotiation/request-body.ts'
import { certificateOf } from './peer-certificate.node.ts'
import { acceptUpgrades } from './upgrade.node.ts'

export interface HttpsOptions {
  readonly handler: HttpHandler
  readonly tls: { readonly key: string; readonly cert: string; readonly ca: string }
  /** 0: any free one. */
  readonly port: number
  /** Default 127.0.0.1. */
  readonly address?: string
  readonly enter: Enter
}

export interface HttpsListener {
  readonly port: number
  readonly address: string
  /** Stops listening and breaks every connection. */
  close(): Promise<void>
}

/** What a slow client has to deliver its headers in, and how long an idle connection stays. */
const headersTimeoutMs = 20_000
/** How large all headers of a request may be (Go's default). */
const headerBytesMax = 1024 * 1024
const idleTimeoutMs = 150_000
/** What a slow client has to deliver a request's body in (upstream's request timeout). */
const bodyMsMax = 60_000

/** What Go's server says to a client that speaks HTTP to an HTTPS port. */
const plainHttpAnswer = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n'

/** The real HTTPS endpoint: HTTP/1.1 and HTTP/2 on one port, client certificates checked against the cluster's authority but not
 *  demanded. Each request becomes an input of the simulation; answers go out as the simulation makes them. Rejects when
 *  the port can't be had. */
export async function listenHttps(options: HttpsOptions): Promise<HttpsListener> {
  const { handler, enter, tls } = options
  let nextId = 1
  const sockets = new Set<TLSSocket>()
  const sessions = new Set<ServerHttp2Session>()

  const begin = (facts: Omit<EdgeRequest, 'type' | 'id'>, output: EdgeOutput, breakConnection: () => void, bytes: Uint8Array | undefined): EdgeExchange => {
    const input: EdgeRequest = { type: 'request', id: nextId++, ...facts }
    const exchange = new EdgeExchange(input.id, requestOf(input, bytes), facts.source, output, enter, breakConnection)
    enter(edgeLabel, input, () => handler(exchange))
    return exchange
  }

  const http1 = createHttpServer({ keepAlive: true, noDelay: true, maxHeaderSize: headerBytesMax })
  // Node's name for it is not in its types: the socket's end does not abort the request that came before it.
  ;(http1 as unknown as { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true
  const running = new WeakMap<TLSSocket, EdgeExchange>()
  http1.headersTimeout = headersTimeoutMs
  http1.requestTimeout = 0
  http1.keepAliveTimeout = idleTimeoutMs
  http1.on('request', (request: IncomingMessage, response: ServerResponse) => {
    readBody(request, (body) => {
      const output = new Http1Output(request, response)
      const exchange = begin(factsOf(request.method ?? 'GET', request.url ?? '/', joinedHeaders(request.rawHeaders), request.socket as TLSSocket, body), output, () => request.socket.destroy(), body.bytes)
      running.set(request.socket as TLSSocket, exchange)
      response.on('close', () => exchange.disconnected())
    })
  })
  http1.on('connection', (socket: TLSSocket) => socket.on('end', () => running.get(socket)?.halfClosed()))
  http1.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request')
    else socket.destroy()
  })
  acceptUpgrades(http1, (request, output, bytes) => begin(factsOf(request.method ?? 'GET', request.url ?? '/', joinedHeaders(request.rawHeaders), request.socket as TLSSocket, { bytes, oversizeBytes: undefined }), output, () => request.socket.destroy(), bytes))

  const http2 = createHttp2Server({ settings: { maxConcurrentStreams: 250, initialWindowSize: 1024 * 1024 } })
  http2.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
    session.on('error', () => session.destroy())
  })
  http2.on('stream', (stream: ServerHttp2Stream, headers: Http2Headers, _flags: number, rawHeaders: string[]) => {
    stream.on('error', () => {})
    readBody(stream, (body) => {
      if (stream.destroyed) return
      const socket = stream.session?.socket as TLSSocket | undefined
      if (!socket) return
      const exchange = begin(factsOf(headers[':method'] ?? 'GET', headers[':path'] ?? '/', joinedHeaders(rawHeaders), socket, body), new Http2Output(stream, headers), () => stream.session?.destroy(), body.bytes)
      stream.on('close', () => exchange.disconnected())
    })
  })
  http2.on('sessionError', () => {})

  const server = createTlsServer({
    key: tls.key,
    cert: tls.cert,
    ca: tls.ca,
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
    minVersion: 'TLSv1.2',
    // A resumed session would not show its client certificate again.
    secureOptions: cryptoConstants.SSL_OP_NO_TICKET,
    handshakeTimeout: headersTimeoutMs,
    // A client that has said everything may still wait for its answer.
    allowHalfOpen: true,
  })
  server.on('secureConnection', (socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    if (socket.alpnProtocol === 'h2') {
      socket.allowHalfOpen = false
      http2.emit('connection', socket)
    } else http1.emit('connection', socket)
  })
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    // Someone spoke HTTP without TLS; the answer has to go past the broken TLS layer.
    const plain = error.code === 'ERR_SSL_HTTP_REQUEST' ? (socket as { _parent?: Socket })._parent : undefined
    if (plain?.writable) plain.end(plainHttpAnswer)
    else socket.destroy()
  })

  const address = options.address ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, address, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const session of sessions) session.destroy()
        for (const socket of sockets) socket.destroy()
        http1.close()
        http2.close()
      }),
  }
}

interface Body {
  readonly bytes: Uint8Array | undefined
  readonly oversizeBytes: number | undefined
}

/** Reads a whole body, but no more than the server would take. */
function readBody(stream: IncomingMessage | ServerHttp2Stream, done: (body: Body) => void): void {
  let chunks: Buffer[] = []
  let length = 0
  let oversize = false
  let timer: NodeJS.Timeout | undefined
  const over = (): void => clearTimeout(timer)
  stream.on('data', (chunk: Buffer) => {
    if (oversize) return
    length += chunk.length
    chunks.push(chunk)
    // Most bodies come in one piece; the rest has its time.
    if (timer === undefined && length <= bodyBytesMax) timer = setTimeout(() => stream.destroy(), bodyMsMax).unref()
    if (length <= bodyBytesMax) return
    over()
    oversize = true
    chunks = []
    done({ bytes: undefined, oversizeBytes: length })
  })
  stream.on('close', over)
  stream.on('end', () => {
    over()
    if (!oversize) done({ bytes: length === 0 ? undefined : chunks.length === 1 ? chunks[0] : Buffer.concat(chunks), oversizeBytes: undefined })
  })
}

function factsOf(method: string, path: string, headers: Record<string, string>, socket: TLSSocket, body: Body): Omit<EdgeRequest, 'type' | 'id'> {
  const certificate = certificateOf(socket)
  return {
    method,
    path,
    headers,
    source: { address: socket.remoteAddress ?? '127.0.0.1', port: socket.remotePort ?? 0 },
    ...(certificate ? { certificate } : {}),
    ...(body.oversizeBytes !== undefined ? { oversizeBytes: body.oversizeBytes } : {}),
    ...(body.bytes ? { body: Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.length).toString('base64') } : {}),
  }
}

/** Headers in lower case; those that came several times joined as HTTP allows, or so that they can be told apart. */
function joinedHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const values: Record<string, string[]> = {}
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase()
    const value = rawHeaders[index + 1]!
    if (name.startsWith(':')) {
      if (name === ':authority') values['host'] = [value]
    } else if (values[name]) values[name].push(value)
    else values[name] = [value]
  }
  const headers: Record<string, string> = {}
  for (const name in values) headers[name] = values[name]!.length === 1 ? values[name]![0]! : joinedValues(name, values[name]!)
  return headers
}

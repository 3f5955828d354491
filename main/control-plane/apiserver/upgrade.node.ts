import type { IncomingMessage, Server } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { HttpResponse } from '../../kernel/http.ts'
import type { EdgeExchange } from './edge-exchange.node.ts'
import type { EdgeOutput } from './edge-output.node.ts'
import { SpdyConnection } from './spdy/connection.node.ts'
import { PortForwardStreams } from './spdy/port-forward.node.ts'
import { SessionStreams } from './spdy/session.node.ts'
import { channelProtocols, decodeChannel, encodeChannel } from './streams/channel-frames.ts'
import type { ChannelProtocol } from './streams/channel-frames.ts'
import type { StreamFrame } from '../../node/kubelet/streams.ts'

const spdyTunnel = 'SPDY/3.1+portforward.k8s.io'
const spdySessionProtocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io']
const spdyPortForward = 'portforward.k8s.io'
/** The largest message of a WebSocket client. */
const messageBytesMax = 1024 * 1024

type Handler = (data: unknown) => void

/** Takes upgrade requests of an HTTP/1.1 server: WebSockets (exec, attach, port forwarding, watches, logs) and SPDY/3.1. The
 *  handshake is finished only when the server opens the exchange; before that it may answer anything. */
export function acceptUpgrades(server: Server, begin: (request: IncomingMessage, output: EdgeOutput) => EdgeExchange): void {
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: messageBytesMax, perMessageDeflate: false, handleProtocols: (offered) => chosenProtocol(offered) ?? false })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const upgrade = (request.headers.upgrade ?? '').toLowerCase()
    const output = upgrade === 'websocket' ? new WebSocketOutput(webSockets, request, socket, head) : upgrade === 'spdy/3.1' ? new SpdyOutput(request, socket, head) : undefined
    if (!output) {
      writeHead(socket, { status: 400, headers: { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }, body: Buffer.from('unable to upgrade: unknown protocol\n') })
      return
    }
    const exchange = begin(request, output)
    socket.on('close', () => exchange.disconnected())
  })
}

function chosenProtocol(offered: ReadonlySet<string>): string | undefined {
  if (offered.has(spdyTunnel)) return spdyTunnel
  for (const name of [...offered, ...channelProtocols.map((protocol) => protocol.name)]) if (channelProtocols.some((protocol) => protocol.name === name) && offered.has(name)) return name
  for (const name of ['binary.k8s.io', 'base64.binary.k8s.io']) if (offered.has(name)) return name
  return undefined
}

/** A plain answer in place of an upgrade. */
function writeHead(socket: Duplex, response: HttpResponse): void {
  const body = response.body === undefined ? Buffer.alloc(0) : response.body instanceof Uint8Array ? Buffer.from(response.body) : Buffer.from(JSON.stringify(response.body))
  const headers = { ...response.headers, 'content-length': String(body.length), connection: 'close' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ''}\r\n${lines}\r\n`), body]))
}

class WebSocketOutput implements EdgeOutput {
  readonly #server: WebSocketServer
  readonly #request: IncomingMessage
  readonly #socket: Duplex
  readonly #head: Buffer
  #webSocket: WebSocket | undefined
  #handler: Handler | undefined
  #send: ((data: unknown) => void) | undefined
  #finish: (() => void) | undefined

  constructor(server: WebSocketServer, request: IncomingMessage, socket: Duplex, head: Buffer) {
    this.#server = server
    this.#request = request
    this.#socket = socket
    this.#head = head
  }

  get backlogBytes(): number {
    return this.#webSocket?.bufferedAmount ?? 0
  }

  onData(handler: Handler): void {
    this.#handler = handler
  }

  respond(response: HttpResponse): void {
    // A WebSocket client of something that answers at once (a log) gets it as messages.
    if (response.status !== 200) return writeHead(this.#socket, response)
    this.open(response)
    if (response.body instanceof Uint8Array && response.body.length > 0) this.send(response.body)
    this.end()
  }

  open(response: HttpResponse): void {
    this.#server.handleUpgrade(this.#request, this.#socket, this.#head, (webSocket) => {
      this.#webSocket = webSocket
      webSocket.on('error', () => webSocket.terminate())
      if (webSocket.protocol === spdyTunnel) this.#tunnel(webSocket)
      else if (response.status === 101) this.#channels(webSocket)
      else this.#messages(webSocket, response)
    })
  }

  send(data: unknown): void {
    this.#send?.(data)
  }

  end(): void {
    this.#finish?.()
  }

  /** Exec and attach. */
  #channels(webSocket: WebSocket): void {
    const protocol: ChannelProtocol = channelProtocols.find(({ name }) => name === webSocket.protocol) ?? channelProtocols[3]!
    webSocket.on('message', (message: Buffer) => {
      const frame = decodeChannel(message, protocol)
      if (frame) this.#handler?.(frame)
    })
    this.#send = (data) => {
      const message = encodeChannel(data as StreamFrame, protocol)
      if (message !== undefined && webSocket.readyState === webSocket.OPEN) webSocket.send(message)
    }
    this.#finish = () => webSocket.close(1000)
  }

  /** Port forwarding: SPDY inside the WebSocket. */
  #tunnel(webSocket: WebSocket): void {
    const streams = new PortForwardStreams((frame) => this.#handler?.(frame))
    const connection = new SpdyConnection({
      write: (bytes) => {
        if (webSocket.readyState === webSocket.OPEN) webSocket.send(bytes)
      },
      onStream: (stream) => streams.add(stream),
      onClose: () => webSocket.close(1000),
    })
    webSocket.on('message', (message: Buffer) => connection.receive(message))
    this.#send = (data) => streams.send(data)
    this.#finish = () => void connection.flushed().then(() => connection.close())
  }

  /** Watches and logs: each piece is one message. */
  #messages(webSocket: WebSocket, response: HttpResponse): void {
    const text = (response.headers['content-type'] ?? '').startsWith('application/json')
    const base64 = webSocket.protocol === 'base64.binary.k8s.io'
    this.#send = (data) => {
      const bytes = Buffer.from(data as Uint8Array)
      if (webSocket.readyState !== webSocket.OPEN) return
      if (base64) webSocket.send(bytes.toString('base64'))
      else if (text) webSocket.send(bytes.toString('utf8').trimEnd())
      else webSocket.send(bytes)
    }
    this.#finish = () => webSocket.close(1000)
  }
}

class SpdyOutput implements EdgeOutput {
  readonly #request: IncomingMessage
  readonly #socket: Duplex
  readonly #head: Buffer
  #handler: Handler | undefined
  #send: ((data: unknown) => void) | undefined
  #finish: (() => void) | undefined

  constructor(request: IncomingMessage, socket: Duplex, head: Buffer) {
    this.#request = request
    this.#socket = socket
    this.#head = head
  }

  get backlogBytes(): number {
    return this.#socket.writableLength
  }

  onData(handler: Handler): void {
    this.#handler = handler
  }

  respond(response: HttpResponse): void {
    writeHead(this.#socket, response)
  }

  open(response: HttpResponse): void {
    if (response.status !== 101) {
      writeHead(this.#socket, { status: 400, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from('this endpoint does not upgrade to SPDY\n') })
      return
    }
    const offered = String(this.#request.headers['x-stream-protocol-version'] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '')
    const isPortForward = /\/portforward(\?|$)/.test(this.#request.url ?? '')
    const protocol = isPortForward ? (offered.includes(spdyPortForward) || offered.length === 0 ? spdyPortForward : undefined) : offered.length === 0 ? 'channel.k8s.io' : spdySessionProtocols.find((name) => offered.includes(name))
    if (protocol === undefined) {
      writeHead(this.#socket, { status: 403, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(`unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${isPortForward ? spdyPortForward : spdySessionProtocols.join(' ')}]`) })
      return
    }
    this.#socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`)
    const streams = isPortForward ? new PortForwardStreams((frame) => this.#handler?.(frame)) : new SessionStreams((frame) => this.#handler?.(frame), protocol === 'v4.channel.k8s.io', new URL(this.#request.url ?? '/', 'https://server').searchParams)
    const connection = new SpdyConnection({ write: (bytes) => this.#socket.write(bytes), onStream: (stream) => streams.add(stream), onClose: () => this.#socket.end() })
    if (this.#head.length > 0) connection.receive(this.#head)
    this.#socket.on('data', (bytes: Buffer) => connection.receive(bytes))
    this.#send = (data) => streams.send(data)
    this.#finish = () => {
      streams.finish(() => void connection.flushed().then(() => connection.close()))
    }
  }

  send(data: unknown): void {
    this.#send?.(data)
  }

  end(): void {
    this.#finish?.()
  }
}

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { HttpResponse } from '../../kernel/http.ts'
import type { StreamFrame } from '../../node/kubelet/streams.ts'
import type { EdgeOutput } from './edge-output.node.ts'
import { SpdyConnection } from './spdy/connection.node.ts'
import { PortForwardStreams } from './spdy/port-forward.node.ts'
import { channelProtocols, decodeChannel, encodeChannel } from './streams/channel-frames.ts'
import type { ChannelProtocol } from './streams/channel-frames.ts'
import { PortForwardChannels, portForwardProtocols, portsOfQuery } from './streams/port-forward-channels.ts'
import { answerPlainly, textAnswer } from './upgrade-answer.node.ts'

/** SPDY inside a WebSocket: what comes after this names the SPDY protocol. */
const tunnelPrefix = 'SPDY/3.1+'
const tunneledPortForward = 'portforward.k8s.io'
/** The channels that a client gets who names no protocol. */
const defaultChannels = channelProtocols.find(({ name }) => name === 'channel.k8s.io')!
const readerProtocols = ['binary.k8s.io', 'base64.binary.k8s.io']
/** The largest message of a WebSocket client. */
const messageBytesMax = 4 * 1024 * 1024

const answerProtocols = new WeakMap<IncomingMessage, string>()

/** The WebSocket half of one listener. The names of subprotocols are agreed on here: `ws` takes no slash in them, and kubectl's
 *  port forwarding has one in its. */
export class WebSockets {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: messageBytesMax, perMessageDeflate: false, clientTracking: false })

  constructor() {
    this.#server.on('headers', (headers: string[], request: IncomingMessage) => {
      const protocol = answerProtocols.get(request)
      if (protocol !== undefined) headers.push(`Sec-WebSocket-Protocol: ${protocol}`)
    })
  }

  /** Finishes the handshake with the subprotocol, '' for none. A handshake that is none is answered with 400. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, protocol: string, use: (webSocket: WebSocket) => void): void {
    delete request.headers['sec-websocket-protocol']
    if (protocol !== '') answerProtocols.set(request, protocol)
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate())
      use(webSocket)
    })
  }
}

/** Exec, attach, port forwarding, watches and logs over a WebSocket. What upgrades nothing is answered plainly, as upstream does
 *  with a header that it has no use for. */
export class WebSocketOutput implements EdgeOutput {
  readonly #webSockets: WebSockets
  readonly #request: IncomingMessage
  readonly #socket: Duplex
  readonly #head: Buffer
  readonly #offered: readonly string[]
  #webSocket: WebSocket | undefined
  #handler: ((data: unknown) => void) | undefined
  #send: ((data: unknown) => void) | undefined
  #finish: (() => void) | undefined

  constructor(webSockets: WebSockets, request: IncomingMessage, socket: Duplex, head: Buffer) {
    this.#webSockets = webSockets
    this.#request = request
    this.#socket = socket
    this.#head = head
    this.#offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '')
  }

  get backlogBytes(): number {
    return (this.#webSocket?.bufferedAmount ?? 0) + this.#socket.writableLength
  }

  onData(handler: (data: unknown) => void): void {
    this.#handler = handler
  }

  respond(response: HttpResponse): void {
    if (response.status !== 200 || !this.#isLog) return answerPlainly(this.#socket, response, this.#request.method)
    this.open(response)
    if (response.body instanceof Uint8Array && response.body.length > 0) this.send(response.body)
    this.end()
  }

  open(response: HttpResponse): void {
    if (response.status === 101) return /\/portforward(\?|$)/.test(this.#request.url ?? '') ? this.#portForward() : this.#session()
    if (this.#isLog) return this.#log()
    this.#watch(response)
  }

  send(data: unknown): void {
    this.#send?.(data)
  }

  end(): void {
    if (this.#finish) this.#finish()
    else this.#socket.end()
  }

  get #isLog(): boolean {
    return /\/log(\?|$)/.test(this.#request.url ?? '')
  }

  #accept(protocol: string, use: (webSocket: WebSocket) => void): void {
    this.#webSockets.accept(this.#request, this.#socket, this.#head, protocol, (webSocket) => {
      this.#webSocket = webSocket
      this.#finish = () => webSocket.close(1000)
      use(webSocket)
    })
  }

  /** The first of the client's protocols that is spoken here, '' when it offers none; undefined after a refusal. */
  #agreed(known: readonly string[]): string | undefined {
    if (this.#offered.length === 0) return ''
    const found = this.#offered.find((name) => known.includes(name))
    // The library that upstream uses refuses with nothing but the status.
    if (found === undefined) answerPlainly(this.#socket, { status: 403, headers: {} })
    return found
  }

  /** Exec and attach. */
  #session(): void {
    const name = this.#agreed(channelProtocols.map((protocol) => protocol.name))
    if (name === undefined) return
    const protocol: ChannelProtocol = channelProtocols.find((each) => each.name === name) ?? defaultChannels
    this.#accept(name, (webSocket) => {
      webSocket.on('message', (message: Buffer) => {
        const frame = decodeChannel(message, protocol)
        if (frame) this.#handler?.(frame)
      })
      this.#send = (data) => {
        const message = encodeChannel(data as StreamFrame, protocol)
        if (message !== undefined) sendOn(webSocket, message)
      }
    })
  }

  #portForward(): void {
    const tunnels = this.#offered.filter((name) => name.startsWith(tunnelPrefix)).map((name) => name.slice(tunnelPrefix.length))
    if (tunnels.length === 0) return this.#ports()
    if (!tunnels.includes(tunneledPortForward)) return answerPlainly(this.#socket, textAnswer(403, `unable to upgrade: unable to negotiate protocol: client supports [${tunnels.join(' ')}], server accepts [${tunneledPortForward}]`))
    this.#accept(`${tunnelPrefix}${tunneledPortForward}`, (webSocket) => this.#tunnel(webSocket))
  }

  /** Port forwarding with SPDY frames inside the WebSocket's messages, cut anywhere. */
  #tunnel(webSocket: WebSocket): void {
    const streams = new PortForwardStreams((frame) => this.#handler?.(frame))
    const connection = new SpdyConnection({ write: (bytes) => sendOn(webSocket, bytes), onStream: (stream) => streams.add(stream), onClose: () => webSocket.close(1000) })
    webSocket.on('message', (message: Buffer) => connection.receive(message))
    webSocket.on('close', () => connection.close())
    this.#send = (data) => streams.send(data)
    this.#finish = () => void connection.flushed().then(() => connection.close())
  }

  /** Port forwarding over channels, for the ports that the query names. */
  #ports(): void {
    const name = this.#agreed(portForwardProtocols.map((protocol) => protocol.name))
    if (name === undefined) return
    const protocol = portForwardProtocols.find((each) => each.name === name) ?? portForwardProtocols[0]!
    const ports = portsOfQuery(new URL(this.#request.url ?? '/', 'https://server').searchParams)
    this.#accept(name, (webSocket) => {
      const channels = new PortForwardChannels({
        ports,
        protocol,
        toServer: (frame) => this.#handler?.(frame),
        toClient: (message) => sendOn(webSocket, message),
        onClose: () => webSocket.close(1000),
      })
      webSocket.on('message', (message: Buffer) => channels.receive(message))
      this.#send = (data) => channels.send(data)
      channels.start()
    })
  }

  /** Each event is one message, of text where the encoding is. */
  #watch(response: HttpResponse): void {
    const text = (response.headers['content-type'] ?? '').startsWith('application/json')
    this.#accept(this.#offered.length === 1 ? this.#offered[0]! : '', (webSocket) => {
      this.#send = (data) => {
        const bytes = asBuffer(data)
        sendOn(webSocket, text ? bytes.toString('utf8').trimEnd() : bytes)
      }
    })
  }

  /** Each piece of a log is one message. */
  #log(): void {
    const name = this.#agreed(readerProtocols)
    if (name === undefined) return
    this.#accept(name, (webSocket) => {
      this.#send = (data) => sendOn(webSocket, name === 'base64.binary.k8s.io' ? asBuffer(data).toString('base64') : asBuffer(data))
    })
  }
}

function sendOn(webSocket: WebSocket, message: Uint8Array | string): void {
  if (webSocket.readyState === webSocket.OPEN) webSocket.send(message)
}

function asBuffer(data: unknown): Buffer {
  const bytes = data as Uint8Array
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

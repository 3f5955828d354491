import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HttpResponse } from '../../../kernel/http.ts'
import type { EdgeOutput } from '../edge-output.node.ts'
import { answerPlainly, headOf, textAnswer } from '../upgrade-answer.node.ts'
import { SpdyConnection } from './connection.node.ts'
import { PortForwardStreams } from './port-forward.node.ts'
import { SessionStreams } from './session.node.ts'

const sessionProtocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io']
const portForwardProtocols = ['portforward.k8s.io']
/** The version whose error stream carries a Status. */
const statusProtocol = 'v4.channel.k8s.io'

/** How long a client of exec may take to open its streams (upstream's stream creation timeout). */
const streamsMsMax = 30_000

/** Exec, attach and port forwarding over SPDY/3.1 itself. */
export class SpdyOutput implements EdgeOutput {
  readonly #request: IncomingMessage
  readonly #socket: Duplex
  readonly #head: Buffer
  #handler: ((data: unknown) => void) | undefined
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

  onData(handler: (data: unknown) => void): void {
    this.#handler = handler
  }

  respond(response: HttpResponse): void {
    answerPlainly(this.#socket, response, this.#request.method)
  }

  open(response: HttpResponse): void {
    const url = this.#request.url ?? ''
    if (response.status !== 101) return answerPlainly(this.#socket, textAnswer(400, 'this endpoint does not upgrade to SPDY\n'))
    const isPortForward = /\/portforward(\?|$)/.test(url)
    const accepted = isPortForward ? portForwardProtocols : sessionProtocols
    const offered = String(this.#request.headers['x-stream-protocol-version'] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '')
    // A client that names none speaks the first version.
    const protocol = offered.length === 0 ? accepted[accepted.length - 1]! : offered.find((name) => accepted.includes(name))
    if (protocol === undefined) {
      return answerPlainly(this.#socket, textAnswer(403, `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${accepted.join(' ')}]`))
    }
    this.#socket.write(headOf(101, { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocol }))
    const toServer = (frame: unknown): void => this.#handler?.(frame)
    const streams = isPortForward ? new PortForwardStreams(toServer) : new SessionStreams(toServer, protocol === statusProtocol, new URL(url, 'https://server').searchParams)
    const connection = new SpdyConnection({ write: (bytes) => this.#socket.write(bytes), onStream: (stream) => streams.add(stream), onClose: () => this.#socket.end() })
    if (this.#head.length > 0) connection.receive(this.#head)
    this.#socket.on('data', (bytes: Buffer) => connection.receive(bytes))
    this.#socket.on('close', () => connection.close())
    if (streams instanceof SessionStreams) {
      const timer = setTimeout(() => {
        if (!streams.complete) connection.close()
      }, streamsMsMax).unref()
      this.#socket.on('close', () => clearTimeout(timer))
    }
    this.#send = (data) => streams.send(data)
    this.#finish = () => streams.finish(() => void connection.flushed().then(() => connection.close()))
  }

  send(data: unknown): void {
    this.#send?.(data)
  }

  end(): void {
    if (this.#finish) this.#finish()
    else this.#socket.end()
  }
}

import type { PortForwardFrame } from '../../../node/kubelet/streams.ts'
import type { SpdyStream } from './connection.node.ts'

interface Pair {
  readonly id: number
  data?: SpdyStream
  error?: SpdyStream
  closed: boolean
  /** The client said something that was not answered yet. */
  owed: boolean
  /** The client will say no more. */
  clientEnded: boolean
  /** Closes a connection whose client has finished speaking and whose server has gone quiet. */
  quiet?: NodeJS.Timeout
}

/** How long a server may pause in an answer to a client that has finished speaking. */
const quietMs = 1_000

/** The streams of port forwarding: each connection is a pair, one for its bytes and one for what went wrong, that share a
 *  `requestid`. */
export class PortForwardStreams {
  readonly #toServer: (frame: PortForwardFrame) => void
  readonly #byRequest = new Map<string, Pair>()
  readonly #byId = new Map<number, Pair>()
  #nextId = 1

  constructor(toServer: (frame: PortForwardFrame) => void) {
    this.#toServer = toServer
  }

  add(stream: SpdyStream): void {
    const { streamtype, port = '', requestid } = stream.headers
    if ((streamtype !== 'error' && streamtype !== 'data') || !/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) return stream.reset()
    // Clients that send no id open the error stream right before the data stream.
    const request = requestid ?? String(streamtype === 'error' ? stream.id : stream.id - 2)
    let pair = this.#byRequest.get(request)
    if (!pair) {
      pair = { id: this.#nextId++, closed: false, owed: false, clientEnded: false }
      this.#byRequest.set(request, pair)
      this.#byId.set(pair.id, pair)
    }
    if (streamtype === 'error') {
      pair.error = stream
      return
    }
    const { id } = pair
    pair.data = stream
    this.#toServer({ channel: 'open', id, port: Number(port) })
    const connection = pair
    stream.onData((bytes) => {
      connection.owed = true
      this.#toServer({ channel: 'data', id, bytes: Uint8Array.from(bytes) })
    })
    // The simulation's connections close both ways at once: a client that has only finished speaking still gets its answer.
    stream.onEnd(() => {
      this.#byRequest.delete(request)
      connection.clientEnded = true
      if (!connection.owed) this.#close(connection)
    })
  }

  #close(pair: Pair): void {
    if (pair.closed) return
    pair.closed = true
    clearTimeout(pair.quiet)
    this.#toServer({ channel: 'close', id: pair.id })
    pair.error?.end()
    pair.data?.end()
    this.#byId.delete(pair.id)
  }

  send(data: unknown): void {
    const frame = data as PortForwardFrame
    if (frame.channel === 'open') return
    const pair = this.#byId.get(frame.id)
    if (!pair) return
    if (frame.channel === 'data') {
      pair.data?.write(frame.bytes)
      pair.owed = false
      if (!pair.clientEnded) return
      clearTimeout(pair.quiet)
      pair.quiet = setTimeout(() => this.#close(pair), quietMs)
    } else if (frame.channel === 'error') pair.error?.write(new TextEncoder().encode(frame.message))
    else {
      pair.closed = true
      clearTimeout(pair.quiet)
      pair.error?.end()
      pair.data?.end()
      this.#byId.delete(frame.id)
    }
  }

  finish(done: () => void): void {
    for (const pair of this.#byId.values()) clearTimeout(pair.quiet)
    done()
  }
}

import { resizeFrame } from '../streams/channel-frames.ts'
import type { StreamFrame } from '../../../node/kubelet/streams.ts'
import type { SpdyStream } from './connection.node.ts'

type Name = 'stdin' | 'stdout' | 'stderr' | 'error' | 'resize'

const names: readonly string[] = ['stdin', 'stdout', 'stderr', 'error', 'resize']

/** The streams of an exec or attach session over SPDY: each names its part in the header `streamtype`. The client opens them after
 *  the handshake, so what comes earlier waits. */
export class SessionStreams {
  readonly #toServer: (frame: StreamFrame) => void
  readonly #statusErrors: boolean
  readonly #streams = new Map<Name, SpdyStream>()
  readonly #waiting: StreamFrame[] = []
  #finished: (() => void) | undefined

  /** `statusErrors`: the error stream carries a Status (version 4), else its message. */
  constructor(toServer: (frame: StreamFrame) => void, statusErrors: boolean) {
    this.#toServer = toServer
    this.#statusErrors = statusErrors
  }

  add(stream: SpdyStream): void {
    const name = stream.headers['streamtype'] ?? ''
    if (!names.includes(name)) return
    this.#streams.set(name as Name, stream)
    if (name === 'stdin') {
      stream.onData((bytes) => this.#toServer({ channel: 'stdin', bytes: Uint8Array.from(bytes) }))
      stream.onEnd(() => this.#toServer({ channel: 'close', of: 'stdin' }))
    } else if (name === 'resize') {
      stream.onData((bytes) => {
        const frame = resizeFrame(bytes)
        if (frame) this.#toServer(frame)
      })
    }
    for (const frame of this.#waiting.splice(0)) this.send(frame)
    this.#tryFinish()
  }

  send(data: unknown): void {
    const frame = data as StreamFrame
    if (frame.channel !== 'stdout' && frame.channel !== 'stderr' && frame.channel !== 'error') return
    const stream = this.#streams.get(frame.channel)
    if (!stream) {
      // With a terminal there is no stderr; without one the stream is still to come.
      if (frame.channel === 'error' || !this.#streams.has('error')) this.#waiting.push(frame)
      return
    }
    if (frame.channel !== 'error') return stream.write(frame.bytes)
    const text = this.#statusErrors ? JSON.stringify(frame.status) : frame.status.status === 'Success' ? '' : (frame.status.message ?? '')
    stream.write(new TextEncoder().encode(text))
  }

  /** Ends all streams, once the client has opened what the last frame needs; then calls `done`. */
  finish(done: () => void): void {
    this.#finished = done
    this.#tryFinish()
  }

  #tryFinish(): void {
    if (!this.#finished || this.#waiting.length > 0) return
    for (const stream of this.#streams.values()) stream.end()
    this.#finished()
    this.#finished = undefined
  }
}

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
  readonly #expected: ReadonlySet<Name>
  #finished: (() => void) | undefined

  /** `statusErrors`: the error stream carries a Status (version 4), else its message. `query` is the request's: it says which
   *  streams the client is going to open. */
  constructor(toServer: (frame: StreamFrame) => void, statusErrors: boolean, query: URLSearchParams) {
    this.#toServer = toServer
    this.#statusErrors = statusErrors
    const asked = (name: string): boolean => ['true', '1'].includes(query.get(name) ?? '')
    const tty = asked('tty')
    const wanted: Readonly<Record<Name, boolean>> = { error: true, stdin: asked('stdin'), stdout: asked('stdout'), stderr: asked('stderr') && !tty, resize: tty && statusErrors }
    this.#expected = new Set((names as readonly Name[]).filter((name) => wanted[name]))
  }

  add(stream: SpdyStream): void {
    const name = stream.headers['streamtype'] ?? ''
    if (!names.includes(name)) return stream.reset()
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

  /** Whether the client has opened all that it said it would. */
  get complete(): boolean {
    for (const name of this.#expected) if (!this.#streams.has(name)) return false
    return true
  }

  send(data: unknown): void {
    const frame = data as StreamFrame
    if (frame.channel !== 'stdout' && frame.channel !== 'stderr' && frame.channel !== 'error') return
    const stream = this.#streams.get(frame.channel)
    if (!stream) {
      if (this.#expected.has(frame.channel)) this.#waiting.push(frame)
      return
    }
    if (frame.channel !== 'error') return stream.write(frame.bytes)
    const text = this.#statusErrors ? JSON.stringify(frame.status) : frame.status.status === 'Success' ? '' : (frame.status.message ?? '')
    stream.write(new TextEncoder().encode(text))
  }

  /** Ends all streams, once the client has opened those that it wants: a client cut off before that waits for ever. Then calls `done`. */
  finish(done: () => void): void {
    this.#finished = done
    this.#tryFinish()
  }

  #tryFinish(): void {
    if (!this.#finished) return
    if (!this.complete) return
    for (const stream of this.#streams.values()) stream.end()
    this.#finished()
    this.#finished = undefined
  }
}

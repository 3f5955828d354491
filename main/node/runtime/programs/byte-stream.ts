import type { HttpFrame, HttpRequest } from '../../../kernel/http.ts'
import type { Connection, Endpoint, NetworkStack } from '../../../kernel/network.ts'
import { Http1Parser, requestBytes, responseOf } from './http1.ts'
import type { ProcessContext } from './program.ts'

/** Sent when a side has nothing more to say but goes on listening (shutdown of one direction). */
interface Fin {
  readonly fin: true
}

/** A connection as programs without HTTP of their own see it: bytes both ways. A client that speaks HTTP by value is
 *  translated, so that a web server made of `nc` and `echo` answers probes and Services like any other. */
export class ByteStream {
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly #connection: Connection
  readonly #ready: Uint8Array[] = []
  #waiting: (() => void)[] = []
  #ended = false
  #wasReset = false
  #translation: { readonly parser: Http1Parser; readonly streams: number[] } | undefined

  constructor(connection: Connection) {
    this.#connection = connection
    this.local = connection.local
    this.remote = connection.remote
    connection.onMessage((message) => this.#receive(message.body))
    connection.onClose((reason) => {
      this.#ended = true
      this.#wasReset = reason !== 'closed'
      this.#wake()
    })
  }

  get reset(): boolean {
    return this.#wasReset
  }

  /** Some bytes; undefined when the other side has ended. */
  async read(limit = Infinity): Promise<Uint8Array | undefined> {
    while (this.#ready.length === 0) {
      if (this.#ended) return undefined
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    const first = this.#ready[0]!
    if (first.length <= limit) {
      this.#ready.shift()
      return first
    }
    this.#ready[0] = first.subarray(limit)
    return first.subarray(0, limit)
  }

  write(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const translation = this.#translation
    if (!translation) {
      this.#send(bytes, bytes.length)
      return
    }
    try {
      for (const message of translation.parser.push(bytes)) this.#respond(message)
    } catch {
      this.#connection.close('reset')
    }
  }

  /** Says that nothing more will be written. */
  finish(): void {
    if (!this.#translation) this.#send({ fin: true } satisfies Fin, 0)
  }

  close(): void {
    if (this.#translation) {
      const last = this.#translation.parser.end()
      if (last && this.#translation.streams.length > 0) {
        try {
          this.#respond(last)
        } catch {
          // What was written was no response: the client sees the connection end.
        }
      }
    }
    this.#connection.close()
    this.#ended = true
    this.#wake()
  }

  #receive(body: unknown): void {
    if (body instanceof Uint8Array) this.#offer(body)
    else if ((body as Partial<Fin>).fin === true) {
      this.#ended = true
      this.#wake()
    } else {
      const frame = body as HttpFrame
      if (frame.type !== 'request') return
      this.#translation ??= { parser: new Http1Parser('response'), streams: [] }
      this.#translation.streams.push(frame.stream)
      const request: HttpRequest = frame.request
      this.#offer(requestBytes(request, request.headers.host ?? `${this.local.address}:${this.local.port}`))
    }
  }

  #respond(message: Parameters<typeof responseOf>[0]): void {
    const stream = this.#translation!.streams.shift()
    if (stream === undefined) return
    const frame: HttpFrame = { type: 'response', stream, response: responseOf(message), more: false }
    this.#send(frame, 0)
  }

  #offer(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#ready.push(bytes)
    this.#wake()
  }

  #send(body: unknown, bytes: number): void {
    this.#connection.send({ kind: 'traffic', label: '', bytes, body })
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

/** Opens a connection for a program. Rejects with a DialError. It closes when the process ends. */
export async function dialBytes(context: ProcessContext, to: Endpoint): Promise<ByteStream> {
  const connection = await context.stack.dial(to)
  const forget = context.scope.onClose(() => connection.close('reset'))
  connection.onClose(forget)
  // The other side learns of a connection with its first message: an empty one says that it is open.
  connection.send({ kind: 'traffic', label: 'connect', bytes: 0, body: new Uint8Array(0) })
  return new ByteStream(connection)
}

/** Accepts connections on a port until the answered function is called or the process ends. */
export function listenBytes(context: { readonly stack: NetworkStack; readonly scope: ProcessContext['scope'] }, port: number, accept: (stream: ByteStream) => void, address = '*'): () => void {
  const open = new Set<Connection>()
  const stop = context.stack.listen(
    port,
    (connection) => {
      open.add(connection)
      connection.onClose(() => open.delete(connection))
      accept(new ByteStream(connection))
    },
    'tcp',
    address,
  )
  const forget = context.scope.onClose(() => {
    stop()
    for (const connection of open) connection.close('reset')
  })
  return () => {
    forget()
    stop()
  }
}

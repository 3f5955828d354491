import type { IncomingMessage, ServerResponse } from 'node:http'
import { constants as http2Constants } from 'node:http2'
import type { IncomingHttpHeaders as Http2Headers, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { gzip } from 'node:zlib'
import type { HttpResponse } from '../../kernel/http.ts'

/** Where the bytes of one answer go. */
export interface EdgeOutput {
  readonly backlogBytes: number
  /** A whole answer. `taken` is called once, when the client has it or is gone; outputs for upgrades may leave that out. */
  respond(response: HttpResponse, taken?: () => void): void
  /** The head of an answer that goes on. */
  open(response: HttpResponse): void
  /** A piece of it. Upgraded connections take the simulation's own frames, others bytes. */
  send(data: unknown): void
  end(): void
  /** Gets what the client sends on an upgraded connection, in the simulation's form. */
  onData?(handler: (data: unknown) => void): void
}

/** Bodies larger than this are compressed for who takes it (upstream's threshold). */
const gzipBytesMin = 128 * 1024

function bytesOf(body: HttpResponse['body']): Uint8Array {
  if (body === undefined) return new Uint8Array()
  return body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body))
}

/** Whether a client names gzip, plainly: upstream reads no weights here. */
function takesGzip(accepted: string | string[] | undefined): boolean {
  return accepted !== undefined && String(accepted).split(',').some((coding) => coding.trim() === 'gzip')
}

/** A client that has not taken its answer after this long (upstream's request timeout) does not get it. */
const takeMsMax = 60_000
/** Answers up to this size fit into the buffers below. */
const smallBytes = 64 * 1024

/** Breaks off when the answer is not taken in time; answers what to call when it is. */
function watchOver(bytes: number, breakOff: () => void): () => void {
  if (bytes <= smallBytes) return () => undefined
  const timer = setTimeout(breakOff, takeMsMax)
  timer.unref()
  return () => clearTimeout(timer)
}

/** Calls back with the body as it goes out, and the headers that say so. */
function prepared(response: HttpResponse, acceptEncoding: string | string[] | undefined, send: (headers: Record<string, string>, body: Uint8Array) => void): void {
  const body = bytesOf(response.body)
  if (body.length <= gzipBytesMin || !takesGzip(acceptEncoding)) return send({ ...response.headers, 'content-length': String(body.length) }, body)
  gzip(body, { level: 1 }, (error, compressed) => {
    if (error) send({ ...response.headers, 'content-length': String(body.length) }, body)
    else send({ ...response.headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding', 'content-length': String(compressed.length) }, compressed)
  })
}

export class Http1Output implements EdgeOutput {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request
    this.#response = response
  }

  get backlogBytes(): number {
    return this.#response.writableLength + (this.#response.socket?.writableLength ?? 0)
  }

  respond(response: HttpResponse, taken: () => void = () => undefined): void {
    prepared(response, this.#request.headers['accept-encoding'], (headers, body) => {
      if (this.#response.destroyed) return taken()
      const unread = !this.#request.complete
      if (unread) headers['connection'] = 'close'
      this.#response.writeHead(response.status, headers)
      this.#response.once('close', watchOver(body.length, () => this.#request.socket.destroy()))
      this.#response.once('close', taken)
      this.#response.end(this.#request.method === 'HEAD' || response.status === 304 ? undefined : body, () => {
        // What the client still wants to send will never be read.
        if (unread) this.#request.socket.destroySoon()
      })
    })
  }

  open(response: HttpResponse): void {
    this.#response.writeHead(response.status, response.headers)
    this.#response.flushHeaders()
  }

  send(data: unknown): void {
    if (!this.#response.destroyed) this.#response.write(data as Uint8Array)
  }

  end(): void {
    this.#response.end()
  }
}

export class Http2Output implements EdgeOutput {
  readonly #stream: ServerHttp2Stream
  readonly #headers: Http2Headers

  constructor(stream: ServerHttp2Stream, headers: Http2Headers) {
    this.#stream = stream
    this.#headers = headers
  }

  get backlogBytes(): number {
    return this.#stream.writableLength
  }

  respond(response: HttpResponse, taken: () => void = () => undefined): void {
    prepared(response, this.#headers['accept-encoding'], (headers, body) => {
      if (this.#stream.destroyed || this.#stream.closed) return taken()
      const empty = this.#headers[':method'] === 'HEAD' || response.status === 304
      const { connection, ...rest } = headers
      this.#stream.respond({ ':status': response.status, ...(rest as OutgoingHttpHeaders) }, { endStream: empty })
      this.#stream.once('close', watchOver(body.length, () => this.#stream.close(http2Constants.NGHTTP2_CANCEL)))
      this.#stream.once('close', taken)
      if (!empty) this.#stream.end(body)
      // What closes a connection of HTTP/1 sends one of HTTP/2 away: no new streams, the running ones go on.
      if (connection === 'close') this.#stream.session?.close()
    })
  }

  open(response: HttpResponse): void {
    if (!this.#stream.destroyed) this.#stream.respond({ ':status': response.status, ...response.headers })
  }

  send(data: unknown): void {
    if (!this.#stream.destroyed && this.#stream.writable) this.#stream.write(data as Uint8Array)
  }

  end(): void {
    if (!this.#stream.destroyed) this.#stream.end()
  }
}

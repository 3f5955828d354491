import { HeaderCodec } from './header-codec.node.ts'
import type { SpdyHeaders } from './header-codec.node.ts'

/** One stream of a SPDY connection, opened by the client. */
export interface SpdyStream {
  readonly id: number
  readonly headers: SpdyHeaders
  /** Bytes from the client; what comes before the handler is set waits for it. */
  onData(handler: (bytes: Uint8Array) => void): void
  /** The client will send no more. */
  onEnd(handler: () => void): void
  write(bytes: Uint8Array): void
  /** Says that the server will send no more. */
  end(): void
  /** Refuses the stream. */
  reset(): void
}

const version = 3
const frameHeadBytes = 8
const types = { synStream: 1, synReply: 2, rstStream: 3, settings: 4, ping: 6, goAway: 7, headers: 8, windowUpdate: 9 } as const
const finFlag = 1
/** How long a frame of a client may be: data, and everything else. */
const dataFrameBytesMax = 4 * 1024 * 1024
const controlFrameBytesMax = 64 * 1024
/** What a client may send on a stream that nobody listens to. */
const earlyBytesMax = 1024 * 1024
/** How much one data frame carries. */
const dataBytesMax = 32 * 1024
const protocolError = 1
const streamsMax = 1_000

/** The server's side of SPDY/3.1 as Kubernetes clients speak it: streams opened by the client, headers packed with the common
 *  dictionary. Like the library on the other side it does without flow control. */
export class SpdyConnection {
  readonly #write: (bytes: Buffer) => void
  readonly #onStream: (stream: SpdyStream) => void
  readonly #onClose: () => void
  readonly #codec = new HeaderCodec()
  readonly #streams = new Map<number, OpenStream>()
  /** What has come of the next frames, in pieces: joined once there is enough of it. */
  #pieces: Uint8Array[] = []
  #pendingBytes = 0
  #wantedBytes = frameHeadBytes
  /** Frames are handled one after another: unpacking headers takes a moment. */
  #work: Promise<void> = Promise.resolve()
  #sending: Promise<void> = Promise.resolve()
  #closed = false

  constructor(parts: { readonly write: (bytes: Buffer) => void; readonly onStream: (stream: SpdyStream) => void; readonly onClose: () => void }) {
    this.#write = parts.write
    this.#onStream = parts.onStream
    this.#onClose = parts.onClose
  }

  /** Takes bytes from the client. */
  receive(bytes: Uint8Array): void {
    if (this.#closed) return
    this.#pieces.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes < this.#wantedBytes) return
    let pending = this.#pieces.length === 1 ? Buffer.from(bytes) : Buffer.concat(this.#pieces)
    this.#wantedBytes = frameHeadBytes
    while (pending.length >= frameHeadBytes) {
      const length = pending.readUInt32BE(4) & 0xffffff
      if (length > ((pending[0]! & 0x80) === 0 ? dataFrameBytesMax : controlFrameBytesMax)) return this.close()
      if (pending.length < frameHeadBytes + length) {
        this.#wantedBytes = frameHeadBytes + length
        break
      }
      const frame = pending.subarray(0, frameHeadBytes + length)
      pending = pending.subarray(frameHeadBytes + length)
      this.#work = this.#work.then(() => this.#handle(frame)).catch(() => this.close())
    }
    this.#pieces = pending.length === 0 ? [] : [pending]
    this.#pendingBytes = pending.length
  }

  /** Ends everything. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const stream of [...this.#streams.values()]) stream.ended()
    this.#streams.clear()
    this.#pieces = []
    this.#codec.close()
    this.#onClose()
  }

  /** Resolves when all that was written has been handed to the socket. */
  flushed(): Promise<void> {
    return this.#sending
  }

  async #handle(frame: Buffer): Promise<void> {
    if (this.#closed) return
    const flags = frame[4]!
    if ((frame[0]! & 0x80) === 0) {
      const stream = this.#streams.get(frame.readUInt32BE(0))
      if (frame.length > 8) stream?.receive(frame.subarray(8))
      if (flags & finFlag) stream?.ended()
      return
    }
    const type = frame.readUInt16BE(2)
    if (type === types.synStream) {
      const id = frame.readUInt32BE(8) & 0x7fffffff
      const headers = await this.#codec.unpack(frame.subarray(18))
      if (this.#streams.size >= streamsMax) return this.#reset(id)
      const stream = new OpenStream(id, headers, this)
      this.#streams.set(id, stream)
      this.#reply(id)
      this.#onStream(stream)
      if (flags & finFlag) stream.ended()
    } else if (type === types.headers) await this.#codec.unpack(frame.subarray(12))
    else if (type === types.rstStream) {
      const id = frame.readUInt32BE(8) & 0x7fffffff
      this.#streams.get(id)?.ended()
      this.#streams.delete(id)
    } else if (type === types.ping) {
      // Odd ids are the client's: they come back as they are.
      if (frame.readUInt32BE(8) % 2 === 1) this.#send(() => Buffer.from(frame))
    } else if (type === types.goAway) this.close()
  }

  /** @internal */
  refuse(id: number): void {
    this.#streams.delete(id)
    this.#reset(id)
  }

  /** @internal Both sides have said all: its number is never used again. */
  forget(id: number): void {
    this.#streams.delete(id)
  }

  /** @internal */
  sendData(id: number, bytes: Uint8Array, last: boolean): void {
    for (let from = 0; from < bytes.length || (from === 0 && last); from += dataBytesMax) {
      const part = bytes.subarray(from, from + dataBytesMax)
      const fin = last && from + dataBytesMax >= bytes.length
      this.#send(() => {
        const head = Buffer.alloc(8)
        head.writeUInt32BE(id)
        head.writeUInt32BE(part.length, 4)
        head[4] = fin ? finFlag : 0
        return Buffer.concat([head, part])
      })
    }
  }

  #reply(id: number): void {
    this.#send(async () => {
      const block = await this.#codec.pack({})
      return control(types.synReply, 0, Buffer.concat([idBytes(id), block]))
    })
  }

  #reset(id: number): void {
    this.#send(() => control(types.rstStream, 0, Buffer.concat([idBytes(id), idBytes(protocolError)])))
  }

  #send(make: () => Buffer | Promise<Buffer>): void {
    this.#sending = this.#sending.then(async () => {
      const made = make()
      const frame = made instanceof Buffer ? made : await made
      if (!this.#closed) this.#write(frame)
    }).catch(() => this.close())
  }
}

function idBytes(id: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(id)
  return bytes
}

function control(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16BE(0x8000 | version)
  head.writeUInt16BE(type, 2)
  head.writeUInt32BE(payload.length, 4)
  head[4] = flags
  return Buffer.concat([head, payload])
}

class OpenStream implements SpdyStream {
  readonly id: number
  readonly headers: SpdyHeaders
  readonly #connection: SpdyConnection
  #onData: ((bytes: Uint8Array) => void) | undefined
  #onEnd: (() => void) | undefined
  readonly #early: Uint8Array[] = []
  #earlyBytes = 0
  #inputEnded = false
  #outputEnded = false

  constructor(id: number, headers: SpdyHeaders, connection: SpdyConnection) {
    this.id = id
    this.headers = headers
    this.#connection = connection
  }

  onData(handler: (bytes: Uint8Array) => void): void {
    this.#onData = handler
    for (const bytes of this.#early.splice(0)) handler(bytes)
  }

  onEnd(handler: () => void): void {
    this.#onEnd = handler
    if (this.#inputEnded) handler()
  }

  write(bytes: Uint8Array): void {
    if (!this.#outputEnded && bytes.length > 0) this.#connection.sendData(this.id, bytes, false)
  }

  end(): void {
    if (this.#outputEnded) return
    this.#outputEnded = true
    this.#connection.sendData(this.id, new Uint8Array(), true)
    if (this.#inputEnded) this.#connection.forget(this.id)
  }

  reset(): void {
    this.#outputEnded = true
    this.#connection.refuse(this.id)
    this.ended()
  }

  receive(bytes: Uint8Array): void {
    if (this.#inputEnded) return
    if (this.#onData) this.#onData(bytes)
    else {
      this.#earlyBytes += bytes.length
      if (this.#earlyBytes > earlyBytesMax) return this.#connection.close()
      this.#early.push(bytes)
    }
  }

  ended(): void {
    if (this.#inputEnded) return
    this.#inputEnded = true
    if (this.#outputEnded) this.#connection.forget(this.id)
    this.#onEnd?.()
  }
}

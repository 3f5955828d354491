import { constants, createDeflate, type Deflate } from 'node:zlib'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import type { ServerAccess } from '../config/kubeconfig.ts'
import { ConnectionError, connectionErrorText } from './connection-error.ts'
import { tlsOptions } from './https-transport.node.ts'
import { refusal } from './web-socket.node.ts'

/** One stream of the connection. */
export interface SpdyStream {
  onData(handler: (bytes: Uint8Array) => void): void
  /** The server will send no more. */
  onEnd(handler: () => void): void
  write(bytes: Uint8Array): void
  /** We will send no more. */
  end(): void
  /** Neither side will send or wants anything more. */
  reset(): void
}

const types = { synStream: 1, rstStream: 3, ping: 6 } as const
const finFlag = 1
const cancelled = 5
const dataBytesMax = 32 * 1024

/** Upgrades a request to SPDY/3.1 with Kubernetes' port forwarding on it. Throws what the server answered instead. */
export function openPortForward(access: ServerAccess, path: string, headers: Readonly<Record<string, string>>): Promise<SpdyConnection> {
  const url = new URL(access.server)
  const secure = url.protocol === 'https:'
  const authorization = access.token ? { authorization: `Bearer ${access.token}` } : {}
  const upgrade = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'portforward.k8s.io', 'content-length': '0' }
  return new Promise((resolve, reject) => {
    const sent = (secure ? httpsRequest : httpRequest)({
      host: url.hostname,
      port: url.port || (secure ? 443 : 80),
      method: 'POST',
      path: url.pathname.replace(/\/$/, '') + path,
      headers: { ...authorization, ...headers, ...upgrade },
      agent: false,
      ...(secure ? tlsOptions(access) : {}),
    })
    sent.on('upgrade', (_response, socket, head) => {
      if (head.length > 0) socket.unshift(head)
      resolve(new SpdyConnection(socket))
    })
    sent.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => reject(refusal(Buffer.concat(chunks).toString('utf8'), response.statusMessage ?? '')))
    })
    sent.on('error', (error: NodeJS.ErrnoException) => reject(new ConnectionError(connectionErrorText(access.server, error.code, error.message))))
    sent.end()
  })
}

/** The client's side of SPDY/3.1, as far as port forwarding goes: opens streams, needs none of the server's headers, does without
 *  flow control as upstream's library does. Header blocks are plain zlib: the common dictionary is allowed, not demanded. */
export class SpdyConnection {
  readonly #socket: Duplex
  readonly #deflate: Deflate = createDeflate({ flush: constants.Z_SYNC_FLUSH })
  readonly #streams = new Map<number, OpenStream>()
  #pending: Buffer = Buffer.alloc(0)
  #nextId = 1
  /** Header blocks are one zlib stream: they are packed in the order of their ids. */
  #packing: Promise<unknown> = Promise.resolve()

  constructor(socket: Duplex) {
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    socket.on('error', () => socket.destroy())
  }

  /** Called once, when the connection is over. */
  onClose(handler: () => void): void {
    this.#socket.once('close', () => {
      for (const stream of this.#streams.values()) stream.ended()
      this.#streams.clear()
      handler()
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  open(headers: Readonly<Record<string, string>>): Promise<SpdyStream> {
    const opened = this.#packing.then(async () => {
      const id = this.#nextId
      this.#nextId += 2
      const stream = new OpenStream((bytes, last) => this.#sendData(id, bytes, last), () => this.#reset(id))
      this.#streams.set(id, stream)
      const block = await this.#pack(headers)
      this.#write(controlFrame(types.synStream, Buffer.concat([uint32(id), uint32(0), Buffer.alloc(2), block])))
      return stream
    })
    this.#packing = opened
    return opened
  }

  #pack(headers: Readonly<Record<string, string>>): Promise<Buffer> {
    const entries = Object.entries(headers)
    const block = Buffer.concat([uint32(entries.length), ...entries.flatMap(([name, value]) => [uint32(Buffer.byteLength(name)), Buffer.from(name), uint32(Buffer.byteLength(value)), Buffer.from(value)])])
    return new Promise((resolve) => {
      const parts: Buffer[] = []
      const take = (part: Buffer): void => void parts.push(part)
      this.#deflate.on('data', take)
      this.#deflate.write(block, () =>
        this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
          this.#deflate.off('data', take)
          resolve(Buffer.concat(parts))
        }),
      )
    })
  }

  #receive(bytes: Uint8Array): void {
    this.#pending = Buffer.concat([this.#pending, bytes])
    while (this.#pending.length >= 8) {
      const length = this.#pending.readUInt32BE(4) & 0xffffff
      if (this.#pending.length < 8 + length) return
      const frame = this.#pending.subarray(0, 8 + length)
      this.#pending = this.#pending.subarray(8 + length)
      this.#take(frame)
    }
  }

  #take(frame: Buffer): void {
    if ((frame[0]! & 0x80) === 0) {
      const stream = this.#streams.get(frame.readUInt32BE(0))
      if (frame.length > 8) stream?.received(frame.subarray(8))
      if (frame[4]! & finFlag) stream?.ended()
      return
    }
    const type = frame.readUInt16BE(2)
    if (type === types.rstStream) {
      const id = frame.readUInt32BE(8)
      this.#streams.get(id)?.ended()
      this.#streams.delete(id)
    } else if (type === types.ping && frame.readUInt32BE(8) % 2 === 0) this.#write(Buffer.from(frame))
  }

  #sendData(id: number, bytes: Uint8Array, last: boolean): void {
    for (let from = 0; from === 0 || from < bytes.length; from += dataBytesMax) {
      const part = bytes.subarray(from, from + dataBytesMax)
      const head = Buffer.concat([uint32(id), uint32(part.length)])
      if (last && from + dataBytesMax >= bytes.length) head[4] = finFlag
      this.#write(Buffer.concat([head, part]))
    }
  }

  #write(frame: Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(frame)
  }

  #reset(id: number): void {
    if (!this.#streams.delete(id)) return
    this.#write(controlFrame(types.rstStream, Buffer.concat([uint32(id), uint32(cancelled)])))
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function controlFrame(type: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x80, 3, 0, type]), uint32(payload.length), payload])
}

class OpenStream implements SpdyStream {
  readonly #send: (bytes: Uint8Array, last: boolean) => void
  readonly #reset: () => void
  #onData: ((bytes: Uint8Array) => void) | undefined
  #onEnd: (() => void) | undefined
  #early: Uint8Array[] = []
  #inputEnded = false
  #outputEnded = false

  constructor(send: (bytes: Uint8Array, last: boolean) => void, reset: () => void) {
    this.#send = send
    this.#reset = reset
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
    if (!this.#outputEnded && bytes.length > 0) this.#send(bytes, false)
  }

  end(): void {
    if (this.#outputEnded) return
    this.#outputEnded = true
    this.#send(new Uint8Array(0), true)
  }

  reset(): void {
    this.#outputEnded = true
    this.#reset()
  }

  received(bytes: Uint8Array): void {
    if (this.#onData) this.#onData(bytes)
    else this.#early.push(bytes)
  }

  ended(): void {
    if (this.#inputEnded) return
    this.#inputEnded = true
    this.#onEnd?.()
  }
}

/** What enters the simulation at the HTTPS edge, as plain JSON: enough to do it again in a replay. */
import type { HttpHandler, HttpRequest, HttpResponse, ServerExchange } from '../../kernel/http.ts'
import type { PresentedCertificate } from './authn/authenticator.ts'

/** A request. `id` counts the requests of one edge. */
export interface EdgeRequest {
  readonly type: 'request'
  readonly id: number
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly certificate?: PresentedCertificate
  readonly source: { readonly address: string; readonly port: number }
  /** Base64. */
  readonly body?: string
  /** The body was larger than anything that is read, and dropped: this many bytes at least. */
  readonly oversizeBytes?: number
}

/** Something that a client sent on a running stream, in the simulation's form; bytes are `{ "$bytes": base64 }`. */
export interface EdgeData {
  readonly type: 'data'
  readonly id: number
  readonly data: unknown
}

/** The client went away. */
export interface EdgeCancel {
  readonly type: 'cancel'
  readonly id: number
}

/** The client has taken an answer, or gone. */
export interface EdgeTaken {
  readonly type: 'taken'
  readonly id: number
}

export type EdgeInput = EdgeRequest | EdgeData | EdgeCancel | EdgeTaken

/** Brings an input into the simulation: records label and data, then runs. */
export type Enter = (label: string, data: unknown, run: () => void) => void

/** The label of all inputs of an edge. */
export const edgeLabel = 'apiserver'

/** The request as its server sees it. `bytes` is its body where that is at hand. */
export function requestOf(input: EdgeRequest, bytes?: Uint8Array): HttpRequest {
  const { method, path, headers, certificate } = input
  const body = input.oversizeBytes !== undefined ? new Uint8Array(input.oversizeBytes) : (bytes ?? (input.body !== undefined ? bytesOf(input.body) : undefined))
  return { method, path, headers, ...(body ? { body } : {}), ...(certificate ? { certificate } : {}) }
}

/** Replays recorded inputs: every answer goes nowhere. Give it each input's data; it answers whether it was one of its own. */
export function replayEdge(handler: HttpHandler): (data: unknown) => boolean {
  const running = new Map<number, SilentExchange>()
  return (data) => {
    const input = data as Partial<EdgeInput> | null
    if (typeof input !== 'object' || input === null) return false
    if (input.type === 'request') {
      const exchange = new SilentExchange(input as EdgeRequest, () => running.delete(exchange.id))
      running.set(exchange.id, exchange)
      handler(exchange)
      return true
    }
    if (input.type !== 'data' && input.type !== 'cancel' && input.type !== 'taken') return false
    const exchange = running.get(input.id ?? 0)
    if (input.type === 'data') exchange?.receive(unpackBytes((input as EdgeData).data))
    else if (input.type === 'taken') exchange?.taken()
    else exchange?.cancelled()
    return true
  }
}

/** Puts one recorded request to the handler, its answer going nowhere. */
export function replayRequest(handler: HttpHandler, data: unknown): void {
  replayEdge(handler)(data)
}

/** An exchange without anybody at the other end. */
class SilentExchange implements ServerExchange {
  readonly id: number
  readonly request: HttpRequest
  readonly source: ServerExchange['source']
  readonly byReference = false
  readonly backlogBytes = 0
  readonly #forget: () => void
  #onData: ((data: unknown) => void) | undefined
  #onCancel: (() => void) | undefined
  #onTaken: (() => void) | undefined
  readonly #early: unknown[] = []
  #done = false

  constructor(input: EdgeRequest, forget: () => void) {
    this.id = input.id
    this.request = requestOf(input)
    this.source = input.source
    this.#forget = forget
  }

  respond(_response: HttpResponse): void {
    this.#done = true
    // Someone waits to hear that the answer was taken.
    if (!this.#onTaken) this.#forget()
  }

  whenTaken(handler: () => void): void {
    this.#onTaken = handler
  }

  taken(): void {
    this.#forget()
    this.#onTaken?.()
  }

  open(_response: HttpResponse): void {
    // Nobody reads it.
  }

  send(_data: unknown): void {
    // Nobody reads it.
  }

  end(): void {
    this.#finish()
  }

  onData(handler: (data: unknown) => void): void {
    this.#onData = handler
    for (const data of this.#early.splice(0)) handler(data)
  }

  onCancel(handler: () => void): void {
    this.#onCancel = handler
  }

  receive(data: unknown): void {
    if (this.#onData) this.#onData(data)
    else this.#early.push(data)
  }

  abort(): void {
    this.#finish()
  }

  cancelled(): void {
    if (this.#done) return
    this.#finish()
    this.#onCancel?.()
  }

  #finish(): void {
    this.#done = true
    this.#forget()
  }
}

/** Bytes inside plain JSON. */
export function packBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: textOf(value) }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, packBytes(inner)]))
}

export function unpackBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { $bytes } = value as { $bytes?: string }
  if ($bytes !== undefined) return bytesOf($bytes)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unpackBytes(inner)]))
}

export function bytesOf(base64: string): Uint8Array {
  const text = atob(base64)
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index)
  return bytes
}

export function textOf(bytes: Uint8Array): string {
  let text = ''
  for (let from = 0; from < bytes.length; from += 8_192) text += String.fromCharCode(...bytes.subarray(from, from + 8_192))
  return btoa(text)
}

import type { HttpRequest, HttpResponse } from '../../../kernel/http.ts'

/** HTTP/1.1 between values and bytes: for byte streams (nc, port-forward) that meet servers and clients of values. */

const decoder = new TextDecoder('latin1')
const encoder = new TextEncoder()
const headBytesMax = 65_536

export interface ParsedHead {
  readonly startLine: string
  /** Lower-case names; repeated ones joined with commas. */
  readonly headers: Readonly<Record<string, string>>
}

/** Cuts a stream of bytes into messages: a head, then a body by content-length, by chunks, or up to the end. */
export class Http1Parser {
  #buffer: Uint8Array = new Uint8Array(0)
  #head: ParsedHead | undefined
  readonly #side: 'request' | 'response'

  constructor(side: 'request' | 'response') {
    this.#side = side
  }

  /** All messages that are complete with these bytes. Throws RangeError on what is not HTTP. */
  push(bytes: Uint8Array): { head: ParsedHead; body: Uint8Array }[] {
    this.#buffer = joinBytes([this.#buffer, bytes])
    const complete: { head: ParsedHead; body: Uint8Array }[] = []
    for (;;) {
      const message = this.#next(false)
      if (!message) return complete
      complete.push(message)
    }
  }

  /** The stream ended: a response without a length is complete now. */
  end(): { head: ParsedHead; body: Uint8Array } | undefined {
    return this.#next(true)
  }

  #next(ended: boolean): { head: ParsedHead; body: Uint8Array } | undefined {
    if (!this.#head) {
      // Blank lines before a request are allowed.
      while (this.#side === 'request' && (this.#buffer[0] === 13 || this.#buffer[0] === 10)) this.#buffer = this.#buffer.subarray(1)
      const end = headEnd(this.#buffer)
      if (end === undefined) {
        if (this.#buffer.length > headBytesMax) throw new RangeError('header too large')
        if (!ended || this.#buffer.length === 0) return undefined
        this.#head = parseHead(decoder.decode(this.#buffer))
        this.#buffer = new Uint8Array(0)
      } else {
        this.#head = parseHead(decoder.decode(this.#buffer.subarray(0, end.head)))
        this.#buffer = this.#buffer.subarray(end.body)
      }
    }
    const head = this.#head
    const body = this.#body(head, ended)
    if (!body) return undefined
    this.#head = undefined
    return { head, body }
  }

  #body(head: ParsedHead, ended: boolean): Uint8Array | undefined {
    if (head.headers['transfer-encoding']?.includes('chunked')) return this.#chunked()
    const length = head.headers['content-length']
    if (length !== undefined) {
      const count = Number(length)
      if (!Number.isInteger(count) || count < 0) throw new RangeError('bad content-length')
      if (this.#buffer.length < count && !ended) return undefined
      const body = this.#buffer.subarray(0, count)
      this.#buffer = this.#buffer.subarray(count)
      return body
    }
    if (this.#side === 'request' || / (1\d\d|204|304)\b/.test(head.startLine)) return new Uint8Array(0)
    if (!ended) return undefined
    const body = this.#buffer
    this.#buffer = new Uint8Array(0)
    return body
  }

  #chunked(): Uint8Array | undefined {
    const parts: Uint8Array[] = []
    let rest = this.#buffer
    for (;;) {
      const line = rest.indexOf(10)
      if (line < 0) return undefined
      const size = parseInt(decoder.decode(rest.subarray(0, line)), 16)
      if (Number.isNaN(size)) throw new RangeError('bad chunk')
      if (rest.length < line + 1 + size + 2) return undefined
      parts.push(rest.subarray(line + 1, line + 1 + size))
      rest = rest.subarray(line + 1 + size + 2)
      if (size === 0) {
        this.#buffer = rest
        return joinBytes(parts)
      }
    }
  }
}

function headEnd(bytes: Uint8Array): { head: number; body: number } | undefined {
  for (let index = 0; index < bytes.length; index++) {
    if (bytes[index] !== 10) continue
    if (bytes[index + 1] === 10) return { head: index, body: index + 2 }
    if (bytes[index + 1] === 13 && bytes[index + 2] === 10) return { head: index, body: index + 3 }
  }
  return undefined
}

function parseHead(text: string): ParsedHead {
  const lines = text.split(/\r?\n/)
  const headers: Record<string, string> = {}
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return { startLine: lines[0] ?? '', headers }
}

/** A request as a value. Throws RangeError when the request line is none. */
export function requestOf(message: { readonly head: ParsedHead; readonly body: Uint8Array }): HttpRequest & { readonly version: string } {
  const match = /^([A-Za-z]+) (\S+)(?: (HTTP\/\d(?:\.\d)?))?\s*$/.exec(message.head.startLine)
  if (!match) throw new RangeError('bad request line')
  return {
    method: match[1]!,
    path: match[2]!,
    headers: message.head.headers,
    version: match[3] ?? 'HTTP/0.9',
    ...(message.body.length > 0 ? { body: message.body } : {}),
  }
}

/** A response as a value. */
export function responseOf(message: { readonly head: ParsedHead; readonly body: Uint8Array }): HttpResponse {
  const match = /^HTTP\/\d(?:\.\d)? (\d{3})/.exec(message.head.startLine)
  if (!match) throw new RangeError('malformed HTTP response')
  return { status: Number(match[1]), headers: message.head.headers, body: message.body }
}

/** Body of a request or response as bytes, objects as JSON. */
export function bodyBytes(body: Uint8Array | object | undefined): Uint8Array {
  if (body === undefined) return new Uint8Array(0)
  return body instanceof Uint8Array ? body : encoder.encode(JSON.stringify(body))
}

export function requestBytes(request: HttpRequest, host: string): Uint8Array {
  const body = bodyBytes(request.body)
  const headers: Record<string, string> = { host, ...request.headers }
  if (body.length > 0) headers['content-length'] = String(body.length)
  return joinBytes([encoder.encode(`${request.method} ${request.path} HTTP/1.1\r\n${headerLines(headers)}\r\n`), body])
}

/** Head of a response on the wire. */
export function responseHead(response: HttpResponse, extra: Readonly<Record<string, string>>, version = 'HTTP/1.1'): Uint8Array {
  return encoder.encode(`${version} ${response.status} ${statusText(response.status)}\r\n${headerLines({ ...response.headers, ...extra })}\r\n`)
}

function headerLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${canonicalHeader(name)}: ${value}\r\n`)
    .join('')
}

/** `content-type` → `Content-Type`. */
export function canonicalHeader(name: string): string {
  if (name === 'etag') return 'ETag'
  return name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())
}

export function statusText(status: number): string {
  return reasons[status] ?? 'Unknown'
}

const reasons: Readonly<Record<number, string>> = {
  100: 'Continue',
  101: 'Switching Protocols',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  418: "I'm a teapot",
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

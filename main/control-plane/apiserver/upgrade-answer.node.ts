import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HttpResponse } from '../../kernel/http.ts'

/** Writes a plain answer in place of an upgrade, and ends the connection. */
export function answerPlainly(socket: Duplex, response: HttpResponse, method = 'GET'): void {
  const { body } = response
  const bytes = body === undefined ? Buffer.alloc(0) : body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : Buffer.from(JSON.stringify(body))
  const head = headOf(response.status, { ...response.headers, 'content-length': String(bytes.length), connection: 'close' })
  socket.end(method === 'HEAD' ? head : Buffer.concat([head, bytes]))
}

/** A status line with headers, as bytes. */
export function headOf(status: number, headers: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value.replace(/[\r\n]/g, ' ')}\r\n`).join('')
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n`, 'latin1')
}

/** A short text as an answer. */
export function textAnswer(status: number, text: string): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(text) }
}

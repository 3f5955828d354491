import { HttpClient, HttpTimeout, type HttpResponse, type HttpStream } from '../../../kernel/http.ts'
import { DialError, type Endpoint } from '../../../kernel/network.ts'
import type { Scope } from '../../../kernel/scope.ts'
import { bodyBytes } from './http1.ts'
import { lookUp } from './name-lookup.ts'
import type { ProcessContext } from './program.ts'

export interface WebAddress {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly path: string
}

export type WebFailure =
  | { readonly kind: 'unresolved'; readonly host: string; readonly again: boolean }
  | { readonly kind: 'refused' | 'unreachable' | 'timeout' | 'lost'; readonly host: string; readonly address: string; readonly port: number }

export type WebResult = { readonly ok: true; readonly response: HttpResponse; readonly body: Uint8Array; readonly address: Endpoint } | { readonly ok: false; readonly failure: WebFailure }

/** Reads a URL as curl and wget take it: the scheme may be missing. Undefined when it is none. */
export function parseWebAddress(text: string): WebAddress | undefined {
  const match = /^(?:(https?):\/\/)?(?:[^@/]*@)?([^:/?#]+)(?::(\d+))?([/?][^#]*)?(?:#.*)?$/i.exec(text)
  if (!match) return undefined
  const scheme = (match[1]?.toLowerCase() ?? 'http') as 'http' | 'https'
  const path = match[4] ?? '/'
  return { scheme, host: match[2]!, port: match[3] === undefined ? (scheme === 'https' ? 443 : 80) : Number(match[3]), path: path.startsWith('?') ? `/${path}` : path }
}

/** Does one request and reads all of its answer. */
export async function fetchWeb(
  context: ProcessContext,
  address: WebAddress,
  request: { readonly method: string; readonly headers: Readonly<Record<string, string>>; readonly body?: Uint8Array },
  options: { readonly timeoutMs?: number; readonly connectTo?: Endpoint; readonly onData?: (bytes: Uint8Array) => void } = {},
): Promise<WebResult> {
  let endpoint = options.connectTo
  if (!endpoint) {
    const found = await lookUp(context, address.host)
    if (!found.found) return { ok: false, failure: { kind: 'unresolved', host: address.host, again: found.reason === 'try-again' } }
    endpoint = { address: found.addresses[0]!, port: address.port }
  }
  const scope = context.scope.child()
  const client = new HttpClient({ stack: context.stack, clock: context.clock, scope, kernel: context.stack.network.kernel }, endpoint)
  try {
    const headers = { host: address.port === 80 ? address.host : `${address.host}:${address.port}`, ...request.headers }
    const stream = await client.stream(
      { method: request.method, path: address.path, headers, ...(request.body ? { body: request.body } : {}) },
      { kind: 'traffic', timeoutMs: options.timeoutMs ?? 300_000 },
    )
    const body = await readBody(stream, options.onData, scope)
    return { ok: true, response: stream.response, body, address: endpoint }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const kind = error instanceof DialError ? error.code : error instanceof HttpTimeout ? 'timeout' : 'lost'
    return { ok: false, failure: { kind, host: address.host, address: endpoint.address, port: endpoint.port } }
  } finally {
    scope.close()
  }
}

async function readBody(stream: HttpStream, onData: ((bytes: Uint8Array) => void) | undefined, scope: Scope): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const take = (bytes: Uint8Array): void => {
    if (bytes.length === 0) return
    if (onData) onData(bytes)
    else parts.push(bytes)
  }
  take(bodyBytes(stream.response.body))
  stream.onData((data) => take(dataBytes(data)))
  if (!scope.closed) await new Promise<void>((resolve) => stream.onEnd(() => resolve()))
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

function dataBytes(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data
  if (typeof data === 'string') return new TextEncoder().encode(data)
  if (Array.isArray(data)) return new TextEncoder().encode(data.map((each) => `${JSON.stringify(each)}\n`).join(''))
  return bodyBytes(data as object)
}

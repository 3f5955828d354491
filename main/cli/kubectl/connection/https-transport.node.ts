import { request as httpRequest, Agent as HttpAgent, type IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import type { HttpRequest, HttpResponse, HttpStream, HttpTransport, RequestOptions } from '../../../kernel/http.ts'
import type { ServerAccess } from '../config/kubeconfig.ts'
import { ConnectionError, connectionErrorText } from './connection-error.ts'

/** Reaches an API server over real HTTPS. Bodies come back as bytes; a stream's data are the chunks of its body. */
export class HttpsTransport implements HttpTransport {
  readonly #access: ServerAccess
  readonly #agent: Agent | HttpAgent

  constructor(access: ServerAccess) {
    this.#access = access
    this.#agent = access.server.startsWith('https:') ? new Agent({ keepAlive: true, maxSockets: 16, maxCachedSessions: 0, ...tlsOptions(access) }) : new HttpAgent({ keepAlive: true })
  }

  async request(request: HttpRequest, options?: RequestOptions): Promise<HttpResponse> {
    const message = await this.#send(request, options)
    return { ...headOf(message), body: await readAll(message) }
  }

  async stream(request: HttpRequest, options?: RequestOptions): Promise<HttpStream> {
    const message = await this.#send(request, options)
    const head = headOf(message)
    if (head.status >= 400) {
      const body = await readAll(message)
      return { response: { ...head, body }, onData: () => {}, onEnd: (handler) => handler(), send: () => {}, cancel: () => {} }
    }
    return {
      response: head,
      onData: (handler) => message.on('data', handler),
      onEnd: (handler) => {
        message.once('end', () => handler())
        message.once('error', (error) => handler(error))
      },
      send: () => {
        throw new Error('HTTP bodies cannot be sent after the request')
      },
      cancel: () => message.destroy(),
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  #send(request: HttpRequest, options: RequestOptions = {}): Promise<IncomingMessage> {
    const { server, token } = this.#access
    const url = new URL(server)
    const body = request.body === undefined ? undefined : request.body instanceof Uint8Array ? request.body : Buffer.from(JSON.stringify(request.body))
    const headers: Record<string, string | string[]> = Object.fromEntries(Object.entries(request.headers ?? {}).map(([name, value]) => [name, value.includes('\n') ? value.split('\n') : value]))
    if (token && !headers.authorization) headers.authorization = `Bearer ${token}`
    if (body) {
      headers['content-type'] ??= 'application/json'
      headers['content-length'] = String(body.length)
    }
    return new Promise((resolve, reject) => {
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest
      const sent = send({ host: url.hostname, port: url.port || (url.protocol === 'https:' ? 443 : 80), method: request.method, path: url.pathname.replace(/\/$/, '') + request.path, headers, agent: this.#agent }, resolve)
      sent.on('error', (error: NodeJS.ErrnoException) => reject(new ConnectionError(connectionErrorText(server, error.code, error.message))))
      if (options.timeoutMs) sent.setTimeout(options.timeoutMs, () => sent.destroy(Object.assign(new Error('i/o timeout'), { code: 'ETIMEDOUT' })))
      sent.end(body)
    })
  }
}

/** What node:tls and ws need to reach the server as this user. */
export function tlsOptions(access: ServerAccess): { ca?: string; cert?: string; key?: string; rejectUnauthorized: boolean; servername?: string } {
  return {
    ...(access.certificateAuthority ? { ca: access.certificateAuthority } : {}),
    ...(access.clientCertificate ? { cert: access.clientCertificate } : {}),
    ...(access.clientKey ? { key: access.clientKey } : {}),
    ...(access.serverName ? { servername: access.serverName } : {}),
    rejectUnauthorized: !access.insecure,
  }
}

function headOf(message: IncomingMessage): HttpResponse {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(message.headers)) if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  // Node joins repeated headers with ', ', which is ambiguous for warnings: keep them apart.
  const warnings = message.rawHeaders.flatMap((name, index) => (index % 2 === 0 && name.toLowerCase() === 'warning' ? [message.rawHeaders[index + 1]!] : []))
  if (warnings.length > 0) headers.warning = warnings.join('\n')
  return { status: message.statusCode ?? 0, headers }
}

async function readAll(message: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

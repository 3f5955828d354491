import { lstatSync, unlinkSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { HttpTransport } from '../../../kernel/http.ts'

export interface ApiProxyOptions {
  readonly address: string
  readonly port: number
  /** Path of a Unix socket to listen on, instead of address and port. A socket that was left there is replaced. */
  readonly unixSocket?: string
  /** Begins and ends with a slash; only what lies below it is passed on, without it. */
  readonly apiPrefix: string
  /** What callers may say in Host. */
  readonly acceptHosts: readonly RegExp[]
  readonly rejectPaths: readonly RegExp[]
  readonly transport: HttpTransport
}

/** Serves the API server's HTTP on a port of this machine, with our credentials. Resolves when it listens. */
export function serveApiProxy(options: ApiProxyOptions): Promise<{ readonly port: number; readonly close: () => void }> {
  const server: Server = createServer((request, response) => {
    pass(request, response, options).catch((error: Error) => {
      if (!response.headersSent) response.writeHead(502)
      response.end(`${error.message}\n`)
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    if (options.unixSocket !== undefined && lstatSync(options.unixSocket, { throwIfNoEntry: false })?.isSocket()) unlinkSync(options.unixSocket)
    server.listen(options.unixSocket === undefined ? { port: options.port, host: options.address } : { path: options.unixSocket }, () => {
      const address = server.address()
      resolve({
        port: typeof address === 'object' && address ? address.port : options.port,
        close: () => {
          server.close()
          server.closeAllConnections()
        },
      })
    })
  })
}

async function pass(request: IncomingMessage, response: ServerResponse, { acceptHosts, rejectPaths, apiPrefix, transport }: ApiProxyOptions): Promise<void> {
  const path = request.url ?? '/'
  const host = (request.headers.host ?? '').replace(/:\d+$/, '')
  if (!acceptHosts.some((pattern) => pattern.test(host)) || rejectPaths.some((pattern) => pattern.test(path.split('?')[0]!))) {
    response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8' })
    response.end('Forbidden\n')
    return
  }
  if (!path.startsWith(apiPrefix)) {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
    response.end('404 page not found\n')
    return
  }
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) if (typeof value === 'string' && !hopHeaders.has(name)) headers[name] = value
  const body = Buffer.concat(chunks)
  const stream = await transport.stream({ method: request.method ?? 'GET', path: path.slice(apiPrefix.length - 1), headers, ...(body.length > 0 ? { body } : {}) })
  const { status, headers: answered, body: whole } = stream.response
  response.writeHead(status, Object.fromEntries(Object.entries(answered).filter(([name]) => !hopHeaders.has(name))))
  response.flushHeaders()
  if (whole instanceof Uint8Array) return void response.end(whole)
  response.on('close', () => stream.cancel())
  stream.onData((data) => response.write(data as Uint8Array))
  stream.onEnd(() => response.end())
}

/** What concerns one connection only, or the caller's own identity here. */
const hopHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host', 'authorization', 'content-length', 'proxy-authorization', 'te', 'trailer'])

import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { extname, join, normalize, sep } from 'node:path'
import { WebSocketServer } from 'ws'
import type { LabServices } from '../../preload/contract/services.ts'
import { serveWindow } from '../../preload/contract/serve.ts'

export interface WindowServer {
  /** Address with its token: whoever has it may use the lab. */
  readonly url: string
  close(): Promise<void>
}

const frameBytesMax = 4 * 1024 * 1024
const cookieName = 'orrery'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
}

const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self' ws://127.0.0.1:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Serves the built window to browsers on this machine: loopback only, nothing without the token, and only to pages of its
 *  own origin (Host and Origin are checked, so another site cannot reach it by rebinding a name). */
export async function startWindowServer(options: { readonly product: string; readonly services: LabServices; readonly port: number }): Promise<WindowServer> {
  const token = randomBytes(24).toString('base64url')
  const files = join(options.product, 'out', 'renderer')
  const server = createServer((request, response) => {
    void answer(request, response, files, token, port()).catch(() => refuse(response, 500, 'internal error'))
  })
  const port = (): number => (server.address() as { port: number }).port
  const sockets = new WebSocketServer({ noServer: true, maxPayload: frameBytesMax, perMessageDeflate: false })
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const origin = request.headers.origin
    if (url.pathname !== '/bridge' || !isOwnHost(request, port()) || (origin !== undefined && origin !== `http://${request.headers.host}`) || !isAllowed(request, url, token)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      const served = serveWindow(options.services, (frame) => {
        // A window that stopped reading must not make the lab keep everything for it.
        if (client.bufferedAmount > 64 * 1024 * 1024) client.terminate()
        else client.send(JSON.stringify(frame))
      })
      client.on('message', (data, binary) => {
        if (binary) return
        try {
          served.receive(JSON.parse(String(data)))
        } catch {
          client.close(1007, 'not JSON')
        }
      })
      client.on('error', () => {})
      client.on('close', () => served.close())
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${port()}/?token=${token}`,
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, files: string, token: string, port: number): Promise<void> {
  if (!isOwnHost(request, port)) return refuse(response, 403, 'this server answers to 127.0.0.1 only')
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'only GET')
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  if (!isAllowed(request, url, token)) return refuse(response, 401, 'open the address that Orrery printed: it carries the token')
  const path = url.pathname === '/' ? '/index.html' : decodeURIComponent(url.pathname)
  const file = normalize(join(files, path))
  if (!file.startsWith(files + sep)) return refuse(response, 404, 'not found')
  let body: Buffer
  try {
    body = await readFile(file)
  } catch {
    return refuse(response, 404, 'not found')
  }
  const headers: Record<string, string> = { ...securityHeaders, 'content-type': types[extname(file)] ?? 'application/octet-stream' }
  headers['cache-control'] = path.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-store'
  if (url.searchParams.has('token')) headers['set-cookie'] = `${cookieName}=${token}; HttpOnly; SameSite=Strict; Path=/`
  response.writeHead(200, headers)
  response.end(request.method === 'HEAD' ? undefined : body)
}

function isOwnHost(request: IncomingMessage, port: number): boolean {
  const host = request.headers.host
  return host === `127.0.0.1:${port}` || host === `localhost:${port}`
}

function isAllowed(request: IncomingMessage, url: URL, token: string): boolean {
  const cookie = (request.headers.cookie ?? '').split(/;\s*/).find((part) => part.startsWith(`${cookieName}=`))
  return sameText(url.searchParams.get('token') ?? '', token) || sameText(cookie?.slice(cookieName.length + 1) ?? '', token)
}

function sameText(given: string, expected: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(expected)
  return a.length === b.length && timingSafeEqual(a, b)
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.end()
  response.writeHead(status, { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8' })
  response.end(`${message}\n`)
}

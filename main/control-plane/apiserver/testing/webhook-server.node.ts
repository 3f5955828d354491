/** A real HTTPS webhook on loopback, with a certificate of its own authority. */
import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createPki } from '../pki.node.ts'

/** What was asked, parsed. */
export interface SeenReview {
  readonly path: string
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into reviews of every kind
  readonly body: any
}

export interface WebhookServer {
  /** `https://127.0.0.1:<port>` */
  readonly url: string
  readonly port: number
  /** Base64 of PEM, for `caBundle`. */
  readonly caBundle: string
  readonly seen: SeenReview[]
  /** Answers by path; the handler may answer an object, or write the response itself and answer undefined. */
  on(path: string, handler: (review: SeenReview, response: ServerResponse) => object | undefined | Promise<object | undefined>): void
  close(): Promise<void>
}

export async function startWebhookServer(): Promise<WebhookServer> {
  const pki = await createPki({ now: Date.now() })
  const handlers = new Map<string, Parameters<WebhookServer['on']>[1]>()
  const seen: SeenReview[] = []
  const sockets = new Set<Socket>()
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const path = request.url ?? ''
    const review: SeenReview = { path, body: JSON.parse(Buffer.concat(parts).toString()) as unknown }
    seen.push(review)
    const answer = await handlers.get(path.split('?')[0]!)?.(review, response)
    if (answer) response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    else if (!handlers.has(path.split('?')[0]!)) response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n')
  }
  const server = createServer({ key: pki.server.key, cert: pki.server.certificate }, (request, response) => void handle(request, response).catch(() => response.destroy()))
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    caBundle: Buffer.from(pki.ca.certificate).toString('base64'),
    seen,
    on: (path, handler) => void handlers.set(path, handler),
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** What a webhook that lets everything pass answers. */
export function allowing({ body }: SeenReview, more: object = {}): object {
  const { apiVersion, kind, request } = body as { apiVersion: string; kind: string; request: { uid: string } }
  return { apiVersion, kind, response: { uid: request.uid, allowed: true, ...more } }
}

export function refusing({ body }: SeenReview, status: object): object {
  const { apiVersion, kind, request } = body as { apiVersion: string; kind: string; request: { uid: string } }
  return { apiVersion, kind, response: { uid: request.uid, allowed: false, status } }
}

/** With a JSON patch. */
export function patching(review: SeenReview, patch: readonly object[]): object {
  return allowing(review, { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') })
}

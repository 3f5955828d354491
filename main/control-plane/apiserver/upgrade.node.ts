import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { EdgeExchange } from './edge-exchange.node.ts'
import type { EdgeOutput } from './edge-output.node.ts'
import { bodyBytesMax } from './negotiation/request-body.ts'
import { RawOutput } from './raw-output.node.ts'
import { SpdyOutput } from './spdy/spdy-output.node.ts'
import { WebSockets, WebSocketOutput } from './web-socket-output.node.ts'

/** Begins an exchange for a request whose body has been read. */
export type Begin = (request: IncomingMessage, output: EdgeOutput, body: Buffer | undefined) => EdgeExchange

/** `…/exec`, `…/attach`, `…/portforward` of a pod: here, and only here, the edge itself speaks what it upgrades to. */
const sessionPath = /^\/api\/v1\/namespaces\/[^/]+\/pods\/[^/]+\/(exec|attach|portforward)(\?|$)/
const proxyPath = /^\/api\/v1\/(namespaces\/[^/]+\/(pods|services)|nodes)\/[^/]+\/proxy([/?]|$)/

/** Takes requests with an Upgrade header of an HTTP/1.1 server: WebSockets (exec, attach, port forwarding, watches, logs), SPDY/3.1,
 *  and whatever passes through a proxy. The protocol changes only when the server opens the exchange; before that it may answer
 *  anything. A protocol that nobody knows is no error: the request is answered as if the header were not there. */
export function acceptUpgrades(server: Server, begin: Begin): void {
  const webSockets = new WebSockets()
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    // The server's sockets stay half open: a client that has said goodbye on a stream is gone.
    socket.on('end', () => socket.end())
    const upgrade = (request.headers.upgrade ?? '').toLowerCase()
    const path = request.url ?? '/'
    const isProxy = proxyPath.test(path)
    if (upgrade === 'websocket' && !isProxy) return start(request, socket, new WebSocketOutput(webSockets, request, socket, head), undefined)
    if (upgrade === 'spdy/3.1' && sessionPath.test(path)) return start(request, socket, new SpdyOutput(request, socket, head), undefined)
    readBody(request, socket, head, (body, rest) => start(request, socket, new RawOutput(socket, rest, request.method ?? 'GET'), body))
  })

  const start = (request: IncomingMessage, socket: Duplex, output: EdgeOutput, body: Buffer | undefined): void => {
    const exchange = begin(request, output, body)
    socket.on('close', () => exchange.disconnected())
  }
}

/** Takes the body, which Node leaves on the socket: as much as Content-Length says. Calls back with it and what came after. */
function readBody(request: IncomingMessage, socket: Duplex, head: Buffer, done: (body: Buffer | undefined, rest: Buffer) => void): void {
  const wanted = Math.min(Number(request.headers['content-length'] ?? 0) || 0, bodyBytesMax + 1)
  if (wanted <= head.length) return done(wanted === 0 ? undefined : head.subarray(0, wanted), head.subarray(wanted))
  const chunks = [head]
  let length = head.length
  const take = (chunk: Buffer): void => {
    chunks.push(chunk)
    length += chunk.length
    if (length < wanted) return
    socket.off('data', take)
    const all = Buffer.concat(chunks)
    done(all.subarray(0, wanted), all.subarray(wanted))
  }
  socket.on('data', take)
}

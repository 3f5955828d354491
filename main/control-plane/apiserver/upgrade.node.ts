import type { IncomingMessage, Server } from 'node:http'
import type { EdgeExchange } from './edge-exchange.node.ts'
import type { EdgeOutput } from './edge-output.node.ts'

/** Takes upgrade requests (WebSocket, SPDY) of an HTTP/1.1 server. */
export function acceptUpgrades(server: Server, begin: (request: IncomingMessage, output: EdgeOutput) => EdgeExchange): void {
  void begin
  server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
}

import WebSocket from 'ws'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { CliError } from '../cli-error.ts'
import type { ServerAccess } from '../config/kubeconfig.ts'
import { ConnectionError, connectionErrorText } from './connection-error.ts'
import { tlsOptions } from './https-transport.node.ts'
import type { WebSocketConnection } from './web-socket.ts'

/** Opens a WebSocket with one of the subprotocols. Throws what the server answered instead: a StatusError, or kubectl's words. */
export function openWebSocket(access: ServerAccess, path: string, protocols: readonly string[], headers: Readonly<Record<string, string>>): Promise<WebSocketConnection> {
  const url = `${access.server.replace(/^http/, 'ws').replace(/\/$/, '')}${path}`
  const authorization = access.token && !headers['authorization'] ? { authorization: `Bearer ${access.token}` } : {}
  const socket = new WebSocket(url, [...protocols], { ...tlsOptions(access), headers: { ...headers, ...authorization }, perMessageDeflate: false, maxPayload: 0 })
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.off('error', onError)
      resolve(connectionOf(socket))
    })
    const onError = (error: NodeJS.ErrnoException): void => reject(new ConnectionError(connectionErrorText(access.server, error.code, error.message)))
    socket.once('error', onError)
    socket.once('unexpected-response', (_request, response) => {
      socket.off('error', onError)
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        socket.once('error', () => {})
        socket.terminate()
        reject(refusal(Buffer.concat(chunks).toString('utf8'), response.statusMessage ?? ''))
      })
    })
  })
}

/** What the server answered instead of an upgrade. */
export function refusal(body: string, statusMessage: string): Error {
  try {
    const value = JSON.parse(body) as { kind?: string }
    if (value.kind === 'Status') return new StatusError(value as never)
  } catch {
    // Not an answer of the API: shown as it is.
  }
  return new CliError(`unable to upgrade connection: ${body || statusMessage}`)
}

function connectionOf(socket: WebSocket): WebSocketConnection {
  let onMessage: ((bytes: Uint8Array) => void) | undefined
  let onClose: ((error?: Error) => void) | undefined
  let early: Uint8Array[] = []
  let closed: { readonly error?: Error } | undefined
  socket.on('message', (data: Buffer) => {
    if (onMessage) onMessage(data)
    else early.push(data)
  })
  const end = (error?: Error): void => {
    if (closed) return
    closed = error ? { error } : {}
    onClose?.(error)
  }
  socket.on('error', end)
  socket.on('close', (code) => end(code === 1000 || code === 1005 ? undefined : new Error(`websocket: close ${code}`)))
  return {
    protocol: socket.protocol,
    onMessage(handler) {
      onMessage = handler
      for (const bytes of early) handler(bytes)
      early = []
    },
    onClose(handler) {
      onClose = handler
      if (closed) handler(closed.error)
    },
    send: (bytes) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(bytes)
    },
    close: () => socket.close(1000),
  }
}

/** A WebSocket to the API server, as exec, attach and port-forward use it. Messages are binary. */
export interface WebSocketConnection {
  /** The subprotocol that the server chose. */
  readonly protocol: string
  /** Messages that come early wait for the handler. */
  onMessage(handler: (bytes: Uint8Array) => void): void
  /** Called once; `error` is set when the connection broke. */
  onClose(handler: (error?: Error) => void): void
  send(bytes: Uint8Array): void
  close(): void
}

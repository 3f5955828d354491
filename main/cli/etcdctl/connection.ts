import type { RpcName } from '../../api/etcd/messages.ts'

export type Message = Readonly<Record<string, unknown>>

/** A running stream to etcd. */
export interface RpcStream {
  send(message: Message): void
  close(): void
}

/** How commands reach etcd. Failures are RpcError. */
export interface Connection {
  /** Those of --endpoints, without their schemes. */
  readonly endpoints: readonly string[]
  /** Calls the first endpoint that answers, or the one given. */
  call(name: RpcName, request: Message, endpoint?: string): Promise<Record<string, unknown>>
  stream(name: RpcName, onMessage: (message: Record<string, unknown>) => void, onEnd: (error?: RpcError) => void): RpcStream
  close(): void
}

/** etcd's answer was an error, or there was none. */
export class RpcError extends Error {
  /** gRPC's status code. */
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

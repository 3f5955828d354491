import { DialError, type Connection, type Endpoint } from '../../../kernel/network.ts'
import type { ProcessContext } from './program.ts'

/** How long a socket remembers whom it talks with, ms: conntrack's time for UDP that went both ways. */
const rememberMs = 120_000

/** UDP as programs use it. A conversation (one pair of addresses and ports) is one simulated connection, as conntrack sees it, so that a
 *  Service's choice of an endpoint holds for it. */
export interface DatagramPeer {
  readonly local: Endpoint
  readonly remote: Endpoint
  send(bytes: Uint8Array): void
  close(): void
}

/** Receives datagrams on a port until the answered function is called or the process ends. Throws when the port is taken. */
export function listenDatagrams(context: Pick<ProcessContext, 'stack' | 'scope' | 'clock'>, port: number, received: (bytes: Uint8Array, from: DatagramPeer) => void, address = '*'): () => void {
  const open = new Set<Connection>()
  const stop = context.stack.listen(
    port,
    (connection) => {
      open.add(connection)
      connection.onClose(() => open.delete(connection))
      const peer = peerOf(connection)
      let timer: { cancel(): void } | undefined
      connection.onMessage(({ body }) => {
        timer?.cancel()
        timer = context.clock.after(rememberMs, () => connection.close())
        if (body instanceof Uint8Array) received(body, peer)
      })
    },
    'udp',
    address,
  )
  const end = (): void => {
    stop()
    for (const connection of open) connection.close()
  }
  const forget = context.scope.onClose(end)
  return () => {
    forget()
    end()
  }
}

/** A socket connected to one address. Nothing goes out before the first `send`. Rejects with a DialError where the way there refuses
 *  (as an ICMP message would say) or leads nowhere; what is dropped on the way is simply not answered. */
export async function dialDatagrams(context: Pick<ProcessContext, 'stack' | 'scope'>, to: Endpoint, received: (bytes: Uint8Array) => void, first: Uint8Array): Promise<DatagramPeer> {
  const connection = await context.stack.dial(to, 'udp')
  const forget = context.scope.onClose(() => connection.close())
  connection.onClose(forget)
  connection.onMessage(({ body }) => {
    if (body instanceof Uint8Array) received(body)
  })
  const peer = peerOf(connection)
  peer.send(first)
  return peer
}

/** Sends one datagram and waits for one. Undefined: none came in time, or the port is closed. */
export function askDatagram(context: ProcessContext, to: Endpoint, question: Uint8Array, waitMs: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    let peer: DatagramPeer | undefined
    const finish = (answer: Uint8Array | undefined): void => {
      timer.cancel()
      peer?.close()
      resolve(answer)
    }
    const timer = context.clock.after(waitMs, () => finish(undefined))
    dialDatagrams(context, to, finish, question).then(
      (made) => {
        peer = made
      },
      (error: unknown) => {
        if (!(error instanceof DialError)) throw error
        if (error.code === 'refused') finish(undefined)
      },
    )
  })
}

function peerOf(connection: Connection): DatagramPeer {
  return {
    local: connection.local,
    remote: connection.remote,
    send: (bytes) => connection.send({ kind: 'traffic', label: 'datagram', bytes: bytes.length, body: bytes }),
    close: () => connection.close(),
  }
}

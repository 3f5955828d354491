/** Port forwarding over a WebSocket's channels, as kubelets serve it to clients without SPDY: each port has two channels, one for its
 *  bytes and one for what went wrong, and both begin with the port's number. */
import type { PortForwardFrame } from '../../../node/kubelet/streams.ts'
import type { ChannelProtocol } from './channel-frames.ts'
import { packChannel, unpackChannel } from './channel-frames.ts'

/** The versions that this is spoken in; a client that names none gets the first. */
export const portForwardProtocols: readonly ChannelProtocol[] = [
  { name: 'v4.channel.k8s.io', base64: false, statusErrors: true, closes: false },
  { name: 'v4.base64.channel.k8s.io', base64: true, statusErrors: true, closes: false },
]

const encoder = new TextEncoder()

export interface PortForwardChannelsParts {
  readonly ports: readonly number[]
  readonly protocol: ChannelProtocol
  readonly toServer: (frame: PortForwardFrame) => void
  readonly toClient: (message: Uint8Array | string) => void
  /** The connection to a port has ended: with these channels that ends everything. */
  readonly onClose: () => void
}

/** The ports of a request's query, each in its place; a number for each, as the conversion of options gives it. */
export function portsOfQuery(query: URLSearchParams): number[] {
  return query.getAll('ports').flatMap((text) => text.split(',')).map(Number).filter((port) => Number.isInteger(port) && port > 0 && port < 65_536)
}

export class PortForwardChannels {
  readonly #parts: PortForwardChannelsParts

  constructor(parts: PortForwardChannelsParts) {
    this.#parts = parts
  }

  /** Opens the connections and announces the channels. */
  start(): void {
    const { ports, protocol, toClient, toServer } = this.#parts
    ports.forEach((port, index) => {
      const number = new Uint8Array([port & 0xff, port >> 8])
      toClient(packChannel(index * 2, number, protocol))
      toClient(packChannel(index * 2 + 1, number, protocol))
      toServer({ channel: 'open', id: index + 1, port })
    })
  }

  /** A message of the client; what belongs to no data channel means nothing. */
  receive(message: Uint8Array): void {
    const { ports, protocol, toServer } = this.#parts
    const found = unpackChannel(message, protocol)
    if (!found || found.channel % 2 === 1 || found.channel / 2 >= ports.length || found.payload.length === 0) return
    toServer({ channel: 'data', id: found.channel / 2 + 1, bytes: found.payload })
  }

  send(data: unknown): void {
    const frame = data as PortForwardFrame
    const { protocol, toClient, onClose } = this.#parts
    if (frame.channel === 'data') toClient(packChannel((frame.id - 1) * 2, frame.bytes, protocol))
    else if (frame.channel === 'error') toClient(packChannel((frame.id - 1) * 2 + 1, encoder.encode(frame.message), protocol))
    else if (frame.channel === 'close') onClose()
  }
}

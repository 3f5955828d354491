import type { Connection, Endpoint, NetworkStack } from '../kernel/network.ts'
import { bytesOf } from '../control-plane/apiserver/edge-input.ts'

/** The label of what comes in through the host's doors to load balancers, as recorded. */
export const trafficLabel = 'traffic'

/** What happens at a door, as plain JSON: enough to do it again in a replay. */
export type TrafficInput =
  | { readonly type: 'open'; readonly id: number; readonly to: Endpoint }
  /** base64 */
  | { readonly type: 'data'; readonly id: number; readonly bytes: string }
  | { readonly type: 'close'; readonly id: number }

/** Who hears what a server in the cluster answers; called inside events. */
export interface TrafficListener {
  onData(bytes: Uint8Array): void
  onEnd(): void
}

const silence: TrafficListener = { onData: () => {}, onEnd: () => {} }

/** Connections from the host into the simulated network, dialed by a stack of their own. Every method is to be called inside the event
 *  of the recorded input. */
export class OutsideTraffic {
  readonly #stack: NetworkStack
  readonly #open = new Map<number, Promise<Connection | undefined>>()

  constructor(stack: NetworkStack) {
    this.#stack = stack
  }

  apply(input: TrafficInput, listener: TrafficListener = silence): void {
    if (input.type === 'open') {
      this.#open.set(
        input.id,
        this.#stack.dial(input.to, 'tcp', undefined, 'host').then(
          (connection) => {
            connection.onMessage(({ body }) => {
              if (body instanceof Uint8Array) listener.onData(body)
            })
            connection.onClose(() => {
              if (this.#open.delete(input.id)) listener.onEnd()
            })
            return connection
          },
          () => {
            if (this.#open.delete(input.id)) listener.onEnd()
            return undefined
          },
        ),
      )
      return
    }
    const connection = this.#open.get(input.id)
    if (input.type === 'data') {
      const bytes = bytesOf(input.bytes)
      void connection?.then((open) => open?.send({ kind: 'traffic', label: 'data', bytes: bytes.length, body: bytes }))
    } else {
      this.#open.delete(input.id)
      void connection?.then((open) => open?.close())
    }
  }
}

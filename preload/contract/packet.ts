/** A connection that a node, or a pod on it, might open. */
export interface PacketRequest {
  /** The node, or the node that the pod is on. */
  readonly machine: string
  /** `namespace/name`; absent: the node itself. */
  readonly pod?: string
  /** An address, or a name as a pod would look it up. */
  readonly name: string
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
}

export type PacketPart = 'lookup' | 'open' | 'rule' | 'backend' | 'policy' | 'arrival' | 'listener' | 'reply' | 'failure'

/** Something that happens to it, where. */
export interface PacketHop {
  readonly part: PacketPart
  readonly machine: string
  readonly text: string
}

export interface PacketTrace {
  /** In the order in which they happen. */
  readonly steps: readonly PacketHop[]
  /** `no-such-name`: the lookup gave no address, so nothing was opened. */
  readonly outcome: 'connected' | 'refused' | 'timeout' | 'unreachable' | 'no-such-name'
}

export interface PacketCalls {
  /** Follows the connection through every rule on its way without opening it. A recorded input, since the name lookup is real and the
   *  rules choose as for a real one. `not-found`: no such machine, or no such pod on it; `unavailable`: the machine is off. While the
   *  lab is paused the answer comes once it runs. */
  'packet.trace': { readonly argument: PacketRequest; readonly result: PacketTrace }
}

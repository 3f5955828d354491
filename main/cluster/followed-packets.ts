import { BridgeError } from '../../preload/contract/bridge.ts'
import type { PacketRequest, PacketTrace } from '../../preload/contract/packet.ts'
import { followPacket, type PacketStep } from '../node/host/followed-packet.ts'
import type { Cluster } from './cluster.ts'

/** The label of a packet that somebody outside asked to follow, as recorded. */
export const packetLabel = 'packet'

/** Follows a packet from a node or one of its pods. Inside the event of the recorded input only: the name lookup is real traffic,
 *  and the rules count and choose as they would for a real connection. */
export async function packetTraceIn(cluster: Cluster, { machine, pod, name, port, protocol }: PacketRequest): Promise<PacketTrace> {
  const node = cluster.nodes.get(machine)
  if (!node) throw new BridgeError({ code: 'not-found', message: `there is no machine ${machine}` })
  if (!node.machine.poweredOn) throw new BridgeError({ code: 'unavailable', message: `${machine} is powered off` })
  const steps: PacketStep[] = []
  const outcome = await followPacket(node.host, { ...(pod !== undefined && { pod }), name, port, protocol }, (step) => steps.push(step))
  if (outcome === 'no-such-pod') throw new BridgeError({ code: 'not-found', message: `no pod ${pod} has a network on ${machine}` })
  return { steps, outcome }
}

/** The same, asked from outside: a recorded input. */
export function tracePacket(cluster: Cluster, request: PacketRequest): Promise<PacketTrace> {
  const { machine, pod, name, port, protocol } = request
  if (typeof machine !== 'string' || (pod !== undefined && typeof pod !== 'string')) throw new BridgeError({ code: 'invalid', message: 'a machine, or a pod on it, is wanted' })
  if (typeof name !== 'string' || !/^[A-Za-z0-9_.:-]{1,253}$/.test(name)) throw new BridgeError({ code: 'invalid', message: 'an address or a name is wanted' })
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new BridgeError({ code: 'invalid', message: 'a port from 1 to 65535 is wanted' })
  if (protocol !== 'tcp' && protocol !== 'udp') throw new BridgeError({ code: 'invalid', message: 'the protocol is tcp or udp' })
  const wanted: PacketRequest = { machine, ...(pod !== undefined && { pod }), name, port, protocol }
  return new Promise((resolve, reject) => {
    cluster.gateway.enter(packetLabel, wanted, () => {
      packetTraceIn(cluster, wanted).then(resolve, (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))))
    })
  })
}

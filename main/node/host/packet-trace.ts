import type { Protocol } from '../../kernel/network.ts'
import type { Program } from '../runtime/programs/program.ts'
import { followPacket, type PacketStep } from './followed-packet.ts'
import type { Host } from './host.ts'

const usage = 'Usage: packet-trace [-u] [--from NAMESPACE/POD] HOST PORT\nFollows a connection that the node, or a pod on it, might open: name lookup, rules, endpoint, policies, reply.\n'

/** `packet-trace`: a packet's way, hop by hop. No tool of a real node; what tcpdump on every hop would show together. */
export function packetTrace(host: Host): Program {
  return async (context) => {
    const words = context.argv.slice(1)
    const protocol: Protocol = words.includes('-u') ? 'udp' : 'tcp'
    const at = words.indexOf('--from')
    const pod = at < 0 ? undefined : words[at + 1]
    const [name, portText] = words.filter((word, index) => !word.startsWith('-') && (at < 0 || index !== at + 1))
    const port = Number(portText)
    if (name === undefined || !Number.isInteger(port) || port < 1 || port > 65_535 || (at >= 0 && pod === undefined)) {
      await context.stderr.write(usage)
      return 2
    }
    const steps: PacketStep[] = []
    const outcome = await followPacket(host, { ...(pod !== undefined && { pod }), name, port, protocol }, (step) => steps.push(step))
    if (outcome === 'no-such-pod') {
      await context.stderr.write(`packet-trace: no pod ${pod} on this node\n`)
      return 1
    }
    const width = Math.max(...steps.map(({ part, machine }) => (part === 'lookup' ? 0 : machine.length)))
    await context.stdout.write(steps.map(({ part, machine, text }) => (part === 'lookup' ? `${text}\n` : `${machine.padEnd(width)}  ${text}\n`)).join(''))
    return outcome === 'connected' ? 0 : 1
  }
}

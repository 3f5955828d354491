import type { DialError, FlowStep, NetworkStack, Protocol } from '../../kernel/network.ts'
import { parseAddress } from '../network/addresses.ts'
import { candidateNames, queryDns, type ResolverConfig } from '../network/dns/client.ts'
import type { FileSystem } from '../runtime/files/file-system.ts'
import type { Host } from './host.ts'

/** Whose packet, and where to. */
export interface PacketQuestion {
  /** `namespace/name` of a pod on the node; absent: the node itself. */
  readonly pod?: string
  /** An address or a name. */
  readonly name: string
  readonly port: number
  readonly protocol: Protocol
}

/** A hop of the network, or a question to a name server. */
export interface PacketStep extends Omit<FlowStep, 'part'> {
  readonly part: FlowStep['part'] | 'lookup'
}

/** How it ends: as a flow does, or before one began. */
export type PacketOutcome = 'connected' | DialError['code'] | 'no-such-pod' | 'no-such-name'

/** Follows a connection that a node, or a pod on it, might open: looks the name up as a pod would (that is real traffic to the name
 *  server), then goes through every rule on the way without opening anything. `tell` hears each step as it is known. */
export async function followPacket(host: Host, { pod, name, port, protocol }: PacketQuestion, tell: (step: PacketStep) => void): Promise<PacketOutcome> {
  const source = sourceOf(host, pod)
  if (!source) return 'no-such-pod'
  const address = parseAddress(name) === undefined ? await lookUp(host.files, source.stack, source.namespace, name, tell) : name
  if (address === undefined) return 'no-such-name'
  const { steps, outcome } = source.stack.network.follow(source.stack, { address, port }, protocol)
  for (const step of steps) tell(step)
  return outcome
}

/** The node itself, or one of its pods. */
function sourceOf(host: Host, from: string | undefined): { readonly stack: NetworkStack; readonly namespace: string } | undefined {
  const { stack } = host.facts.machine
  if (from === undefined) return { stack, namespace: 'default' }
  const [namespace, pod] = from.includes('/') ? (from.split('/') as [string, string]) : ['default', from]
  const found = host.facts.interfaces?.().find((each) => each.namespace === namespace && each.pod === pod)
  const own = found && stack.network.stackAt(found.address)
  return own && { stack: own, namespace }
}

/** Looks a name up as a pod of that namespace would, telling each question; undefined: it has no address. */
async function lookUp(files: FileSystem, stack: NetworkStack, namespace: string, name: string, tell: (step: PacketStep) => void): Promise<string | undefined> {
  const { server, domain } = clusterDns(files)
  const say = (text: string): void => tell({ part: 'lookup', machine: stack.machine, text: `dns ${server}: ${text}` })
  const config: ResolverConfig = { servers: [server], searches: [`${namespace}.svc.${domain}`, `svc.${domain}`, domain], options: ['ndots:5'] }
  for (const candidate of candidateNames(name, config)) {
    try {
      const reply = await queryDns(stack, server, { name: candidate, type: 'A' })
      const records = reply.answers.map(({ type, data }) => `${type} ${data}`).join(', ')
      say(`${candidate}: ${reply.status}${records === '' ? '' : ` ${records}`}`)
      const found = reply.answers.find(({ type }) => type === 'A')
      if (found) return found.data
    } catch (error) {
      say(`${candidate}: ${(error as Error).message}`)
      return undefined
    }
  }
  return undefined
}

/** What the kubelet's configuration gives pods as their name server. */
function clusterDns(files: FileSystem): { readonly server: string; readonly domain: string } {
  const path = '/var/lib/kubelet/config.yaml'
  const text = files.find(path)?.kind === 'file' ? files.readText(path) : ''
  return { server: /^clusterDNS:\s*\n\s*- (\S+)/m.exec(text)?.[1] ?? '10.96.0.10', domain: /^clusterDomain: (\S+)/m.exec(text)?.[1] ?? 'cluster.local' }
}

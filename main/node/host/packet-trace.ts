import type { NetworkStack, Protocol } from '../../kernel/network.ts'
import { parseAddress } from '../network/addresses.ts'
import { candidateNames, queryDns, type ResolverConfig } from '../network/dns/client.ts'
import type { ProcessContext, Program } from '../runtime/programs/program.ts'
import type { Host } from './host.ts'

const usage = 'Usage: packet-trace [-u] [--from NAMESPACE/POD] HOST PORT\nFollows a connection that the node, or a pod on it, might open: name lookup, rules, endpoint, policies, reply.\n'

/** `packet-trace`: a packet's way, hop by hop. No tool of a real node; what tcpdump on every hop would show together. */
export function packetTrace(host: Host): Program {
  return async (context) => {
    const words = context.argv.slice(1)
    const protocol: Protocol = words.includes('-u') ? 'udp' : 'tcp'
    const at = words.indexOf('--from')
    const from = at < 0 ? undefined : words[at + 1]
    const [name, portText] = words.filter((word, index) => !word.startsWith('-') && (at < 0 || index !== at + 1))
    const port = Number(portText)
    if (name === undefined || !Number.isInteger(port) || port < 1 || port > 65_535 || (at >= 0 && from === undefined)) {
      await context.stderr.write(usage)
      return 2
    }
    const source = sourceOf(host, from)
    if (!source) {
      await context.stderr.write(`packet-trace: no pod ${from} on this node\n`)
      return 1
    }
    const address = parseAddress(name) === undefined ? await lookUp(context, source.stack, source.namespace, name) : name
    if (address === undefined) return 1
    const { steps, outcome } = source.stack.network.follow(source.stack, { address, port }, protocol)
    const width = Math.max(...steps.map(({ machine }) => machine.length))
    await context.stdout.write(steps.map(({ machine, text }) => `${machine.padEnd(width)}  ${text}\n`).join(''))
    return outcome === 'connected' ? 0 : 1
  }
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
async function lookUp(context: ProcessContext, stack: NetworkStack, namespace: string, name: string): Promise<string | undefined> {
  const { server, domain } = clusterDns(context)
  const config: ResolverConfig = { servers: [server], searches: [`${namespace}.svc.${domain}`, `svc.${domain}`, domain], options: ['ndots:5'] }
  for (const candidate of candidateNames(name, config)) {
    try {
      const reply = await queryDns(stack, server, { name: candidate, type: 'A' })
      const records = reply.answers.map(({ type, data }) => `${type} ${data}`).join(', ')
      await context.stdout.write(`dns ${server}: ${candidate}: ${reply.status}${records === '' ? '' : ` ${records}`}\n`)
      const found = reply.answers.find(({ type }) => type === 'A')
      if (found) return found.data
    } catch (error) {
      await context.stdout.write(`dns ${server}: ${candidate}: ${(error as Error).message}\n`)
      return undefined
    }
  }
  return undefined
}

/** What the kubelet's configuration gives pods as their name server. */
function clusterDns({ files }: ProcessContext): { readonly server: string; readonly domain: string } {
  const path = '/var/lib/kubelet/config.yaml'
  const text = files.find(path)?.kind === 'file' ? files.readText(path) : ''
  return { server: /^clusterDNS:\s*\n\s*- (\S+)/m.exec(text)?.[1] ?? '10.96.0.10', domain: /^clusterDomain: (\S+)/m.exec(text)?.[1] ?? 'cluster.local' }
}

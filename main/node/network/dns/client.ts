import type { Connection, NetworkStack } from '../../../kernel/network.ts'
import type { DnsFrame, DnsQuestion, DnsReply } from './message.ts'

/** How long a packet's answer is waited for before the socket is given up, ms. */
const giveUpMs = 5_000

/** Asks one name server one question over UDP. Rejects with a DialError when nobody listens there, or when no answer comes in
 *  5 s. Fits the runtime's Resolver. */
export const dnsResolver = {
  query(stack: NetworkStack, server: string, question: DnsQuestion): Promise<DnsReply> {
    return queryDns(stack, server, question)
  },
}

export async function queryDns(stack: NetworkStack, server: string, question: DnsQuestion): Promise<DnsReply> {
  const frame: DnsFrame = { question }
  const connection = await stack.dial({ address: server, port: 53 }, 'udp', { kind: 'dns', label: `${question.type} ${question.name}`, bytes: question.name.length + 18, body: frame })
  return answerOn(connection, stack)
}

function answerOn(connection: Connection, stack: NetworkStack): Promise<DnsReply> {
  return new Promise((resolve, reject) => {
    const timer = stack.network.kernel.schedule(giveUpMs, () => {
      connection.close()
      reject(new Error(`read udp ${connection.local.address}:${connection.local.port}->${connection.remote.address}:53: i/o timeout`))
    })
    connection.onMessage((message) => {
      timer.cancel()
      connection.close()
      resolve(message.body as DnsReply)
    })
    connection.onClose((reason) => {
      timer.cancel()
      if (reason !== 'closed') reject(new Error(`read udp ${connection.local.address}:${connection.local.port}->${connection.remote.address}:53: connection refused`))
    })
  })
}

/** A resolver configuration, as resolv.conf has it. */
export interface ResolverConfig {
  readonly servers: readonly string[]
  readonly searches: readonly string[]
  /** `ndots:5` … */
  readonly options: readonly string[]
}

/** Names to ask for, in order: search domains first unless the name has `ndots` dots or ends in one. */
export function candidateNames(name: string, config: ResolverConfig): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const ndots = Number(config.options.find((option) => option.startsWith('ndots:'))?.slice('ndots:'.length) ?? 1)
  const searched = config.searches.map((domain) => `${name}.${domain}`)
  return name.split('.').length - 1 >= ndots ? [name, ...searched] : [...searched, name]
}

/** Resolves a name to IPv4 addresses as the C library does; empty when it has none. Rejects when no server answers. */
export async function resolve(stack: NetworkStack, config: ResolverConfig, name: string): Promise<readonly string[]> {
  let failure: unknown = new Error(`lookup ${name}: no such host`)
  for (const candidate of candidateNames(name, config)) {
    let answered = false
    for (const server of config.servers) {
      try {
        const reply = await queryDns(stack, server, { name: candidate, type: 'A' })
        answered = true
        const addresses = reply.answers.filter((record) => record.type === 'A').map((record) => record.data)
        if (addresses.length > 0) return addresses
        const alias = reply.answers.find((record) => record.type === 'CNAME')
        if (alias) return await resolve(stack, { ...config, searches: [] }, `${alias.data}.`)
        break
      } catch (error) {
        failure = error
      }
    }
    if (!answered) throw failure
  }
  return []
}

import type { DnsReply, ProcessContext } from './program.ts'

/** resolv.conf as the C library reads it. */
export interface ResolvConf {
  readonly servers: readonly string[]
  readonly searches: readonly string[]
  readonly ndots: number
  readonly timeoutMs: number
  readonly attempts: number
}

export type LookupResult =
  | { readonly found: true; readonly name: string; readonly addresses: readonly string[] }
  | { readonly found: false; readonly reason: 'not-found' | 'try-again' }

export function readResolvConf(context: ProcessContext): ResolvConf {
  const servers: string[] = []
  let searches: string[] = []
  let ndots = 1
  let timeoutMs = 5000
  let attempts = 2
  let text = ''
  try {
    text = context.files.readText('/etc/resolv.conf')
  } catch {
    // No file: no servers.
  }
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trim().split(/\s+/)
    if (keyword === 'nameserver' && values[0]) servers.push(values[0])
    else if (keyword === 'search' || keyword === 'domain') searches = values
    else if (keyword === 'options') {
      for (const option of values) {
        const [name, value] = option.split(':')
        if (name === 'ndots') ndots = Number(value)
        if (name === 'timeout') timeoutMs = Number(value) * 1000
        if (name === 'attempts') attempts = Number(value)
      }
    }
  }
  return { servers: servers.slice(0, 3), searches, ndots, timeoutMs, attempts }
}

export function isAddress(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text)
}

/** Names to try, in order, for a name as somebody typed it. */
export function candidates(name: string, conf: ResolvConf): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const dots = name.split('.').length - 1
  const searched = conf.searches.map((domain) => `${name}.${domain}`)
  return dots >= conf.ndots ? [name, ...searched] : [...searched, name]
}

/** Resolves a name to IPv4 addresses as getaddrinfo does: literal, /etc/hosts, then DNS with the search list. */
export async function lookUp(context: ProcessContext, name: string): Promise<LookupResult> {
  if (isAddress(name)) return { found: true, name, addresses: [name] }
  const fromFile = hostsEntry(context, name)
  if (fromFile) return { found: true, name, addresses: [fromFile] }
  const conf = readResolvConf(context)
  let reason: 'not-found' | 'try-again' = 'not-found'
  for (const candidate of candidates(name, conf)) {
    const reply = await ask(context, conf, candidate, 'A')
    if (reply === undefined) {
      reason = 'try-again'
      break
    }
    const addresses = reply.answers.filter((record) => record.type === 'A').map((record) => record.data)
    if (addresses.length > 0) return { found: true, name: candidate, addresses }
    if (reply.status === 'SERVFAIL') reason = 'try-again'
  }
  return { found: false, reason }
}

/** Asks the configured servers in turn; undefined when none of them answers. */
export async function ask(context: ProcessContext, conf: ResolvConf, name: string, type: string): Promise<DnsReply | undefined> {
  for (let attempt = 0; attempt < conf.attempts; attempt++) {
    for (const server of conf.servers) {
      const reply = await askServer(context, server, name, type, conf.timeoutMs)
      if (reply) return reply
    }
  }
  return undefined
}

/** Asks one server once; undefined when no answer came in time. */
export function askServer(context: ProcessContext, server: string, name: string, type: string, timeoutMs: number): Promise<DnsReply | undefined> {
  const resolver = context.resolver
  if (!resolver) return context.sleep(timeoutMs).then(() => undefined)
  const askedAt = context.clock.now()
  return new Promise((resolve) => {
    const timer = context.clock.after(timeoutMs, () => resolve(undefined))
    const settle = (reply: DnsReply | undefined): void => {
      timer.cancel()
      context.clock.after(0, () => resolve(reply))
    }
    resolver.query(context.stack, server, { name, type }).then(settle, () => {
      // A refused packet is noticed at once, but the library waits before it tries elsewhere.
      timer.cancel()
      context.clock.after(Math.max(0, timeoutMs - (context.clock.now() - askedAt)), () => resolve(undefined))
    })
  })
}

function hostsEntry(context: ProcessContext, name: string): string | undefined {
  let text = ''
  try {
    text = context.files.readText('/etc/hosts')
  } catch {
    return name === 'localhost' ? '127.0.0.1' : undefined
  }
  for (const line of text.split('\n')) {
    const [address, ...names] = line.split('#')[0]!.trim().split(/\s+/)
    if (address !== undefined && isAddress(address) && names.includes(name)) return address
  }
  return undefined
}

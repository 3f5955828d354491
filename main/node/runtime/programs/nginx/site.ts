import { allOf, ConfigError, lastOf, type Directive } from './config.ts'

/** What a configuration says, arranged for serving. */
export interface Site {
  readonly servers: readonly VirtualServer[]
  readonly upstreams: ReadonlyMap<string, readonly string[]>
  readonly http: readonly Directive[]
  readonly workerProcesses: number | 'auto'
}

export interface VirtualServer {
  readonly ports: readonly { readonly port: number; readonly address: string; readonly isDefault: boolean }[]
  readonly names: readonly string[]
  readonly block: readonly Directive[]
  readonly locations: readonly Location[]
}

export interface Location {
  /** '' prefix, '^~' prefix that stops, '=' exact, '~' and '~*' patterns, '@' named. */
  readonly match: '' | '^~' | '=' | '~' | '~*' | '@'
  readonly path: string
  readonly pattern: RegExp | undefined
  readonly block: readonly Directive[]
  readonly nested: readonly Location[]
}

/** Arranges parsed directives. Throws ConfigError. */
export function readSite(directives: readonly Directive[], file: string): Site {
  if (!lastOf(directives, 'events')) throw new ConfigError(`no "events" section in configuration`)
  const http = lastOf(directives, 'http')?.block ?? []
  const upstreams = new Map<string, readonly string[]>()
  for (const upstream of allOf(http, 'upstream')) {
    const servers = allOf(upstream.block, 'server').map((server) => server.words[0] ?? '')
    if (servers.length === 0) throw new ConfigError(`no servers are inside upstream in ${upstream.file}:${upstream.line}`)
    upstreams.set(upstream.words[0] ?? '', servers)
  }
  const workers = lastOf(directives, 'worker_processes')?.words[0]
  return {
    servers: allOf(http, 'server').map((server) => readServer(server, file)),
    upstreams,
    http,
    workerProcesses: workers === undefined ? 1 : workers === 'auto' ? 'auto' : Number(workers),
  }
}

function readServer(server: Directive, file: string): VirtualServer {
  const block = server.block ?? []
  const listens = allOf(block, 'listen')
  const ports = (listens.length > 0 ? listens : [{ ...server, words: ['80'] }]).flatMap((listen) => {
    const word = listen.words[0] ?? '80'
    if (word.startsWith('unix:')) return []
    const match = /^(?:(\[[^\]]*\]|[^:]+):)?(\d+)$/.exec(word) ?? (/^\d+$/.test(word) ? [word, undefined, word] : /^[\w.*-]+$/.test(word) ? [word, word, '80'] : undefined)
    if (!match) throw new ConfigError(`invalid parameter "${word}" in ${listen.file}:${listen.line}`)
    // IPv6 wildcards would bind a second socket of the same port: one listener serves both.
    if (match[1]?.startsWith('[')) return match[1] === '[::]' ? [] : []
    const port = Number(match[2])
    if (port < 1 || port > 65_535) throw new ConfigError(`invalid port in "${word}" of the "listen" directive in ${listen.file}:${listen.line}`)
    const address = match[1] === undefined || match[1] === '*' || match[1] === '0.0.0.0' ? '*' : match[1]
    return [{ port, address, isDefault: listen.words.includes('default_server') }]
  })
  return {
    ports,
    names: allOf(block, 'server_name').flatMap((each) => each.words),
    block,
    locations: readLocations(block, file),
  }
}

function readLocations(block: readonly Directive[], file: string): Location[] {
  return allOf(block, 'location').map((location) => {
    const [first = '', second] = location.words
    let match: Location['match'] = ''
    let path = first
    if (second !== undefined) {
      if (first !== '=' && first !== '^~' && first !== '~' && first !== '~*') throw new ConfigError(`invalid location modifier "${first}" in ${location.file}:${location.line}`)
      match = first
      path = second
    } else if (first.startsWith('@')) match = '@'
    let pattern: RegExp | undefined
    if (match === '~' || match === '~*') {
      try {
        pattern = new RegExp(path.replace(/\(\?P</g, '(?<'), match === '~*' ? 'i' : '')
      } catch {
        throw new ConfigError(`pcre2_compile() failed: error in pattern "${path}" in ${location.file}:${location.line}`)
      }
    }
    const inner = location.block ?? []
    return { match, path, pattern, block: inner, nested: readLocations(inner, file) }
  })
}

/** The server for a request: by name among those on the port, else the port's default. */
export function pickServer(site: Site, port: number, host: string): VirtualServer | undefined {
  const bare = host.replace(/:\d+$/, '').toLowerCase()
  const onPort = site.servers.filter((server) => server.ports.some((each) => each.port === port))
  return (
    onPort.find((server) => server.names.includes(bare)) ??
    onPort.find((server) => server.names.some((name) => matchesName(name, bare))) ??
    onPort.find((server) => server.ports.some((each) => each.port === port && each.isDefault)) ??
    onPort[0]
  )
}

function matchesName(name: string, host: string): boolean {
  if (name.startsWith('*.')) return host.endsWith(name.slice(1))
  if (name.endsWith('.*')) return host.startsWith(name.slice(0, -1))
  if (name.startsWith('~')) return new RegExp(name.slice(1)).test(host)
  return false
}

/** The location for a path: exact, then the longest prefix, unless a pattern matches first. */
export function pickLocation(locations: readonly Location[], path: string): { readonly location: Location; readonly captures: readonly string[] } | undefined {
  let longest: Location | undefined
  for (const location of locations) {
    if (location.match === '=' && location.path === path) return { location, captures: [] }
    if ((location.match === '' || location.match === '^~') && path.startsWith(location.path) && (!longest || location.path.length > longest.path.length)) longest = location
  }
  if (longest?.nested.length) {
    const inner = pickLocation(longest.nested, path)
    if (inner) return inner
  }
  if (longest?.match !== '^~') {
    for (const location of locations) {
      const found = location.pattern?.exec(path)
      if (found) return { location, captures: [...found] }
    }
  }
  return longest && { location: longest, captures: [] }
}

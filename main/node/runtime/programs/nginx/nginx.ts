import type { HttpResponse, ServerExchange } from '../../../../kernel/http.ts'
import { FileError } from '../../files/file-error.ts'
import { directoryName, joinPath } from '../../files/path.ts'
import { openPath } from '../../processes/open-path.ts'
import { bodyBytes } from '../http1.ts'
import { httpDate, logDate } from '../http-text.ts'
import { lookUp } from '../name-lookup.ts'
import type { ProcessContext, Program } from '../program.ts'
import { matchGlob } from '../shell/glob.ts'
import { allOf, ConfigError, lastOf, parseConfig, type Directive } from './config.ts'
import { logTime } from './log-time.ts'
import { decodePath, Responder, type ServerCounters } from './respond.ts'
import { pickLocation, pickServer, readSite, type Location, type Site, type VirtualServer } from './site.ts'

const mebibyte = 1_048_576
const encoder = new TextEncoder()

/** Serves files, redirects, fixed answers and proxied backends from the configuration in the container.
 *  Not modelled: TLS, stream, caching, limits, modules written in other languages. */
export const nginx: Program = async (context) => {
  const version = (context.settings as { readonly version?: string } | undefined)?.version ?? '1.29.4'
  const options = readOptions(context.argv.slice(1))
  if (options === undefined || 'invalid' in options) {
    await context.stderr.write(`nginx: invalid option: "${options?.invalid ?? ''}"\n`)
    return 1
  }
  if (options.help || options.version) {
    await context.stderr.write(`nginx version: nginx/${version}\n`)
    if (options.help) await context.stderr.write(usageText)
    return 0
  }
  if (options.verbose) {
    await context.stderr.write(`nginx version: nginx/${version}\nbuilt by gcc 12.2.0 (Debian 12.2.0-14+deb12u1)\nbuilt with OpenSSL 3.0.17 1 Jul 2025\nTLS SNI support enabled\nconfigure arguments: --prefix=/etc/nginx\n`)
    return 0
  }
  if (options.signal !== undefined) return signalMaster(context, options.signal)
  return new NginxServer(context, version, options).run()
}

interface Options {
  readonly help: boolean
  readonly version: boolean
  readonly verbose: boolean
  readonly test: boolean
  readonly dump: boolean
  readonly signal: string | undefined
  readonly file: string
  readonly global: string
}

function readOptions(words: readonly string[]): Options | { readonly invalid: string } | undefined {
  let help = false
  let version = false
  let verbose = false
  let test = false
  let dump = false
  let signal: string | undefined
  let file = '/etc/nginx/nginx.conf'
  let global = ''
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    if (!word.startsWith('-')) return { invalid: word }
    const letter = word[1] ?? ''
    if (letter === 'h' || letter === '?') help = true
    else if (letter === 'v') version = true
    else if (letter === 'V') verbose = true
    else if (letter === 't') test = true
    else if (letter === 'T') test = dump = true
    else if (letter === 'q') continue
    else if ('scgpe'.includes(letter) && letter !== '') {
      const value = word.length > 2 ? word.slice(2) : words[++index]
      if (value === undefined) return { invalid: word }
      if (letter === 's') signal = value
      if (letter === 'c') file = value
      if (letter === 'g') global = value
    } else return { invalid: word }
  }
  return { help, version, verbose, test, dump, signal, file, global }
}

const usageText = `Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]
             [-e filename] [-c filename] [-g directives]
`

async function signalMaster(context: ProcessContext, signal: string): Promise<number> {
  const master = context.processes().find((entry) => entry.command.join(' ').startsWith('nginx: master'))
  const name = ({ stop: 'TERM', quit: 'QUIT', reload: 'HUP', reopen: 'USR1' } as const)[signal]
  if (!name) {
    await context.stderr.write(`nginx: invalid option: "-s ${signal}"\n`)
    return 1
  }
  if (!master) {
    await context.stderr.write(`nginx: [error] open() "/run/nginx.pid" failed (2: No such file or directory)\n`)
    return 1
  }
  await context.stderr.write(`${logTime(context)} [notice] ${context.pid}#${context.pid}: signal process started\n`)
  context.find(master.pid)?.kill(name)
  return 0
}

class NginxServer {
  readonly #context: ProcessContext
  readonly #version: string
  readonly #options: Options
  #site: Site | undefined
  readonly #listeners = new Map<string, () => void>()
  #workerCount = 0
  readonly #counters: ServerCounters = { requests: 0, active: 0, workerPid: 0 }
  /** Made with the first request. */
  #responder: Responder | undefined

  constructor(context: ProcessContext, version: string, options: Options) {
    this.#context = context
    this.#version = version
    this.#options = options
  }

  async run(): Promise<number> {
    const context = this.#context
    try {
      this.#site = await this.#load()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      await context.stderr.write(`${logTime(context)} [emerg] ${context.pid}#${context.pid}: ${error.message}\nnginx: [emerg] ${error.message}\n`)
      if (this.#options.test) await context.stderr.write(`nginx: configuration file ${this.#options.file} test failed\n`)
      return 1
    }
    if (this.#options.test) {
      if (this.#options.dump) await context.stdout.write(`# configuration file ${this.#options.file}:\n${context.files.readText(this.#options.file)}\n`)
      await context.stderr.write(`nginx: the configuration file ${this.#options.file} syntax is ok\nnginx: configuration file ${this.#options.file} test is successful\n`)
      return 0
    }
    try {
      this.#listen(this.#site)
    } catch (error) {
      const port = /:(\d+): bind/.exec((error as Error).message)?.[1] ?? '80'
      const inUse = `bind() to 0.0.0.0:${port} failed (98: Address already in use)`
      await context.stderr.write(`${logTime(context)} [emerg] ${context.pid}#${context.pid}: ${inUse}\nnginx: [emerg] ${inUse}\n`)
      return 1
    }
    if (!(await this.#mayBind(this.#site))) return 1
    context.useMemory(2.5 * mebibyte)
    this.#startWorkers(this.#site)
    const started: string[] = []
    for (let index = 0; index < this.#workerCount; index++) started.push(`start worker process ${this.#counters.workerPid + index}`)
    this.#notice(
      'using the "epoll" event method',
      `nginx/${this.#version}`,
      'built by gcc 12.2.0 (Debian 12.2.0-14+deb12u1)',
      'OS: Linux 6.1.0-40-amd64',
      'getrlimit(RLIMIT_NOFILE): 1048576:1048576',
      'start worker processes',
      ...started,
    )
    return this.#serve()
  }

  async #serve(): Promise<number> {
    const context = this.#context
    context.onSignal('HUP', () => void this.#reload())
    context.onSignal('USR1', () => {})
    const signal = await context.untilSignal('TERM', 'INT', 'QUIT')
    if (signal === 'QUIT') {
      this.#notice(`signal 3 (SIGQUIT) received, shutting down`)
      for (const stop of this.#listeners.values()) stop()
      while (this.#counters.active > 0) await context.sleep(20)
    } else this.#notice(`signal ${signal === 'TERM' ? 15 : 2} (SIG${signal}) received, exiting`)
    const lines: string[] = []
    for (let index = 0; index < this.#workerCount; index++) lines.push(`worker process ${this.#counters.workerPid + index} exited with code 0`)
    this.#notice(...lines, 'exit')
    return 0
  }

  async #reload(): Promise<void> {
    this.#notice('signal 1 (SIGHUP) received, reconfiguring')
    this.#notice('reconfiguring')
    try {
      const site = await this.#load()
      this.#site = site
      this.#listen(site)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      this.#log('emerg', error.message)
      return
    }
    this.#notice('start worker processes')
  }

  /** Non-root processes may bind low ports in containers, but files that only root may write stop nginx as they really do. */
  async #mayBind(_site: Site): Promise<boolean> {
    const context = this.#context
    if (context.userId === 0) return true
    for (const path of ['/var/cache/nginx/client_temp', '/run/nginx.pid']) {
      try {
        if (path.endsWith('.pid')) context.files.write(this.#pidFile(), `${context.pid}\n`)
        else if (!context.files.exists(path)) context.files.makeDirectory(path, { parents: true })
      } catch (error) {
        if (!(error instanceof FileError)) throw error
        const call = path.endsWith('.pid') ? `open() "${this.#pidFile()}" failed` : `mkdir() "${path}" failed`
        const text = `${call} (${error.code === 'EROFS' ? 30 : 13}: ${error.message})`
        await context.stderr.write(`${logTime(context)} [emerg] ${context.pid}#${context.pid}: ${text}\nnginx: [emerg] ${text}\n`)
        return false
      }
    }
    return true
  }

  #pidFile(): string {
    return '/run/nginx.pid'
  }

  async #load(): Promise<Site> {
    const { files } = this.#context
    const read = (pattern: string): { path: string; text: string }[] => {
      const path = pattern.startsWith('/') ? pattern : joinPath(directoryName(this.#options.file), pattern)
      if (!/[*?[]/.test(path)) return files.exists(path) ? [{ path, text: files.readText(path) }] : []
      const directory = directoryName(path)
      if (!files.exists(directory)) return []
      const name = path.slice(directory.length + 1)
      return files
        .list(directory)
        .filter((each) => matchGlob(name, each) && files.find(joinPath(directory, each))?.kind === 'file')
        .map((each) => ({ path: joinPath(directory, each), text: files.readText(joinPath(directory, each)) }))
    }
    if (!files.exists(this.#options.file)) throw new ConfigError(`open() "${this.#options.file}" failed (2: No such file or directory)`)
    const site = siteOf(files.readText(this.#options.file), this.#options.file, read)
    await this.#checkBackends(site)
    return site
  }

  /** As nginx does, names of backends must resolve when it starts. */
  async #checkBackends(site: Site): Promise<void> {
    const targets: { host: string; what: string; directive: Directive }[] = []
    const visit = (locations: readonly Location[]): void => {
      for (const location of locations) {
        for (const pass of allOf(location.block, 'proxy_pass')) {
          const host = /^https?:\/\/([^:/$]+)(?::\d+)?(?:\/.*)?$/.exec(pass.words[0] ?? '')?.[1]
          if (host !== undefined && !site.upstreams.has(host)) targets.push({ host, what: 'upstream', directive: pass })
        }
        visit(location.nested)
      }
    }
    for (const server of site.servers) visit(server.locations)
    for (const upstream of allOf(site.http, 'upstream')) {
      for (const server of allOf(upstream.block, 'server')) {
        targets.push({ host: (server.words[0] ?? '').replace(/:\d+$/, ''), what: 'upstream', directive: server })
      }
    }
    for (const { host, what, directive } of targets) {
      const found = await lookUp(this.#context, host)
      if (!found.found) throw new ConfigError(`host not found in ${what} "${directive.name === 'server' ? (directive.words[0] ?? host) : host}" in ${directive.file}:${directive.line}`)
    }
  }

  #listen(site: Site): void {
    const wanted = new Set<string>()
    for (const server of site.servers) for (const { port, address } of server.ports) wanted.add(`${address}:${port}`)
    for (const [key, stop] of this.#listeners) {
      if (wanted.has(key)) continue
      stop()
      this.#listeners.delete(key)
    }
    for (const key of wanted) {
      if (this.#listeners.has(key)) continue
      const port = Number(key.slice(key.lastIndexOf(':') + 1))
      this.#listeners.set(key, this.#context.serveHttp(port, (exchange) => void this.#answer(exchange, port), key.slice(0, key.lastIndexOf(':'))))
    }
  }

  #startWorkers(site: Site): void {
    const context = this.#context
    const count = site.workerProcesses === 'auto' ? context.limits.machineCpus : Math.max(1, site.workerProcesses)
    ;(context as { title?: readonly string[] }).title = ['nginx: master process', 'nginx', ...context.argv.slice(1)]
    this.#workerCount = count
    this.#counters.workerPid = context.startIdle({ title: workerTitle, memoryBytes: 2 * mebibyte }, count)
  }

  #notice(...lines: readonly string[]): void {
    // Versions before 1.19 log from the level of errors up.
    if (this.#level() !== 'error') this.#log('notice', ...lines)
  }

  #level(): string {
    return /^1\.(?:\d|1[0-8])\./.test(this.#version) ? 'error' : 'notice'
  }

  #log(level: string, ...lines: readonly string[]): void {
    const { pid } = this.#context
    const head = `${logTime(this.#context)} [${level}] ${pid}#${pid}: `
    void this.#context.stderr.write(lines.map((line) => `${head}${line}\n`).join(''))
  }

  async #answer(exchange: ServerExchange, port: number): Promise<void> {
    const site = this.#site!
    this.#counters.requests++
    this.#counters.active++
    const number = this.#counters.requests
    const host = exchange.request.headers.host ?? ''
    const server = pickServer(site, port, host)
    const responder = (this.#responder ??= new Responder(this.#context, this.#version, this.#counters))
    let response: HttpResponse
    try {
      const pause = this.#context.work(0.05)
      if (pause) await pause
      response = server ? await responder.respond(site, server, exchange, number) : responder.errorPage(404)
    } finally {
      this.#counters.active--
    }
    const headers: Record<string, string> = {
      server: `nginx/${this.#version}`,
      date: httpDate(this.#context.clock.now()),
      ...response.headers,
    }
    const length = bodyBytes(response.body).length
    headers['content-length'] ??= String(length)
    const bodiless = exchange.request.method === 'HEAD' || response.status === 304
    exchange.respond({ status: response.status, headers, ...(bodiless ? {} : { body: response.body }) })
    this.#access(site, server, exchange, response.status, bodiless ? 0 : length)
  }

  #access(site: Site, server: VirtualServer | undefined, exchange: ServerExchange, status: number, bytes: number): void {
    const path = exchange.request.path.split('?')[0]!
    const location = server && pickLocation(server.locations, decodePath(path))?.location
    const directive = lastOf(location?.block, 'access_log') ?? lastOf(server?.block, 'access_log') ?? lastOf(site.http, 'access_log')
    if (!directive || directive.words[0] === 'off') return
    const { headers, method } = exchange.request
    const context = this.#context
    const format = allOf(site.http, 'log_format').find((each) => each.words[0] === (directive.words[1] ?? 'combined'))
    const values: Record<string, string> = {
      remote_addr: exchange.source.address,
      remote_user: '-',
      time_local: logDate(context.clock.now()),
      time_iso8601: new Date(context.clock.now()).toISOString().replace(/\.\d+Z$/, '+00:00'),
      msec: (context.clock.now() / 1000).toFixed(3),
      request: `${method} ${exchange.request.path} HTTP/1.1`,
      request_method: method,
      request_uri: exchange.request.path,
      uri: path,
      status: String(status),
      body_bytes_sent: String(bytes),
      bytes_sent: String(bytes),
      request_time: '0.000',
      upstream_response_time: '-',
      upstream_addr: '-',
      host: (headers.host ?? '').replace(/:\d+$/, ''),
      hostname: context.hostname,
      server_protocol: 'HTTP/1.1',
    }
    const fill = (text: string): string =>
      text.replace(/\$\{?(\w+)\}?/g, (_, name: string) => values[name] ?? (name.startsWith('http_') ? (headers[name.slice(5).replaceAll('_', '-')] ?? '-') : '-'))
    const line = format ? fill(format.words.slice(1).filter((word) => !word.startsWith('escape=')).join('')) : fill('$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"')
    this.#writeLog(directive.words[0] ?? '/dev/stdout', `${line}\n`)
  }

  #writeLog(path: string, text: string): void {
    try {
      const file = openPath(this.#context, path, 'append')
      void file.write(encoder.encode(text))
      void this.#context.work(file.writeCostMs ?? 0.01)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
    }
  }
}

const sites = new Map<string, Site>()
const sitesMax = 64

/** The site of a configuration. Most servers have the same one: it is read once and shared. */
function siteOf(text: string, file: string, read: (pattern: string) => readonly { readonly path: string; readonly text: string }[]): Site {
  const included: string[] = []
  const directives = parseConfig(text, file, (pattern) => {
    const found = read(pattern)
    for (const each of found) included.push(each.path, each.text)
    return found
  })
  const key = [file, text, ...included].join('\0')
  let site = sites.get(key)
  if (!site) {
    site = readSite(directives, file)
    if (sites.size >= sitesMax) sites.delete(sites.keys().next().value!)
    sites.set(key, site)
  }
  return site
}

const workerTitle: readonly string[] = ['nginx: worker process']


import { HttpClient, type HttpResponse, type ServerExchange } from '../../../../kernel/http.ts'
import { FileError } from '../../files/file-error.ts'
import { directoryName, joinPath } from '../../files/path.ts'
import { openPath } from '../../processes/open-path.ts'
import { bodyBytes } from '../http1.ts'
import { contentTypeOf, httpDate, logDate } from '../http-text.ts'
import { lookUp } from '../name-lookup.ts'
import type { ProcessContext, Program } from '../program.ts'
import { matchGlob } from '../shell/glob.ts'
import { allOf, ConfigError, lastOf, parseConfig, type Directive } from './config.ts'
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

function logTime(context: ProcessContext): string {
  return new Date(context.clock.now()).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')
}

class NginxServer {
  readonly #context: ProcessContext
  readonly #version: string
  readonly #options: Options
  #site: Site | undefined
  readonly #listeners = new Map<string, () => void>()
  /** Pid of the first worker; they have nothing to do but be there. */
  #workerPid = 0
  #workerCount = 0
  #requests = 0
  #active = 0
  #turns: Map<string, number> | undefined
  #clients: Map<string, HttpClient> | undefined

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
    for (let index = 0; index < this.#workerCount; index++) started.push(`start worker process ${this.#workerPid + index}`)
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
      while (this.#active > 0) await context.sleep(20)
    } else this.#notice(`signal ${signal === 'TERM' ? 15 : 2} (SIG${signal}) received, exiting`)
    const lines: string[] = []
    for (let index = 0; index < this.#workerCount; index++) lines.push(`worker process ${this.#workerPid + index} exited with code 0`)
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
    this.#workerPid = context.startIdle({ title: workerTitle, memoryBytes: 2 * mebibyte }, count)
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
    this.#requests++
    this.#active++
    const number = this.#requests
    const host = exchange.request.headers.host ?? ''
    const server = pickServer(site, port, host)
    let response: HttpResponse
    try {
      const pause = this.#context.work(0.05)
      if (pause) await pause
      response = server ? await this.#respond(site, server, exchange, number) : this.#errorPage(404)
    } finally {
      this.#active--
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

  async #respond(site: Site, server: VirtualServer, exchange: ServerExchange, number: number, given?: { path: string; depth: number }): Promise<HttpResponse> {
    const { request } = exchange
    const depth = given?.depth ?? 0
    if (depth > 10) return this.#errorPage(500)
    const query = request.path.includes('?') ? request.path.slice(request.path.indexOf('?') + 1) : ''
    const path = given?.path ?? decodePath(request.path.split('?')[0]!)
    const picked = path.startsWith('@')
      ? server.locations.filter((each) => each.match === '@' && each.path === path).map((location) => ({ location, captures: [] as readonly string[] }))[0]
      : pickLocation(server.locations, path)
    const blocks = [picked?.location.block ?? [], server.block, site.http]
    const inherited = (name: string): Directive | undefined => lastOf(blocks[0], name) ?? lastOf(blocks[1], name) ?? lastOf(blocks[2], name)
    const variables = (text: string): string => this.#expand(text, exchange, path, query, picked?.captures ?? [], blocks)
    const decorated = (response: HttpResponse): HttpResponse => this.#decorate(response, blocks, variables)
    const error = async (status: number): Promise<HttpResponse> => {
      const page = blocks.flatMap((block) => allOf(block, 'error_page')).find((each) => each.words.slice(0, -1).includes(String(status)))
      const target = page?.words.at(-1)
      if (target !== undefined && depth === 0 && (target.startsWith('/') || target.startsWith('@'))) {
        const replaced = await this.#respond(site, server, exchange, number, { path: target, depth: depth + 1 })
        if (replaced.status < 400) return { ...replaced, status: page!.words.some((word) => word.startsWith('=')) ? replaced.status : status }
      }
      return decorated(this.#errorPage(status))
    }
    for (const block of [server.block, picked?.location.block ?? []]) {
      const rewritten = rewrite(block, path, variables)
      if (rewritten?.redirect !== undefined) return { status: rewritten.status, headers: { location: rewritten.redirect, 'content-type': 'text/html' }, body: this.#errorPage(rewritten.status).body }
      if (rewritten && rewritten.path !== path) return this.#respond(site, server, exchange, number, { path: rewritten.path, depth: depth + 1 })
    }
    const returned = lastOf(picked?.location.block, 'return') ?? lastOf(server.block, 'return')
    if (returned) {
      const [first = '200', second] = returned.words
      const status = /^\d+$/.test(first) ? Number(first) : 302
      const text = second !== undefined ? variables(second) : /^\d+$/.test(first) ? undefined : variables(first)
      if (status >= 300 && status < 400 && text !== undefined) {
        return decorated({ status, headers: { location: text, 'content-type': 'text/html' }, body: this.#errorPage(status).body })
      }
      if (text === undefined && status >= 400) return error(status)
      const type = lastOf(picked?.location.block, 'default_type') ?? inherited('default_type')
      return decorated({ status, headers: { 'content-type': type?.words[0] ?? 'text/plain' }, body: encoder.encode(text ?? '') })
    }
    if (lastOf(picked?.location.block, 'deny')?.words[0] === 'all') return error(403)
    if (lastOf(picked?.location.block, 'stub_status')) {
      const text = `Active connections: ${this.#active} \nserver accepts handled requests\n ${this.#requests} ${this.#requests} ${this.#requests} \nReading: 0 Writing: 1 Waiting: 0 \n`
      return decorated({ status: 200, headers: { 'content-type': 'text/plain' }, body: encoder.encode(text) })
    }
    const pass = lastOf(picked?.location.block, 'proxy_pass')
    if (pass && picked) {
      const response = await this.#proxy(site, picked.location, pass, exchange, path, query, blocks, variables)
      return typeof response === 'number' ? error(response) : decorated(response)
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return error(405)
    return this.#serveFile(site, server, picked?.location, exchange, number, path, { inherited, variables, error, decorated, depth })
  }

  async #serveFile(
    site: Site,
    server: VirtualServer,
    location: Location | undefined,
    exchange: ServerExchange,
    number: number,
    path: string,
    tools: {
      inherited: (name: string) => Directive | undefined
      variables: (text: string) => string
      error: (status: number) => Promise<HttpResponse>
      decorated: (response: HttpResponse) => HttpResponse
      depth: number
    },
  ): Promise<HttpResponse> {
    const { files } = this.#context
    const alias = lastOf(location?.block, 'alias')?.words[0]
    const root = tools.variables(tools.inherited('root')?.words[0] ?? '/etc/nginx/html')
    const fileOf = (uri: string): string => (alias !== undefined && location ? alias + uri.slice(location.path.length) : root.replace(/\/$/, '') + uri)
    const tries = lastOf(location?.block, 'try_files') ?? lastOf(server.block, 'try_files')
    if (tries && tools.depth < 5) {
      for (const word of tries.words.slice(0, -1)) {
        const uri = tools.variables(word)
        const inode = safeFind(files, fileOf(uri))
        if (word.endsWith('/') ? inode?.kind === 'directory' : inode?.kind === 'file') {
          return this.#sendPath(fileOf(uri), uri, exchange, number, tools)
        }
      }
      const fallback = tries.words.at(-1)!
      if (fallback.startsWith('=')) return tools.error(Number(fallback.slice(1)))
      return this.#respond(site, server, exchange, number, { path: tools.variables(fallback).split('?')[0]!, depth: tools.depth + 1 })
    }
    return this.#sendPath(fileOf(path), path, exchange, number, tools)
  }

  async #sendPath(
    file: string,
    uri: string,
    exchange: ServerExchange,
    number: number,
    tools: { inherited: (name: string) => Directive | undefined; error: (status: number) => Promise<HttpResponse>; decorated: (response: HttpResponse) => HttpResponse },
  ): Promise<HttpResponse> {
    const context = this.#context
    const { files } = context
    const complain = (call: string, path: string, errno: string): void => {
      const { request, source } = exchange
      const worker = this.#workerPid || context.pid
      void context.stderr.write(
        `${logTime(context)} [error] ${worker}#${worker}: *${number} ${call} "${path}" ${errno}, client: ${source.address}, server: localhost, request: "${request.method} ${request.path} HTTP/1.1", host: "${request.headers.host ?? ''}"\n`,
      )
    }
    try {
      let target = file
      let inode = files.find(target)
      if (inode?.kind === 'directory') {
        if (!uri.endsWith('/')) {
          const host = exchange.request.headers.host ?? 'localhost'
          return tools.decorated({ status: 301, headers: { location: `http://${host}${uri}/`, 'content-type': 'text/html' }, body: this.#errorPage(301).body })
        }
        const names = tools.inherited('index')?.words ?? ['index.html']
        const index = names.map((name) => joinPath(target, name)).find((each) => files.find(each)?.kind === 'file')
        if (index === undefined) {
          if (tools.inherited('autoindex')?.words[0] === 'on') return tools.decorated(this.#listing(target, uri))
          complain('directory index of', target, 'is forbidden')
          return await tools.error(403)
        }
        target = index
        inode = files.find(index)
      }
      if (inode?.kind !== 'file' || uri.endsWith('/') && target === file) {
        complain('open()', target, 'failed (2: No such file or directory)')
        return await tools.error(404)
      }
      const body = files.read(target).slice()
      const etag = `"${Math.floor(inode.mtime / 1000).toString(16)}-${body.length.toString(16)}"`
      const headers = {
        'content-type': contentTypeOf(target, tools.inherited('default_type')?.words[0] ?? 'application/octet-stream'),
        'last-modified': httpDate(inode.mtime),
        etag,
        'accept-ranges': 'bytes',
      }
      if (exchange.request.headers['if-none-match'] === etag) return tools.decorated({ status: 304, headers })
      return tools.decorated({ status: 200, headers, body })
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      complain('open()', file, `failed (${error.code === 'EACCES' ? 13 : 20}: ${error.message})`)
      return tools.error(error.code === 'EACCES' ? 403 : 404)
    }
  }

  #listing(directory: string, uri: string): HttpResponse {
    const { files } = this.#context
    const rows = files.list(directory).map((name) => {
      const shown = files.find(joinPath(directory, name))?.kind === 'directory' ? `${name}/` : name
      return `<a href="${encodeURI(shown)}">${shown}</a>\n`
    })
    const text = `<html>\n<head><title>Index of ${uri}</title></head>\n<body>\n<h1>Index of ${uri}</h1><hr><pre><a href="../">../</a>\n${rows.join('')}</pre><hr></body>\n</html>\n`
    return { status: 200, headers: { 'content-type': 'text/html' }, body: encoder.encode(text) }
  }

  async #proxy(
    site: Site,
    location: Location,
    pass: Directive,
    exchange: ServerExchange,
    path: string,
    query: string,
    blocks: readonly (readonly Directive[])[],
    variables: (text: string) => string,
  ): Promise<HttpResponse | number> {
    const context = this.#context
    const match = /^(https?):\/\/([^:/]+)(?::(\d+))?(\/.*)?$/.exec(variables(pass.words[0] ?? ''))
    if (!match) return 500
    const [, , host = '', port, base] = match
    const members = site.upstreams.get(host)
    const search = query === '' ? '' : `?${query}`
    const target = base === undefined ? exchange.request.path : `${base}${path.slice(location.path.length)}${search}`
    const headers: Record<string, string> = { ...exchange.request.headers, host: members ? host : `${host}${port ? `:${port}` : ''}`, connection: 'close' }
    const sets = blocks.map((block) => allOf(block, 'proxy_set_header')).find((each) => each.length > 0) ?? []
    for (const set of sets) {
      const value = variables(set.words[1] ?? '')
      if (value === '') delete headers[(set.words[0] ?? '').toLowerCase()]
      else headers[(set.words[0] ?? '').toLowerCase()] = value
    }
    const count = members?.length ?? 1
    const start = this.#nextTurn(host)
    let failure = 502
    for (let attempt = 0; attempt < count; attempt++) {
      const member = members ? members[(start + attempt) % count]! : `${host}:${port ?? '80'}`
      const [name = '', memberPort = '80'] = member.split(':')
      const found = await lookUp(context, name)
      if (!found.found) continue
      const address = found.addresses[start % found.addresses.length]!
      try {
        const response = await this.#client(address, Number(memberPort)).request(
          { method: exchange.request.method, path: target, headers, ...(exchange.request.body ? { body: exchange.request.body } : {}) },
          { kind: 'traffic', timeoutMs: 60_000 },
        )
        const { server: _server, date: _date, connection: _connection, 'content-length': _length, ...kept } = response.headers
        return { status: response.status, headers: kept, body: response.body }
      } catch (error) {
        const text = (error as Error).message
        const timedOut = /timeout|canceled/.test(text)
        failure = timedOut ? 504 : 502
        const worker = this.#workerPid || context.pid
        const reason = timedOut ? 'upstream timed out (110: Connection timed out) while connecting to upstream' : /refused/.test(text) ? 'connect() failed (111: Connection refused) while connecting to upstream' : 'connect() failed (113: No route to host) while connecting to upstream'
        void context.stderr.write(
          `${logTime(context)} [error] ${worker}#${worker}: *${this.#requests} ${reason}, client: ${exchange.source.address}, server: ${lastOf(blocks[1], 'server_name')?.words[0] ?? ''}, request: "${exchange.request.method} ${exchange.request.path} HTTP/1.1", upstream: "http://${address}:${memberPort}${target}", host: "${exchange.request.headers.host ?? ''}"\n`,
        )
      }
    }
    return failure
  }

  #client(address: string, port: number): HttpClient {
    const key = `${address}:${port}`
    const clients = (this.#clients ??= new Map())
    let client = clients.get(key)
    if (!client) {
      const context = this.#context
      client = new HttpClient({ stack: context.stack, clock: context.clock, scope: context.scope, kernel: context.stack.network.kernel }, { address, port })
      clients.set(key, client)
    }
    return client
  }

  #nextTurn(host: string): number {
    const turns = (this.#turns ??= new Map())
    const turn = turns.get(host) ?? 0
    turns.set(host, turn + 1)
    return turn
  }

  #decorate(response: HttpResponse, blocks: readonly (readonly Directive[])[], variables: (text: string) => string): HttpResponse {
    const added = blocks.map((block) => allOf(block, 'add_header')).find((each) => each.length > 0)
    if (!added) return response
    const headers = { ...response.headers }
    for (const each of added) {
      if (response.status >= 400 && !each.words.includes('always')) continue
      headers[(each.words[0] ?? '').toLowerCase()] = variables(each.words[1] ?? '')
    }
    return { ...response, headers }
  }

  #expand(text: string, exchange: ServerExchange, path: string, query: string, captures: readonly string[], blocks: readonly (readonly Directive[])[]): string {
    if (!text.includes('$')) return text
    const { request, source } = exchange
    const host = request.headers.host ?? ''
    const forwarded = request.headers['x-forwarded-for']
    return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare ?? ''
      if (/^\d$/.test(name)) return captures[Number(name)] ?? ''
      switch (name) {
        case 'uri':
        case 'document_uri':
          return path
        case 'request_uri':
          return request.path
        case 'args':
        case 'query_string':
          return query
        case 'is_args':
          return query === '' ? '' : '?'
        case 'host':
          return host.replace(/:\d+$/, '')
        case 'http_host':
          return host
        case 'hostname':
          return this.#context.hostname
        case 'remote_addr':
          return source.address
        case 'remote_port':
          return String(source.port)
        case 'server_addr':
          return this.#context.stack.address
        case 'server_port':
          return String([...this.#listeners.keys()][0]?.split(':').at(-1) ?? 80)
        case 'server_name':
          return lastOf(blocks[1], 'server_name')?.words[0] ?? ''
        case 'scheme':
          return 'http'
        case 'request_method':
          return request.method
        case 'server_protocol':
          return 'HTTP/1.1'
        case 'nginx_version':
          return this.#version
        case 'pid':
          return String(this.#context.pid)
        case 'time_local':
          return logDate(this.#context.clock.now())
        case 'proxy_add_x_forwarded_for':
          return forwarded === undefined ? source.address : `${forwarded}, ${source.address}`
        case 'document_root':
          return lastOf(blocks[0], 'root')?.words[0] ?? lastOf(blocks[1], 'root')?.words[0] ?? ''
        default:
          if (name.startsWith('http_')) return request.headers[name.slice(5).replaceAll('_', '-')] ?? ''
          if (name.startsWith('arg_')) return new URLSearchParams(query).get(name.slice(4)) ?? ''
          return whole
      }
    })
  }

  #errorPage(status: number): HttpResponse {
    const title = `${status} ${errorTitles[status] ?? 'Error'}`
    const text = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx/${this.#version}</center>\r\n</body>\r\n</html>\r\n`
    return { status, headers: { 'content-type': 'text/html' }, body: encoder.encode(text) }
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

const errorTitles: Readonly<Record<number, string>> = {
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Authorization Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
  413: 'Request Entity Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
}

const workerTitle: readonly string[] = ['nginx: worker process']

function rewrite(block: readonly Directive[], path: string, variables: (text: string) => string): { readonly path: string; readonly redirect?: string; readonly status: number } | undefined {
  for (const each of allOf(block, 'rewrite')) {
    const [pattern = '', replacement = '', flag] = each.words
    const match = new RegExp(pattern).exec(path)
    if (!match) continue
    const target = variables(replacement.replace(/\$(\d)/g, (_, digit: string) => match[Number(digit)] ?? ''))
    if (flag === 'permanent' || flag === 'redirect' || /^https?:/.test(target)) return { path, redirect: target, status: flag === 'permanent' ? 301 : 302 }
    if (target !== path) return { path: target.split('?')[0]!, status: 200 }
  }
  return undefined
}

function decodePath(path: string): string {
  let decoded = path
  try {
    decoded = decodeURIComponent(path)
  } catch {
    // Not an escape: taken as it is.
  }
  const slash = decoded.endsWith('/')
  const parts: string[] = []
  for (const part of decoded.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}${slash && parts.length > 0 ? '/' : ''}`
}

function safeFind(files: ProcessContext['files'], path: string): ReturnType<ProcessContext['files']['find']> {
  try {
    return files.find(path)
  } catch {
    return undefined
  }
}

import { HttpClient, type HttpResponse, type ServerExchange } from '../../../../kernel/http.ts'
import { FileError } from '../../files/file-error.ts'
import { joinPath } from '../../files/path.ts'
import { contentTypeOf, httpDate, logDate } from '../http-text.ts'
import { lookUp } from '../name-lookup.ts'
import type { ProcessContext } from '../program.ts'
import { allOf, lastOf, type Directive } from './config.ts'
import { logTime } from './log-time.ts'
import { pickLocation, type Location, type Site, type VirtualServer } from './site.ts'

const encoder = new TextEncoder()

/** Numbers that the server keeps and answers show. */
export interface ServerCounters {
  requests: number
  active: number
  /** Pid of the first worker, as error logs name it. */
  workerPid: number
}

/** Answers requests as a site's configuration says: files, fixed answers, redirects, backends. */
export class Responder {
  readonly #context: ProcessContext
  readonly #version: string
  readonly #counters: ServerCounters
  #turns: Map<string, number> | undefined
  #clients: Map<string, HttpClient> | undefined

  constructor(context: ProcessContext, version: string, counters: ServerCounters) {
    this.#context = context
    this.#version = version
    this.#counters = counters
  }

  /** Works out the answer to a request. `given` is where an internal redirect leads. */
  async respond(site: Site, server: VirtualServer, exchange: ServerExchange, number: number, given?: { path: string; depth: number }): Promise<HttpResponse> {
    const { request } = exchange
    const depth = given?.depth ?? 0
    if (depth > 10) return this.errorPage(500)
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
        const replaced = await this.respond(site, server, exchange, number, { path: target, depth: depth + 1 })
        if (replaced.status < 400) return { ...replaced, status: page!.words.some((word) => word.startsWith('=')) ? replaced.status : status }
      }
      return decorated(this.errorPage(status))
    }
    for (const block of [server.block, picked?.location.block ?? []]) {
      const rewritten = rewrite(block, path, variables)
      if (rewritten?.redirect !== undefined) return { status: rewritten.status, headers: { location: rewritten.redirect, 'content-type': 'text/html' }, body: this.errorPage(rewritten.status).body }
      if (rewritten && rewritten.path !== path) return this.respond(site, server, exchange, number, { path: rewritten.path, depth: depth + 1 })
    }
    const returned = lastOf(picked?.location.block, 'return') ?? lastOf(server.block, 'return')
    if (returned) {
      const [first = '200', second] = returned.words
      const status = /^\d+$/.test(first) ? Number(first) : 302
      const text = second !== undefined ? variables(second) : /^\d+$/.test(first) ? undefined : variables(first)
      if (status >= 300 && status < 400 && text !== undefined) {
        return decorated({ status, headers: { location: text, 'content-type': 'text/html' }, body: this.errorPage(status).body })
      }
      if (text === undefined && status >= 400) return error(status)
      const type = lastOf(picked?.location.block, 'default_type') ?? inherited('default_type')
      return decorated({ status, headers: { 'content-type': type?.words[0] ?? 'text/plain' }, body: encoder.encode(text ?? '') })
    }
    if (lastOf(picked?.location.block, 'deny')?.words[0] === 'all') return error(403)
    if (lastOf(picked?.location.block, 'stub_status')) {
      const text = `Active connections: ${this.#counters.active} \nserver accepts handled requests\n ${this.#counters.requests} ${this.#counters.requests} ${this.#counters.requests} \nReading: 0 Writing: 1 Waiting: 0 \n`
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
      return this.respond(site, server, exchange, number, { path: tools.variables(fallback).split('?')[0]!, depth: tools.depth + 1 })
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
      const worker = this.#counters.workerPid || context.pid
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
          return tools.decorated({ status: 301, headers: { location: `http://${host}${uri}/`, 'content-type': 'text/html' }, body: this.errorPage(301).body })
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
        const worker = this.#counters.workerPid || context.pid
        const reason = timedOut ? 'upstream timed out (110: Connection timed out) while connecting to upstream' : /refused/.test(text) ? 'connect() failed (111: Connection refused) while connecting to upstream' : 'connect() failed (113: No route to host) while connecting to upstream'
        void context.stderr.write(
          `${logTime(context)} [error] ${worker}#${worker}: *${this.#counters.requests} ${reason}, client: ${exchange.source.address}, server: ${lastOf(blocks[1], 'server_name')?.words[0] ?? ''}, request: "${exchange.request.method} ${exchange.request.path} HTTP/1.1", upstream: "http://${address}:${memberPort}${target}", host: "${exchange.request.headers.host ?? ''}"\n`,
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
          return host.split(':')[1] ?? '80'
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

  errorPage(status: number): HttpResponse {
    const title = `${status} ${errorTitles[status] ?? 'Error'}`
    const text = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx/${this.#version}</center>\r\n</body>\r\n</html>\r\n`
    return { status, headers: { 'content-type': 'text/html' }, body: encoder.encode(text) }
  }
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

/** The path of a request with escapes, dots and double slashes worked out. */
export function decodePath(path: string): string {
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

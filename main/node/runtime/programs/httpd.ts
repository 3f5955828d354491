import type { HttpResponse, ServerExchange } from '../../../kernel/http.ts'
import { FileError } from '../files/file-error.ts'
import { joinPath } from '../files/path.ts'
import { bodyBytes } from './http1.ts'
import { asciiTime, contentTypeOf, httpDate, logDate } from './http-text.ts'
import type { ProcessContext, Program } from './program.ts'

const encoder = new TextEncoder()
const mebibyte = 1_048_576

interface Configuration {
  readonly ports: readonly number[]
  readonly root: string
  readonly index: readonly string[]
}

/** Apache httpd: Listen, DocumentRoot and DirectoryIndex of its configuration; files, listings and errors. */
export const httpd: Program = async (context) => {
  const version = (context.settings as { readonly version?: string } | undefined)?.version ?? '2.4.66'
  const words = context.argv.slice(1)
  if (words.includes('-v') || words.includes('-V')) {
    await context.stdout.write(`Server version: Apache/${version} (Unix)\n`)
    return 0
  }
  const configuration = readConfiguration(context)
  if (typeof configuration === 'string') {
    await context.stderr.write(`${configuration}\n`)
    return 1
  }
  if (words.includes('-t') || words.includes('configtest')) {
    await context.stderr.write('Syntax OK\n')
    return 0
  }
  const address = context.stack.address
  await context.stderr.write(
    `AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using ${address}. Set the 'ServerName' directive globally to suppress this message\n`.repeat(2),
  )
  for (const port of configuration.ports) {
    try {
      context.serveHttp(port, (exchange) => answer(context, exchange, configuration, version))
    } catch {
      await context.stderr.write(`(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:${port}\nno listening sockets available, shutting down\nAH00015: Unable to open logs\n`)
      return 1
    }
  }
  context.useMemory(3 * mebibyte)
  context.startIdle({ title: ['httpd', '-DFOREGROUND'], memoryBytes: 2 * mebibyte }, 3)
  const log = (text: string): Promise<void> => context.stderr.write(`[${errorTime(context)}] ${text}\n`)
  await log(`[mpm_event:notice] [pid 1:tid 1] AH00489: Apache/${version} (Unix) configured -- resuming normal operations`)
  await log(`[core:notice] [pid 1:tid 1] AH00094: Command line: 'httpd -D FOREGROUND'`)
  const signal = await context.untilSignal('WINCH', 'TERM', 'INT', 'HUP')
  await log(signal === 'WINCH' ? '[mpm_event:notice] [pid 1:tid 1] AH00492: caught SIGWINCH, shutting down gracefully' : '[mpm_event:notice] [pid 1:tid 1] AH00491: caught SIGTERM, shutting down')
  return 0
}

function errorTime(context: ProcessContext): string {
  const text = asciiTime(context.clock.now())
  const micros = `${String(Math.floor(context.clock.now()) % 1000).padStart(3, '0')}000`
  return text.replace(/(\d\d:\d\d:\d\d)/, `$1.${micros}`)
}

function readConfiguration(context: ProcessContext): Configuration | string {
  const path = '/usr/local/apache2/conf/httpd.conf'
  let text: string
  try {
    text = context.files.readText(path)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    return `httpd: Could not open configuration file ${path}: ${error.message}`
  }
  const ports: number[] = []
  let root = '/usr/local/apache2/htdocs'
  let index: readonly string[] = ['index.html']
  for (const line of text.split('\n')) {
    const words = line.trim().match(/"[^"]*"|\S+/g)?.map((word) => word.replace(/^"|"$/g, '')) ?? []
    const name = words[0]?.toLowerCase()
    if (name === 'listen') ports.push(Number(words[1]!.split(':').at(-1)))
    else if (name === 'documentroot') root = words[1] ?? root
    else if (name === 'directoryindex') index = words.slice(1)
  }
  if (ports.length === 0) return 'no listening sockets available, shutting down\nAH00015: Unable to open logs'
  return { ports, root, index }
}

function answer(context: ProcessContext, exchange: ServerExchange, configuration: Configuration, version: string): void {
  void context.work(0.08)
  const response = respond(context, exchange, configuration)
  const length = bodyBytes(response.body).length
  const bodiless = exchange.request.method === 'HEAD' || response.status === 304
  exchange.respond({
    status: response.status,
    headers: { date: httpDate(context.clock.now()), server: `Apache/${version} (Unix)`, ...response.headers, 'content-length': String(length) },
    ...(bodiless ? {} : { body: response.body }),
  })
  void context.stdout.write(`${exchange.source.address} - - [${logDate(context.clock.now())}] "${exchange.request.method} ${exchange.request.path} HTTP/1.1" ${response.status} ${bodiless || length === 0 ? '-' : length}\n`)
}

function respond(context: ProcessContext, { request }: ServerExchange, configuration: Configuration): HttpResponse {
  if (request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'POST') return errorPage(405, 'Method Not Allowed', `The requested method ${request.method} is not allowed for this URL.`)
  const { files } = context
  const uri = decodeURIComponent(request.path.split('?')[0]!).replace(/\/\.\.(?=\/|$)/g, '')
  try {
    let path = configuration.root + uri
    let inode = files.find(path)
    if (inode?.kind === 'directory') {
      if (!uri.endsWith('/')) {
        return { status: 301, headers: { location: `http://${request.headers.host ?? 'localhost'}${uri}/`, 'content-type': 'text/html; charset=iso-8859-1' }, body: errorPage(301, 'Moved Permanently', 'The document has moved.').body }
      }
      const index = configuration.index.map((name) => joinPath(path, name)).find((each) => files.find(each)?.kind === 'file')
      if (index === undefined) return listing(context, path, uri)
      path = index
      inode = files.find(index)
    }
    if (inode?.kind !== 'file') return errorPage(404, 'Not Found', 'The requested URL was not found on this server.')
    const body = files.read(path).slice()
    const etag = `"${body.length.toString(16)}-${Math.floor(inode.mtime * 1000).toString(16)}"`
    if (request.headers['if-none-match'] === etag) return { status: 304, headers: { etag } }
    return { status: 200, headers: { 'last-modified': httpDate(inode.mtime), etag, 'accept-ranges': 'bytes', 'content-type': contentTypeOf(path, 'text/plain') }, body }
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    return error.code === 'EACCES' ? errorPage(403, 'Forbidden', "You don't have permission to access this resource.") : errorPage(404, 'Not Found', 'The requested URL was not found on this server.')
  }
}

function listing(context: ProcessContext, path: string, uri: string): HttpResponse {
  const rows = context.files.list(path).map((name) => {
    const shown = context.files.find(joinPath(path, name))?.kind === 'directory' ? `${name}/` : name
    return `<li><a href="${encodeURI(shown)}"> ${shown}</a></li>\n`
  })
  const text = `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">\n<html>\n <head>\n  <title>Index of ${uri}</title>\n </head>\n <body>\n<h1>Index of ${uri}</h1>\n<ul>${rows.join('')}</ul>\n</body></html>\n`
  return { status: 200, headers: { 'content-type': 'text/html;charset=ISO-8859-1' }, body: encoder.encode(text) }
}

function errorPage(status: number, title: string, text: string): HttpResponse {
  const page = `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>${status} ${title}</title>\n</head><body>\n<h1>${title}</h1>\n<p>${text}</p>\n</body></html>\n`
  return { status, headers: { 'content-type': 'text/html; charset=iso-8859-1' }, body: encoder.encode(page) }
}

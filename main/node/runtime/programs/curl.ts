import { FileError } from '../files/file-error.ts'
import { openPath } from '../processes/open-path.ts'
import { canonicalHeader, statusText } from './http1.ts'
import { isAddress } from './name-lookup.ts'
import { readOptions } from './options.ts'
import type { ProcessContext, Program } from './program.ts'
import { readAll } from './text-input.ts'
import { fetchWeb, parseWebAddress, type WebAddress, type WebFailure } from './web-client.ts'

const version = '8.17.0'
const long: Readonly<Record<string, string>> = {
  silent: 's', 'show-error': 'S', output: 'o', 'remote-name': 'O', verbose: 'v', include: 'i', head: 'I', request: 'X', data: 'd', 'data-raw': 'd', 'data-binary': 'd', 'data-urlencode': 'd',
  header: 'H', insecure: 'k', location: 'L', 'max-time': 'm', 'connect-timeout': '1', 'write-out': 'w', fail: 'f', user: 'u', 'user-agent': 'A', retry: '2', 'retry-delay': '3', ipv4: '4',
  cacert: 'E', cert: '5', key: '6', json: '7', 'no-progress-meter': '8', 'fail-with-body': 'f', resolve: '9', get: 'G', 'retry-connrefused': 'Z', 'retry-all-errors': 'Z', compressed: 'Y', referer: 'e',
  cookie: 'b', http1_1: 'Y', 'progress-bar': '#', globoff: 'g', version: 'V', 'unix-socket': 'W', 'no-buffer': 'N', proxy: 'x', 'http1.1': 'Y', http2: 'Y', 'upload-file': 'T', form: 'F', 'url': 'U',
}

/** curl for HTTP: what people use in pods. https reaches servers of the simulated world that speak by value. */
export const curl: Program = async (context) => {
  const options = await readOptions(context, 'sSo:OviIX:d:H:kLm:1:w:fu:A:2:3:4E:5:6:7:89:GZYe:b:#gVW:Nx:T:F:U:j', long)
  if (!options) {
    await context.stderr.write("curl: try 'curl --help' or 'curl --manual' for more information\n")
    return 2
  }
  const { flags, values } = options
  if (flags.has('V')) {
    await context.stdout.write(`curl ${version} (x86_64-pc-linux-gnu) libcurl/${version}\nProtocols: http https\n`)
    return 0
  }
  const urls = [...options.operands, ...(options.all.get('U') ?? [])]
  if (urls.length === 0) {
    await context.stderr.write("curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n")
    return 2
  }
  let code = 0
  for (const [index, url] of urls.entries()) {
    const retries = Number(values.get('2') ?? 0)
    for (let attempt = 0; ; attempt++) {
      code = await transfer(context, url, options, options.all.get('o')?.[index])
      const again = code === 28 || (code === 7 && flags.has('Z')) || (flags.has('Z') && code !== 0)
      if (!again || attempt >= retries) break
      const delay = values.has('3') ? Number(values.get('3')) : 2 ** attempt
      if (!flags.has('s')) await context.stderr.write(`Warning: Problem: timeout. Will retry in ${delay} seconds. ${retries - attempt} retries left.\n`)
      await context.sleep(delay * 1000)
    }
  }
  return code
}

async function transfer(context: ProcessContext, url: string, options: NonNullable<Awaited<ReturnType<typeof readOptions>>>, output: string | undefined): Promise<number> {
  const { flags, values, all } = options
  const say = async (code: number, text: string): Promise<number> => {
    if (!flags.has('s') || flags.has('S')) await context.stderr.write(`curl: (${code}) ${text}\n`)
    return code
  }
  let address = parseWebAddress(url)
  if (!address || /^[a-z]+:\/\//i.test(url) && !/^https?:/i.test(url)) {
    const protocol = /^([a-z]+):\/\//i.exec(url)?.[1]
    return say(protocol ? 1 : 3, protocol ? `Protocol "${protocol}" not supported` : 'URL rejected: Malformed input to a URL function')
  }
  const headers: Record<string, string> = { 'user-agent': values.get('A') ?? `curl/${version}`, accept: '*/*' }
  for (const header of all.get('H') ?? []) {
    const colon = header.indexOf(':')
    if (colon > 0) headers[header.slice(0, colon).toLowerCase()] = header.slice(colon + 1).trim()
  }
  const user = values.get('u')
  if (user !== undefined) headers.authorization = `Basic ${btoa(user)}`
  if (values.has('e')) headers.referer = values.get('e')!
  if (values.has('b')) headers.cookie = values.get('b')!
  let body: Uint8Array | undefined
  const data = [...(all.get('d') ?? []), ...(all.get('7') ?? [])]
  if (data.length > 0) {
    const parts: string[] = []
    for (const part of data) {
      if (!part.startsWith('@')) parts.push(part)
      else if (part === '@-') parts.push(new TextDecoder().decode(await readAll(context.stdin)))
      else parts.push(context.files.readText(context.path(part.slice(1))).replace(/\n/g, ''))
    }
    if (flags.has('G')) address = { ...address, path: `${address.path}${address.path.includes('?') ? '&' : '?'}${parts.join('&')}` }
    else {
      body = new TextEncoder().encode(parts.join('&'))
      headers['content-type'] ??= all.has('7') ? 'application/json' : 'application/x-www-form-urlencoded'
      headers['content-length'] = String(body.length)
    }
  }
  const upload = values.get('T')
  if (upload !== undefined) body = upload === '-' ? await readAll(context.stdin) : context.files.read(context.path(upload)).slice()
  let method = values.get('X') ?? (flags.has('I') ? 'HEAD' : upload !== undefined ? 'PUT' : body ? 'POST' : 'GET')
  const startedAt = context.clock.now()
  const limitMs = values.has('m') ? Number(values.get('m')) * 1000 : undefined
  const connectMs = values.has('1') ? Number(values.get('1')) * 1000 : limitMs
  for (let redirects = 0; ; redirects++) {
    const problem = secureProblem(address, flags)
    if (problem) return say(problem.code, problem.text)
    if (flags.has('v')) await verboseStart(context, address, method, headers)
    const result = await limited(context, fetchWeb(context, address, { method, headers, body }, { timeoutMs: limitMs ?? 600_000 }), limitMs ?? connectMs)
    const elapsed = Math.round(context.clock.now() - startedAt)
    if (result === 'timeout') {
      if (values.has('w')) await context.stdout.write(writeOut(values.get('w')!, 0, 0, elapsed, address, '', ''))
      return say(28, connectMs !== undefined && connectMs !== limitMs ? `Failed to connect to ${address.host} port ${address.port} after ${elapsed} ms: Timeout was reached` : `Connection timed out after ${elapsed} milliseconds`)
    }
    if (!result.ok) {
      const failure = describe(result.failure, elapsed, address)
      if (values.has('w')) await context.stdout.write(writeOut(values.get('w')!, 0, 0, elapsed, address, '', ''))
      return say(failure.code, failure.text)
    }
    const { response } = result
    const location = response.headers.location
    if (flags.has('L') && location !== undefined && response.status >= 300 && response.status < 400 && redirects < 50) {
      const next = parseWebAddress(/^https?:/.test(location) ? location : `${address.scheme}://${address.host}:${address.port}${location.startsWith('/') ? '' : '/'}${location}`)
      if (next) {
        if (response.status === 303 || (response.status < 303 && method === 'POST')) {
          method = 'GET'
          body = undefined
        }
        address = next
        continue
      }
    }
    const isObject = response.body !== undefined && !(response.body instanceof Uint8Array)
    const bytes = isObject ? new TextEncoder().encode(`${JSON.stringify(response.body, null, 2)}\n`) : result.body
    const head = `HTTP/1.1 ${response.status} ${statusText(response.status)}\r\n${Object.entries(response.headers).map(([name, value]) => `${canonicalHeader(name)}: ${value}\r\n`).join('')}\r\n`
    if (flags.has('v')) await context.stderr.write(head.replace(/\r/g, '').split('\n').slice(0, -1).map((line) => `< ${line}\n`).join(''))
    if (response.status >= 400 && flags.has('f')) {
      if (values.has('w')) await context.stdout.write(writeOut(values.get('w')!, response.status, 0, elapsed, address, result.address.address, response.headers['content-type'] ?? ''))
      return say(22, `The requested URL returned error: ${response.status}`)
    }
    const shown = flags.has('i') || flags.has('I') ? [new TextEncoder().encode(head), ...(flags.has('I') ? [] : [bytes])] : [bytes]
    const target = output ?? (flags.has('O') ? address.path.split('?')[0]!.split('/').at(-1)! : undefined)
    if ((!flags.has('s') && !flags.has('8')) && (target !== undefined || !context.descriptors[1]?.terminal)) await progress(context, bytes.length, elapsed)
    if (target !== undefined && target !== '-') {
      try {
        const file = openPath(context, target, 'write')
        for (const part of shown) await file.write(part)
      } catch (error) {
        if (!(error instanceof FileError)) throw error
        return say(23, 'client returned ERROR on write, 0 bytes')
      }
    } else for (const part of shown) await context.stdout.write(part)
    if (flags.has('v')) await context.stderr.write(`* Connection #0 to host ${address.host} left intact\n`)
    if (values.has('w')) await context.stdout.write(writeOut(values.get('w')!, response.status, bytes.length, elapsed, address, result.address.address, response.headers['content-type'] ?? ''))
    return 0
  }
}

/** Certificates are not modelled; whether a client would trust one is. */
function secureProblem(address: WebAddress, flags: ReadonlySet<string>): { readonly code: number; readonly text: string } | undefined {
  if (address.scheme !== 'https' || flags.has('k') || flags.has('E')) return undefined
  return { code: 60, text: 'SSL certificate problem: unable to get local issuer certificate\nMore details here: https://curl.se/docs/sslcerts.html' }
}

async function limited<T>(context: ProcessContext, work: Promise<T>, limitMs: number | undefined): Promise<T | 'timeout'> {
  if (limitMs === undefined) return work
  return new Promise((resolve) => {
    const timer = context.clock.after(limitMs, () => resolve('timeout'))
    void work.then((value) => {
      timer.cancel()
      resolve(value)
    })
  })
}

function describe(failure: WebFailure, elapsedMs: number, address: WebAddress): { readonly code: number; readonly text: string } {
  if (failure.kind === 'unresolved') return { code: 6, text: `Could not resolve host: ${failure.host}` }
  if (failure.kind === 'lost') return { code: 52, text: 'Empty reply from server' }
  if (failure.kind === 'timeout') return { code: 28, text: `Failed to connect to ${address.host} port ${address.port} after ${elapsedMs} ms: Could not connect to server` }
  return { code: 7, text: `Failed to connect to ${address.host} port ${address.port} after ${elapsedMs} ms: Could not connect to server` }
}

async function verboseStart(context: ProcessContext, address: WebAddress, method: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const host = address.port === 80 ? address.host : `${address.host}:${address.port}`
  await context.stderr.write(
    `${isAddress(address.host) ? '' : `* Host ${address.host}:${address.port} was resolved.\n`}*   Trying ${address.host}:${address.port}...\n* Connected to ${address.host} port ${address.port}\n> ${method} ${address.path} HTTP/1.1\n> Host: ${host}\n${Object.entries(headers).map(([name, value]) => `> ${canonicalHeader(name)}: ${value}\n`).join('')}> \n* Request completely sent off\n`,
  )
}

function writeOut(format: string, status: number, size: number, elapsedMs: number, address: WebAddress, remote: string, type: string): string {
  const seconds = (elapsedMs / 1000).toFixed(6)
  const values: Readonly<Record<string, string>> = {
    http_code: String(status).padStart(3, '0'),
    response_code: String(status).padStart(3, '0'),
    size_download: String(size),
    time_total: seconds,
    time_connect: seconds,
    time_namelookup: '0.000000',
    time_starttransfer: seconds,
    time_pretransfer: seconds,
    url_effective: `${address.scheme}://${address.host}${address.port === 80 ? '' : `:${address.port}`}${address.path}`,
    remote_ip: remote,
    remote_port: String(address.port),
    content_type: type,
    num_redirects: '0',
    exitcode: status === 0 ? '7' : '0',
  }
  return format.replace(/%\{(\w+)\}/g, (_, name: string) => values[name] ?? '').replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('%%', '%')
}

async function progress(context: ProcessContext, size: number, elapsedMs: number): Promise<void> {
  const shown = (bytes: number): string => (bytes < 100_000 ? String(bytes) : bytes < 10_240_000 ? `${Math.floor(bytes / 1024)}k` : `${Math.floor(bytes / 1_048_576)}M`).padStart(5)
  const speed = shown(Math.round(size / Math.max(0.001, elapsedMs / 1000)))
  await context.stderr.write(
    `  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0\r100 ${shown(size)}  100 ${shown(size)}    0     0 ${speed.padStart(6)}      0 --:--:-- --:--:-- --:--:-- ${speed}\n`,
  )
}

import { FileError } from '../files/file-error.ts'
import { openPath } from '../processes/open-path.ts'
import { canonicalHeader, statusText } from './http1.ts'
import { humanSize, readOptions } from './options.ts'
import type { Program } from './program.ts'
import { fetchWeb, parseWebAddress } from './web-client.ts'

/** wget of busybox. */
export const wget: Program = async (context) => {
  const options = await readOptions(context, 'qO:cST:t:U:P:Ynd12:3:4', {
    quiet: 'q',
    'output-document': 'O',
    timeout: 'T',
    tries: 't',
    'server-response': 'S',
    spider: '1',
    header: '2',
    'post-data': '3',
    'no-check-certificate': '4',
    'user-agent': 'U',
    'no-verbose': 'q',
  })
  if (!options) return 1
  const { flags, values } = options
  const url = options.operands[0]
  if (url === undefined) {
    await context.stderr.write('BusyBox v1.37.0 () multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-T SEC] [--header STR] [--post-data STR] URL...\n')
    return 1
  }
  const say = async (text: string): Promise<void> => {
    if (!flags.has('q')) await context.stderr.write(text)
  }
  const fail = async (text: string): Promise<number> => {
    await context.stderr.write(`wget: ${text}\n`)
    return 1
  }
  let address = parseWebAddress(url)
  if (!address) return fail(`not an http or ftp url: ${url}`)
  const headers: Record<string, string> = { 'user-agent': values.get('U') ?? 'Wget', connection: 'close' }
  for (const header of options.all.get('2') ?? []) {
    const colon = header.indexOf(':')
    if (colon > 0) headers[header.slice(0, colon).toLowerCase()] = header.slice(colon + 1).trim()
  }
  const post = values.get('3')
  const timeoutMs = values.has('T') ? Number(values.get('T')) * 1000 : 900_000
  for (let redirects = 0; redirects < 10; redirects++) {
    const request = { method: post === undefined ? (flags.has('1') ? 'HEAD' : 'GET') : 'POST', headers: post === undefined ? headers : { 'content-type': 'application/x-www-form-urlencoded', ...headers }, ...(post === undefined ? {} : { body: new TextEncoder().encode(post) }) }
    const started = fetchWeb(context, address, request, { timeoutMs })
    const result = await new Promise<Awaited<typeof started> | 'timeout'>((resolve) => {
      const timer = context.clock.after(timeoutMs, () => resolve('timeout'))
      void started.then((value) => {
        timer.cancel()
        resolve(value)
      })
    })
    if (result === 'timeout') return fail('download timed out')
    if (!result.ok) {
      const { failure } = result
      if (failure.kind === 'unresolved') return fail(`bad address '${address.host}${address.port === 80 ? '' : `:${address.port}`}'`)
      await say(`Connecting to ${address.host}${address.port === 80 ? '' : `:${address.port}`} (${failure.address}:${failure.port})\n`)
      if (failure.kind === 'lost') return fail('error getting response: Connection reset by peer')
      const reason = { refused: 'Connection refused', unreachable: 'Host is unreachable', timeout: 'Connection timed out' }[failure.kind]
      return fail(failure.kind === 'timeout' && values.has('T') ? 'download timed out' : `can't connect to remote host (${failure.address}): ${reason}`)
    }
    const { response } = result
    await say(`Connecting to ${address.host}${address.port === 80 ? '' : `:${address.port}`} (${result.address.address}:${result.address.port})\n`)
    if (flags.has('S')) await context.stderr.write(`  HTTP/1.1 ${response.status} ${statusText(response.status)}\n${Object.entries(response.headers).map(([name, value]) => `  ${canonicalHeader(name)}: ${value}\n`).join('')}`)
    const location = response.headers.location
    if (response.status >= 300 && response.status < 400 && location !== undefined) {
      const next = parseWebAddress(/^https?:/.test(location) ? location : `${address.scheme}://${address.host}:${address.port}${location}`)
      if (!next) return fail(`bad redirect ${location}`)
      address = next
      continue
    }
    if (response.status >= 400) return fail(`server returned error: HTTP/1.1 ${response.status} ${statusText(response.status)}`)
    if (flags.has('1')) {
      await say('remote file exists\n')
      return 0
    }
    const name = values.get('O') ?? (address.path.split('?')[0]!.split('/').at(-1) || 'index.html')
    const toStdout = name === '-'
    await say(toStdout ? 'writing to stdout\n' : `saving to '${name}'\n`)
    const bytes = response.body !== undefined && !(response.body instanceof Uint8Array) ? new TextEncoder().encode(`${JSON.stringify(response.body, null, 2)}\n`) : result.body
    try {
      if (toStdout) await context.stdout.write(bytes)
      else {
        if (!values.has('O') && context.files.exists(context.path(name))) return await fail(`can't open '${name}': File exists`)
        await openPath(context, name, 'write').write(bytes)
      }
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      return fail(`can't open '${name}': ${error.message}`)
    }
    await say(`${(toStdout ? '-' : name).slice(0, 20).padEnd(20)} 100% |********************************| ${humanSize(bytes.length).padStart(5)}  0:00:00 ETA\n${toStdout ? 'written to stdout' : `'${name}' saved`}\n`)
    return 0
  }
  return fail('too many redirections')
}

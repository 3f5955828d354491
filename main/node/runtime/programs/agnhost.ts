import type { HttpHandler, ServerExchange } from '../../../kernel/http.ts'
import { DialError } from '../../../kernel/network.ts'
import { agnhostGuestbook } from './agnhost-guestbook.ts'
import { dialBytes, listenBytes } from './byte-stream.ts'
import { askDatagram, listenDatagrams } from './datagrams.ts'
import { bodyBytes } from './http1.ts'
import { lookUp, readResolvConf } from './name-lookup.ts'
import { ExecError, type ProcessContext, type Program } from './program.ts'
import { Pipe } from '../processes/pipe.ts'
import { grpcHealthChecking } from './grpc-health-checking.ts'
import { flagValue, goTime, textResponse } from './small-servers.ts'
import { readAll } from './text-input.ts'
import { fetchWeb, parseWebAddress } from './web-client.ts'

/** registry.k8s.io/e2e-test-images/agnhost: one binary, many small servers and clients for tests. */
export const agnhost: Program = async (context) => {
  const [name = 'pause', ...words] = context.argv.slice(1)
  const command = subcommands[name]
  if (!command) {
    await context.stderr.write(`Error: unknown command "${name}" for "app"\nRun 'app --help' for usage.\n`)
    return 1
  }
  context.useMemory(9 * 1_048_576)
  return command(context, words)
}

type Subcommand = (context: ProcessContext, words: readonly string[]) => Promise<number>

/** Go servers that do not handle TERM end with code 2. */
async function untilKilled(context: ProcessContext): Promise<number> {
  await context.untilSignal('TERM', 'INT')
  return 2
}

async function serve(context: ProcessContext, port: number, handler: HttpHandler): Promise<boolean> {
  try {
    context.serveHttp(port, handler)
    return true
  } catch {
    await context.stderr.write(`${goTime(context)} listen tcp :${port}: bind: address already in use\n`)
    return false
  }
}

const pause: Subcommand = async (context) => {
  await context.stdout.write('Paused\n')
  await context.untilSignal('TERM', 'INT')
  return 0
}

const serveHostname: Subcommand = async (context, words) => {
  const port = Number(flagValue(words, 'port') ?? 9376)
  if (!(await serve(context, port, (exchange) => exchange.respond(textResponse(200, context.hostname))))) return 1
  await context.stderr.write(`${goTime(context)} Serving on port ${port}.\n`)
  return untilKilled(context)
}

/** Healthy for ten seconds, then not: the example of the documentation on liveness probes. */
const liveness: Subcommand = async (context) => {
  const startedAt = context.clock.now()
  const handler: HttpHandler = (exchange) => {
    const seconds = (context.clock.now() - startedAt) / 1000
    if (exchange.request.path.startsWith('/healthz')) exchange.respond(seconds > 10 ? textResponse(500, `error: ${seconds}`) : textResponse(200, 'ok'))
    else exchange.respond(textResponse(200, new Date(startedAt).toISOString()))
  }
  if (!(await serve(context, 8080, handler))) return 1
  return untilKilled(context)
}

const netexec: Subcommand = async (context, words) => {
  const port = Number(flagValue(words, 'http-port') ?? 8080)
  const udpPort = Number(flagValue(words, 'udp-port') ?? 8081)
  const delayShutdown = Number(flagValue(words, 'delay-shutdown') ?? 0)
  const startedAt = context.clock.now()
  let exit!: (code: number) => void
  const exited = new Promise<number>((resolve) => {
    exit = resolve
  })
  if (!(await serve(context, port, (exchange) => void answerNetexec(context, exchange, startedAt, exit)))) return 1
  await context.stderr.write(`${goTime(context)} Started HTTP server on port ${port}\n`)
  if (udpPort !== -1) {
    if (!(await answerDatagrams(context, udpPort))) return 1
    await context.stderr.write(`${goTime(context)} Started UDP server on port  ${udpPort}\n`)
  }
  const stopped = context.untilSignal('TERM', 'INT').then(async () => {
    if (delayShutdown > 0) {
      await context.stderr.write(`${goTime(context)} Sleeping ${delayShutdown} seconds before terminating...\n`)
      await context.sleep(delayShutdown * 1000)
      return 0
    }
    return 2
  })
  return Promise.race([exited, stopped])
}

/** netexec's words over UDP: `hostname`, `echo WORDS`, `clientip`. */
async function answerDatagrams(context: ProcessContext, port: number): Promise<boolean> {
  try {
    listenDatagrams(context, port, (bytes, from) => {
      const [word = '', ...rest] = new TextDecoder().decode(bytes).trim().split(' ')
      const answer = { hostname: context.hostname, echo: rest.join(' '), clientip: `${from.remote.address}:${from.remote.port}` }[word.toLowerCase()]
      if (answer !== undefined) from.send(new TextEncoder().encode(answer))
      else void context.stderr.write(`${goTime(context)} Unknown udp command received: ${word}\n`)
    })
    return true
  } catch {
    await context.stderr.write(`${goTime(context)} listen udp :${port}: bind: address already in use\n`)
    return false
  }
}

async function answerNetexec(context: ProcessContext, exchange: ServerExchange, startedAt: number, exit: (code: number) => void): Promise<void> {
  const { request } = exchange
  const [path = '/', query = ''] = request.path.split('?')
  const parameters = new URLSearchParams(query)
  void context.stderr.write(`${goTime(context)} GET ${path}\n`)
  switch (path) {
    case '/hostname':
    case '/hostName':
      return exchange.respond(textResponse(200, context.hostname))
    case '/clientip':
      return exchange.respond(textResponse(200, `${exchange.source.address}:${exchange.source.port}`))
    case '/healthz':
      return exchange.respond(textResponse(200, ''))
    case '/echo':
      return exchange.respond(textResponse(Number(parameters.get('code') ?? 200), parameters.get('msg') ?? ''))
    case '/header':
      return exchange.respond(textResponse(200, request.headers[(parameters.get('key') ?? '').toLowerCase()] ?? ''))
    case '/exit':
      exchange.respond(textResponse(200, ''))
      context.clock.after(Number((parameters.get('wait') ?? '0').replace(/s$/, '')) * 1000, () => exit(Number(parameters.get('code') ?? 0)))
      return
    case '/shell':
    case '/shutdown': {
      if (path === '/shutdown') {
        exchange.respond(textResponse(200, ''))
        return exit(0)
      }
      const result = await runShell(context, parameters.get('shellCommand') ?? parameters.get('cmd') ?? '')
      return exchange.respond(textResponse(200, JSON.stringify(result), 'application/json'))
    }
    case '/dial': {
      const host = parameters.get('host') ?? ''
      const found = await lookUp(context, host)
      const errors: string[] = []
      const responses: string[] = []
      for (let attempt = 0; attempt < Number(parameters.get('tries') ?? 1); attempt++) {
        if (parameters.get('protocol')?.toLowerCase() === 'udp') {
          const question = new TextEncoder().encode(parameters.get('request') ?? 'hostname')
          const reply = found.found ? await askDatagram(context, { address: found.addresses[0]!, port: Number(parameters.get('port')) }, question, 5000) : undefined
          if (reply) responses.push(new TextDecoder().decode(reply))
          else errors.push('connection failed')
          continue
        }
        const address = parseWebAddress(`http://${host}:${parameters.get('port')}/${(parameters.get('request') ?? '').replace(/^\//, '')}`)
        const result = found.found && address ? await fetchWeb(context, address, { method: 'GET', headers: {} }, { timeoutMs: 5000 }) : undefined
        if (result?.ok) responses.push(new TextDecoder().decode(result.body))
        else errors.push('connection failed')
      }
      return exchange.respond(textResponse(200, JSON.stringify({ ...(responses.length > 0 ? { responses } : {}), ...(errors.length > 0 ? { errors } : {}) }), 'application/json'))
    }
    case '/':
      return exchange.respond(textResponse(200, `NOW: ${new Date(context.clock.now()).toISOString().replace('T', ' ').replace('Z', '')} +0000 UTC m=+${((context.clock.now() - startedAt) / 1000).toFixed(9)}`))
    default:
      if (request.method === 'POST') return exchange.respond(textResponse(200, new TextDecoder().decode(bodyBytes(request.body))))
      return exchange.respond(textResponse(404, '404 page not found\n'))
  }
}

async function runShell(context: ProcessContext, command: string): Promise<{ output?: string; error?: string }> {
  const pipe = new Pipe()
  pipe.reader.retain()
  try {
    const child = context.spawn(['/bin/sh', '-c', command], { files: [undefined, pipe.writer, pipe.writer] })
    const output = new TextDecoder().decode(await readAll({ read: async (limit) => pipe.reader.read(limit) }))
    const code = await child.wait()
    return code === 0 ? { output } : { output, error: `exit status ${code}` }
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    return { error: error.message }
  } finally {
    pipe.reader.release()
  }
}

const connect: Subcommand = async (context, words) => {
  const target = words.find((word) => !word.startsWith('-')) ?? ''
  const timeoutMs = Number((flagValue(words, 'timeout') ?? '0').replace(/s$/, '')) * 1000
  const [host = '', port = '0'] = target.split(':')
  const found = await lookUp(context, host)
  if (!found.found) {
    await context.stderr.write('DNS\n')
    return 1
  }
  const dialing = dialBytes(context, { address: found.addresses[0]!, port: Number(port) }).then(
    () => 'ok',
    (error: unknown) => {
      if (!(error instanceof DialError)) throw error
      return { refused: 'REFUSED', timeout: 'TIMEOUT', unreachable: 'OTHER' }[error.code]
    },
  )
  const result = timeoutMs > 0 ? await Promise.race([dialing, context.sleep(timeoutMs).then(() => 'TIMEOUT')]) : await dialing
  if (result === 'ok') return 0
  await context.stderr.write(`${result}\n`)
  return 1
}

const dnsSuffix: Subcommand = async (context) => {
  await context.stdout.write(readResolvConf(context).searches.join(','))
  return 0
}

const dnsServerList: Subcommand = async (context) => {
  await context.stdout.write(readResolvConf(context).servers.join(','))
  return 0
}

const etcHosts: Subcommand = async (context) => {
  await context.stdout.write(context.files.readText('/etc/hosts'))
  return 0
}

const echo: Subcommand = async (context, words) => {
  await context.stdout.write(`${words.join(' ')}\n`)
  return 0
}

const logsGenerator: Subcommand = async (context, words) => {
  const total = Number(flagValue(words, 'log-lines-total') ?? 0)
  const duration = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(flagValue(words, 'run-duration') ?? '60s')
  const ms = duration ? Number(duration[1]) * { ms: 1, s: 1000, m: 60_000 }[duration[2] as 's']! : 60_000
  for (let line = 0; line < total; line++) {
    await context.sleep(ms / total)
    await context.stderr.write(`${goTime(context)} ${line} ${context.random.pick(['GET', 'POST', 'PUT'])} /api/v1/namespaces/${context.random.pick(['kube-system', 'default', 'ns'])}/pods/${context.random.suffix(4)} ${200 + context.random.below(400)}\n`)
  }
  return 0
}

/** Listens with TCP and answers what it is sent. */
const porter: Subcommand = async (context) => {
  for (const [name, value] of context.env) {
    const port = /^SERVE_PORT_(\d+)$/.exec(name)?.[1]
    if (port !== undefined && !(await serve(context, Number(port), (exchange) => exchange.respond(textResponse(200, value))))) return 1
  }
  return untilKilled(context)
}

const tcpReset: Subcommand = async (context, words) => {
  listenBytes(context, Number(flagValue(words, 'port') ?? 8080), (stream) => stream.close())
  return untilKilled(context)
}

const fakeGitServer: Subcommand = async (context) => ((await serve(context, 8000, (exchange) => exchange.respond(textResponse(200, 'I am a fake git server')))) ? untilKilled(context) : 1)

const entrypointTester: Subcommand = async (context) => {
  await context.stdout.write(`[${['/agnhost', ...context.argv.slice(1)].join(' ')}]\n`)
  return 0
}

const testWebserver: Subcommand = async (context, words) => {
  const port = Number(flagValue(words, 'port') ?? 80)
  const handler: HttpHandler = (exchange) => {
    const path = exchange.request.path.split('?')[0]!
    try {
      const inode = context.files.find(path)
      if (inode?.kind === 'file') exchange.respond({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: context.files.read(path).slice() })
      else if (inode?.kind === 'directory') exchange.respond(textResponse(200, `<pre>\n${context.files.list(path).map((name) => `<a href="${name}">${name}</a>\n`).join('')}</pre>\n`, 'text/html; charset=utf-8'))
      else exchange.respond(textResponse(404, '404 page not found\n'))
    } catch {
      exchange.respond(textResponse(403, 'Forbidden\n'))
    }
  }
  return (await serve(context, port, handler)) ? untilKilled(context) : 1
}

const version: Subcommand = async (context) => {
  await context.stdout.write(`${(context.settings as { readonly version?: string } | undefined)?.version ?? '2.59'}\n`)
  return 0
}

const subcommands: Readonly<Record<string, Subcommand>> = {
  pause,
  'serve-hostname': serveHostname,
  liveness,
  netexec,
  connect,
  'dns-suffix': dnsSuffix,
  'dns-server-list': dnsServerList,
  'etc-hosts': etcHosts,
  echo,
  'logs-generator': logsGenerator,
  porter,
  'tcp-reset': tcpReset,
  'fake-gitserver': fakeGitServer,
  'entrypoint-tester': entrypointTester,
  'grpc-health-checking': grpcHealthChecking,
  guestbook: agnhostGuestbook,
  'test-webserver': testWebserver,
  '--version': version,
  version,
}

import type { HttpHandler, HttpResponse, ServerExchange } from '../../../kernel/http.ts'
import { bodyBytes, canonicalHeader } from './http1.ts'
import { logDate } from './http-text.ts'
import type { ProcessContext, Program } from './program.ts'
import { redisCommand } from './redis/redis-client.ts'

/** The small web servers of well-known example images: a port, a text, and what they do at the end. */

const encoder = new TextEncoder()

export function textResponse(status: number, text: string, type = 'text/plain; charset=utf-8'): HttpResponse {
  return { status, headers: { 'content-type': type }, body: encoder.encode(text) }
}

function settingsOf(context: ProcessContext): { readonly version?: string } {
  return (context.settings ?? {}) as { readonly version?: string }
}

/** Go servers without a handler of their own die of TERM with code 2, as the Go runtime does in a container's first process. */
async function untilKilled(context: ProcessContext, code: number): Promise<number> {
  await context.untilSignal('TERM', 'INT')
  return code
}

async function serve(context: ProcessContext, port: number, handler: HttpHandler): Promise<boolean> {
  try {
    context.serveHttp(port, handler)
    return true
  } catch {
    await context.stderr.write(`listen tcp :${port}: bind: address already in use\n`)
    return false
  }
}

/** Value of a Go-style flag: `-text=x`, `--text x`. */
export function flagValue(words: readonly string[], name: string): string | undefined {
  for (let index = 0; index < words.length; index++) {
    const match = new RegExp(`^--?${name}(?:=([\\s\\S]*))?$`).exec(words[index]!)
    if (match) return match[1] ?? words[index + 1]
  }
  return undefined
}

/** hashicorp/http-echo: answers every request with one text. */
export const httpEcho: Program = async (context) => {
  const words = context.argv.slice(1)
  const text = flagValue(words, 'text') ?? context.env.get('ECHO_TEXT')
  const listen = flagValue(words, 'listen') ?? ':5678'
  const status = Number(flagValue(words, 'status-code') ?? 200)
  if (words.some((word) => /^--?version/.test(word))) {
    await context.stderr.write('http-echo v1.0.0\n')
    return 0
  }
  if (text === undefined || text === '') {
    await context.stderr.write('Missing -text option or the ECHO_TEXT environment variable\n')
    return 127
  }
  const port = Number(listen.split(':').at(-1))
  context.useMemory(5 * 1_048_576)
  const started = await serve(context, port, (exchange) => {
    const { request } = exchange
    if (request.path === '/health') exchange.respond(textResponse(200, '{"status":"ok"}\n', 'application/json'))
    else exchange.respond({ status, headers: { 'content-type': 'text/plain; charset=utf-8', 'x-app-name': 'http-echo', 'x-app-version': '1.0.0' }, body: encoder.encode(`${text}\n`) })
    void context.stdout.write(`${goTime(context)} ${request.headers.host ?? ''} ${exchange.source.address}:${exchange.source.port} "${request.method} ${request.path} HTTP/1.1" ${status} ${text.length + 1} "${request.headers['user-agent'] ?? ''}" 21.4µs\n`)
  })
  if (!started) return 1
  await context.stderr.write(`${goTime(context)} [INFO] server is listening on ${listen}\n`)
  await context.untilSignal('TERM', 'INT')
  await context.stderr.write(`${goTime(context)} [INFO] server shutdown complete\n`)
  return 0
}

export function goTime(context: ProcessContext): string {
  return new Date(context.clock.now()).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')
}

/** traefik/whoami. */
export const whoamiServer: Program = async (context) => {
  const words = context.argv.slice(1)
  const port = Number(flagValue(words, 'port') ?? context.env.get('WHOAMI_PORT_NUMBER') ?? 80)
  const name = flagValue(words, 'name') ?? context.env.get('WHOAMI_NAME')
  const started = await serve(context, port, (exchange) => {
    const { request } = exchange
    if (request.path === '/health') return exchange.respond(textResponse(200, ''))
    const lines = [
      ...(name === undefined ? [] : [`Name: ${name}`]),
      `Hostname: ${context.hostname}`,
      'IP: 127.0.0.1',
      ...context.stack.addresses.map((address) => `IP: ${address}`),
      `RemoteAddr: ${exchange.source.address}:${exchange.source.port}`,
      `${request.method} ${request.path} HTTP/1.1`,
      `Host: ${request.headers.host ?? ''}`,
      ...Object.entries(request.headers).filter(([header]) => header !== 'host').map(([header, value]) => `${canonicalHeader(header)}: ${value}`),
    ]
    exchange.respond(textResponse(200, `${lines.join('\n')}\n\n`))
  })
  if (!started) return 1
  await context.stdout.write(`${goTime(context)} Starting up on port ${port}\n`)
  return untilKilled(context, 2)
}

/** gcr.io/google-samples/hello-app. */
export const helloApp: Program = async (context) => {
  const port = Number(context.env.get('PORT') ?? 8080)
  const { version = '1.0.0' } = settingsOf(context)
  const started = await serve(context, port, (exchange) => {
    void context.stderr.write(`${goTime(context)} Serving request: ${exchange.request.path.split('?')[0]}\n`)
    exchange.respond(textResponse(200, `Hello, world!\nVersion: ${version}\nHostname: ${context.hostname}\n`))
  })
  if (!started) return 1
  await context.stderr.write(`${goTime(context)} Server listening on port ${port}\n`)
  return untilKilled(context, 2)
}

/** gcr.io/google-samples/node-hello. */
export const nodeHello: Program = async (context) => {
  if (!(await serve(context, 8080, (exchange) => exchange.respond(textResponse(200, 'Hello Kubernetes!', 'text/plain'))))) return 1
  return new Promise(() => {})
}

/** The image of the Kubernetes tutorial. */
export const bootcamp: Program = async (context) => {
  const startedAt = context.clock.now()
  let requests = 0
  const { version = '1' } = settingsOf(context)
  const started = await serve(context, 8080, (exchange) => {
    requests++
    const seconds = (context.clock.now() - startedAt) / 1000
    exchange.respond(textResponse(200, `Hello Kubernetes bootcamp! | Running on: ${context.hostname} | v=${version}\n`, 'text/plain'))
    void context.stdout.write(`Running On: ${context.hostname} | Total Requests: ${requests} | App Uptime: ${seconds.toFixed(3)} seconds | Log Time: ${new Date(context.clock.now()).toUTCString()}\n`)
  })
  if (!started) return 1
  await context.stdout.write(`Kubernetes Bootcamp App Started At: ${new Date(startedAt).toISOString()} | Running On:  ${context.hostname} \n\n`)
  return new Promise(() => {})
}

/** Servers that show the request: echoserver, kicbase/echo-server. */
export const echoServer: Program = async (context) => {
  const port = Number(context.env.get('PORT') ?? (context.files.find('/bin/busybox') ? 80 : 8080))
  const started = await serve(context, port, (exchange) => {
    const { request } = exchange
    const body = new TextDecoder().decode(bodyBytes(request.body))
    const headers = Object.entries(request.headers).sort().map(([name, value]) => `\t${name}=${value}`)
    exchange.respond(
      textResponse(
        200,
        `\n\nHostname: ${context.hostname}\n\nPod Information:\n\t-no pod information available-\n\nServer values:\n\tserver_version=nginx: 1.13.3 - lua: 10008\n\nRequest Information:\n\tclient_address=${exchange.source.address}\n\tmethod=${request.method}\n\treal path=${request.path}\n\tquery=${request.path.split('?')[1] ?? ''}\n\trequest_version=1.1\n\trequest_scheme=http\n\trequest_uri=http://${request.headers.host ?? ''}:${port}${request.path}\n\nRequest Headers:\n${headers.join('\n')}\n\nRequest Body:\n${body === '' ? '\t-no body in request-' : body}\n\n`,
        'text/plain',
      ),
    )
    void context.stdout.write(`${exchange.source.address} - - [${logDate(context.clock.now())}] "${request.method} ${request.path} HTTP/1.1" 200 - "-" "${request.headers['user-agent'] ?? '-'}"\n`)
  })
  if (!started) return 1
  return untilKilled(context, 0)
}

/** registry.k8s.io/hpa-example: every request costs CPU time, so that there is something to scale on. */
export const hpaExample: Program = async (context) => {
  const started = await serve(context, 80, (exchange) => void computeThenAnswer(context, exchange))
  if (!started) return 1
  await context.untilSignal('WINCH', 'TERM', 'INT')
  return 0
}

async function computeThenAnswer(context: ProcessContext, exchange: ServerExchange): Promise<void> {
  for (let part = 0; part < 10; part++) await context.work(8)
  exchange.respond(textResponse(200, 'OK!', 'text/html; charset=UTF-8'))
  void context.stdout.write(`${exchange.source.address} - - [${logDate(context.clock.now())}] "${exchange.request.method} ${exchange.request.path} HTTP/1.1" 200 211 "-" "${exchange.request.headers['user-agent'] ?? '-'}"\n`)
}

/** The guestbook's front end: a page, and a store in redis behind guestbook.php. */
export const guestbook: Program = async (context) => {
  const started = await serve(context, 80, (exchange) => void answerGuestbook(context, exchange))
  if (!started) return 1
  await context.untilSignal('WINCH', 'TERM', 'INT')
  return 0
}

async function answerGuestbook(context: ProcessContext, exchange: ServerExchange): Promise<void> {
  const [path, query = ''] = exchange.request.path.split('?')
  if (path !== '/guestbook.php') {
    exchange.respond(textResponse(200, '<html ng-app="redis">\n  <head>\n    <title>Guestbook</title>\n  </head>\n  <body>\n    <h2>Guestbook</h2>\n  </body>\n</html>\n', 'text/html; charset=UTF-8'))
    return
  }

  const parameters = new URLSearchParams(query)
  const leader = context.env.get('GET_HOSTS_FROM') === 'env' ? (context.env.get('REDIS_LEADER_SERVICE_HOST') ?? 'redis-leader') : 'redis-leader'
  const follower = context.env.get('GET_HOSTS_FROM') === 'env' ? (context.env.get('REDIS_FOLLOWER_SERVICE_HOST') ?? 'redis-follower') : 'redis-follower'
  const key = parameters.get('key') ?? 'messages'
  if (parameters.get('cmd') === 'set') {
    const reply = await redisCommand(context, leader, ['SET', key, parameters.get('value') ?? ''])
    exchange.respond(reply === undefined ? textResponse(500, 'Connection refused') : textResponse(200, '{"message": "Updated"}', 'application/json'))
    return
  }
  const value = await redisCommand(context, follower, ['GET', key])
  exchange.respond(value === undefined ? textResponse(500, 'Connection refused') : textResponse(200, JSON.stringify({ data: value ?? '' }), 'application/json'))
}

/** httpbin's /get, /status, /headers, /ip, /delay, /post. */
export const httpbin: Program = async (context) => {
  const started = await serve(context, 80, (exchange) => void answerHttpbin(context, exchange))
  if (!started) return 1
  await context.stderr.write(`[${new Date(context.clock.now()).toISOString().slice(0, 19).replace('T', ' ')} +0000] [1] [INFO] Listening at: http://0.0.0.0:80 (1)\n`)
  return untilKilled(context, 0)
}

async function answerHttpbin(context: ProcessContext, exchange: ServerExchange): Promise<void> {
  const { request } = exchange
  const [path = '/', query = ''] = request.path.split('?')
  const about = {
    args: Object.fromEntries(new URLSearchParams(query)),
    ...(request.method === 'GET' ? {} : { data: new TextDecoder().decode(bodyBytes(request.body)) }),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [canonicalHeader(name), value])),
    origin: exchange.source.address,
    url: `http://${request.headers.host ?? ''}${request.path}`,
  }
  const json = (value: unknown, status = 200): HttpResponse => textResponse(status, `${JSON.stringify(value, null, 2)}\n`, 'application/json')
  const status = /^\/status\/(\d{3})$/.exec(path)
  const delay = /^\/delay\/(\d+(?:\.\d+)?)$/.exec(path)
  if (delay) await context.sleep(Math.min(10, Number(delay[1])) * 1000)
  if (status) exchange.respond(textResponse(Number(status[1]), ''))
  else if (path === '/headers') exchange.respond(json({ headers: about.headers }))
  else if (path === '/ip') exchange.respond(json({ origin: about.origin }))
  else if (path === '/uuid') exchange.respond(json({ uuid: context.random.uuid() }))
  else if (delay || ['/get', '/post', '/put', '/patch', '/delete', '/anything'].includes(path)) exchange.respond(json(about))
  else if (path === '/') exchange.respond(textResponse(200, '<!DOCTYPE html>\n<html><head><title>httpbin.org</title></head><body><h2>httpbin.org</h2></body></html>\n', 'text/html; charset=utf-8'))
  else exchange.respond(textResponse(404, '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n', 'text/html'))
}


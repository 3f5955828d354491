import type { ServerExchange } from '../../../kernel/http.ts'
import type { ProcessContext } from './program.ts'
import { flagValue, goTime, textResponse } from './small-servers.ts'
import { fetchWeb } from './web-client.ts'

const registerForMs = 120_000

/** `agnhost guestbook`: a front end, a primary store and its replicas are the same program. What is set goes to
 *  agnhost-primary, which passes it on to every replica that has registered; what is asked for comes from agnhost-replica. */
export async function agnhostGuestbook(context: ProcessContext, words: readonly string[]): Promise<number> {
  const port = Number(flagValue(words, 'http-port') ?? 80)
  const backendPort = Number(flagValue(words, 'backend-port') ?? 6379)
  const primary = flagValue(words, 'replicaof')
  const store = new Map<string, string>()
  const replicas = new Set<string>()
  const say = (text: string): Promise<void> => context.stderr.write(`${goTime(context)} ${text}\n`)
  const ask = async (host: string, to: number, path: string): Promise<string | undefined> => {
    const result = await fetchWeb(context, { scheme: 'http', host, port: to, path }, { method: 'GET', headers: {} }, { timeoutMs: 5_000 })
    return result.ok && result.response.status === 200 ? new TextDecoder().decode(result.body) : undefined
  }
  const answer = async (exchange: ServerExchange): Promise<void> => {
    const [path, query = ''] = exchange.request.path.split('?')
    const parameters = new URLSearchParams(query)
    const key = parameters.get('key') ?? ''
    const value = parameters.get('value') ?? ''
    const json = (body: object): void => exchange.respond(textResponse(200, JSON.stringify(body), 'application/json'))
    switch (path) {
      case '/set':
        store.set(key, value)
        for (const replica of replicas) await ask(replica, port, `/set?key=${encodeURIComponent(key)}&value=${encodeURIComponent(value)}`)
        return json({})
      case '/get':
        return json({ data: store.get(key) ?? '' })
      case '/register':
        replicas.add(parameters.get('host') ?? exchange.source.address)
        await say(`Node registered: ${[...replicas].at(-1)}`)
        return json(Object.fromEntries(store))
      case '/env':
        return json(Object.fromEntries(context.env))
      case '/hello':
        return exchange.respond(textResponse(200, `Hello from guestbook. Your app is up! (Hostname: ${context.hostname})\n`))
      case '/guestbook': {
        const set = parameters.get('cmd') === 'set'
        const host = set ? 'agnhost-primary' : 'agnhost-replica'
        const reply = await ask(host, backendPort, set ? `/set?key=${encodeURIComponent(key)}&value=${encodeURIComponent(value)}` : `/get?key=${encodeURIComponent(key)}`)
        if (reply === undefined) return exchange.respond(textResponse(500, `failed to reach ${host}:${backendPort}\n`))
        return set ? json({ message: 'Updated' }) : exchange.respond(textResponse(200, reply, 'application/json'))
      }
      default:
        return exchange.respond(path === '/' ? textResponse(200, '<html><head><title>Guestbook</title></head><body><h1>Guestbook</h1></body></html>\n', 'text/html; charset=utf-8') : textResponse(404, '404 page not found\n'))
    }
  }
  try {
    context.serveHttp(port, (exchange) => void answer(exchange))
  } catch {
    await say(`listen tcp :${port}: bind: address already in use`)
    return 1
  }
  const stopped = context.untilSignal('TERM', 'INT').then(() => 2)
  if (primary !== undefined) {
    const giveUpAt = context.clock.now() + registerForMs
    for (let known: string | undefined; known === undefined; ) {
      await say(`Registering to ${primary}:${backendPort}...`)
      known = await ask(primary, backendPort, `/register?host=${context.stack.address}`)
      if (known !== undefined) for (const [key, value] of Object.entries(JSON.parse(known) as Record<string, string>)) store.set(key, value)
      else if (context.clock.now() > giveUpAt) {
        await say(`Timed out while registering to ${primary}`)
        return 1
      } else await context.sleep(1_000)
    }
  }
  return stopped
}

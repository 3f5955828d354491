import type { Program, ProcessContext } from './program.ts'
import type { Signal } from '../processes/signals.ts'

/** What the catalogue says of a server that is simulated by its outside only. */
export interface ServiceSettings {
  /** Ports that accept connections. */
  readonly ports?: readonly number[]
  /** Lines on standard output when it is up; `${port}`-like names stand for environment variables. */
  readonly says?: readonly string[]
  readonly saysOnError?: readonly string[]
  /** Time until it listens. */
  readonly startMs?: number
  readonly memoryMiB?: number
  readonly loadMillicores?: number
  /** Exit code after TERM, INT or QUIT. Default 0. */
  readonly exitCode?: number
  /** Signals that stop it. Default TERM and INT. */
  readonly stopSignals?: readonly Signal[]
  /** Time from the signal to the exit. */
  readonly stopMs?: number
  /** Environment variables of which one must be set; else it says this and exits 1. */
  readonly requires?: { readonly anyOf: readonly string[]; readonly orElse: readonly string[] }
  /** HTTP answers by path; `*` for all others. Ports then speak HTTP. */
  readonly http?: Readonly<Record<string, { readonly status?: number; readonly type?: string; readonly body?: string }>>
}

/** A server that listens, keeps memory, stops when asked, and does nothing else. */
export const service: Program = async (context) => {
  const settings = (context.settings ?? {}) as ServiceSettings
  if (settings.requires && !settings.requires.anyOf.some((name) => (context.env.get(name) ?? '') !== '')) {
    await context.stderr.write(settings.requires.orElse.map((line) => `${line}\n`).join(''))
    return 1
  }
  const stopping = context.untilSignal(...(settings.stopSignals ?? ['TERM', 'INT']))
  if (settings.memoryMiB !== undefined) context.useMemory(settings.memoryMiB * 1_048_576)
  if (settings.startMs !== undefined) {
    context.load(800)
    await context.sleep(settings.startMs)
  }
  context.load(settings.loadMillicores ?? 1)
  const failed = listen(context, settings)
  if (failed !== undefined) {
    await context.stderr.write(`${failed}\n`)
    return 1
  }
  const fill = (line: string): string => `${line.replace(/\$\{(\w+)\}/g, (whole, name: string) => (name === 'time' ? new Date(context.clock.now()).toISOString() : (context.env.get(name) ?? whole)))}\n`
  if (settings.says) await context.stdout.write(settings.says.map(fill).join(''))
  if (settings.saysOnError) await context.stderr.write(settings.saysOnError.map(fill).join(''))
  await stopping
  if (settings.stopMs !== undefined) await context.sleep(settings.stopMs)
  return settings.exitCode ?? 0
}

function listen(context: ProcessContext, settings: ServiceSettings): string | undefined {
  try {
    for (const port of settings.ports ?? []) {
      const http = settings.http
      if (http) {
        context.serveHttp(port, (exchange) => {
          const answer = http[exchange.request.path.split('?')[0]!] ?? http['*'] ?? { status: 404, body: '404 page not found\n' }
          exchange.respond({
            status: answer.status ?? 200,
            headers: { 'content-type': answer.type ?? 'text/plain; charset=utf-8' },
            body: new TextEncoder().encode(answer.body ?? ''),
          })
        })
      } else {
        const stop = context.stack.listen(port, () => {})
        context.scope.onClose(stop)
      }
    }
  } catch (error) {
    return (error as Error).message
  }
  return undefined
}

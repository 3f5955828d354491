import { quote } from '../../../api/machinery/go-text.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command.ts'
import { readBody } from '../resources/requests.ts'

export interface LogRequest {
  readonly path: string
  /** Before each line. */
  readonly prefix: string
}

/** The query of the log subresource that the flags ask for, without the container. */
export function logQuery({ flags }: CommandContext): URLSearchParams {
  const query = new URLSearchParams()
  if (flags.bool('follow')) query.set('follow', 'true')
  if (flags.bool('insecure-skip-tls-verify-backend')) query.set('insecureSkipTLSVerifyBackend', 'true')
  if (flags.int('limit-bytes') !== 0) query.set('limitBytes', flags.text('limit-bytes'))
  if (flags.bool('previous')) query.set('previous', 'true')
  if (flags.duration('since') !== 0) query.set('sinceSeconds', String(Math.round(flags.duration('since') / 1_000)))
  const sinceTime = flags.text('since-time')
  if (sinceTime !== '') {
    if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}([.,]\d+)?(Z|[-+]\d{2}:\d{2})$/.test(sinceTime)) throw new CliError(timeComplaint(sinceTime))
    query.set('sinceTime', `${new Date(Date.parse(sinceTime.replace(',', '.'))).toISOString().slice(0, 19)}Z`)
  }
  if (flags.text('selector') !== '' && flags.int('tail') === -1 && !flags.changed('tail')) query.set('tailLines', '10')
  else if (flags.int('tail') !== -1) query.set('tailLines', flags.text('tail'))
  if (flags.bool('timestamps')) query.set('timestamps', 'true')
  return query
}

/** What Go's time.Parse says of a text that is no RFC 3339 time: the first element that does not fit. */
function timeComplaint(text: string): string {
  const elements: readonly [pattern: RegExp, name: string][] = [[/^\d{4}/, '2006'], [/^-/, '-'], [/^\d{2}/, '01'], [/^-/, '-'], [/^\d{2}/, '02'], [/^T/, 'T'], [/^\d{2}/, '15'], [/^:/, ':'], [/^\d{2}/, '04'], [/^:/, ':'], [/^\d{2}([.,]\d+)?/, '05'], [/^(Z|[-+]\d{2}:\d{2})/, 'Z07:00']]
  let rest = text
  for (const [pattern, name] of elements) {
    const match = pattern.exec(rest)
    if (!match) return `parsing time ${quote(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${quote(rest)} as ${quote(name)}`
    rest = rest.slice(match[0].length)
  }
  return `parsing time ${quote(text)}: extra text: ${quote(rest)}`
}

/** Prints one log to its end, whole lines at a time. Throws StatusError when the server refuses. `open` knows how to stop it. */
export async function readLog({ factory, streams }: CommandContext, { path, prefix }: LogRequest, open: Set<() => void>): Promise<void> {
  const stream = await factory.client().rawStream('GET', path)
  if (stream.response.status >= 400) throw refusal(readBody(stream.response), stream.response.status)
  const lines = new LinePrinter(prefix, (text) => streams.out(text))
  let cancelled = false
  await new Promise<void>((resolve, reject) => {
    const cancel = (): void => {
      cancelled = true
      stream.cancel()
      resolve()
    }
    open.add(cancel)
    stream.onData((data) => lines.add(typeof data === 'string' ? new TextEncoder().encode(data) : (data as Uint8Array)))
    stream.onEnd((error) => {
      open.delete(cancel)
      if (error && !cancelled) reject(new CliError('unexpected EOF'))
      else resolve()
    })
  })
  lines.end()
}

function refusal(body: string, status: number): Error {
  try {
    return new StatusError(JSON.parse(body) as never)
  } catch {
    return new CliError(`the server answered ${status}: ${body.trim()}`)
  }
}

/** Hands bytes on in whole lines, so that several logs do not mix within one. */
class LinePrinter {
  readonly #prefix: Uint8Array
  readonly #print: (bytes: Uint8Array) => void
  #rest: Uint8Array = new Uint8Array(0)

  constructor(prefix: string, print: (bytes: Uint8Array) => void) {
    this.#prefix = new TextEncoder().encode(prefix)
    this.#print = print
  }

  add(bytes: Uint8Array): void {
    const all = this.#rest.length === 0 ? bytes : joined([this.#rest, bytes])
    const end = all.lastIndexOf(10) + 1
    if (end > 0) this.#printLines(all.subarray(0, end))
    this.#rest = all.subarray(end)
  }

  end(): void {
    if (this.#rest.length > 0) this.#printLines(this.#rest)
    this.#rest = new Uint8Array(0)
  }

  #printLines(bytes: Uint8Array): void {
    if (this.#prefix.length === 0) return this.#print(bytes)
    const parts: Uint8Array[] = []
    for (let start = 0; start < bytes.length; ) {
      const at = bytes.indexOf(10, start)
      const end = at < 0 ? bytes.length : at + 1
      parts.push(this.#prefix, bytes.subarray(start, end))
      start = end
    }
    this.#print(joined(parts))
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

import { parseTime } from '../../api/machinery/time.ts'
import type { LogLineOfContainer } from '../cri.ts'

/** What a client asks of a log (PodLogOptions). */
export interface LogQuery {
  readonly follow: boolean
  readonly previous: boolean
  readonly timestamps: boolean
  readonly tailLines: number | undefined
  /** Virtual ms. */
  readonly since: number | undefined
  readonly limitBytes: number | undefined
  readonly stream: 'stdout' | 'stderr' | undefined
}

/** Reads the query of /containerLogs; a string says what is wrong with it. */
export function logQuery(query: URLSearchParams, now: number): LogQuery | string {
  const whole = (name: string): number | undefined | string => {
    const text = query.get(name)
    if (text === null || text === '') return undefined
    return /^-?\d+$/.test(text) ? Number(text) : `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`
  }
  const tailLines = whole('tailLines')
  const limitBytes = whole('limitBytes')
  const sinceSeconds = whole('sinceSeconds')
  for (const value of [tailLines, limitBytes, sinceSeconds]) if (typeof value === 'string') return value
  const sinceTime = query.get('sinceTime')
  const since = typeof sinceSeconds === 'number' ? now - sinceSeconds * 1000 : sinceTime ? parseTime(sinceTime) : undefined
  const stream = query.get('stream')
  return {
    follow: flag(query.get('follow')),
    previous: flag(query.get('previous')),
    timestamps: flag(query.get('timestamps')),
    tailLines: typeof tailLines === 'number' && tailLines >= 0 ? tailLines : undefined,
    since,
    limitBytes: typeof limitBytes === 'number' && limitBytes >= 0 ? limitBytes : undefined,
    stream: stream === 'Stdout' ? 'stdout' : stream === 'Stderr' ? 'stderr' : undefined,
  }
}

function flag(text: string | null): boolean {
  return text === 'true' || text === '1'
}

/** Prints log lines as the kubelet does, with what is left of a byte limit. */
export class LogPrinter {
  readonly #query: LogQuery
  #left: number

  constructor(query: LogQuery) {
    this.#query = query
    this.#left = query.limitBytes ?? Infinity
  }

  /** True once the limit is reached. */
  get full(): boolean {
    return this.#left <= 0
  }

  /** The bytes of one line; undefined when it is left out. */
  print(line: LogLineOfContainer): Uint8Array | undefined {
    const { since, stream, timestamps } = this.#query
    if (this.full || (since !== undefined && line.time < since) || (stream !== undefined && stream !== line.stream)) return undefined
    const stamp = timestamps ? new TextEncoder().encode(`${nanoTime(line.time)} `) : new Uint8Array(0)
    const end = line.partial ? 0 : 1
    let bytes = new Uint8Array(stamp.length + line.bytes.length + end)
    bytes.set(stamp)
    bytes.set(line.bytes, stamp.length)
    if (end) bytes[bytes.length - 1] = 10
    if (bytes.length > this.#left) bytes = bytes.slice(0, this.#left)
    this.#left -= bytes.length
    return bytes
  }
}

/** The last lines that are asked for, oldest first. */
export function selectLines(lines: readonly LogLineOfContainer[], query: LogQuery): readonly LogLineOfContainer[] {
  const { since, tailLines, stream } = query
  let selected = lines
  if (since !== undefined || stream !== undefined) selected = selected.filter((line) => (since === undefined || line.time >= since) && (stream === undefined || line.stream === stream))
  return tailLines === undefined ? selected : tailLines === 0 ? [] : selected.slice(-tailLines)
}

/** RFC 3339 with nine decimals. */
function nanoTime(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const nanos = Math.min(999_999_999, Math.round((ms - seconds * 1000) * 1e6))
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`
}

import { shortText } from './short-text.ts'

export type LogLevel = 'info' | 'warning' | 'error'

export interface LogLine {
  /** ms since the epoch, virtual. */
  readonly time: number
  readonly level: LogLevel
  /** klog-like: a sentence, then key=value pairs. */
  readonly text: string
}

/** How long a line may be: what a stranger sent may stand in it. */
const lineMax = 16_384

/** The newest log lines of a process, for `journalctl -u`, `kubectl logs` of control-plane pods, and the window. */
export class Journal {
  readonly #now: () => number
  readonly #capacity: number
  #lines: LogLine[] = []
  readonly #listeners = new Set<(line: LogLine) => void>()

  constructor(now: () => number, capacity = 2_000) {
    this.#now = now
    this.#capacity = capacity
  }

  info(text: string, facts?: Readonly<Record<string, unknown>>): void {
    this.#write('info', text, facts)
  }

  warning(text: string, facts?: Readonly<Record<string, unknown>>): void {
    this.#write('warning', text, facts)
  }

  error(text: string, facts?: Readonly<Record<string, unknown>>): void {
    this.#write('error', text, facts)
  }

  lines(): readonly LogLine[] {
    return this.#lines
  }

  onLine(listener: (line: LogLine) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #write(level: LogLevel, text: string, facts: Readonly<Record<string, unknown>> | undefined): void {
    const tail = facts ? Object.entries(facts).map(([key, value]) => ` ${key}=${quote(value)}`).join('') : ''
    const whole = `${JSON.stringify(text)}${tail}`
    const line: LogLine = { time: this.#now(), level, text: whole.length > lineMax ? `${shortText(whole, lineMax)}…` : whole }
    this.#lines.push(line)
    if (this.#lines.length > this.#capacity * 1.25) this.#lines = this.#lines.slice(-this.#capacity)
    for (const listener of this.#listeners) listener(line)
  }
}

function quote(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value instanceof Error) return JSON.stringify(value.message)
  return typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value) ?? 'nil'
}

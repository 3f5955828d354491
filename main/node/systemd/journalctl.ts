import type { LogLine } from '../../kernel/journal.ts'
import type { Machine } from '../../kernel/machine.ts'
import type { Systemd } from './systemd.ts'
import type { CommandResult } from './systemctl.ts'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

interface Entry {
  readonly host: string
  readonly unit: string
  /** 0 when it does not run any more. */
  readonly pid: number
  readonly line: LogLine
}

export interface JournalOptions {
  /** Without `.service`; none = all. */
  readonly units: readonly string[]
  readonly count: number
  readonly reverse: boolean
  readonly follow: boolean
  readonly quiet: boolean
  /** Virtual ms. */
  readonly since: number
  readonly until: number
  readonly pattern: RegExp | undefined
  /** Least severe level that is shown. */
  readonly priority: 0 | 1 | 2
  readonly print: (entry: Entry) => string
}

const formats: Readonly<Record<string, (entry: Entry) => string>> = {
  short: ({ host, unit, pid, line }) => journalPrefix(host, unit, pid, line),
  'short-precise': ({ host, unit, pid, line }) => journalPrefix(host, unit, pid, line).replace(/^(.{15})/, `$1.${String(Math.floor(line.time % 1_000)).padStart(3, '0')}000`),
  'short-iso': ({ host, unit, pid, line }) => `${new Date(line.time).toISOString().slice(0, 19)}+0000 ${journalPrefix(host, unit, pid, line).slice(16)}`,
  'short-unix': ({ host, unit, pid, line }) => `${(line.time / 1_000).toFixed(6)} ${journalPrefix(host, unit, pid, line).slice(16)}`,
  cat: ({ host, unit, pid, line }) => message(journalPrefix(host, unit, pid, line)),
  json: ({ host, unit, pid, line }) =>
    JSON.stringify({
      __REALTIME_TIMESTAMP: String(Math.floor(line.time * 1_000)),
      _HOSTNAME: host,
      _SYSTEMD_UNIT: `${unit}.service`,
      _PID: String(pid || 1),
      SYSLOG_IDENTIFIER: unit,
      PRIORITY: { info: '6', warning: '4', error: '3' }[line.level],
      MESSAGE: message(journalPrefix(host, unit, pid, line)),
    }),
}

/** Reads journalctl's options; a text is what it complains of. Not modelled: fields to match, cursors, other boots. */
export function readJournalOptions(argv: readonly string[], now: number): JournalOptions | string {
  const units: string[] = []
  let count: number | undefined
  let reverse = false
  let follow = false
  let quiet = false
  let since = -Infinity
  let until = Infinity
  let format = 'short'
  let pattern: RegExp | undefined
  let priority: 0 | 1 | 2 = 0
  const words = argv.flatMap((word) => (/^--[a-z-]+=/.test(word) ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] : /^-[a-zA-Z]{2,}/.test(word) ? clustered(word) : [word]))
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    const value = (): string => words[++index] ?? ''
    if (word === '-u' || word === '--unit' || word === '-t' || word === '--identifier') units.push(value().replace(/\.service$/, ''))
    else if (word === '-n' || word === '--lines') {
      const given = words[index + 1] !== undefined && /^(\d+|all)$/.test(words[index + 1]!) ? value() : words[index + 1] === undefined || words[index + 1]!.startsWith('-') ? '10' : value()
      count = given === 'all' ? Infinity : Number(given)
      if (Number.isNaN(count) || count < 0) return 'Failed to parse lines\n'
    } else if (word === '-r' || word === '--reverse') reverse = true
    else if (word === '-f' || word === '--follow') follow = true
    else if (word === '-q' || word === '--quiet') quiet = true
    else if (word === '-e' || word === '--pager-end') count ??= 1_000
    else if (word === '-S' || word === '--since' || word === '-U' || word === '--until') {
      const text = value()
      const time = timeOf(text, now)
      if (Number.isNaN(time)) return `Failed to parse timestamp: ${text}\n`
      if (word === '-S' || word === '--since') since = time
      else until = time
    } else if (word === '-o' || word === '--output') {
      format = value()
      if (!(format in formats)) return `Unknown output format '${format}'.\n`
    } else if (word === '-g' || word === '--grep') {
      try {
        const text = value()
        pattern = new RegExp(text, text === text.toLowerCase() ? 'i' : '')
      } catch {
        return 'Failed to compile pattern\n'
      }
    } else if (word === '-p' || word === '--priority') {
      const level = value()
      if (!/^(emerg|alert|crit|err|warning|notice|info|debug|[0-7])$/.test(level)) return `Unknown log level ${level}\n`
      priority = /^(emerg|alert|crit|err|[0-3])$/.test(level) ? 2 : /^(warning|4)$/.test(level) ? 1 : 0
    } else if (word === '-k' || word === '--dmesg') units.push('kernel')
    else if (!['--no-pager', '-x', '--catalog', '-b', '--boot', '-a', '--all', '-l', '--full', '--no-hostname', '-m', '--merge', '--utc'].includes(word)) {
      return word.startsWith('--') ? `journalctl: unrecognized option '${word}'\n` : word.startsWith('-') ? `journalctl: invalid option -- '${word.slice(1)}'\n` : `Failed to add match '${word}': Invalid argument\n`
    }
  }
  return { units, count: count ?? (follow ? 10 : Infinity), reverse, follow, quiet, since, until, pattern, priority, print: formats[format]! }
}

/** `-xeu` is `-x -e -u`; what follows a letter that takes a value is its value: `-n20`. */
function clustered(word: string): string[] {
  const result: string[] = []
  for (let index = 1; index < word.length; index++) {
    result.push(`-${word[index]}`)
    if ('untoSUgp'.includes(word[index]!) && index + 1 < word.length) return [...result, word.slice(index + 1)]
  }
  return result
}

/** As systemd reads times: `2026-11-23 04:58:01`, `04:58`, `today`, `-1h`, `5 min ago`, `@1700000000`. NaN when it is none. */
function timeOf(text: string, now: number): number {
  const midnight = now - (now % 86_400_000)
  if (text === 'now') return now
  if (text === 'today') return midnight
  if (text === 'yesterday') return midnight - 86_400_000
  if (/^@\d+(\.\d+)?$/.test(text)) return Number(text.slice(1)) * 1_000
  const relative = /^(?:([-+])(.+)|(.+) ago)$/.exec(text)
  if (relative) {
    let span = 0
    const parts = (relative[2] ?? relative[3]!).matchAll(/(\d+(?:\.\d+)?)\s*(seconds?|secs?|s|minutes?|mins?|m|hours?|hr|h|days?|d|weeks?|w)?\s*/g)
    for (const [, amount, unit = 's'] of parts) span += Number(amount) * { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 }[unit[0]!]! * 1_000
    return relative[1] === '+' ? now + span : now - span
  }
  const clock = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text)
  if (clock) return midnight + (Number(clock[1]) * 3_600 + Number(clock[2]) * 60 + Number(clock[3] ?? 0)) * 1_000
  return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(`${text.length === 10 ? `${text}T00:00:00` : text.replace(' ', 'T')}Z`) : NaN
}

/** Whether a line is among those that are asked for. */
export function journalMatches(options: JournalOptions, line: LogLine): boolean {
  const level = { info: 0, warning: 1, error: 2 }[line.level]
  return level >= options.priority && line.time >= options.since && line.time <= options.until && (options.pattern?.test(line.text) ?? true)
}

/** What is in the journal now, as text. */
export function renderJournal(machine: Machine, systemd: Systemd, options: JournalOptions): string {
  const names = options.units.length > 0 ? options.units : systemd.names()
  const lines = names
    .filter((name) => systemd.names().includes(name))
    .flatMap((unit) => {
      const { journal, mainPid } = systemd.status(unit)
      return journal
        .lines()
        .filter((line) => journalMatches(options, line))
        .map((line) => ({ host: machine.name, unit, pid: mainPid, line }))
    })
    .sort((a, b) => a.line.time - b.line.time)
  const shown = options.count === Infinity ? lines : options.count === 0 ? [] : lines.slice(-options.count)
  if (options.reverse) shown.reverse()
  if (shown.length === 0) return options.quiet || options.follow ? '' : '-- No entries --\n'
  return `${shown.map(options.print).join('\n')}\n`
}

/** `journalctl` over the units of a node, up to now. */
export function journalctl(machine: Machine, systemd: Systemd, argv: readonly string[]): CommandResult {
  const options = readJournalOptions(argv, machine.kernel.now())
  if (typeof options === 'string') return { stdout: '', stderr: options, exitCode: 1 }
  return { stdout: renderJournal(machine, systemd, options), stderr: '', exitCode: 0 }
}

/** What follows `unit[pid]: `. */
function message(printed: string): string {
  return printed.slice(printed.indexOf(']: ') + 3)
}

/** `Nov 23 04:58:01 worker-1 kubelet[619]: I1123 04:58:01.000000 …`. */
export function journalPrefix(host: string, unit: string, pid: number, line: LogLine): string {
  const time = new Date(line.time)
  const level = { info: 'I', warning: 'W', error: 'E' }[line.level]
  const two = (value: number): string => String(value).padStart(2, '0')
  const clock = `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}`
  const own = systemdLine(line.text)
  if (own !== undefined) return `${months[time.getUTCMonth()]} ${two(time.getUTCDate())} ${clock} ${host} systemd[1]: ${own}`
  const stamp = `${level}${two(time.getUTCMonth() + 1)}${two(time.getUTCDate())} ${clock}.${String(Math.floor(line.time % 1_000)).padStart(3, '0')}000`
  return `${months[time.getUTCMonth()]} ${two(time.getUTCDate())} ${clock} ${host} ${unit}[${pid || 1}]: ${stamp} ${String(pid || 1).padStart(7)} ${line.text}`
}

/** `Mon 2026-11-23 04:58:01 UTC`. */
export function longTime(time: number): string {
  return `${days[new Date(time).getUTCDay()]} ${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** As systemd: `2min 5s`, `3h 12min`, `1 day 2h`. */
export function humanSpan(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  const parts = [
    [Math.floor(seconds / 86_400), ' day'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const shown = parts.filter(([value]) => value > 0).slice(0, 2).map(([value, unit]) => `${value}${unit === ' day' && value > 1 ? ' days' : unit}`)
  return shown.length > 0 ? shown.join(' ') : `${Math.floor(ms)}ms`
}

/** What systemd itself says of a unit is written in its own words, without klog's head. */
function systemdLine(text: string): string | undefined {
  if (!/^"(?:Started |Starting |Stopped |Stopping |Reloading |[\w-]+\.service: )/.test(text)) return undefined
  try {
    return JSON.parse(text) as string
  } catch {
    return undefined
  }
}

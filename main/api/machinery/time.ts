/** Times as the API writes them, and durations as Go prints them. Everything is virtual milliseconds since the epoch. */

/** metav1.Time: RFC 3339 in UTC, whole seconds (truncated). */
export function formatTime(ms: number): string {
  return `${secondsText(Math.floor(ms / 1000))}Z`
}

let lastSecond = Number.NaN
let lastSecondText = ''

/** Most of what is written in a row is written in the same second. */
function secondsText(seconds: number): string {
  if (seconds !== lastSecond) {
    lastSecondText = new Date(seconds * 1000).toISOString().slice(0, 19)
    lastSecond = seconds
  }
  return lastSecondText
}

/** metav1.MicroTime: RFC 3339 in UTC with six decimals. */
export function formatMicroTime(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  // A time of our days, counted in ms, is off by up to a quarter of a microsecond.
  const micros = Math.min(999_999, Math.floor((ms - seconds * 1000) * 1000 + 0.25))
  return `${secondsText(seconds)}.${String(micros).padStart(6, '0')}Z`
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** ms since the epoch of an RFC 3339 text (fractions and offsets allowed), or undefined. */
export function parseTime(text: string | undefined): number | undefined {
  if (!text) return undefined
  const known = parsed.get(text)
  if (known !== undefined) return known
  const ms = parseRfc3339(text)
  if (ms !== undefined) {
    if (parsed.size >= parsedCountMax) parsed = new Map()
    parsed.set(text, ms)
  }
  return ms
}

/** The same few times are read again and again: those of the objects that live. */
let parsed = new Map<string, number>()
const parsedCountMax = 2_000

function parseRfc3339(text: string): number | undefined {
  const match = rfc3339.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, fraction, zone] = match as unknown as [string, string, string, string, string, string, string, string?, string?]
  if (+month < 1 || +month > 12 || +day < 1 || +hour > 23 || +minute > 59 || +second > 59) return undefined
  const base = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (new Date(base).getUTCDate() !== +day) return undefined
  const ms = base + (fraction ? Number(`0${fraction}`) * 1000 : 0)
  if (zone === 'Z' || zone === undefined) return ms
  const sign = zone[0] === '-' ? 1 : -1
  return ms + sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60_000
}

/** ms since the epoch; 0 when the text is absent or malformed. */
export function timeOr0(text: string | undefined): number {
  return parseTime(text) ?? 0
}

const unitNanos: { readonly [unit: string]: number } = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }

/** A Go duration (`1h2m3.5s`, `-300ms`) in ms, or undefined. */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.exec(text)
  if (text === '0' || text === '+0' || text === '-0') return 0
  if (!match) return undefined
  let nanos = 0
  for (const [, number, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) nanos += Number(number) * (unitNanos[unit as string] as number)
  return (match[1] === '-' ? -nanos : nanos) / 1e6
}

/** A duration of ms as Go prints it: `1h2m3.5s`, `150ms`, `0s`. */
export function formatDuration(ms: number): string {
  const nanos = Math.round(ms * 1e6)
  if (nanos === 0) return '0s'
  const sign = nanos < 0 ? '-' : ''
  const size = Math.abs(nanos)
  if (size < 1e3) return `${sign}${size}ns`
  if (size < 1e6) return `${sign}${decimal(size, 1e3)}µs`
  if (size < 1e9) return `${sign}${decimal(size, 1e6)}ms`
  const hours = Math.floor(size / 3600e9)
  const minutes = Math.floor((size % 3600e9) / 60e9)
  const seconds = `${decimal(size % 60e9, 1e9)}s`
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`
}

/** nanos / unit with as many decimals as needed. */
function decimal(nanos: number, unit: number): string {
  const whole = Math.floor(nanos / unit)
  const rest = nanos - whole * unit
  if (rest === 0) return String(whole)
  return `${whole}.${String(rest).padStart(Math.log10(unit), '0').replace(/0+$/, '')}`
}

/** How long ago, in one unit: `5s`, `3m`, `2h`, `10d`, `1y` (upstream's ShortHumanDuration). */
export function shortHumanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.trunc(ms / 60_000)
  if (minutes < 60) return `${minutes}m`
  const hours = Math.trunc(ms / 3_600_000)
  if (hours < 24) return `${hours}h`
  if (hours < 24 * 365) return `${Math.trunc(hours / 24)}d`
  return `${Math.trunc(hours / 24 / 365)}y`
}

/** How long ago with two or three significant figures, as kubectl's AGE column prints it (upstream's HumanDuration). */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.trunc(ms / 60_000)
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.trunc(ms / 3_600_000)
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  if (hours < 192) return pair(Math.trunc(hours / 24), 'd', hours % 24, 'h')
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24)}d`
  if (hours < 24 * 365 * 8) return pair(Math.trunc(hours / 24 / 365), 'y', Math.trunc(hours / 24) % 365, 'd')
  return `${Math.trunc(hours / 24 / 365)}y`
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`
}

/** The age of a time text at `now`, `<unknown>` where there is none. */
export function ageOf(text: string | undefined, now: number): string {
  const at = parseTime(text)
  return at === undefined ? '<unknown>' : humanDuration(now - at)
}

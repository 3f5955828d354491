/** Cron schedules as robfig/cron's standard parser reads them: five fields, names of months and days, `@hourly` and the like,
 *  `@every 5m`, and a leading `TZ=` or `CRON_TZ=`. Texts of errors are that parser's. */
import { parseDuration } from '../../machinery/time.ts'

export interface CronSchedule {
  /** The first time after `after` (ms since the epoch) at which it fires; undefined when there is none in five years. */
  next(after: number): number | undefined
}

interface Bounds {
  readonly min: number
  readonly max: number
  readonly names?: Readonly<Record<string, number>>
}

/** What a field matches. `star`: it said `*` or `?`, which decides how the two kinds of day combine. */
interface Field {
  readonly values: ReadonlySet<number>
  readonly star: boolean
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const bounds: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: Object.fromEntries(months.map((name, index) => [name, index + 1])) },
  { min: 0, max: 6, names: Object.fromEntries(days.map((name, index) => [name, index])) },
]

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const horizonYears = 5

/** Throws an Error with the parser's text. `timeZone` is an IANA name; default UTC, and a `TZ=` in the text goes before it. */
export function parseCronSchedule(text: string, timeZone = 'UTC'): CronSchedule {
  if (text === '') throw new Error('empty spec string')
  const zoned = /^(?:CRON_)?TZ=(\S*)\s*(.*)$/s.exec(text)
  const zone = zoned?.[1] ?? timeZone
  const spec = (zoned ? zoned[2]! : text).trim()
  if (zoned && !isTimeZone(zone)) throw new Error(`provided bad location ${zone}: unknown time zone ${zone}`)
  if (spec.startsWith('@')) return parseDescriptor(spec, zone)
  const fields = spec.split(/\s+/).filter((field) => field !== '')
  if (fields.length !== 5) throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`)
  return new FieldSchedule(fields.map((field, index) => parseField(field, bounds[index]!)), zone)
}

function parseDescriptor(spec: string, zone: string): CronSchedule {
  const known = descriptors[spec]
  if (known) return parseCronSchedule(known, zone)
  if (spec.startsWith('@every ')) {
    const duration = parseDuration(spec.slice('@every '.length))
    if (duration === undefined) throw new Error(`failed to parse duration ${spec}: time: invalid duration ${JSON.stringify(spec.slice('@every '.length))}`)
    const everyMs = Math.max(1000, Math.floor(duration / 1000) * 1000)
    return { next: (after) => Math.floor(after / 1000) * 1000 + everyMs }
  }
  throw new Error(`unrecognized descriptor: ${spec}`)
}

function parseField(text: string, bound: Bounds): Field {
  const values = new Set<number>()
  let star = false
  for (const part of text.split(',').filter((each) => each !== '')) star = addRange(part, bound, values) || star
  return { values, star }
}

/** Adds the values of `a`, `a-b`, `a-b/n`, `*` or `*` with a step; answers whether it was a bare star. */
function addRange(text: string, { min, max, names }: Bounds, values: Set<number>): boolean {
  const steps = text.split('/')
  const limits = steps[0]!.split('-')
  let start: number
  let end: number
  let star = false
  if (limits[0] === '*' || limits[0] === '?') {
    start = min
    end = max
    star = true
  } else {
    start = parseNumber(limits[0]!, names)
    if (limits.length > 2) throw new Error(`too many hyphens: ${text}`)
    end = limits.length === 2 ? parseNumber(limits[1]!, names) : start
  }
  let step = 1
  if (steps.length === 2) {
    step = parseNumber(steps[1]!)
    // `n/step` means from n to the end.
    if (limits.length === 1) end = max
    if (step > 1) star = false
  } else if (steps.length > 2) throw new Error(`too many slashes: ${text}`)
  if (start < min) throw new Error(`beginning of range (${start}) below minimum (${min}): ${text}`)
  if (end > max) throw new Error(`end of range (${end}) above maximum (${max}): ${text}`)
  if (start > end) throw new Error(`beginning of range (${start}) beyond end of range (${end}): ${text}`)
  if (step === 0) throw new Error(`step of range should be a positive number: ${text}`)
  for (let value = start; value <= end; value += step) values.add(value)
  return star
}

function parseNumber(text: string, names?: Bounds['names']): number {
  const named = names?.[text.toLowerCase()]
  if (named !== undefined) return named
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  const number = Number(text)
  if (number < 0) throw new Error(`negative number (${number}) not allowed: ${text}`)
  return number
}

class FieldSchedule implements CronSchedule {
  readonly #fields: readonly Field[]
  readonly #zone: string

  constructor(fields: readonly Field[], zone: string) {
    this.#fields = fields
    this.#zone = zone
  }

  /** Walks real time, so an hour that a change of clocks leaves out is not fired in and one that comes twice is fired in twice. */
  next(after: number): number | undefined {
    const [minutes, hours, , monthField] = this.#fields as [Field, Field, Field, Field, Field]
    let at = Math.floor(after / minuteMs) * minuteMs + minuteMs
    const horizon = at + horizonYears * 366 * dayMs
    while (at <= horizon) {
      const local = wallClock(at, this.#zone)
      if (!monthField.values.has(local.getUTCMonth() + 1) || !this.#dayMatches(local)) at = this.#nextMidnight(at, local)
      else if (!hours.values.has(local.getUTCHours())) at += hourMs - local.getUTCMinutes() * minuteMs
      else if (!minutes.values.has(local.getUTCMinutes())) at += minuteMs
      else return at
    }
    return undefined
  }

  #dayMatches(local: Date): boolean {
    const dayOfMonth = this.#fields[2]!
    const dayOfWeek = this.#fields[4]!
    const inMonth = dayOfMonth.values.has(local.getUTCDate())
    const inWeek = dayOfWeek.values.has(local.getUTCDay())
    return dayOfMonth.star || dayOfWeek.star ? inMonth && inWeek : inMonth || inWeek
  }

  #nextMidnight(at: number, local: Date): number {
    const next = at + dayMs - local.getUTCHours() * hourMs - local.getUTCMinutes() * minuteMs
    // Where the day had 23 or 25 hours.
    const there = wallClock(next, this.#zone)
    const past = there.getUTCHours() * hourMs + there.getUTCMinutes() * minuteMs
    if (past === 0) return next
    return past > dayMs / 2 ? next + dayMs - past : Math.max(next - past, at + minuteMs)
  }
}

/** The wall clock of a zone, as the UTC fields of a Date. */
function wallClock(at: number, zone: string): Date {
  return new Date(at + zoneOffsetMs(at, zone))
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** How far a zone's clocks are ahead of UTC at a time. */
export function zoneOffsetMs(at: number, zone: string): number {
  if (zone === 'UTC' || zone === '') return 0
  const parts: Record<string, number> = {}
  for (const { type, value } of formatOf(zone).formatToParts(new Date(at))) if (type !== 'literal') parts[type] = Number(value)
  const { year, month, day, hour, minute, second } = parts as Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' })
    formats.set(zone, format)
  }
  return format
}

/** Whether the IANA database (or Go's `UTC`) knows the name. Offsets such as `+02:00` are no names of zones. */
export function isTimeZone(name: string): boolean {
  if (name === 'UTC' || name === '') return true
  if (/^[+-]/.test(name)) return false
  try {
    formatOf(name)
    return true
  } catch {
    return false
  }
}

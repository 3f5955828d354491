/** Durations and timestamps. */
import { Duration, EvaluationError, Timestamp } from '../values.ts'

const units: Readonly<Record<string, bigint>> = { ns: 1n, us: 1_000n, µs: 1_000n, μs: 1_000n, ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n }
const secondNanos = 1_000_000_000n
const int64Max = 2n ** 63n - 1n
/** 0001-01-01 and 9999-12-31T23:59:59.999999999, in nanoseconds. */
const timestampMin = -62_135_596_800n * secondNanos
const timestampMax = 253_402_300_799n * secondNanos + 999_999_999n

/** Go's time.ParseDuration; undefined for other text. */
export function parseDurationNanos(text: string): bigint | undefined {
  const match = /^([-+]?)(.*)$/s.exec(text)!
  const rest = match[2]!
  if (rest === '0') return 0n
  if (rest === '') return undefined
  let nanos = 0n
  const pattern = /(\d+)?(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y
  let at = 0
  while (at < rest.length) {
    pattern.lastIndex = at
    const part = pattern.exec(rest)
    if (!part || (part[1] === undefined && !part[2])) return undefined
    const unit = units[part[3]!]!
    nanos += BigInt(part[1] ?? '0') * unit
    if (part[2]) nanos += (BigInt(part[2]) * unit) / 10n ** BigInt(part[2].length)
    at += part[0].length
  }
  if (nanos > int64Max) return undefined
  return match[1] === '-' ? -nanos : nanos
}

export function durationOf(nanos: bigint): Duration | EvaluationError {
  return nanos > int64Max || nanos < -int64Max - 1n ? new EvaluationError('integer overflow') : new Duration(nanos)
}

/** RFC 3339 with nanoseconds; undefined for other text. */
export function parseTimestampNanos(text: string): bigint | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})$/.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second] = match.map(Number) as number[]
  if (month! < 1 || month! > 12 || day! < 1 || hour! > 23 || minute! > 59 || second! > 59) return undefined
  const date = new Date(Date.UTC(2000, month! - 1, day!, hour!, minute!, second!))
  date.setUTCFullYear(year!, month! - 1, day!)
  if (date.getUTCDate() !== day || date.getUTCMonth() !== month! - 1) return undefined
  const zone = match[8]!
  const offset = zone === 'Z' ? 0 : (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6)))
  const seconds = BigInt(date.getTime() / 1000) - BigInt(offset * 60)
  return seconds * secondNanos + BigInt((match[7] ?? '').slice(0, 9).padEnd(9, '0') || '0')
}

/** Minutes from UTC that a timestamp's text ends with. */
export function zoneMinutesOf(text: string): number {
  return offsetOf(/[+-]\d{2}:\d{2}$/.exec(text)?.[0] ?? '') ?? 0
}

export function timestampOf(nanos: bigint, zoneMinutes = 0): Timestamp | EvaluationError {
  return nanos < timestampMin || nanos > timestampMax ? new EvaluationError('timestamp overflow') : new Timestamp(nanos, zoneMinutes)
}

/** `1.5s`: seconds, as cel-go writes a duration. */
export function durationText({ nanos }: Duration): string {
  const sign = nanos < 0n ? '-' : ''
  const size = nanos < 0n ? -nanos : nanos
  const fraction = (size % secondNanos).toString().padStart(9, '0').replace(/0+$/, '')
  return `${sign}${size / secondNanos}${fraction === '' ? '' : `.${fraction}`}s`
}

export function timestampText({ nanos, zoneMinutes }: Timestamp): string {
  const { date, rest } = dateOf(nanos + BigInt(zoneMinutes) * 60n * secondNanos)
  const away = Math.abs(zoneMinutes)
  const zone = zoneMinutes === 0 ? 'Z' : `${zoneMinutes < 0 ? '-' : '+'}${String(Math.floor(away / 60)).padStart(2, '0')}:${String(away % 60).padStart(2, '0')}`
  const fraction = rest.toString().padStart(9, '0').replace(/0+$/, '')
  return `${date.toISOString().slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}${zone}`
}

function dateOf(nanos: bigint): { readonly date: Date; readonly rest: bigint } {
  let seconds = nanos / secondNanos
  let rest = nanos % secondNanos
  if (rest < 0n) {
    seconds -= 1n
    rest += secondNanos
  }
  return { date: new Date(Number(seconds) * 1000), rest }
}

/** A part of the time in a zone: an offset (`+02:00`), UTC, or an IANA name, which is not known here. */
export function timestampPart({ nanos }: Timestamp, part: string, zone?: string): bigint | EvaluationError {
  const offset = zone === undefined || zone === '' || zone === 'UTC' ? 0 : offsetOf(zone)
  if (offset === undefined) return new EvaluationError(`unknown time zone ${zone}`)
  const { date, rest } = dateOf(nanos + BigInt(offset) * 60n * secondNanos)
  switch (part) {
    case 'getFullYear':
      return BigInt(date.getUTCFullYear())
    case 'getMonth':
      return BigInt(date.getUTCMonth())
    case 'getDate':
      return BigInt(date.getUTCDate())
    case 'getDayOfMonth':
      return BigInt(date.getUTCDate() - 1)
    case 'getDayOfWeek':
      return BigInt(date.getUTCDay())
    case 'getDayOfYear':
      return BigInt(Math.floor((Date.UTC(2000, date.getUTCMonth(), date.getUTCDate()) - Date.UTC(2000, 0, 1)) / 86_400_000) - (date.getUTCMonth() > 1 && !isLeap(date.getUTCFullYear()) ? 1 : 0))
    case 'getHours':
      return BigInt(date.getUTCHours())
    case 'getMinutes':
      return BigInt(date.getUTCMinutes())
    case 'getSeconds':
      return BigInt(date.getUTCSeconds())
    default:
      return rest / 1_000_000n
  }
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
}

function offsetOf(zone: string): number | undefined {
  const match = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone)
  if (!match) return undefined
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]))
}

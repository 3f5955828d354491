/** Numbers that may be written as percentages. */
import { quote } from './go-text.ts'

export type IntOrString = number | string

/** The count a value stands for: a number as it is, `25%` scaled from `total`. Throws upstream's text for other strings. */
export function scaledValue(value: IntOrString, total: number, round: 'up' | 'down'): number {
  if (typeof value === 'number') return value
  if (!value.endsWith('%')) throw new Error('invalid value for IntOrString: invalid type: string is not a percentage')
  const digits = value.slice(0, -1)
  if (!/^[+-]?\d+$/.test(digits)) throw new Error(`invalid value for IntOrString: invalid value ${quote(value)}: strconv.Atoi: parsing ${quote(digits)}: invalid syntax`)
  const scaled = (Number(digits) * total) / 100
  return round === 'up' ? Math.ceil(scaled) : Math.floor(scaled)
}

/** Int32 where the text is one, else the text (upstream's intstr.Parse). */
export function parseIntOrString(text: string): IntOrString {
  if (!/^[+-]?\d+$/.test(text)) return text
  const number = Number(text)
  return number >= -2147483648 && number <= 2147483647 ? number : text
}

/** The percentage of `25%`, or undefined. */
export function percentOf(value: IntOrString): number | undefined {
  return typeof value === 'string' && /^\d+%$/.test(value) ? Number(value.slice(0, -1)) : undefined
}

/** maxSurge and maxUnavailable as pod counts: surge rounds up, unavailable down, and both cannot be 0 (upstream's
 *  ResolveFenceposts). */
export function resolveFenceposts(maxSurge: IntOrString | undefined, maxUnavailable: IntOrString | undefined, desired: number): { surge: number; unavailable: number } {
  const surge = scaledValue(maxSurge ?? 0, desired, 'up')
  const unavailable = scaledValue(maxUnavailable ?? 0, desired, 'down')
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable }
}

/** String formats of custom resources: those that upstream checks; others are taken as documentation. */
import { isDns1123Label, isDns1123Subdomain } from '../../../machinery/names.ts'
import { parseIp } from '../../../cel/addresses.ts'

const uuid = (version: string): RegExp => new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${version === '[0-9a-f]' || version === '3' ? '[0-9a-f]' : '[89ab]'}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i')
const hostnamePart = /^(?!-)[a-zA-Z0-9-]{1,63}(?<!-)$/
const email = /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()[\]\\,;:"]+$/

const checks: Readonly<Record<string, (text: string) => boolean>> = {
  bsonobjectid: (text) => /^[0-9a-fA-F]{24}$/.test(text),
  uri: isUri,
  email: (text) => text.length <= 320 && email.test(text),
  hostname: (text) => text.length <= 253 && text.replace(/\.$/, '').split('.').every((part) => hostnamePart.test(part)),
  ipv4: (text) => parseIp(text)?.family === 4 && text.includes('.') && !text.includes(':'),
  ipv6: (text) => text.includes(':') && parseIp(text) !== undefined,
  cidr: isCidr,
  mac: (text) => /^([0-9a-fA-F]{2}([:-]))([0-9a-fA-F]{2}\2){4}([0-9a-fA-F]{2}\2?)$|^([0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}$|^([0-9a-fA-F]{2}[:-]){7}[0-9a-fA-F]{2}$/.test(text) && !/[:-]$/.test(text),
  uuid: (text) => uuid('[0-9a-f]').test(text),
  uuid3: (text) => uuid('3').test(text),
  uuid4: (text) => uuid('4').test(text),
  uuid5: (text) => uuid('5').test(text),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: (text) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text),
  rgbcolor: (text) => /^rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)$/.test(text),
  byte: (text) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})?$/.test(text.replace(/[\r\n]/g, '')),
  password: () => true,
  date: isDate,
  duration: (text) => durationText.test(text) && text !== '',
  datetime: isDateTime,
  'date-time': isDateTime,
  'k8s-short-name': (text) => isDns1123Label(text).length === 0,
  'k8s-long-name': (text) => isDns1123Subdomain(text).length === 0,
}

/** Go's durations, and `3 days` as strfmt takes them. */
const durationText = /^[-+]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*)$|^(\d+\s*(nanoseconds?|nano|ns|microseconds?|micros?|us|µs|milliseconds?|millis?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|wks?|w)\s*)+$/

/** Whether the format is one that is checked; upstream compares without dashes. */
export function isKnownFormat(format: string): boolean {
  return Object.hasOwn(checks, format) || Object.hasOwn(checks, format.replaceAll('-', ''))
}

/** Whether the text has the format; unknown formats take everything. */
export function hasFormat(text: string, format: string): boolean {
  const check = Object.hasOwn(checks, format) ? checks[format] : checks[format.replaceAll('-', '')]
  return check === undefined || check(text)
}

function isUri(text: string): boolean {
  if (text === '' || /[\s\x00-\x1f\x7f]/.test(text) || /%(?![0-9a-fA-F]{2})/.test(text)) return false
  if (text.startsWith('/')) return true
  const match = /^([a-zA-Z][a-zA-Z0-9+.-]*):(.*)$/.exec(text)
  return match !== null
}

function isCidr(text: string): boolean {
  const [address, bits, ...more] = text.split('/')
  const parsed = parseIp(address ?? '')
  if (!parsed || bits === undefined || more.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(bits)) return false
  return Number(bits) <= (parsed.family === 4 ? 32 : 128)
}

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[\s-]/g, '')
  if (!/^\d{9}[\dX]$/.test(digits)) return false
  let sum = 0
  for (let index = 0; index < 10; index++) sum += (10 - index) * (digits[index] === 'X' ? 10 : Number(digits[index]))
  return sum % 11 === 0
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[\s-]/g, '')
  if (!/^\d{13}$/.test(digits)) return false
  let sum = 0
  for (let index = 0; index < 13; index++) sum += Number(digits[index]) * (index % 2 === 0 ? 1 : 3)
  return sum % 10 === 0
}

function isCreditCard(text: string): boolean {
  const digits = text.replace(/[\s-]/g, '')
  if (!/^\d{13,19}$/.test(digits)) return false
  let sum = 0
  for (let index = 0; index < digits.length; index++) {
    let digit = Number(digits[digits.length - 1 - index])
    if (index % 2 === 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2
    sum += digit
  }
  return sum % 10 === 0
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  return match !== null && isDay(Number(match[1]), Number(match[2]), Number(match[3]))
}

function isDateTime(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})?$/.exec(text)
  if (!match) return false
  return isDay(Number(match[1]), Number(match[2]), Number(match[3])) && Number(match[4]) < 24 && Number(match[5]) < 60 && Number(match[6]) < 60
}

function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}

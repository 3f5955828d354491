/** cel-go's string extensions (version 2), and Kubernetes' regular expressions. Positions count code points. */
import { quote } from '../../machinery/go-text.ts'
import { compilePattern, PatternError } from '../regex.ts'
import { dynType, intType, listType, stringType } from '../types.ts'
import { ArrayList, CelList, CelMap, Duration, EvaluationError, runes, Timestamp, TypeValue, Uint } from '../values.ts'
import type { CelValue } from '../values.ts'
import { doubleText } from './double-text.ts'
import { global, member } from './overload.ts'
import type { Library } from './overload.ts'
import { lastPlaceOf, piecesOf, placeOf } from './substrings.ts'
import { durationText, timestampText } from './time.ts'

const texts = listType(stringType)

function outOfRange(index: bigint): EvaluationError {
  return new EvaluationError(`index out of range: ${index}`)
}

function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function upper(text: string): string {
  return text.replace(/[a-z]/g, (letter) => letter.toUpperCase())
}

/** UTF-16 units to code points, and back. */
function pointsBefore(text: string, unit: number): bigint {
  return BigInt(runes(text.slice(0, unit)))
}

function unitAt(text: string, point: number): number {
  let unit = 0
  for (let count = 0; count < point && unit < text.length; count++) unit += text.codePointAt(unit)! > 0xffff ? 2 : 1
  return unit
}

function indexOf(text: string, part: string, from = 0n): CelValue {
  if (from < 0n) return outOfRange(from)
  if (part === '') return from
  const place = placeOf(text, part, unitAt(text, Number(from)))
  return place < 0 ? -1n : pointsBefore(text, place)
}

function lastIndexOf(text: string, part: string, from?: bigint): CelValue {
  const size = BigInt(runes(text))
  if (from !== undefined && (from < 0n || from >= size)) return outOfRange(from)
  if (part === '') return from ?? size
  const place = lastPlaceOf(text, part, from === undefined ? text.length : unitAt(text, Number(from)))
  return place < 0 ? -1n : pointsBefore(text, place)
}

function substring(text: string, start: bigint, end?: bigint): CelValue {
  const points = [...text]
  const size = BigInt(points.length)
  if (end !== undefined && start > end) return new EvaluationError(`invalid substring range. start: ${start}, end: ${end}`)
  if (start < 0n || start > size) return outOfRange(start)
  if (end !== undefined && (end < 0n || end > size)) return outOfRange(end)
  return points.slice(Number(start), end === undefined ? undefined : Number(end)).join('')
}

function replace(text: string, old: string, by: string, limit = -1n): string {
  if (limit === 0n || old === by) return text
  const pieces = old === '' ? [...text] : piecesOf(text, old)
  let left = limit < 0n ? Infinity : Number(limit)
  if (old === '') {
    let out = ''
    for (const piece of pieces) out += left-- > 0 ? by + piece : piece
    return left > 0 ? out + by : out
  }
  let out = pieces[0]!
  for (const piece of pieces.slice(1)) out += (left-- > 0 ? by : old) + piece
  return out
}

function split(text: string, by: string, limit = -1n): ArrayList {
  if (limit === 0n) return new ArrayList([])
  const pieces = by === '' ? [...text] : piecesOf(text, by)
  if (limit < 0n || pieces.length <= Number(limit)) return new ArrayList(pieces)
  const count = Number(limit) - 1
  return new ArrayList([...pieces.slice(0, count), pieces.slice(count).join(by)])
}

function join(list: CelList, by = ''): CelValue {
  const parts: string[] = []
  for (const item of list) {
    if (typeof item !== 'string') return new EvaluationError(`join: invalid input: ${String(item as never)}`)
    parts.push(item)
  }
  return parts.join(by)
}

/** Text as `%s` writes any value. */
function shown(value: CelValue): string {
  if (value === null) return 'null'
  if (typeof value === 'number') return doubleText(value)
  if (typeof value !== 'object') return String(value)
  if (value instanceof Uint) return String(value.value)
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (value instanceof Duration) return durationText(value)
  if (value instanceof Timestamp) return timestampText(value)
  if (value instanceof TypeValue) return value.type.name
  if (value instanceof CelList) return `[${[...value].map(shown).join(', ')}]`
  if (value instanceof CelMap) return `{${[...value.keys()].map((key) => `${shown(key)}: ${shown(value.get(key)!)}`).sort().join(', ')}}`
  return ''
}

/** Digits that a number is written with at most: what JavaScript writes. */
const precisionMax = 100

function format(template: string, list: CelList): CelValue {
  let next = 0
  let problem: EvaluationError | undefined
  const text = template.replace(/%%|%(?:\.(\d+))?([a-zA-Z]?)/g, (all: string, precision: string | undefined, clause: string | undefined): string => {
    if (all === '%%') return '%'
    const fail = (message: string): string => {
      problem ??= new EvaluationError(message)
      return ''
    }
    if (!clause) return fail('could not parse formatting clause: unexpected end of string')
    if (Number(precision ?? 0) > precisionMax) return fail(`error during formatting: precision ${precision} is above ${precisionMax}`)
    if (next >= list.size) return fail(`index ${next} out of range`)
    const value = list.at(next++)
    const whole = typeof value === 'bigint' ? value : value instanceof Uint ? value.value : undefined
    switch (clause) {
      case 's':
        return shown(value)
      case 'd':
        return whole === undefined ? (typeof value === 'number' && !Number.isFinite(value) ? doubleText(value).replace('+', '') : fail('error during formatting: decimal clause can only be used on integers')) : String(whole)
      case 'f':
        return typeof value === 'number' || whole !== undefined ? Number(whole ?? value).toFixed(precision === undefined ? 6 : Number(precision)) : fail('error during formatting: fixed-point clause can only be used on doubles')
      case 'e':
        return typeof value === 'number' || whole !== undefined ? scientific(Number(whole ?? value), precision === undefined ? 6 : Number(precision)) : fail('error during formatting: scientific clause can only be used on doubles')
      case 'b':
        return typeof value === 'boolean' ? (value ? '1' : '0') : whole === undefined ? fail('error during formatting: only integers and bools can be formatted as binary') : whole.toString(2)
      case 'o':
        return whole === undefined ? fail('error during formatting: octal clause can only be used on integers') : whole.toString(8)
      case 'x':
      case 'X': {
        const hex = whole !== undefined ? whole.toString(16) : typeof value === 'string' || value instanceof Uint8Array ? [...(typeof value === 'string' ? new TextEncoder().encode(value) : value)].map((byte) => byte.toString(16).padStart(2, '0')).join('') : fail('error during formatting: only integers, byte buffers, and strings can be formatted as hex')
        return clause === 'X' ? hex.toUpperCase() : hex
      }
      default:
        return fail(`could not parse formatting clause: unrecognized formatting clause "${clause}"`)
    }
  })
  return problem ?? text
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** `3.140000×10⁰⁰`: as cel-go's locale writes it. */
function scientific(value: number, precision: number): string {
  const [mantissa = '', power = '0'] = value.toExponential(precision).split('e')
  const digits = String(Math.abs(Number(power))).padStart(2, '0')
  return `${mantissa}×10${Number(power) < 0 ? '⁻' : ''}${[...digits].map((digit) => superscripts[Number(digit)]).join('')}`
}

function trimmed(text: string): string {
  const isSpace = (unit: string | undefined): boolean => unit !== undefined && /\p{White_Space}/u.test(unit)
  let start = 0
  let end = text.length
  while (start < end && isSpace(text[start])) start++
  while (end > start && isSpace(text[end - 1])) end--
  return text.slice(start, end)
}

function withPattern(pattern: string, run: (compiled: ReturnType<typeof compilePattern>) => CelValue): CelValue {
  try {
    return run(compilePattern(pattern))
  } catch (error) {
    if (error instanceof PatternError) return new EvaluationError(`Illegal regex: ${error.message}`)
    throw error
  }
}

export function stringLibrary(): Library {
  return {
    overloads: [
      member('charAt', 'string_char_at_int', [stringType, intType], stringType, (text: string, index: bigint) => (index < 0n || index > BigInt(runes(text)) ? outOfRange(index) : ([...text][Number(index)] ?? ''))),
      member('indexOf', 'string_index_of_string', [stringType, stringType], intType, indexOf),
      member('indexOf', 'string_index_of_string_int', [stringType, stringType, intType], intType, indexOf),
      member('lastIndexOf', 'string_last_index_of_string', [stringType, stringType], intType, lastIndexOf),
      member('lastIndexOf', 'string_last_index_of_string_int', [stringType, stringType, intType], intType, lastIndexOf),
      member('lowerAscii', 'string_lower_ascii', [stringType], stringType, lower),
      member('upperAscii', 'string_upper_ascii', [stringType], stringType, upper),
      member('replace', 'string_replace_string_string', [stringType, stringType, stringType], stringType, replace),
      member('replace', 'string_replace_string_string_int', [stringType, stringType, stringType, intType], stringType, replace),
      member('split', 'string_split_string', [stringType, stringType], texts, split),
      member('split', 'string_split_string_int', [stringType, stringType, intType], texts, split),
      member('substring', 'string_substring_int', [stringType, intType], stringType, substring),
      member('substring', 'string_substring_int_int', [stringType, intType, intType], stringType, substring),
      member('trim', 'string_trim', [stringType], stringType, trimmed),
      member('format', 'string_format', [stringType, listType(dynType)], stringType, format),
      member('join', 'list_join', [texts], stringType, (list: CelList) => join(list)),
      member('join', 'list_join_string', [texts, stringType], stringType, join),
      global('strings.quote', 'strings_quote', [stringType], stringType, (text: string) => quote(text)),
      member('find', 'string_find_string', [stringType, stringType], stringType, (text: string, pattern: string) => withPattern(pattern, (compiled) => compiled.find(text) ?? '')),
      member('findAll', 'string_find_all_string', [stringType, stringType], texts, (text: string, pattern: string) => withPattern(pattern, (compiled) => new ArrayList(compiled.findAll(text, -1)))),
      member('findAll', 'string_find_all_string_int', [stringType, stringType, intType], texts, (text: string, pattern: string, limit: bigint) => withPattern(pattern, (compiled) => new ArrayList(compiled.findAll(text, Number(limit))))),
    ],
  }
}

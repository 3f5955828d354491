import { quote } from '../../../api/machinery/go-text.ts'
import { absent, floatText, isMap, sortedKeys, typeText, valueText } from './values.ts'

interface Format {
  readonly flags: string
  readonly width: number | undefined
  readonly precision: number | undefined
}

/** fmt.Sprintf for the values of templates. */
export function sprintf(format: string, values: readonly unknown[]): string {
  let next = 0
  const take = (): unknown => values[next++]
  const text = format.replace(/%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?(.|$)/gsu, (whole, flags: string, width: string | undefined, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    if (verb === '') return '%!(NOVERB)'
    const number = (part: string | undefined): number | undefined => (part === undefined ? undefined : part === '*' ? Number(take()) : Number(part))
    const layout: Format = { flags, width: number(width), precision: whole.includes('.') ? (number(precision) ?? 0) : undefined }
    if (next >= values.length) return `%!${verb}(MISSING)`
    return verbText(verb, take(), layout)
  })
  if (next >= values.length) return text
  return `${text}%!(EXTRA ${values.slice(next).map((value) => (value === null || value === absent ? '<nil>' : `${typeText(value)}=${valueText(value)}`)).join(', ')})`
}

function verbText(verb: string, given: unknown, format: Format): string {
  const value = given === absent ? null : given
  if (verb === 'T') return padded(typeText(value), format)
  if (verb === 'v') return composed(value, format, (inner) => scalarValue(inner, format)) ?? padded(scalarValue(value, format), format)
  if (value === null || value === undefined) return `%!${verb}(<nil>)`
  return composed(value, format, (inner) => verbText(verb, inner, format)) ?? scalar(verb, value, format)
}

/** Lists and maps: the verb goes to what is in them. */
function composed(value: unknown, { flags }: Format, inner: (value: unknown) => string): string | undefined {
  if (flags.includes('#')) return undefined
  if (Array.isArray(value)) return `[${value.map(inner).join(' ')}]`
  if (isMap(value)) return `map[${sortedKeys(value).map((key) => `${inner(key)}:${inner(value[key])}`).join(' ')}]`
  return undefined
}

function scalarValue(value: unknown, { flags }: Format): string {
  if (!flags.includes('#')) return flags.includes('+') && (typeof value === 'number' || typeof value === 'bigint') && value >= 0 ? `+${valueText(value)}` : valueText(value)
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return `[]interface {}{${value.map((item) => scalarValue(item, { flags, width: undefined, precision: undefined })).join(', ')}}`
  if (isMap(value)) return `map[string]interface {}{${sortedKeys(value).map((key) => `${quote(key)}:${scalarValue(value[key], { flags, width: undefined, precision: undefined })}`).join(', ')}}`
  return value === null || value === undefined ? 'interface {}(nil)' : valueText(value)
}

function scalar(verb: string, value: unknown, format: Format): string {
  const { precision } = format
  if (typeof value === 'string') {
    const shown = precision === undefined ? value : Array.from(value).slice(0, precision).join('')
    if (verb === 's') return padded(shown, format)
    if (verb === 'q') return padded(format.flags.includes('#') && !value.includes('`') ? `\`${shown}\`` : quote(shown), format)
    if (verb === 'x' || verb === 'X') {
      const hex = Array.from(new TextEncoder().encode(shown), (byte) => byte.toString(16).padStart(2, '0')).join(format.flags.includes(' ') ? ' ' : '')
      return padded(verb === 'X' ? hex.toUpperCase() : hex, format)
    }
  }
  if (typeof value === 'boolean' && verb === 't') return padded(String(value), format)
  if (typeof value === 'bigint') {
    const whole = integer(verb, value, format)
    if (whole !== undefined) return whole
  }
  if (typeof value === 'number') {
    const float = floating(verb, value, format)
    if (float !== undefined) return float
  }
  return `%!${verb}(${typeText(value)}=${valueText(value)})`
}

function integer(verb: string, value: bigint, format: Format): string | undefined {
  if (verb === 'c') return padded(String.fromCodePoint(Number(value)), format)
  if (verb === 'q') return padded(`'${String.fromCodePoint(Number(value))}'`, format)
  if (verb === 'U') return padded(`U+${value.toString(16).toUpperCase().padStart(4, '0')}`, format)
  const base = { d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 }[verb]
  if (!base) return undefined
  const digits = (value < 0n ? -value : value).toString(base).padStart(format.precision ?? 0, '0')
  const prefix = verb === 'O' ? '0o' : format.flags.includes('#') ? ({ b: '0b', o: '0', x: '0x', X: '0X' }[verb] ?? '') : ''
  return signed(value < 0n, prefix + (verb === 'X' ? digits.toUpperCase() : digits), format)
}

function floating(verb: string, value: number, format: Format): string | undefined {
  const { precision } = format
  const size = Math.abs(value)
  const exponential = (text: string): string => text.replace(/e([-+])(\d)$/, 'e$10$2')
  const texts: Readonly<Record<string, () => string>> = {
    f: () => size.toFixed(precision ?? 6),
    F: () => size.toFixed(precision ?? 6),
    e: () => exponential(size.toExponential(precision ?? 6)),
    E: () => exponential(size.toExponential(precision ?? 6)).toUpperCase(),
    g: () => (precision === undefined ? floatText(size) : exponential(String(Number(size.toPrecision(Math.max(precision, 1)))))),
    G: () => (precision === undefined ? floatText(size) : String(Number(size.toPrecision(Math.max(precision, 1))))).toUpperCase(),
  }
  const text = texts[verb]?.()
  return text === undefined ? undefined : signed(value < 0 || Object.is(value, -0), text, format)
}

function signed(negative: boolean, digits: string, format: Format): string {
  const sign = negative ? '-' : format.flags.includes('+') ? '+' : format.flags.includes(' ') ? ' ' : ''
  const zeros = format.flags.includes('0') && !format.flags.includes('-') && format.precision === undefined && format.width !== undefined
  return zeros ? sign + digits.padStart(format.width - sign.length, '0') : padded(sign + digits, format)
}

function padded(text: string, { flags, width }: Format): string {
  if (width === undefined) return text
  const missing = Math.max(0, Math.abs(width) - Array.from(text).length)
  if (width < 0 || flags.includes('-')) return text + ' '.repeat(missing)
  return (flags.includes('0') ? '0' : ' ').repeat(missing) + text
}

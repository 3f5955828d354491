/** Go's values as templates meet them: what came out of JSON (numbers are float64), and ints (bigint) of constants and `len`. */

/** Absent: reflect's invalid Value, which prints as `<no value>`. */
export const absent = Symbol('no value')

/** How `%v` writes a value. */
export function valueText(value: unknown): string {
  if (value === absent) return '<no value>'
  if (value === null || value === undefined) return '<nil>'
  if (typeof value === 'number') return floatText(value)
  if (Array.isArray(value)) return `[${value.map(valueText).join(' ')}]`
  if (typeof value === 'object') return `map[${sortedKeys(value).map((key) => `${key}:${valueText((value as Record<string, unknown>)[key])}`).join(' ')}]`
  return String(value)
}

/** Keys in Go's order: by bytes, which is by code points. */
export function sortedKeys(value: object): string[] {
  return Object.keys(value).sort((a, b) => {
    const [x, y] = [Array.from(a), Array.from(b)]
    for (let index = 0; index < Math.min(x.length, y.length); index++) {
      const difference = x[index]!.codePointAt(0)! - y[index]!.codePointAt(0)!
      if (difference !== 0) return difference
    }
    return x.length - y.length
  })
}

/** `%v` of a float64: the shortest digits, with an exponent below -4 and from 6 on. */
export function floatText(value: number, exponentFrom = 6): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa, power] = value.toExponential().split('e') as [string, string]
  const exponent = Number(power)
  if (exponent >= -4 && exponent < exponentFrom) return plainDigits(value)
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

function plainDigits(value: number): string {
  const text = String(value)
  if (!text.includes('e')) return text
  return value >= 1 || value <= -1 ? BigInt(value).toString() : value.toFixed(20).replace(/0+$/, '')
}

/** The Go type that a value has. */
export function typeText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    case 'number':
      return 'float64'
    case 'bigint':
      return 'int'
    default:
      return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}'
  }
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What `if` asks of a value. */
export function isTrue(value: unknown): boolean {
  if (value === absent || value === null || value === undefined) return false
  if (typeof value === 'bigint') return value !== 0n
  if (Array.isArray(value)) return value.length > 0
  if (isMap(value)) return Object.keys(value).length > 0
  return Boolean(value)
}

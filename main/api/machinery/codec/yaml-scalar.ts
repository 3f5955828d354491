/** What go-yaml 2 reads a plain scalar as. */

const constants = new Map<string, boolean | number | null>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Infinity] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, -Infinity] as const),
])

const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/
const integer = /^[-+]?(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)$/
const timestamp = /^\d{4}-\d{1,2}-\d{1,2}([Tt]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[+-]\d\d:\d\d)| +\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?)?$/
const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/

/** The value of a plain scalar. Timestamps stay texts, as Kubernetes reads them. */
export function resolvePlain(text: string): string | number | boolean | null {
  const constant = constants.get(text)
  if (constant !== undefined) return constant
  const first = text.charCodeAt(0)
  const numeric = (first >= 48 && first <= 57) || first === 43 || first === 45
  if (first === 46) return float.test(text) ? Number(text) : text
  if (!numeric) return text
  const plain = text.replaceAll('_', '')
  if (integer.test(plain)) return integerOf(plain)
  return float.test(plain) && !base60.test(text) ? Number(plain) : text
}

/** Whether the text, written plain, is read back as a string (base 60 numbers and times are quoted, though Go reads texts). */
export function isPlainString(text: string): boolean {
  return typeof resolvePlain(text) === 'string' && !base60.test(text) && !timestamp.test(text)
}

/** Go's integers: 0x, 0o, 0b, and a leading 0 is octal. */
function integerOf(text: string): number {
  const negative = text.startsWith('-')
  const digits = text.replace(/^[-+]/, '')
  let value: number
  if (/^0[xX]/.test(digits)) value = Number.parseInt(digits.slice(2), 16)
  else if (/^0[bB]/.test(digits)) value = Number.parseInt(digits.slice(2), 2)
  else if (/^0[oO]/.test(digits)) value = Number.parseInt(digits.slice(2), 8)
  else if (digits.length > 1 && digits.startsWith('0')) value = Number.parseInt(digits, 8)
  else value = Number(digits)
  return negative ? -value : value
}

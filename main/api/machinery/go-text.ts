/** Text as Go's fmt prints it, for messages that clients see. */

/** `%q` of a string: strconv.Quote. */
export function quote(text: string): string {
  let out = '"'
  for (const character of text) {
    const code = character.codePointAt(0) as number
    if (character === '"' || character === '\\') out += `\\${character}`
    else if (code === 7) out += '\\a'
    else if (code === 8) out += '\\b'
    else if (code === 12) out += '\\f'
    else if (code === 10) out += '\\n'
    else if (code === 13) out += '\\r'
    else if (code === 9) out += '\\t'
    else if (code === 11) out += '\\v'
    else if (code < 32 || code === 127) out += `\\x${code.toString(16).padStart(2, '0')}`
    else if ((code >= 0x80 && code < 0xa0) || code === 0xad || (code >= 0x2028 && code <= 0x2029) || (code >= 0xd800 && code < 0xe000) || code === 0xfeff) out += `\\u${code.toString(16).padStart(4, '0')}`
    else out += character
  }
  return out + '"'
}

/** `%v` of a list of strings: `[a b]`. */
export function listText(items: readonly unknown[]): string {
  return `[${items.map(String).join(' ')}]`
}

/** encoding/json's text of a value: compact, with `<`, `>` and `&` escaped. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** `%v` of a map of strings, sorted by key: `map[a:1 b:2]`. */
export function mapText(map: { readonly [key: string]: unknown }): string {
  return `map[${Object.keys(map).sort(compareBytes).map((key) => `${key}:${String(map[key])}`).join(' ')}]`
}

/** Orders strings as Go does (by UTF-8 bytes, which is code point order). */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    // A surrogate stands for a code point above every other unit.
    const xHigh = x >= 0xd800 && x < 0xe000
    const yHigh = y >= 0xd800 && y < 0xe000
    if (xHigh !== yHigh) return xHigh ? 1 : -1
    return x < y ? -1 : 1
  }
  return a.length < b.length ? -1 : 1
}

const encoder = new TextEncoder()

/** len(string): UTF-8 bytes. */
export function byteLength(text: string): number {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 127) return encoder.encode(text).length
  }
  return text.length
}

/** Errors joined as utilerrors.Aggregate prints them: one as it is, more in brackets; equal texts once. */
export function aggregateText(messages: readonly string[]): string {
  const unique = [...new Set(messages)]
  return unique.length === 1 ? (unique[0] as string) : `[${unique.join(', ')}]`
}

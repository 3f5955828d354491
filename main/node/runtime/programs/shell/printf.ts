/** Formats as printf(1): the format is used again while arguments are left. Answers the text and whether all was well. */
export function formatPrintf(format: string, words: readonly string[]): { readonly text: string; readonly complaints: readonly string[] } {
  const complaints: string[] = []
  let text = ''
  let at = 0
  let stopped = false
  const next = (): string | undefined => words[at++]
  const number = (word: string | undefined): number => {
    if (word === undefined || word === '') return 0
    if (/^["']/.test(word)) return word.codePointAt(1) ?? 0
    const value = /^[+-]?0[xX][0-9a-fA-F]+$/.test(word) ? parseInt(word, 16) : /^[+-]?0[0-7]+$/.test(word) ? parseInt(word, 8) : Number(word)
    if (Number.isNaN(value)) {
      complaints.push(`invalid number '${word}'`)
      return parseFloat(word) || 0
    }
    return value
  }
  const once = (): boolean => {
    let used = false
    for (let index = 0; index < format.length && !stopped; index++) {
      const char = format[index]!
      if (char === '\\') {
        const escape = unescape(format, index)
        if (escape.stop) stopped = true
        text += escape.text
        index = escape.end
        continue
      }
      if (char !== '%') {
        text += char
        continue
      }
      if (format[index + 1] === '%') {
        text += '%'
        index++
        continue
      }
      const spec = /^%([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+)?)?(?:hh|h|ll|l|L|q|j|z|t)?([diouxXcsbqeEfFgG])/.exec(format.slice(index))
      if (!spec) {
        complaints.push(`%${format[index + 1] ?? ''}: invalid format`)
        return false
      }
      used = true
      index += spec[0].length - 1
      const flags = spec[1]!
      const width = spec[2] === '*' ? number(next()) : Number(spec[2] ?? 0)
      const hasPrecision = spec[0].includes('.')
      const precision = spec[3] === '*' ? number(next()) : spec[3] === undefined ? (hasPrecision ? 0 : undefined) : Number(spec[3])
      const kind = spec[4]!
      let piece: string
      if (kind === 's') piece = (next() ?? '').slice(0, precision)
      else if (kind === 'b') {
        const escaped = unescapeAll(next() ?? '')
        if (escaped.stop) stopped = true
        piece = escaped.text
      } else if (kind === 'q') {
        const word = next() ?? ''
        piece = word === '' ? "''" : word.replace(/[^\w@%+=:,./-]/g, '\\$&')
      } else if (kind === 'c') piece = (next() ?? '').slice(0, 1)
      else if ('diouxX'.includes(kind)) {
        const value = Math.trunc(number(next()))
        const magnitude = Math.abs(value)
        let digits = kind === 'o' ? magnitude.toString(8) : kind === 'x' ? magnitude.toString(16) : kind === 'X' ? magnitude.toString(16).toUpperCase() : String(magnitude)
        if (precision !== undefined) digits = digits.padStart(precision, '0')
        if (flags.includes('#') && kind === 'x') digits = `0x${digits}`
        if (flags.includes('#') && kind === 'o') digits = `0${digits}`
        const sign = value < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
        piece = flags.includes('0') && !flags.includes('-') && precision === undefined ? sign + digits.padStart(width - sign.length, '0') : sign + digits
      } else {
        const value = number(next())
        const magnitude = Math.abs(value)
        const lower = kind.toLowerCase()
        let digits = lower === 'f' ? magnitude.toFixed(precision ?? 6) : lower === 'e' ? exponent(magnitude, precision ?? 6) : general(magnitude, precision ?? 6)
        if (kind !== lower) digits = digits.toUpperCase()
        const sign = value < 0 ? '-' : flags.includes('+') ? '+' : ''
        piece = flags.includes('0') && !flags.includes('-') ? sign + digits.padStart(width - sign.length, '0') : sign + digits
      }
      text += flags.includes('-') || width < 0 ? piece.padEnd(Math.abs(width)) : piece.padStart(width)
    }
    return used
  }
  do {
    if (!once()) break
  } while (at < words.length && !stopped)
  return { text, complaints }
}

function exponent(value: number, precision: number): string {
  return value.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2')
}

function general(value: number, precision: number): string {
  if (value === 0) return '0'
  const power = Math.floor(Math.log10(value))
  if (power < -4 || power >= Math.max(1, precision)) return exponent(value, Math.max(0, precision - 1)).replace(/\.?0+e/, 'e')
  return value.toPrecision(Math.max(1, precision)).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')
}

const simple: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', e: '\x1b', '\\': '\\', '"': '"', "'": "'" }

/** The escape that starts at `index`; `end` is its last character; `stop` after \c. */
function unescape(text: string, index: number): { readonly text: string; readonly end: number; readonly stop: boolean } {
  const rest = text.slice(index + 1)
  const octal = /^(?:0[0-7]{1,3}|[1-7][0-7]{0,2}|0)/.exec(rest)
  if (octal) return { text: String.fromCharCode(parseInt(octal[0], 8) & 0xff), end: index + octal[0].length, stop: false }
  const hex = /^x([0-9a-fA-F]{1,2})/.exec(rest) ?? /^u([0-9a-fA-F]{1,4})/.exec(rest) ?? /^U([0-9a-fA-F]{1,8})/.exec(rest)
  if (hex) return { text: String.fromCodePoint(parseInt(hex[1]!, 16)), end: index + hex[0].length, stop: false }
  const char = rest[0]
  if (char === 'c') return { text: '', end: text.length, stop: true }
  if (char !== undefined && char in simple) return { text: simple[char]!, end: index + 1, stop: false }
  return { text: '\\', end: index, stop: false }
}

/** What `echo -e` and `printf %b` do with backslashes. */
export function unescapeAll(text: string): { readonly text: string; readonly stop: boolean } {
  let result = ''
  for (let index = 0; index < text.length; index++) {
    if (text[index] !== '\\') {
      result += text[index]
      continue
    }
    const escape = unescape(text, index)
    result += escape.text
    if (escape.stop) return { text: result, stop: true }
    index = escape.end
  }
  return { text: result, stop: false }
}

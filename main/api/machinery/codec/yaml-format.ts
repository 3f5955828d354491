/** YAML as Kubernetes writes it: what go-yaml 2 makes of a JSON value, to the letter (key order, quoting, folding at 80 columns,
 *  literal blocks, lists not indented under their key). */
import { isObject } from '../json-value.ts'
import { isPlainString } from './yaml-scalar.ts'

/** The YAML text of a JSON value, ending in a newline. Undefined fields are left out. */
export function formatYaml(value: unknown): string {
  const emitter = new Emitter()
  emitter.root(value)
  return emitter.text()
}

const widthMax = 80
const indentStep = 2

class Emitter {
  readonly #parts: string[] = []
  #column = 0

  text(): string {
    return this.#parts.join('')
  }

  root(value: unknown): void {
    if (isObject(value) && hasFields(value)) this.#map(value, 0, false)
    else if (Array.isArray(value) && value.length > 0) this.#list(value, 0, false)
    else {
      this.#scalar(value, indentStep, false)
      this.#endLine()
    }
  }

  #put(text: string): void {
    this.#parts.push(text)
    this.#column += text.length
  }

  /** Ends the line and indents the next. */
  #line(indent: number): void {
    this.#parts.push(indent > 0 ? `\n${' '.repeat(indent)}` : '\n')
    this.#column = indent
  }

  /** `inline`: the first key follows `- ` on the same line. */
  #map(map: { [key: string]: unknown }, indent: number, inline: boolean): void {
    let first = inline
    for (const key of Object.keys(map).sort(keyOrder)) {
      const value = map[key]
      if (value === undefined) continue
      if (!first) this.#put(' '.repeat(indent))
      first = false
      this.#key(key, indent)
      if (isObject(value) && hasFields(value)) {
        this.#line(0)
        this.#map(value, indent + indentStep, false)
      } else if (Array.isArray(value) && value.length > 0) {
        this.#line(0)
        this.#list(value, indent, false)
      } else {
        this.#put(' ')
        this.#scalar(value, indent + indentStep, false)
        this.#endLine()
      }
    }
  }

  #endLine(): void {
    if (this.#column !== 0) this.#line(0)
  }

  #key(key: string, indent: number): void {
    const simple = key.length <= 128 && !/[\r\n\u0085\u2028\u2029]/.test(key)
    if (!simple) this.#put('? ')
    this.#scalar(key, indent + indentStep, true)
    if (!simple) {
      this.#line(indent)
    }
    this.#put(':')
  }

  #list(list: readonly unknown[], indent: number, inline: boolean): void {
    let first = inline
    for (const item of list) {
      if (!first) this.#put(' '.repeat(indent))
      first = false
      this.#put('- ')
      if (isObject(item) && hasFields(item)) this.#map(item, indent + indentStep, true)
      else if (Array.isArray(item) && item.length > 0) this.#list(item, indent + indentStep, true)
      else {
        this.#scalar(item ?? null, indent + indentStep, false)
        this.#endLine()
      }
    }
  }

  #scalar(value: unknown, indent: number, isKey: boolean): void {
    if (typeof value === 'string') this.#string(value, indent, isKey)
    else if (Array.isArray(value)) this.#put('[]')
    else if (isObject(value)) this.#put('{}')
    else this.#put(typeof value === 'number' ? numberText(value) : String(value ?? null))
  }

  #string(text: string, indent: number, isKey: boolean): void {
    const facts = analyze(text)
    if (text.includes('\n')) {
      if (facts.blockAllowed && !isKey) this.#literal(text, indent)
      else this.#double(text, indent, isKey)
    } else if (!isPlainString(text)) this.#double(text, indent, isKey)
    else if (facts.plainAllowed) this.#plain(text, indent, isKey)
    else if (facts.singleAllowed) this.#single(text, indent, isKey)
    else this.#double(text, indent, isKey)
  }

  #plain(text: string, indent: number, isKey: boolean): void {
    if (isKey || this.#column + text.length <= widthMax) return this.#put(text)
    this.#folded(text, indent, (at) => text[at + 1] !== ' ')
  }

  #single(text: string, indent: number, isKey: boolean): void {
    this.#put("'")
    const escaped = text.replaceAll("'", "''")
    if (isKey || this.#column + escaped.length <= widthMax) this.#put(escaped)
    else this.#folded(escaped, indent, (at) => at > 0 && at < escaped.length - 1 && escaped[at + 1] !== ' ')
    this.#put("'")
  }

  /** Writes the text, breaking at single spaces once the line is past the width. */
  #folded(text: string, indent: number, mayBreak: (at: number) => boolean): void {
    let spaces = false
    let from = 0
    for (let at = 0; at < text.length; at++) {
      if (text[at] !== ' ') {
        spaces = false
        continue
      }
      if (!spaces && this.#column + (at - from) > widthMax && mayBreak(at)) {
        this.#put(text.slice(from, at))
        this.#line(indent)
        from = at + 1
      }
      spaces = true
    }
    this.#put(text.slice(from))
  }

  #double(text: string, indent: number, isKey: boolean): void {
    this.#put('"')
    const characters = [...text]
    let spaces = false
    characters.forEach((character, at) => {
      if (character === ' ') {
        if (!isKey && !spaces && this.#column > widthMax && at > 0 && at < characters.length - 1) {
          this.#line(indent)
          if (characters[at + 1] === ' ') this.#put('\\')
        } else this.#put(' ')
        spaces = true
      } else {
        this.#put(escapeOf(character))
        spaces = false
      }
    })
    this.#put('"')
  }

  #literal(text: string, indent: number): void {
    let hints = /^[ \r\n\u0085\u2028\u2029]/.test(text) ? String(indentStep) : ''
    if (!text.endsWith('\n')) hints += '-'
    else if (text.length === 1 || text.endsWith('\n\n')) hints += '+'
    this.#put(`|${hints}`)
    this.#line(0)
    const lines = text.split('\n')
    if (lines[lines.length - 1] === '') lines.pop()
    lines.forEach((line, index) => {
      if (index > 0) this.#line(0)
      if (line !== '') this.#put(' '.repeat(indent) + line)
    })
    // What follows a kept trailing break starts on a line of its own already.
    this.#line(0)
    this.#column = 0
  }
}

function hasFields(map: { [key: string]: unknown }): boolean {
  for (const key in map) if (map[key] !== undefined) return true
  return false
}

function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return Object.is(value, -0) ? '-0' : String(value)
  const text = String(value)
  const match = /^(-?[\d.]+)e([+-])(\d+)$/.exec(text)
  return match ? `${match[1]}e${match[2]}${(match[3] as string).padStart(2, '0')}` : text
}

interface ScalarFacts {
  readonly plainAllowed: boolean
  readonly singleAllowed: boolean
  readonly blockAllowed: boolean
}

const breaks = '\r\n\u0085\u2028\u2029'

/** libyaml's analysis of which styles can carry a text in block context. */
function analyze(text: string): ScalarFacts {
  if (text === '') return { plainAllowed: true, singleAllowed: true, blockAllowed: false }
  let indicators = text.startsWith('---') || text.startsWith('...')
  let [special, lineBreaks, breakSpace, spaceBreak] = [false, false, false, false]
  let [previousSpace, previousBreak, afterBlank] = [false, false, true]
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    const next = text[at + 1]
    const beforeBlank = next === undefined || next === ' ' || next === '\t' || breaks.includes(next)
    if (at === 0) {
      if ('#,[]{}&*!|>\'"%@`'.includes(character)) indicators = true
      else if ((character === '?' || character === ':' || character === '-') && beforeBlank) indicators = true
    } else if (character === ':' && beforeBlank) indicators = true
    else if (character === '#' && afterBlank) indicators = true
    if (!isPrintable(character)) special = true
    if (character === ' ') {
      if (previousBreak) breakSpace = true
      previousSpace = true
      previousBreak = false
    } else if (breaks.includes(character)) {
      lineBreaks = true
      if (previousSpace) spaceBreak = true
      previousBreak = true
      previousSpace = false
    } else previousSpace = previousBreak = false
    afterBlank = character === ' ' || character === '\t' || breaks.includes(character)
  }
  const [first, last] = [text[0] as string, text[text.length - 1] as string]
  const edges = first === ' ' || last === ' ' || breaks.includes(first) || breaks.includes(last)
  const bad = spaceBreak || special
  return {
    plainAllowed: !edges && !breakSpace && !bad && !lineBreaks && !indicators,
    singleAllowed: !breakSpace && !bad,
    blockAllowed: last !== ' ' && !bad,
  }
}

function isPrintable(character: string): boolean {
  const code = character.charCodeAt(0)
  // libyaml knows no characters beyond the basic plane.
  return code === 10 || (code >= 0x20 && code <= 0x7e) || (code >= 0xa0 && code < 0xd800) || (code >= 0xe000 && code !== 0xfeff && code < 0xfffe)
}

const escapes: { readonly [character: string]: string } = {
  '\0': '\\0', '\x07': '\\a', '\b': '\\b', '\t': '\\t', '\n': '\\n', '\v': '\\v', '\f': '\\f', '\r': '\\r', '\x1b': '\\e', '"': '\\"', '\\': '\\\\', '\u0085': '\\N', '\u2028': '\\L', '\u2029': '\\P',
}

function escapeOf(character: string): string {
  const known = escapes[character]
  if (known !== undefined) return known
  if (isPrintable(character)) return character
  const code = character.codePointAt(0) as number
  if (code <= 0xff) return `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`
  if (code <= 0xffff) return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
  return `\\U${code.toString(16).toUpperCase().padStart(8, '0')}`
}

/** go-yaml 2's order of keys: others before letters, runs of digits by value. */
function keyOrder(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    if (a[i] === b[i]) continue
    const [leftLetter, rightLetter] = [isLetter(a[i] as string), isLetter(b[i] as string)]
    if (leftLetter && rightLetter) return (a[i] as string) < (b[i] as string) ? -1 : 1
    if (leftLetter || rightLetter) return leftLetter ? 1 : -1
    return digitOrder(a, b, i)
  }
  return a.length - b.length
}

function digitOrder(a: string, b: string, from: number): number {
  let [x, y] = [0, 0]
  if (a[from] === '0' || b[from] === '0') {
    for (let j = from - 1; j >= 0 && isDigit(a[j]); j--) {
      if (a[j] !== '0') {
        x = y = 1
        break
      }
    }
  }
  let [i, j] = [from, from]
  for (; i < a.length && isDigit(a[i]); i++) x = x * 10 + Number(a[i])
  for (; j < b.length && isDigit(b[j]); j++) y = y * 10 + Number(b[j])
  if (x !== y) return x - y
  if (i !== j) return i - j
  return (a[from] as string) < (b[from] as string) ? -1 : 1
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9'
}

function isLetter(character: string): boolean {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') || (character > '\x7f' && /\p{L}/u.test(character))
}

/** JSON bodies: parsed with bounds, encoding/json's error texts and, for strict decoding, duplicate fields. */
import { isObject } from '../json-value.ts'

/** The deepest nesting that is read. */
export const depthMax = 1000

/** A value that is not of the Go type that its field has. */
export interface TypeMismatch {
  readonly value: unknown
  /** Go's kind of the type. */
  readonly wanted: 'struct' | 'map' | 'slice' | 'string' | 'bool' | 'int32' | 'int64' | 'float64'
  /** The type's name: `v1.PullPolicy`. */
  readonly goType: string
}

/** A body that cannot be read; the message is Go's. */
export class DecodeError extends Error {
  /** What was met and what was wanted there, where the two are of different types. */
  readonly mismatch: TypeMismatch | undefined

  constructor(message: string, mismatch?: TypeMismatch) {
    super(message)
    this.name = 'DecodeError'
    this.mismatch = mismatch
  }
}

/** Parses a JSON document. Throws DecodeError. */
export function parseJson(text: string): unknown {
  checkDepth(text)
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new DecodeError(syntaxError(text))
  }
}

const decoder = new TextDecoder()

/** Parses a JSON body. Throws DecodeError. */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  return parseJson(decoder.decode(bytes))
}

/** Refuses nesting that would exhaust the stack of whoever walks the value. */
function checkDepth(text: string): void {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 34) at = stringEnd(text, at)
    else if (code === 123 || code === 91) {
      if (++depth > depthMax) throw new DecodeError('exceeded max depth')
    } else if (code === 125 || code === 93) depth--
  }
}

/** The index of the quote that ends the string starting at `at` (or the text's end). */
function stringEnd(text: string, at: number): number {
  let end = at
  do {
    end = text.indexOf('"', end + 1)
    if (end < 0) return text.length
  } while (isEscaped(text, end))
  return end
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0
  while (text.charCodeAt(at - 1 - slashes) === 92) slashes++
  return slashes % 2 === 1
}

function colonCount(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 34) at = stringEnd(text, at)
    else if (code === 58) count++
  }
  return count
}

function keyCount(value: unknown): number {
  let count = 0
  if (Array.isArray(value)) for (const item of value) count += keyCount(item)
  else if (isObject(value)) for (const key of Object.keys(value)) count += 1 + keyCount(value[key])
  return count
}

/** What strict decoding has against a document, in the order in which it meets it, each once: the given unknown fields and, in what
 *  is known, fields that occur twice. Paths are such as `spec.containers[0].image`; `value` is the parsed document. */
export function strictProblems(text: string, value: unknown, unknownFields: readonly string[]): string[] {
  // Without duplicates there are as many keys in the value as colons outside strings in the text.
  if (colonCount(text) === keyCount(value)) return unknownFields.map((path) => `unknown field ${JSON.stringify(path)}`)
  const scan = new StrictScan(text, new Set(unknownFields))
  scan.run()
  return [...new Set(scan.problems)]
}

/** Walks a well-formed document key by key. */
class StrictScan {
  /** All problems in document order. */
  readonly problems: string[] = []
  readonly #text: string
  readonly #unknown: ReadonlySet<string>
  /** How many unknown fields enclose what is being read: nothing in them counts. */
  #enclosing = 0
  #at = 0

  constructor(text: string, unknown: ReadonlySet<string>) {
    this.#text = text
    this.#unknown = unknown
  }

  run(): void {
    this.#value('')
  }

  #skipSpace(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] as string) && this.#at < this.#text.length) this.#at++
  }

  #string(): string {
    const end = stringEnd(this.#text, this.#at)
    const text = JSON.parse(this.#text.slice(this.#at, end + 1)) as string
    this.#at = end + 1
    return text
  }

  #value(path: string): void {
    this.#skipSpace()
    const first = this.#text[this.#at]
    if (first === '{') this.#object(path)
    else if (first === '[') this.#array(path)
    else if (first === '"') this.#at = stringEnd(this.#text, this.#at) + 1
    else while (this.#at < this.#text.length && !',]} \t\r\n'.includes(this.#text[this.#at] as string)) this.#at++
    this.#skipSpace()
  }

  #object(path: string): void {
    const seen = new Set<string>()
    this.#at++
    this.#skipSpace()
    while (this.#text[this.#at] !== '}') {
      const key = this.#string()
      const inner = path ? `${path}.${key}` : key
      const isUnknown = this.#unknown.has(inner)
      if (this.#enclosing === 0) {
        if (isUnknown) this.problems.push(`unknown field ${JSON.stringify(inner)}`)
        else if (seen.has(key)) this.problems.push(`duplicate field ${JSON.stringify(inner)}`)
      }
      seen.add(key)
      this.#skipSpace()
      this.#at++
      if (isUnknown) this.#enclosing++
      this.#value(inner)
      if (isUnknown) this.#enclosing--
      if (this.#text[this.#at] === ',') this.#at++
      this.#skipSpace()
    }
    this.#at++
  }

  #array(path: string): void {
    this.#at++
    this.#skipSpace()
    for (let index = 0; this.#text[this.#at] !== ']'; index++) {
      this.#value(`${path}[${index}]`)
      if (this.#text[this.#at] === ',') this.#at++
      this.#skipSpace()
    }
    this.#at++
  }
}

/** What encoding/json says of a document that is no JSON. */
function syntaxError(text: string): string {
  const machine = new SyntaxScan(text)
  return machine.run() ?? 'unexpected end of JSON input'
}

/** A small recursive reader that stops at the first wrong character. */
class SyntaxScan {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  run(): string | undefined {
    return this.#value() ?? (this.#space() === undefined ? undefined : this.#wrong('after top-level value'))
  }

  /** The next character that is no space, or undefined at the end. */
  #space(): string | undefined {
    while (this.#at < this.#text.length && ' \t\r\n'.includes(this.#text[this.#at] as string)) this.#at++
    return this.#text[this.#at]
  }

  #wrong(where: string): string {
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at) as number)
    const shown = character === "'" ? "'\\''" : character === '"' ? `'"'` : `'${JSON.stringify(character).slice(1, -1)}'`
    return `invalid character ${shown} ${where}`
  }

  #end(): string {
    return 'unexpected end of JSON input'
  }

  #value(): string | undefined {
    const first = this.#space()
    if (first === undefined) return this.#end()
    if (first === '{') return this.#members()
    if (first === '[') return this.#elements()
    if (first === '"') return this.#string()
    if (first === '-' || (first >= '0' && first <= '9')) return this.#number()
    for (const word of ['true', 'false', 'null']) if (first === word[0]) return this.#word(word)
    return this.#wrong('looking for beginning of value')
  }

  #members(): string | undefined {
    this.#at++
    if (this.#space() === '}') {
      this.#at++
      return undefined
    }
    for (;;) {
      const first = this.#space()
      if (first === undefined) return this.#end()
      if (first !== '"') return this.#wrong('looking for beginning of object key string')
      const key = this.#string()
      if (key) return key
      const colon = this.#space()
      if (colon === undefined) return this.#end()
      if (colon !== ':') return this.#wrong('after object key')
      this.#at++
      const value = this.#value()
      if (value) return value
      const next = this.#space()
      if (next === undefined) return this.#end()
      if (next !== ',' && next !== '}') return this.#wrong('after object key:value pair')
      this.#at++
      if (next === '}') return undefined
    }
  }

  #elements(): string | undefined {
    this.#at++
    if (this.#space() === ']') {
      this.#at++
      return undefined
    }
    for (;;) {
      const value = this.#value()
      if (value) return value
      const next = this.#space()
      if (next === undefined) return this.#end()
      if (next !== ',' && next !== ']') return this.#wrong('after array element')
      this.#at++
      if (next === ']') return undefined
    }
  }

  #string(): string | undefined {
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at] as string
      if (character === '"') {
        this.#at++
        return undefined
      }
      if (character < ' ') return this.#wrong('in string literal')
      if (character !== '\\') continue
      const escape = this.#text[++this.#at]
      if (escape === undefined) return this.#end()
      if (escape === 'u') {
        for (let i = 0; i < 4; i++) {
          const digit = this.#text[++this.#at]
          if (digit === undefined) return this.#end()
          if (!/[0-9a-fA-F]/.test(digit)) return this.#wrong('in \\u hexadecimal character escape')
        }
      } else if (!'"\\/bfnrt'.includes(escape)) return this.#wrong('in string escape code')
    }
    return this.#end()
  }

  #number(): string | undefined {
    const digits = (where: string): string | undefined => {
      if (this.#at >= this.#text.length) return this.#end()
      if (!/[0-9]/.test(this.#text[this.#at] as string)) return this.#wrong(where)
      while (/[0-9]/.test(this.#text[this.#at] ?? '')) this.#at++
      return undefined
    }
    if (this.#text[this.#at] === '-') this.#at++
    if (this.#text[this.#at] === '0') this.#at++
    else {
      const whole = digits('in numeric literal')
      if (whole) return whole
    }
    if (this.#text[this.#at] === '.') {
      this.#at++
      const fraction = digits('after decimal point in numeric literal')
      if (fraction) return fraction
    }
    if (this.#text[this.#at] === 'e' || this.#text[this.#at] === 'E') {
      this.#at++
      if (this.#text[this.#at] === '+' || this.#text[this.#at] === '-') this.#at++
      return digits('in exponent of numeric literal')
    }
    return undefined
  }

  #word(word: string): string | undefined {
    for (const letter of word) {
      if (this.#at >= this.#text.length) return this.#end()
      if (this.#text[this.#at] !== letter) return this.#wrong(`in literal ${word} (expecting '${letter}')`)
      this.#at++
    }
    return undefined
  }
}

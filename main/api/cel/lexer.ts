/** The tokens of an expression. */
import type { Issue } from './ast.ts'

export type TokenType = 'ident' | 'quoted-ident' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'symbol' | 'end'

export interface Token {
  readonly type: TokenType
  /** Symbols and names: as written. Strings: their value. */
  readonly text: string
  readonly at: number
  readonly bytes?: Uint8Array
}

export class LexError extends Error {
  readonly issue: Issue

  constructor(issue: Issue) {
    super(issue.message)
    this.issue = issue
  }
}

const symbols = ['==', '!=', '<=', '>=', '&&', '||', '<', '>', '(', ')', '[', ']', '{', '}', '.', ',', '?', ':', '!', '+', '-', '*', '/', '%']
const spaces = /[ \t\r\n\f]+|\/\/[^\n]*/y
const double = /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/y
const integer = /(?:0x[0-9a-fA-F]+|\d+)[uU]?/y
const name = /[_a-zA-Z][_a-zA-Z0-9]*/y
const quotedName = /`[a-zA-Z0-9_.\-/ ]+`/y
const stringStart = /(?:[rR][bB]|[bB][rR]|[rR]|[bB])?(?:"""|'''|"|')/y
const encoder = new TextEncoder()

/** Throws LexError with ANTLR's words. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0]
  }
  while (at < source.length) {
    const space = match(spaces)
    if (space !== undefined) {
      at += space.length
      continue
    }
    const opening = match(stringStart)
    if (opening !== undefined) {
      const token = stringAt(source, at, opening)
      tokens.push(token.token)
      at = token.end
      continue
    }
    const decimal = match(double)
    if (decimal !== undefined && !(decimal.startsWith('.') && tokens.at(-1)?.type === 'ident')) {
      tokens.push({ type: 'double', text: decimal, at })
      at += decimal.length
      continue
    }
    const whole = match(integer)
    if (whole !== undefined) {
      tokens.push({ type: /[uU]$/.test(whole) ? 'uint' : 'int', text: whole.replace(/[uU]$/, ''), at })
      at += whole.length
      continue
    }
    const word = match(name)
    if (word !== undefined) {
      tokens.push({ type: 'ident', text: word, at })
      at += word.length
      continue
    }
    const quoted = match(quotedName)
    if (quoted !== undefined) {
      tokens.push({ type: 'quoted-ident', text: quoted.slice(1, -1), at })
      at += quoted.length
      continue
    }
    const symbol = symbols.find((each) => source.startsWith(each, at))
    if (symbol === undefined) throw new LexError({ at, message: `Syntax error: token recognition error at: '${source.slice(at, at + 1).replace('\n', '\\n')}'` })
    tokens.push({ type: 'symbol', text: symbol, at })
    at += symbol.length
  }
  tokens.push({ type: 'end', text: '<EOF>', at: source.length })
  return tokens
}

function stringAt(source: string, start: number, opening: string): { readonly token: Token; readonly end: number } {
  const quote = /["']+$/.exec(opening)![0]
  const prefix = opening.slice(0, -quote.length).toLowerCase()
  const raw = prefix.includes('r')
  let at = start + opening.length
  for (;;) {
    if (at >= source.length || (quote.length === 1 && (source[at] === '\n' || source[at] === '\r'))) throw new LexError({ at: start, message: `Syntax error: token recognition error at: '${source.slice(start, at)}'` })
    if (source.startsWith(quote, at)) break
    at += source[at] === '\\' && !raw ? 2 : 1
  }
  const body = source.slice(start + opening.length, at)
  const isBytes = prefix.includes('b')
  const end = at + quote.length
  const token = isBytes ? { type: 'bytes' as const, text: body, at: start, bytes: raw ? encoder.encode(body) : bytesOf(body, start) } : { type: 'string' as const, text: raw ? body : unescaped(body, start), at: start }
  return { token, end }
}

const simpleEscapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', "'": "'", '"': '"', '`': '`', '?': '?' }
const escapePattern = /\\(?:([abfnrtv\\'"`?])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([^]?))/g

function unescaped(body: string, at: number): string {
  return body.replace(escapePattern, (_all, letter: string | undefined, hex: string | undefined, short: string | undefined, long: string | undefined, octal: string | undefined) => {
    if (letter !== undefined) return simpleEscapes[letter]!
    const code = hex ?? short ?? long
    const point = code !== undefined ? parseInt(code, 16) : octal !== undefined ? parseInt(octal, 8) : -1
    if (point < 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) throw new LexError({ at, message: 'unable to unescape string' })
    return String.fromCodePoint(point)
  })
}

function bytesOf(body: string, at: number): Uint8Array {
  const bytes: number[] = []
  let last = 0
  for (const match of body.matchAll(escapePattern)) {
    bytes.push(...encoder.encode(body.slice(last, match.index)))
    last = match.index + match[0].length
    const [, letter, hex, short, long, octal] = match
    if (letter !== undefined) bytes.push(...encoder.encode(simpleEscapes[letter]))
    else if (hex !== undefined) bytes.push(parseInt(hex, 16))
    else if (octal !== undefined) bytes.push(parseInt(octal, 8))
    else if (short !== undefined || long !== undefined) throw new LexError({ at, message: 'unable to unescape string' })
    else throw new LexError({ at, message: 'unable to unescape string' })
  }
  bytes.push(...encoder.encode(body.slice(last)))
  return new Uint8Array(bytes)
}

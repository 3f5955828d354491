import { quote } from '../../../api/machinery/go-text.ts'

export type TokenType =
  | 'error' | 'bool' | 'char' | 'character' | 'assign' | 'declare' | 'end of text' | 'field' | 'identifier' | 'left' | '(' | 'number' | 'pipe' | 'raw string' | 'right' | ')'
  | 'space' | 'string' | 'text' | 'variable' | 'dot' | 'keyword'

export interface Token {
  readonly type: TokenType
  readonly text: string
  /** Offset in the template. */
  readonly at: number
  readonly line: number
}

const keywords = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'nil', 'range', 'template', 'with'])

/** A token as text/template's complaints show it. */
export function tokenText({ type, text }: Token): string {
  if (type === 'end of text') return 'EOF'
  if (type === 'error') return text
  if (type === 'keyword' || type === 'dot') return `<${text}>`
  return text.length > 10 ? `${quote(text.slice(0, 10))}...` : quote(text)
}

/** Cuts a template into tokens. A mistake is the last token, of type `error`. */
export function tokensOf(template: string): Token[] {
  return new Lexer(template).run()
}

class Lexer {
  readonly #source: string
  readonly #tokens: Token[] = []
  #at = 0
  #line = 1
  #parens = 0

  constructor(source: string) {
    this.#source = source
  }

  run(): Token[] {
    while (this.#text() && this.#action());
    return this.#tokens
  }

  #emit(type: TokenType, text: string): void {
    this.#tokens.push({ type, text, at: this.#at, line: this.#line })
    for (const character of text) if (character === '\n') this.#line++
    this.#at += text.length
  }

  #skip(length: number): void {
    for (const character of this.#source.slice(this.#at, this.#at + length)) if (character === '\n') this.#line++
    this.#at += length
  }

  #fail(message: string): false {
    this.#tokens.push({ type: 'error', text: message, at: this.#at, line: this.#line })
    return false
  }

  /** Text up to the next action; false at the end. */
  #text(): boolean {
    const open = this.#source.indexOf('{{', this.#at)
    if (open < 0) {
      if (this.#at < this.#source.length) this.#emit('text', this.#source.slice(this.#at))
      this.#emit('end of text', '')
      return false
    }
    const text = this.#source.slice(this.#at, open)
    const trimmed = /^-\s/.test(this.#source.slice(open + 2, open + 4)) ? text.trimEnd() : text
    if (trimmed !== '') this.#emit('text', trimmed)
    this.#skip(open - this.#at)
    return true
  }

  /** One action with its delimiters, or a comment; false after a mistake. */
  #action(): boolean {
    const trims = /^-\s/.test(this.#source.slice(this.#at + 2, this.#at + 4))
    const after = trims ? 4 : 2
    if (this.#source.startsWith('/*', this.#at + after)) {
      this.#skip(after)
      return this.#comment()
    }
    this.#emit('left', '{{')
    this.#skip(after - 2)
    this.#parens = 0
    for (;;) {
      const close = this.#closing()
      if (close) {
        if (this.#parens > 0) return this.#fail('unclosed left paren')
        if (close === 'trimming') this.#skip(2)
        this.#emit('right', '}}')
        if (close === 'trimming') this.#skipSpace()
        return true
      }
      if (!this.#inside()) return false
    }
  }

  #closing(): 'plain' | 'trimming' | undefined {
    if (this.#source.startsWith('}}', this.#at)) return 'plain'
    return /^\s-\}\}/.test(this.#source.slice(this.#at, this.#at + 4)) ? 'trimming' : undefined
  }

  #comment(): boolean {
    const end = this.#source.indexOf('*/', this.#at)
    if (end < 0) return this.#fail('unclosed comment')
    this.#skip(end + 2 - this.#at)
    const close = this.#closing()
    if (!close) return this.#fail('comment ends before closing delimiter')
    this.#skip(close === 'trimming' ? 4 : 2)
    if (close === 'trimming') this.#skipSpace()
    return true
  }

  #skipSpace(): void {
    this.#skip(/^\s*/.exec(this.#source.slice(this.#at))![0].length)
  }

  #inside(): boolean {
    const rest = this.#source.slice(this.#at)
    const character = rest[0]
    if (character === undefined) return this.#fail('unclosed action')
    if (/\s/.test(character)) {
      let length = /^\s+/.exec(rest)![0].length
      // The blank before a trimming delimiter belongs to that.
      if (rest.startsWith('-}}', length)) length--
      if (length > 0) this.#emit('space', rest.slice(0, length))
      return true
    }
    if (character === '=') return this.#take('assign', '=')
    if (character === ':') return rest[1] === '=' ? this.#take('declare', ':=') : this.#fail('expected :=')
    if (character === '|') return this.#take('pipe', '|')
    if (character === '"') return this.#quoted(rest)
    if (character === '`') {
      const end = rest.indexOf('`', 1)
      return end < 0 ? this.#fail('unterminated raw quoted string') : this.#take('raw string', rest.slice(0, end + 1))
    }
    if (character === "'") {
      const literal = /^'(?:[^'\\\n]|\\.)*'/.exec(rest)
      return literal ? this.#take('character', literal[0]) : this.#fail('unterminated character constant')
    }
    if (character === '$') return this.#named('variable', /^\$[\p{L}\p{N}_]*/u.exec(rest)![0])
    if (character === '.' && !/^\.\d/.test(rest)) {
      const field = /^\.[\p{L}\p{N}_]+/u.exec(rest)
      return field ? this.#named('field', field[0]) : this.#named('dot', '.')
    }
    if (/[-+.\d]/.test(character)) return this.#number(rest)
    if (/[\p{L}_]/u.test(character)) return this.#word(/^[\p{L}\p{N}_]+/u.exec(rest)![0])
    if (character === '(') {
      this.#parens++
      return this.#take('(', '(')
    }
    if (character === ')') {
      if (--this.#parens < 0) return this.#fail('unexpected right paren')
      return this.#take(')', ')')
    }
    if (character >= ' ' && character <= '~') return this.#take('char', character)
    return this.#fail(`unrecognized character in action: ${codeText(rest)}`)
  }

  #take(type: TokenType, text: string): true {
    this.#emit(type, text)
    return true
  }

  /** What must be followed by an end of word. */
  #named(type: TokenType, text: string): boolean {
    const next = this.#source.slice(this.#at + text.length)
    if (next !== '' && !/^[\s.,|:)(]/.test(next) && !next.startsWith('}}')) return this.#failAfter(text, `bad character ${codeText(next)}`)
    return this.#take(type, text)
  }

  #failAfter(text: string, message: string): false {
    this.#skip(text.length)
    return this.#fail(message)
  }

  #word(text: string): boolean {
    const type: TokenType = keywords.has(text) ? 'keyword' : text === 'true' || text === 'false' ? 'bool' : 'identifier'
    return this.#named(type, text)
  }

  #number(rest: string): boolean {
    const number = /^[-+]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?|0[oO][0-7_]*|0[bB][01_]*|[\d_]*(?:\.[\d_]*)?)(?:[eEpP][-+]?[\d_]*)?i?/.exec(rest)![0]
    const next = rest[number.length] ?? ''
    if (/[\p{L}\p{N}_]/u.test(next) || !/\d/.test(number)) return this.#fail(`bad number syntax: ${quote(rest.slice(0, Math.max(number.length, 1) + (next === '' ? 0 : 1)))}`)
    return this.#take('number', number)
  }

  #quoted(rest: string): boolean {
    const literal = /^"(?:[^"\\\n]|\\.)*"/.exec(rest)
    return literal ? this.#take('string', literal[0]) : this.#fail('unterminated quoted string')
  }
}

/** `U+0040 '@'`. */
function codeText(text: string): string {
  const code = text.codePointAt(0)!
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`
}

/** Text to tree. The grammar is CEL's with optional fields and elements and names in backquotes, as Kubernetes turns them on. */
import { childrenOf } from './ast.ts'
import type { Expr, Issue } from './ast.ts'
import { LexError, tokensOf } from './lexer.ts'
import type { Token } from './lexer.ts'
import { expandMacro } from './macros.ts'
import { Uint } from './values.ts'

/** How deep expressions may be nested (cel-go's default). */
const depthMax = 250
/** How deep a tree may be: chains of operators and selects nest, too, and everything that walks it recurses. */
const treeDepthMax = 1_500
/** How long they may be, in code points (cel-go's default). */
const lengthMax = 100_000
const startTokens = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
const reserved = new Set(['as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while', 'in', 'true', 'false', 'null'])
const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n
const uint64Max = 2n ** 64n - 1n

/** The levels of a tree, counted without recursion. */
function depthOf(root: Expr): number {
  let level: readonly Expr[] = [root]
  let depth = 0
  while (level.length > 0) {
    depth++
    level = level.flatMap(childrenOf)
  }
  return depth
}

class ParseError extends Error {
  readonly issue: Issue

  constructor(at: number, message: string) {
    super(message)
    this.issue = { at, message }
  }
}

/** The tree, or what is wrong with the text. */
export function parse(source: string): { readonly expr: Expr } | { readonly issues: readonly Issue[] } {
  if (source.length > lengthMax) return { issues: [{ at: 0, message: `expression code point size exceeds limit: size: ${[...source].length}, limit ${lengthMax}` }] }
  try {
    const expr = new Parser(source).whole()
    if (depthOf(expr) > treeDepthMax) return { issues: [{ at: 0, message: `expression recursion limit exceeded: ${treeDepthMax}` }] }
    return { expr }
  } catch (error) {
    if (error instanceof ParseError || error instanceof LexError) return { issues: [error.issue] }
    throw error
  }
}

/** Makes nodes with ids of their own. */
export class NodeIds {
  #last = 0

  next(): number {
    return ++this.#last
  }
}

class Parser {
  readonly #tokens: readonly Token[]
  readonly #ids = new NodeIds()
  #at = 0
  #depth = 0

  constructor(source: string) {
    this.#tokens = tokensOf(source)
  }

  whole(): Expr {
    const expr = this.#expression()
    const token = this.#token
    if (token.type !== 'end') throw new ParseError(token.at, `Syntax error: ${this.#isOperand(token) ? 'extraneous' : 'mismatched'} input '${this.#textOf(token)}' expecting <EOF>`)
    return expr
  }

  get #token(): Token {
    return this.#tokens[this.#at]!
  }

  #isOperand(token: Token): boolean {
    return token.type !== 'symbol' || token.text === ')' || token.text === ']' || token.text === '}'
  }

  #textOf(token: Token): string {
    return token.type === 'string' ? JSON.stringify(token.text) : token.text
  }

  #is(symbol: string): boolean {
    return this.#token.type === 'symbol' && this.#token.text === symbol
  }

  #take(symbol: string): boolean {
    if (!this.#is(symbol)) return false
    this.#at++
    return true
  }

  #expect(symbol: string): void {
    if (this.#take(symbol)) return
    const token = this.#token
    if (token.type === 'end') throw new ParseError(token.at, `Syntax error: missing '${symbol}' at '<EOF>'`)
    throw new ParseError(token.at, `Syntax error: mismatched input '${this.#textOf(token)}' expecting '${symbol}'`)
  }

  #node(at: number): { id: number; at: number } {
    return { id: this.#ids.next(), at }
  }

  #call(at: number, name: string, args: readonly Expr[], target?: Expr): Expr {
    return { kind: 'call', name, target, args, ...this.#node(at) }
  }

  #nested<T>(run: () => T): T {
    if (++this.#depth > depthMax) throw new ParseError(this.#token.at, `expression recursion limit exceeded: ${depthMax}`)
    const result = run()
    this.#depth--
    return result
  }

  #expression(): Expr {
    return this.#nested(() => {
      const condition = this.#or()
      const { at } = this.#token
      if (!this.#take('?')) return condition
      const yes = this.#or()
      this.#expect(':')
      return this.#call(at, '_?_:_', [condition, yes, this.#expression()])
    })
  }

  #or(): Expr {
    return this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()))
  }

  /** Chains become balanced trees, as in cel-go. */
  #logical(symbol: string, name: string, operand: () => Expr): Expr {
    const terms = [operand()]
    const places: number[] = []
    while (this.#is(symbol)) {
      places.push(this.#token.at)
      this.#at++
      terms.push(operand())
    }
    const balance = (low: number, high: number): Expr => {
      if (low === high) return terms[low]!
      const middle = Math.floor((low + high) / 2)
      const at = places[middle]!
      return this.#call(at, name, [balance(low, middle), balance(middle + 1, high)])
    }
    return balance(0, terms.length - 1)
  }

  #relation(): Expr {
    let left = this.#addition()
    for (;;) {
      const { at, type, text } = this.#token
      const operator = type === 'symbol' && ['==', '!=', '<', '<=', '>', '>='].includes(text) ? `_${text}_` : type === 'ident' && text === 'in' ? '@in' : undefined
      if (operator === undefined) return left
      this.#at++
      left = this.#call(at, operator, [left, this.#addition()])
    }
  }

  #addition(): Expr {
    let left = this.#multiplication()
    for (;;) {
      const { at, text } = this.#token
      if (!this.#is('+') && !this.#is('-')) return left
      this.#at++
      left = this.#call(at, `_${text}_`, [left, this.#multiplication()])
    }
  }

  #multiplication(): Expr {
    let left = this.#unary()
    for (;;) {
      const { at, text } = this.#token
      if (!this.#is('*') && !this.#is('/') && !this.#is('%')) return left
      this.#at++
      left = this.#call(at, `_${text}_`, [left, this.#unary()])
    }
  }

  #unary(): Expr {
    const { at, text } = this.#token
    if (!this.#is('!') && !this.#is('-')) return this.#member()
    let count = 0
    while (this.#is(text)) {
      this.#at++
      count++
    }
    const next = this.#token
    if (text === '-' && (next.type === 'int' || next.type === 'double') && count % 2 === 1) {
      this.#at++
      return this.#suffixes(this.#number(next, true, at))
    }
    const operand = this.#nested(() => this.#member())
    return count % 2 === 0 ? operand : this.#call(at, text === '!' ? '!_' : '-_', [operand])
  }

  #member(): Expr {
    return this.#suffixes(this.#primary())
  }

  #suffixes(start: Expr): Expr {
    let expr = start
    for (;;) {
      const { at } = this.#token
      if (this.#take('.')) {
        const optional = this.#take('?')
        const token = this.#token
        if (token.type !== 'ident' && token.type !== 'quoted-ident') throw new ParseError(token.at, `Syntax error: ${token.type === 'end' ? 'mismatched' : 'no viable alternative at'} input '${this.#textOf(token)}'${token.type === 'end' ? " expecting {'?', IDENTIFIER, ESC_IDENTIFIER}" : ''}`)
        this.#at++
        if (optional) {
          expr = this.#call(at, '_?._', [expr, { kind: 'literal', value: token.text, ...this.#node(token.at) }])
          continue
        }
        const { at: open } = this.#token
        if (token.type === 'ident' && this.#take('(')) {
          const args = this.#arguments(')')
          expr = this.#macro(open, token.text, args, expr)
          continue
        }
        if (token.type === 'ident' && (token.text === 'in' || token.text === 'true' || token.text === 'false' || token.text === 'null')) throw new ParseError(token.at, `Syntax error: mismatched input '${token.text}' expecting {'?', IDENTIFIER, ESC_IDENTIFIER}`)
        expr = { kind: 'select', operand: expr, field: token.text, testOnly: false, ...this.#node(at) }
      } else if (this.#take('[')) {
        const optional = this.#take('?')
        const index = this.#expression()
        this.#expect(']')
        expr = this.#call(at, optional ? '_[?_]' : '_[_]', [expr, index])
      } else if (this.#is('{')) {
        const name = qualifiedName(expr)
        if (name === undefined) return expr
        this.#at++
        expr = this.#struct(at, name)
      } else return expr
    }
  }

  #macro(at: number, name: string, args: readonly Expr[], target: Expr | undefined): Expr {
    const expanded = expandMacro(name, target, args, this.#ids, at)
    if (expanded === undefined) return this.#call(at, name, args, target)
    if ('message' in expanded) throw new ParseError(expanded.at, expanded.message)
    return expanded
  }

  #arguments(close: string): Expr[] {
    const args: Expr[] = []
    if (this.#take(close)) return args
    do args.push(this.#expression())
    while (this.#take(','))
    this.#expect(close)
    return args
  }

  #primary(): Expr {
    const token = this.#token
    const { at } = token
    switch (token.type) {
      case 'string':
        this.#at++
        return { kind: 'literal', value: token.text, ...this.#node(at) }
      case 'bytes':
        this.#at++
        return { kind: 'literal', value: token.bytes!, ...this.#node(at) }
      case 'int':
      case 'uint':
      case 'double':
        this.#at++
        return this.#number(token, false, at)
      case 'ident':
        return this.#named(token, false)
      case 'symbol':
        if (this.#take('(')) {
          const inner = this.#expression()
          this.#expect(')')
          return inner
        }
        if (this.#take('[')) return this.#list(at)
        if (this.#take('{')) return this.#map(at)
        if (this.#take('.') && this.#token.type === 'ident') return this.#named(this.#token, true)
        break
      default:
    }
    throw new ParseError(at, `Syntax error: ${token.type === 'end' ? 'mismatched' : this.#isOperand(token) ? 'mismatched' : 'extraneous'} input '${this.#textOf(token)}' expecting ${startTokens}`)
  }

  #named(token: Token, rooted: boolean): Expr {
    this.#at++
    const { at, text } = token
    if (!rooted) {
      if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true', ...this.#node(at) }
      if (text === 'null') return { kind: 'literal', value: null, ...this.#node(at) }
    }
    if (text === 'in') throw new ParseError(at, `Syntax error: extraneous input 'in' expecting ${startTokens}`)
    const { at: open } = this.#token
    if (reserved.has(text)) throw new ParseError(at, `reserved identifier: ${text}`)
    if (this.#take('(')) return this.#macro(open, text, this.#arguments(')'), undefined)
    return { kind: 'ident', name: text, ...this.#node(at) }
  }

  #number(token: Token, negative: boolean, at: number): Expr {
    const sign = negative ? '-' : ''
    if (token.type === 'double') {
      const value = Number(`${sign}${token.text}`)
      if (!Number.isFinite(value)) throw new ParseError(at, 'invalid double literal')
      return { kind: 'literal', value, ...this.#node(at) }
    }
    const value = BigInt(token.text) * (negative ? -1n : 1n)
    if (token.type === 'uint') {
      if (value > uint64Max) throw new ParseError(at, 'invalid uint literal')
      return { kind: 'literal', value: new Uint(value), ...this.#node(at) }
    }
    if (value < int64Min || value > int64Max) throw new ParseError(at, 'invalid int literal')
    return { kind: 'literal', value, ...this.#node(at) }
  }

  #list(at: number): Expr {
    const elements: Expr[] = []
    const optional = new Set<number>()
    while (!this.#is(']')) {
      if (this.#take('?')) optional.add(elements.length)
      elements.push(this.#expression())
      if (!this.#take(',')) break
    }
    this.#expect(']')
    return { kind: 'list', elements, optional, ...this.#node(at) }
  }

  #map(at: number): Expr {
    const entries: { key: Expr; value: Expr; optional: boolean }[] = []
    while (!this.#is('}')) {
      const optional = this.#take('?')
      const key = this.#expression()
      this.#expect(':')
      entries.push({ key, value: this.#expression(), optional })
      if (!this.#take(',')) break
    }
    this.#expect('}')
    return { kind: 'map', entries, ...this.#node(at) }
  }

  #struct(at: number, name: string): Expr {
    const fields: { name: string; value: Expr; optional: boolean; at: number }[] = []
    while (!this.#is('}')) {
      const optional = this.#take('?')
      const token = this.#token
      if (token.type !== 'ident' && token.type !== 'quoted-ident') throw new ParseError(token.at, `Syntax error: mismatched input '${this.#textOf(token)}' expecting {'}', ',', IDENTIFIER, ESC_IDENTIFIER}`)
      this.#at++
      const { at: colon } = this.#token
      this.#expect(':')
      fields.push({ name: token.text, value: this.#expression(), optional, at: colon })
      if (!this.#take(',')) break
    }
    this.#expect('}')
    return { kind: 'struct', name, fields, ...this.#node(at) }
  }
}

/** `a.b.c` of a chain of selects, or undefined. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name
  if (expr.kind !== 'select' || expr.testOnly) return undefined
  const before = qualifiedName(expr.operand)
  return before === undefined ? undefined : `${before}.${expr.field}`
}

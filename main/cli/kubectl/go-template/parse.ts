import { quote } from '../../../api/machinery/go-text.ts'
import type { Node, Pipe, Term } from './nodes.ts'
import { tokenText, tokensOf, type Token, type TokenType } from './tokens.ts'

/** Trees by name; the template itself is under its own name. */
export type TemplateSet = ReadonlyMap<string, readonly Node[]>

/** text/template's Parse. Throws Errors in its words: `template: output:1: …`. */
export function parseTemplate(name: string, text: string, functions: ReadonlySet<string>): TemplateSet {
  return new Parser(name, text, functions).all()
}

const operandTypes = new Set<TokenType>(['bool', 'character', 'dot', 'field', 'identifier', 'number', 'raw string', 'string', 'variable', '('])

type Ending = { readonly type: 'end' } | { readonly type: 'else' }

class Parser {
  readonly #name: string
  readonly #functions: ReadonlySet<string>
  readonly #tokens: readonly Token[]
  readonly #trees = new Map<string, readonly Node[]>()
  #next = 0
  #variables: string[] = ['$']
  #actionLine = 0
  #rangeDepth = 0

  constructor(name: string, text: string, functions: ReadonlySet<string>) {
    this.#name = name
    this.#functions = functions
    this.#tokens = tokensOf(text)
  }

  all(): TemplateSet {
    const nodes: Node[] = []
    while (this.#peek().type !== 'end of text') {
      if (this.#atDefinition()) {
        this.#definition()
        continue
      }
      const node = this.#textOrAction()
      if (!node) continue
      if (node.type === 'end' || node.type === 'else') throw this.#error(`unexpected {{${node.type}}}`)
      nodes.push(node)
    }
    this.#trees.set(this.#name, nodes)
    return this.#trees
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? this.#tokens.at(-1)!
  }

  #take(): Token {
    const token = this.#peek()
    if (this.#next < this.#tokens.length) this.#next++
    return token
  }

  #takeSolid(): Token {
    this.#peekSolid()
    return this.#take()
  }

  #peekSolid(): Token {
    while (this.#peek().type === 'space') this.#next++
    return this.#peek()
  }

  #error(message: string, token: Token = this.#tokens[Math.max(0, this.#next - 1)]!): Error {
    return new Error(`template: ${this.#name}:${token.line}: ${message}`)
  }

  #unexpected(token: Token, context: string): Error {
    if (token.type !== 'error') return this.#error(`unexpected ${tokenText(token)} in ${context}`, token)
    const elsewhere = this.#actionLine !== 0 && this.#actionLine !== token.line
    const started = ` started at ${this.#name}:${this.#actionLine}`
    return this.#error(`${token.text}${elsewhere ? (token.text.endsWith(' action') ? started : ` in action${started}`) : ''}`, token)
  }

  #expect(types: readonly TokenType[], context: string): Token {
    const token = this.#takeSolid()
    if (!types.includes(token.type)) throw this.#unexpected(token, context)
    return token
  }

  #isKeyword(token: Token, ...words: string[]): boolean {
    return token.type === 'keyword' && words.includes(token.text)
  }

  #atDefinition(): boolean {
    if (this.#peek().type !== 'left') return false
    const rest = this.#tokens.slice(this.#next + 1)
    const first = rest.find(({ type }) => type !== 'space')
    return first !== undefined && this.#isKeyword(first, 'define')
  }

  #definition(): void {
    this.#take()
    this.#takeSolid()
    const context = 'define clause'
    const name = unquoted(this.#expect(['string', 'raw string'], context))
    this.#expect(['right'], context)
    const outer = { variables: this.#variables, depth: this.#rangeDepth }
    this.#variables = ['$']
    this.#rangeDepth = 0
    const { nodes, ending } = this.#list()
    if (ending.type !== 'end') throw this.#error(`unexpected {{${ending.type}}} in ${context}`)
    this.#variables = outer.variables
    this.#rangeDepth = outer.depth
    this.#trees.set(name, nodes)
  }

  #list(): { nodes: Node[]; ending: Ending } {
    const nodes: Node[] = []
    while (this.#peekSolid().type !== 'end of text') {
      const node = this.#textOrAction()
      if (!node) continue
      if (node.type === 'end' || node.type === 'else') return { nodes, ending: node }
      nodes.push(node)
    }
    throw this.#error('unexpected EOF', this.#peek())
  }

  #textOrAction(): Node | Ending | undefined {
    const token = this.#takeSolid()
    if (token.type === 'text') return { type: 'text', text: token.text }
    if (token.type !== 'left') throw this.#unexpected(token, 'input')
    this.#actionLine = token.line
    const node = this.#action()
    this.#actionLine = 0
    return node
  }

  #action(): Node | Ending {
    const token = this.#peekSolid()
    if (token.type === 'keyword' && token.text !== 'nil') {
      this.#take()
      switch (token.text) {
        case 'if':
        case 'with':
        case 'range':
          return this.#control(token.text, token.at)
        case 'else':
          if (!this.#isKeyword(this.#peekSolid(), 'if', 'with')) this.#expect(['right'], 'else')
          return { type: 'else' }
        case 'end':
          this.#expect(['right'], 'end')
          return { type: 'end' }
        case 'break':
        case 'continue':
          return this.#leave(token.text)
        case 'template':
          return this.#template()
        case 'block':
          return this.#block(token.at)
        default:
          throw this.#unexpected(token, 'command')
      }
    }
    const pipe = this.#pipeline('command', 'right')
    return { type: 'action', at: token.at, pipe }
  }

  #leave(word: 'break' | 'continue'): Node {
    const token = this.#takeSolid()
    if (token.type !== 'right') throw this.#unexpected(token, `{{${word}}}`)
    if (this.#rangeDepth === 0) throw this.#error(`{{${word}}} outside {{range}}`)
    return { type: word }
  }

  #template(): Node {
    const context = 'template clause'
    const token = this.#expect(['string', 'raw string'], context)
    const { at } = token
    const name = unquoted(token)
    if (this.#peekSolid().type === 'right') {
      this.#take()
      return { type: 'template', at, name, pipe: undefined }
    }
    return { type: 'template', at, name, pipe: this.#pipeline(context, 'right') }
  }

  #block(at: number): Node {
    const context = 'block clause'
    const name = unquoted(this.#expect(['string', 'raw string'], context))
    const pipe = this.#pipeline(context, 'right')
    const outer = this.#variables
    this.#variables = ['$']
    const { nodes, ending } = this.#list()
    if (ending.type !== 'end') throw this.#error(`unexpected {{${ending.type}}} in ${context}`)
    this.#variables = outer
    this.#trees.set(name, nodes)
    return { type: 'template', at, name, pipe }
  }

  #control(type: 'if' | 'with' | 'range', at: number): Node {
    const scope = this.#variables.length
    const pipe = this.#pipeline(type, 'right')
    if (type === 'range') this.#rangeDepth++
    const { nodes, ending } = this.#list()
    if (type === 'range') this.#rangeDepth--
    let otherwise: Node[] | undefined
    if (ending.type === 'else') {
      const next = this.#peekSolid()
      if (type !== 'range' && this.#isKeyword(next, type)) {
        this.#take()
        otherwise = [this.#control(type, next.at)]
      } else {
        if (this.#isKeyword(next, 'if', 'with')) throw this.#unexpected(this.#takeSolid(), 'input')
        const rest = this.#list()
        if (rest.ending.type !== 'end') throw this.#error(`expected end; found {{${rest.ending.type}}}`)
        otherwise = rest.nodes
      }
    }
    this.#variables.length = scope
    return { type, at, pipe, body: nodes, otherwise }
  }

  #pipeline(context: string, end: 'right' | ')'): Pipe {
    const at = this.#peekSolid().at
    const variables: string[] = []
    let assigns = false
    while (this.#peekSolid().type === 'variable') {
      const start = this.#next
      const variable = this.#take()
      const next = this.#peekSolid()
      if (next.type === 'assign' || next.type === 'declare') {
        assigns = next.type === 'assign'
        this.#take()
        variables.push(variable.text)
        this.#variables.push(variable.text)
        break
      }
      if (next.type === 'char' && next.text === ',') {
        this.#take()
        variables.push(variable.text)
        this.#variables.push(variable.text)
        if (context === 'range' && variables.length < 2) {
          if (['variable', 'right', ')'].includes(this.#peekSolid().type)) continue
          throw this.#error('range can only initialize variables', this.#peekSolid())
        }
        throw this.#error(`too many declarations in ${context}`)
      }
      this.#next = start
      break
    }
    const commands: Term[][] = []
    for (;;) {
      const token = this.#takeSolid()
      if (token.type === end) {
        if (commands.length === 0) throw this.#error(`missing value for ${context}`, token)
        for (const [stage, [first]] of commands.entries()) {
          if (stage > 0 && ['bool', 'dot', 'nil', 'number', 'string'].includes(first!.type)) throw this.#error(`non executable command in pipeline stage ${stage + 1}`, token)
        }
        return { type: 'pipe', at, variables, assigns, commands }
      }
      if (!operandTypes.has(token.type) && !this.#isKeyword(token, 'nil')) throw this.#unexpected(token, context)
      this.#next--
      commands.push(this.#command())
    }
  }

  #command(): Term[] {
    const terms: Term[] = []
    for (;;) {
      this.#peekSolid()
      const operand = this.#operand()
      if (operand) terms.push(operand)
      const token = this.#take()
      if (token.type === 'space') continue
      if (token.type === 'right' || token.type === ')') this.#next--
      else if (token.type !== 'pipe') throw this.#unexpected(token, 'operand')
      if (terms.length === 0) throw this.#error('empty command')
      return terms
    }
  }

  #operand(): Term | undefined {
    const term = this.#term()
    if (!term || this.#peek().type !== 'field') return term
    const at = this.#peek().at
    const names: string[] = []
    while (this.#peek().type === 'field') names.push(this.#take().text.slice(1))
    if (term.type === 'field') return { type: 'field', at, names: [...term.names, ...names] }
    if (term.type === 'variable') return { type: 'variable', at, names: [...term.names, ...names] }
    if (term.type === 'bool' || term.type === 'string' || term.type === 'number' || term.type === 'nil' || term.type === 'dot') {
      throw this.#error(`unexpected . after term ${quote(term.type === 'string' || term.type === 'number' ? term.text : term.type === 'bool' ? String(term.value) : term.type === 'nil' ? 'nil' : '.')}`)
    }
    return { type: 'chain', at, of: term, names }
  }

  #term(): Term | undefined {
    const token = this.#takeSolid()
    const { at, text } = token
    if (this.#isKeyword(token, 'nil')) return { type: 'nil', at }
    switch (token.type) {
      case 'identifier':
        if (!this.#functions.has(text)) throw this.#error(`function ${quote(text)} not defined`, token)
        return { type: 'function', at, name: text }
      case 'dot':
        return { type: 'dot', at }
      case 'variable':
        if (!this.#variables.includes(text)) throw this.#error(`undefined variable ${quote(text)}`, token)
        return { type: 'variable', at, names: [text] }
      case 'field':
        return { type: 'field', at, names: [text.slice(1)] }
      case 'bool':
        return { type: 'bool', at, value: text === 'true' }
      case 'character':
      case 'number':
        return { type: 'number', at, text, value: this.#number(token) }
      case 'string':
      case 'raw string':
        return { type: 'string', at, text, value: unquoted(token) }
      case '(':
        return this.#pipeline('parenthesized pipeline', ')')
      default:
        this.#next--
        return undefined
    }
  }

  #number(token: Token): bigint | number {
    const { text } = token
    if (token.type === 'character') return BigInt(unescaped(text.slice(1, -1)).codePointAt(0) ?? 0)
    const plain = text.replaceAll('_', '')
    const sign = plain.startsWith('-') ? -1n : 1n
    const digits = plain.replace(/^[-+]/, '')
    if (/^(0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|\d+)$/.test(digits)) return sign * BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits)
    const value = Number(plain)
    if (Number.isNaN(value)) throw this.#error(`illegal number syntax: ${quote(text)}`, token)
    return value
  }
}

function unquoted({ type, text }: Token): string {
  const inner = text.slice(1, -1)
  return type === 'raw string' ? inner : unescaped(inner)
}

const plainEscapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' }

function unescaped(text: string): string {
  return text.replace(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/g, (_, x?: string, u?: string, long?: string, octal?: string, plain?: string) => {
    if (plain !== undefined) return plainEscapes[plain] ?? plain
    return String.fromCodePoint(octal ? Number.parseInt(octal, 8) : Number.parseInt((x ?? u ?? long)!, 16))
  })
}

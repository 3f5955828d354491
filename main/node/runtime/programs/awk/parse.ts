/** Syntax of awk programs, as far as people use them on a command line: no user functions, no getline, no pipes. */

export type Expression =
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'pattern'; readonly source: string }
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'element'; readonly name: string; readonly index: readonly Expression[] }
  | { readonly type: 'field'; readonly index: Expression }
  | { readonly type: 'unary'; readonly operator: string; readonly operand: Expression }
  | { readonly type: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'assign'; readonly operator: string; readonly target: Expression; readonly value: Expression }
  | { readonly type: 'step'; readonly by: 1 | -1; readonly prefix: boolean; readonly target: Expression }
  | { readonly type: 'choice'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly type: 'call'; readonly name: string; readonly given: readonly Expression[] }
  | { readonly type: 'in'; readonly index: readonly Expression[]; readonly array: string }

export type Statement =
  | { readonly type: 'expression'; readonly expression: Expression }
  | { readonly type: 'print'; readonly given: readonly Expression[]; readonly formatted: boolean; readonly to: string | undefined }
  | { readonly type: 'if'; readonly test: Expression; readonly yes: Statement; readonly no: Statement | undefined }
  | { readonly type: 'while'; readonly test: Expression; readonly body: Statement; readonly after: boolean }
  | { readonly type: 'for'; readonly start: Statement | undefined; readonly test: Expression | undefined; readonly step: Statement | undefined; readonly body: Statement }
  | { readonly type: 'each'; readonly name: string; readonly array: string; readonly body: Statement }
  | { readonly type: 'block'; readonly body: readonly Statement[] }
  | { readonly type: 'next' | 'break' | 'continue' }
  | { readonly type: 'exit'; readonly code: Expression | undefined }
  | { readonly type: 'delete'; readonly name: string; readonly index: readonly Expression[] | undefined }

export interface Rule {
  readonly when: 'begin' | 'end' | 'line'
  readonly from: Expression | undefined
  readonly to: Expression | undefined
  readonly body: Statement | undefined
}

interface Token {
  readonly kind: 'number' | 'string' | 'pattern' | 'name' | 'function' | 'operator' | 'newline'
  readonly text: string
}

export const functionNames = new Set(['length', 'substr', 'index', 'split', 'sub', 'gsub', 'match', 'sprintf', 'tolower', 'toupper', 'int', 'sqrt', 'exp', 'log', 'sin', 'cos', 'rand', 'srand', 'system', 'systime', 'strftime', 'fflush', 'close'])
const keywords = new Set(['BEGIN', 'END', 'if', 'else', 'while', 'for', 'do', 'in', 'print', 'printf', 'next', 'exit', 'break', 'continue', 'delete'])

function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < source.length) {
    const rest = source.slice(at)
    const blank = /^(?:[ \t\r]|\\\n|#[^\n]*)+/.exec(rest)
    if (blank) {
      at += blank[0].length
      continue
    }
    if (rest.startsWith('\n')) {
      tokens.push({ kind: 'newline', text: '\n' })
      at++
      continue
    }
    const number = /^(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/.exec(rest)
    if (number) {
      tokens.push({ kind: 'number', text: number[0] })
      at += number[0].length
      continue
    }
    const text = /^"((?:\\[\s\S]|[^"\\])*)"/.exec(rest)
    if (text) {
      tokens.push({ kind: 'string', text: unescape(text[1]!) })
      at += text[0].length
      continue
    }
    const before = tokens.at(-1)
    const mayDivide = before !== undefined && (before.kind === 'number' || before.kind === 'string' || (before.kind === 'name' && !keywords.has(before.text)) || before.text === ')' || before.text === ']' || before.text === '$')
    const pattern = mayDivide ? null : /^\/((?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])*)\//.exec(rest)
    if (pattern) {
      tokens.push({ kind: 'pattern', text: pattern[1]!.replaceAll('\\/', '/') })
      at += pattern[0].length
      continue
    }
    const name = /^[A-Za-z_]\w*/.exec(rest)
    if (name) {
      tokens.push({ kind: functionNames.has(name[0]) ? 'function' : 'name', text: name[0] })
      at += name[0].length
      continue
    }
    const operator = /^(?:\*\*=|\+\+|--|\+=|-=|\*=|\/=|%=|\^=|==|!=|<=|>=|>>|&&|\|\||!~|\*\*|[-+*/%^<>=!~?:;,(){}[\]$|])/.exec(rest)
    if (!operator) throw new SyntaxError(`Unexpected token: ${rest[0]}`)
    tokens.push({ kind: 'operator', text: operator[0] })
    at += operator[0].length
  }
  return tokens
}

function unescape(text: string): string {
  return text.replace(/\\([\s\S])/g, (whole, char: string) => ({ n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', '/': '/', a: '\x07', b: '\b', f: '\f', v: '\v' })[char] ?? whole)
}

/** Parses a program. Throws SyntaxError. */
export function parseAwk(source: string): Rule[] {
  const tokens = tokenize(source)
  let at = 0
  /** Inside print arguments `>` redirects; inside for (…) `in` belongs to the loop. */
  let noGreater = false
  let noIn = false
  const peek = (text: string): boolean => tokens[at]?.text === text && (tokens[at]!.kind === 'operator' || tokens[at]!.kind === 'name' || tokens[at]!.kind === 'newline')
  const take = (text: string): boolean => {
    if (!peek(text)) return false
    at++
    return true
  }
  const expect = (text: string): void => {
    if (!take(text)) throw new SyntaxError(`Unexpected token${tokens[at] ? `: ${tokens[at]!.text}` : ''}`)
  }
  const skipLines = (): void => {
    while (tokens[at]?.kind === 'newline' || peek(';')) at++
  }
  const skipNewlines = (): void => {
    while (tokens[at]?.kind === 'newline') at++
  }

  const expression = (): Expression => ternary()
  const ternary = (): Expression => {
    const test = or()
    if (take('?')) {
      const yes = ternary()
      expect(':')
      return { type: 'choice', test, yes, no: ternary() }
    }
    const operator = tokens[at]?.text ?? ''
    if (/^(?:[-+*/%^]|\*\*)?=$/.test(operator) && tokens[at]!.kind === 'operator') {
      if (test.type !== 'variable' && test.type !== 'element' && test.type !== 'field') throw new SyntaxError('Unexpected token: =')
      at++
      return { type: 'assign', operator: operator.slice(0, -1), target: test, value: ternary() }
    }
    return test
  }
  const or = (): Expression => {
    let left = and()
    while (take('||')) {
      skipNewlines()
      left = { type: 'binary', operator: '||', left, right: and() }
    }
    return left
  }
  const and = (): Expression => {
    let left = membership()
    while (take('&&')) {
      skipNewlines()
      left = { type: 'binary', operator: '&&', left, right: membership() }
    }
    return left
  }
  const membership = (): Expression => {
    let left = matching()
    while (!noIn && peek('in')) {
      at++
      left = { type: 'in', index: [left], array: tokens[at++]!.text }
    }
    return left
  }
  const matching = (): Expression => {
    let left = comparison()
    while (peek('~') || peek('!~')) left = { type: 'binary', operator: tokens[at++]!.text, left, right: comparison() }
    return left
  }
  const comparison = (): Expression => {
    const left = concatenation()
    const operator = tokens[at]?.kind === 'operator' ? tokens[at]!.text : ''
    if (['<', '<=', '==', '!=', '>=', '>'].includes(operator) && !(operator === '>' && noGreater)) {
      at++
      return { type: 'binary', operator, left, right: concatenation() }
    }
    return left
  }
  const startsOperand = (): boolean => {
    const token = tokens[at]
    if (!token) return false
    if (token.kind === 'number' || token.kind === 'string' || token.kind === 'function') return true
    if (token.kind === 'name') return !keywords.has(token.text)
    return token.kind === 'operator' && ['$', '!', '(', '-', '+', '++', '--'].includes(token.text) && !(token.text === '-' || token.text === '+')
  }
  const concatenation = (): Expression => {
    let left = additive()
    while (startsOperand()) left = { type: 'binary', operator: ' ', left, right: additive() }
    return left
  }
  const additive = (): Expression => {
    let left = multiplicative()
    while (peek('+') || peek('-')) left = { type: 'binary', operator: tokens[at++]!.text, left, right: multiplicative() }
    return left
  }
  const multiplicative = (): Expression => {
    let left = unary()
    while (peek('*') || peek('/') || peek('%')) left = { type: 'binary', operator: tokens[at++]!.text, left, right: unary() }
    return left
  }
  const unary = (): Expression => {
    for (const operator of ['!', '-', '+']) if (take(operator)) return { type: 'unary', operator, operand: unary() }
    return power()
  }
  const power = (): Expression => {
    const left = postfix()
    if (take('^') || take('**')) return { type: 'binary', operator: '^', left, right: unary() }
    return left
  }
  const postfix = (): Expression => {
    if (take('++')) return { type: 'step', by: 1, prefix: true, target: postfix() }
    if (take('--')) return { type: 'step', by: -1, prefix: true, target: postfix() }
    const operand = primary()
    if (operand.type === 'variable' || operand.type === 'element' || operand.type === 'field') {
      if (take('++')) return { type: 'step', by: 1, prefix: false, target: operand }
      if (take('--')) return { type: 'step', by: -1, prefix: false, target: operand }
    }
    return operand
  }
  const list = (end: string): Expression[] => {
    const [greater, inner] = [noGreater, noIn]
    noGreater = noIn = false
    const given: Expression[] = []
    skipNewlines()
    if (!peek(end)) {
      do {
        skipNewlines()
        given.push(expression())
      } while (take(','))
    }
    skipNewlines()
    expect(end)
    noGreater = greater
    noIn = inner
    return given
  }
  const primary = (): Expression => {
    const token = tokens[at++]
    if (!token) throw new SyntaxError('Unexpected end of input')
    if (token.kind === 'number') return { type: 'number', value: Number(token.text) }
    if (token.kind === 'string') return { type: 'string', value: token.text }
    if (token.kind === 'pattern') return { type: 'pattern', source: token.text }
    if (token.kind === 'function') return { type: 'call', name: token.text, given: take('(') ? list(')') : [] }
    if (token.text === '$') return { type: 'field', index: peek('++') || peek('--') ? postfix() : primary() }
    if (token.text === '(') {
      const given = list(')')
      if (given.length === 1) return given[0]!
      if (!take('in')) throw new SyntaxError('Unexpected token: )')
      return { type: 'in', index: given, array: tokens[at++]!.text }
    }
    if (token.kind === 'name' && !keywords.has(token.text)) {
      if (take('[')) return { type: 'element', name: token.text, index: list(']') }
      if (peek('(')) throw new SyntaxError(`Call to undefined function`)
      return { type: 'variable', name: token.text }
    }
    throw new SyntaxError(`Unexpected token: ${token.text}`)
  }

  const simple = (): Statement => {
    if (take('print') || take('printf')) {
      const formatted = tokens[at - 1]!.text === 'printf'
      const given: Expression[] = []
      noGreater = true
      const grouped = peek('(') ? closingGroup() : false
      if (grouped) {
        at++
        given.push(...list(')'))
        noGreater = true
      } else if (!peek(';') && !peek('}') && !peek('>') && !peek('|') && tokens[at] && tokens[at]!.kind !== 'newline') {
        do given.push(expression())
        while (take(','))
      }
      noGreater = false
      let to: string | undefined
      if (take('>') || take('>>')) {
        const target = tokens[at++]
        if (target?.kind !== 'string') throw new SyntaxError('Unexpected token: >')
        to = target.text
      }
      return { type: 'print', given, formatted, to }
    }
    if (take('delete')) {
      const name = tokens[at++]!.text
      return { type: 'delete', name, index: take('[') ? list(']') : undefined }
    }
    return { type: 'expression', expression: expression() }
  }
  /** Whether the parenthesis here closes at the end of the statement: then it groups the arguments of print. */
  const closingGroup = (): boolean => {
    let depth = 0
    for (let index = at; index < tokens.length; index++) {
      if (tokens[index]!.text === '(' && tokens[index]!.kind === 'operator') depth++
      if (tokens[index]!.text === ')' && tokens[index]!.kind === 'operator' && --depth === 0) {
        const next = tokens[index + 1]
        return !next || next.kind === 'newline' || [';', '}', '>', '>>'].includes(next.text)
      }
    }
    return false
  }
  const statement = (): Statement => {
    skipNewlines()
    if (take('{')) return block()
    if (take('if')) {
      expect('(')
      const test = expression()
      expect(')')
      const yes = statement()
      const mark = at
      skipLines()
      if (take('else')) return { type: 'if', test, yes, no: statement() }
      at = mark
      return { type: 'if', test, yes, no: undefined }
    }
    if (take('while')) {
      expect('(')
      const test = expression()
      expect(')')
      return { type: 'while', test, after: false, body: take(';') ? { type: 'block', body: [] } : statement() }
    }
    if (take('do')) {
      const body = statement()
      skipLines()
      expect('while')
      expect('(')
      const test = expression()
      expect(')')
      return { type: 'while', test, after: true, body }
    }
    if (take('for')) {
      expect('(')
      if (tokens[at]?.kind === 'name' && tokens[at + 1]?.text === 'in' && tokens[at + 3]?.text === ')') {
        const name = tokens[at]!.text
        const array = tokens[at + 2]!.text
        at += 4
        return { type: 'each', name, array, body: statement() }
      }
      noIn = false
      const start = peek(';') ? undefined : simple()
      expect(';')
      const test = peek(';') ? undefined : expression()
      expect(';')
      const step = peek(')') ? undefined : simple()
      expect(')')
      return { type: 'for', start, test, step, body: take(';') ? { type: 'block', body: [] } : statement() }
    }
    for (const word of ['next', 'break', 'continue'] as const) if (take(word)) return ended({ type: word })
    if (take('exit')) return ended({ type: 'exit', code: peek(';') || peek('}') || !tokens[at] || tokens[at]!.kind === 'newline' ? undefined : expression() })
    if (take(';')) return { type: 'block', body: [] }
    return ended(simple())
  }
  const ended = (done: Statement): Statement => {
    if (!peek('}') && tokens[at] && !take(';') && tokens[at]!.kind !== 'newline') throw new SyntaxError(`Unexpected token: ${tokens[at]!.text}`)
    return done
  }
  const block = (): Statement => {
    const body: Statement[] = []
    for (;;) {
      skipLines()
      if (take('}')) return { type: 'block', body }
      if (at >= tokens.length) throw new SyntaxError('Unexpected end of input')
      body.push(statement())
    }
  }

  const rules: Rule[] = []
  for (;;) {
    skipLines()
    if (at >= tokens.length) return rules
    if (take('BEGIN') || take('END')) {
      const when = tokens[at - 1]!.text === 'BEGIN' ? 'begin' : 'end'
      skipNewlines()
      expect('{')
      rules.push({ when, from: undefined, to: undefined, body: block() })
      continue
    }
    const from = peek('{') ? undefined : expression()
    const to = from && take(',') ? expression() : undefined
    rules.push({ when: 'line', from, to, body: take('{') ? block() : undefined })
  }
}

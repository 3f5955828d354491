import { FileError } from '../../files/file-error.ts'
import { openPath } from '../../processes/open-path.ts'
import type { OpenFile } from '../../processes/open-file.ts'
import { formatDate } from '../identity-tools.ts'
import { posixPattern } from '../posix-pattern.ts'
import type { ProcessContext, Program } from '../program.ts'
import { formatPrintf } from '../shell/printf.ts'
import { complain, forEachInput, linesOf } from '../text-input.ts'
import { parseAwk, type Expression, type Rule, type Statement } from './parse.ts'

/** A text that came from outside compares as a number when it looks like one. */
interface Loose {
  readonly loose: string
}
type Value = number | string | Loose

class Next extends Error {}
class Break extends Error {}
class Continue extends Error {}
class Exit extends Error {
  readonly code: number
  constructor(code: number) {
    super('exit')
    this.code = code
  }
}

/** awk: fields, patterns, arithmetic, arrays, the common functions. */
export const awk: Program = async (context) => {
  const words = context.argv.slice(1)
  const variables: [string, string][] = []
  let program: string | undefined
  let separator = ' '
  let at = 0
  for (; at < words.length && words[at]!.startsWith('-') && words[at] !== '-'; at++) {
    const word = words[at]!
    if (word === '--') {
      at++
      break
    }
    const value = (): string => (word.length > 2 ? word.slice(2) : (words[++at] ?? ''))
    if (word.startsWith('-F')) separator = value()
    else if (word.startsWith('-v')) {
      const pair = value()
      variables.push([pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])
    } else if (word.startsWith('-f')) program = context.files.readText(context.path(value()))
  }
  program ??= words[at++]
  if (program === undefined) {
    await context.stderr.write('Usage: awk [OPTIONS] [AWK_PROGRAM] [FILE]...\n')
    return 1
  }
  let rules: Rule[]
  try {
    rules = parseAwk(program)
  } catch (error) {
    await complain(context, `cmd. line:1: ${(error as Error).message}`)
    return 1
  }
  const machine = new Machine(context, separator.replace(/\\t/g, '\t').replace(/\\\\/g, '\\'))
  for (const [name, value] of variables) machine.set(name, { loose: value.replace(/\\n/g, '\n').replace(/\\t/g, '\t') })
  return machine.run(rules, words.slice(at))
}

class Machine {
  readonly #context: ProcessContext
  readonly #variables = new Map<string, Value>()
  readonly #arrays = new Map<string, Map<string, Value>>()
  readonly #outputs = new Map<string, OpenFile>()
  readonly #patterns = new Map<string, RegExp>()
  #fields: string[] = ['']
  #output = ''

  constructor(context: ProcessContext, separator: string) {
    this.#context = context
    for (const [name, value] of [['FS', separator], ['OFS', ' '], ['ORS', '\n'], ['RS', '\n'], ['SUBSEP', '\x1c'], ['OFMT', '%.6g']] as const) this.#variables.set(name, value)
    for (const name of ['NR', 'FNR', 'NF']) this.#variables.set(name, 0)
    const environment = new Map<string, Value>()
    for (const [name, value] of context.env) environment.set(name, { loose: value })
    this.#arrays.set('ENVIRON', environment)
  }

  set(name: string, value: Value): void {
    this.#variables.set(name, value)
    if (name === 'NF') this.#resize(number(value))
  }

  async run(rules: readonly Rule[], paths: readonly string[]): Promise<number> {
    let code = 0
    const active = new Set<Rule>()
    try {
      for (const rule of rules) if (rule.when === 'begin' && rule.body) this.#execute(rule.body)
      await this.#flush()
      const lineRules = rules.filter((rule) => rule.when === 'line')
      if (lineRules.length > 0 || rules.some((rule) => rule.when === 'end')) {
        const files = paths.filter((path) => {
          const assignment = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(path)
          if (assignment) this.set(assignment[1]!, { loose: assignment[2]! })
          return !assignment
        })
        code = await forEachInput(this.#context, files, async (reader, path) => {
          this.#variables.set('FILENAME', path)
          this.#variables.set('FNR', 0)
          for await (const { text } of linesOf(reader)) {
            this.#split(text)
            this.#variables.set('NR', number(this.#variables.get('NR')!) + 1)
            this.#variables.set('FNR', number(this.#variables.get('FNR')!) + 1)
            try {
              for (const rule of lineRules) {
                if (!this.#selects(rule, active)) continue
                if (rule.body) this.#execute(rule.body)
                else this.#print(this.#fields[0]! + text_(this.#variables.get('ORS')!), undefined)
              }
            } catch (error) {
              if (!(error instanceof Next)) throw error
            }
            const pause = this.#context.work(0.003)
            if (pause) await pause
            if (this.#output.length > 4096) await this.#flush()
          }
        })
      }
    } catch (error) {
      if (!(error instanceof Exit)) throw error
      code = error.code
    }
    try {
      for (const rule of rules) if (rule.when === 'end' && rule.body) this.#execute(rule.body)
    } catch (error) {
      if (!(error instanceof Exit)) throw error
      code = error.code
    }
    await this.#flush()
    return code
  }

  async #flush(): Promise<void> {
    const text = this.#output
    this.#output = ''
    if (text !== '') await this.#context.stdout.write(text)
  }

  #selects(rule: Rule, active: Set<Rule>): boolean {
    if (!rule.from) return true
    if (!rule.to) return truth(this.#value(rule.from))
    if (!active.has(rule)) {
      if (!truth(this.#value(rule.from))) return false
      active.add(rule)
    }
    if (truth(this.#value(rule.to))) active.delete(rule)
    return true
  }

  #split(line: string): void {
    const separator = text_(this.#variables.get('FS')!)
    this.#fields = [line, ...this.#pieces(line, separator)]
    this.#variables.set('NF', this.#fields.length - 1)
  }

  #pieces(text: string, separator: string): string[] {
    if (text === '') return []
    if (separator === ' ') return text.trim() === '' ? [] : text.trim().split(/[ \t\n]+/)
    if (separator === '') return [...text]
    return separator.length === 1 && separator !== '|' ? text.split(separator) : text.split(this.#pattern(separator === '|' ? '\\|' : separator))
  }

  #resize(count: number): void {
    while (this.#fields.length - 1 < count) this.#fields.push('')
    this.#fields.length = count + 1
    this.#rebuild()
  }

  #rebuild(): void {
    this.#fields[0] = this.#fields.slice(1).join(text_(this.#variables.get('OFS')!))
  }

  #pattern(source: string): RegExp {
    let pattern = this.#patterns.get(source)
    if (!pattern) this.#patterns.set(source, (pattern = posixPattern(source, true)))
    return pattern
  }

  #print(text: string, to: string | undefined): void {
    if (to === undefined || to === '/dev/stdout') {
      this.#output += text
      return
    }
    let file = this.#outputs.get(to)
    if (!file) {
      try {
        file = openPath(this.#context, to, 'write')
      } catch (error) {
        if (error instanceof FileError) throw new Exit(2)
        throw error
      }
      this.#outputs.set(to, file)
    }
    void file.write(new TextEncoder().encode(text))
  }

  #execute(statement: Statement): void {
    switch (statement.type) {
      case 'block':
        for (const each of statement.body) this.#execute(each)
        return
      case 'expression':
        this.#value(statement.expression)
        return
      case 'print': {
        const values = statement.given.map((each) => this.#value(each))
        if (statement.formatted) {
          const [format, ...rest] = values
          this.#print(formatPrintf(text_(format ?? ''), rest.map((value) => text_(value))).text, statement.to)
          return
        }
        const text = values.length === 0 ? this.#fields[0]! : values.map((value) => this.#shown(value)).join(text_(this.#variables.get('OFS')!))
        this.#print(text + text_(this.#variables.get('ORS')!), statement.to)
        return
      }
      case 'if':
        if (truth(this.#value(statement.test))) this.#execute(statement.yes)
        else if (statement.no) this.#execute(statement.no)
        return
      case 'while':
        for (let rounds = 0; rounds < 1_000_000 && ((statement.after && rounds === 0) || truth(this.#value(statement.test))); rounds++) if (!this.#loopBody(statement.body)) return
        return
      case 'for':
        if (statement.start) this.#execute(statement.start)
        for (let rounds = 0; rounds < 1_000_000 && (!statement.test || truth(this.#value(statement.test))); rounds++) {
          if (!this.#loopBody(statement.body)) return
          if (statement.step) this.#execute(statement.step)
        }
        return
      case 'each':
        for (const key of [...this.#array(statement.array).keys()]) {
          this.set(statement.name, { loose: key })
          if (!this.#loopBody(statement.body)) return
        }
        return
      case 'delete':
        if (statement.index) this.#array(statement.name).delete(this.#key(statement.index))
        else this.#array(statement.name).clear()
        return
      case 'next':
        throw new Next()
      case 'break':
        throw new Break()
      case 'continue':
        throw new Continue()
      case 'exit':
        throw new Exit(statement.code ? number(this.#value(statement.code)) : 0)
    }
  }

  #loopBody(body: Statement): boolean {
    void this.#context.work(0.0005)
    try {
      this.#execute(body)
    } catch (error) {
      if (error instanceof Break) return false
      if (!(error instanceof Continue)) throw error
    }
    return true
  }

  #array(name: string): Map<string, Value> {
    let array = this.#arrays.get(name)
    if (!array) this.#arrays.set(name, (array = new Map()))
    return array
  }

  #key(index: readonly Expression[]): string {
    return index.map((each) => this.#shown(this.#value(each))).join(text_(this.#variables.get('SUBSEP')!))
  }

  #shown(value: Value): string {
    if (typeof value !== 'number' || Number.isInteger(value)) return text_(value)
    return formatPrintf(text_(this.#variables.get('OFMT')!), [String(value)]).text
  }

  #assign(target: Expression, value: Value): Value {
    if (target.type === 'variable') this.set(target.name, value)
    else if (target.type === 'element') this.#array(target.name).set(this.#key(target.index), value)
    else if (target.type === 'field') {
      const index = number(this.#value(target.index))
      if (index === 0) this.#split(text_(value))
      else {
        while (this.#fields.length <= index) this.#fields.push('')
        this.#fields[index] = this.#shown(value)
        this.#variables.set('NF', this.#fields.length - 1)
        this.#rebuild()
      }
    }
    return value
  }

  #value(expression: Expression): Value {
    switch (expression.type) {
      case 'number':
      case 'string':
        return expression.value
      case 'pattern':
        return this.#pattern(expression.source).test(this.#fields[0]!) ? 1 : 0
      case 'variable':
        return this.#variables.get(expression.name) ?? { loose: '' }
      case 'element': {
        const array = this.#array(expression.name)
        const key = this.#key(expression.index)
        let value = array.get(key)
        if (value === undefined) array.set(key, (value = { loose: '' }))
        return value
      }
      case 'field': {
        const index = number(this.#value(expression.index))
        return { loose: this.#fields[index] ?? '' }
      }
      case 'in':
        return this.#array(expression.array).has(this.#key(expression.index)) ? 1 : 0
      case 'unary': {
        const value = this.#value(expression.operand)
        return expression.operator === '!' ? (truth(value) ? 0 : 1) : expression.operator === '-' ? -number(value) : number(value)
      }
      case 'choice':
        return this.#value(truth(this.#value(expression.test)) ? expression.yes : expression.no)
      case 'step': {
        const before = number(this.#value(expression.target))
        this.#assign(expression.target, before + expression.by)
        return expression.prefix ? before + expression.by : before
      }
      case 'assign': {
        const value = this.#value(expression.value)
        if (expression.operator === '') return this.#assign(expression.target, value)
        return this.#assign(expression.target, compute(expression.operator, number(this.#value(expression.target)), number(value)))
      }
      case 'binary':
        return this.#binary(expression)
      case 'call':
        return this.#call(expression.name, expression.given)
    }
  }

  #binary({ operator, left, right }: Extract<Expression, { type: 'binary' }>): Value {
    if (operator === '&&') return truth(this.#value(left)) && truth(this.#value(right)) ? 1 : 0
    if (operator === '||') return truth(this.#value(left)) || truth(this.#value(right)) ? 1 : 0
    if (operator === '~' || operator === '!~') {
      const source = right.type === 'pattern' ? right.source : text_(this.#value(right))
      return this.#pattern(source).test(text_(this.#value(left))) === (operator === '~') ? 1 : 0
    }
    const a = this.#value(left)
    const b = this.#value(right)
    if (operator === ' ') return this.#shown(a) + this.#shown(b)
    if (/^[<>=!]/.test(operator)) {
      const numeric = isNumeric(a) && isNumeric(b)
      const order = numeric ? number(a) - number(b) : text_(a) < text_(b) ? -1 : text_(a) > text_(b) ? 1 : 0
      return { '<': order < 0, '<=': order <= 0, '==': order === 0, '!=': order !== 0, '>=': order >= 0, '>': order > 0 }[operator] ? 1 : 0
    }
    return compute(operator, number(a), number(b))
  }

  #call(name: string, given: readonly Expression[]): Value {
    const value = (index: number): Value => (given[index] ? this.#value(given[index]) : { loose: '' })
    const text = (index: number): string => text_(value(index))
    const source = (index: number): string => {
      const expression = given[index]
      return expression?.type === 'pattern' ? expression.source : text(index)
    }
    switch (name) {
      case 'length': {
        const first = given[0]
        if (first?.type === 'variable' && this.#arrays.has(first.name)) return this.#array(first.name).size
        return first ? text(0).length : this.#fields[0]!.length
      }
      case 'substr': {
        const start = Math.round(number(value(1)))
        const end = given[2] ? start + Math.round(number(value(2))) : Infinity
        return text(0).slice(Math.max(0, start - 1), Math.max(0, end - 1))
      }
      case 'index':
        return text(0).indexOf(text(1)) + 1
      case 'split': {
        const target = given[1]
        if (target?.type !== 'variable') return 0
        const pieces = this.#pieces(text(0), given[2] ? source(2) : text_(this.#variables.get('FS')!))
        this.#arrays.set(target.name, new Map(pieces.map((piece, index) => [String(index + 1), { loose: piece }])))
        return pieces.length
      }
      case 'sub':
      case 'gsub': {
        const target: Expression = given[2] ?? { type: 'field', index: { type: 'number', value: 0 } }
        const pattern = posixPattern(source(0), true, name === 'gsub' ? 'g' : '')
        const replacement = text(1)
        let count = 0
        const result = text_(this.#value(target)).replace(pattern, (found) => {
          count++
          return replacement.replace(/\\&|&|\\\\/g, (mark) => (mark === '&' ? found : mark === '\\&' ? '&' : '\\'))
        })
        if (count > 0) this.#assign(target, result)
        return count
      }
      case 'match': {
        const found = this.#pattern(source(1)).exec(text(0))
        this.#variables.set('RSTART', found ? found.index + 1 : 0)
        this.#variables.set('RLENGTH', found ? found[0].length : -1)
        return found ? found.index + 1 : 0
      }
      case 'sprintf':
        return formatPrintf(text(0), given.slice(1).map((each) => text_(this.#value(each)))).text
      case 'tolower':
        return text(0).toLowerCase()
      case 'toupper':
        return text(0).toUpperCase()
      case 'int':
        return Math.trunc(number(value(0)))
      case 'sqrt':
        return Math.sqrt(number(value(0)))
      case 'exp':
        return Math.exp(number(value(0)))
      case 'log':
        return Math.log(number(value(0)))
      case 'sin':
        return Math.sin(number(value(0)))
      case 'cos':
        return Math.cos(number(value(0)))
      case 'rand':
        return this.#context.random.float()
      case 'systime':
        return Math.floor(this.#context.clock.now() / 1000)
      case 'strftime':
        return formatDate(given[0] ? text(0) : '%a %b %e %H:%M:%S UTC %Y', given[1] ? number(value(1)) * 1000 : this.#context.clock.now())
      default:
        return 0
    }
  }
}

function compute(operator: string, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return b === 0 ? Infinity : a / b
    case '%':
      return a % b
    default:
      return a ** b
  }
}

function text_(value: Value): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)))
  return typeof value === 'string' ? value : value.loose
}

function number(value: Value): number {
  if (typeof value === 'number') return value
  const match = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/.exec(typeof value === 'string' ? value : value.loose)
  return match ? Number(match[0]) : 0
}

function isNumeric(value: Value): boolean {
  if (typeof value === 'number') return true
  return typeof value === 'object' && (value.loose.trim() === '' ? value.loose === '' : /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/.test(value.loose))
}

function truth(value: Value): boolean {
  if (typeof value === 'number') return value !== 0
  if (typeof value === 'string') return value !== ''
  return isNumeric(value) && value.loose !== '' ? number(value) !== 0 : value.loose !== ''
}

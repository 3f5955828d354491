import { parse, type ArithmeticCommand, type ArithmeticExpression, type WordPart } from 'unbash'
import { ShellError, type ShellFlavour, type ShellState } from './state.ts'

/** Evaluates $((…)) and ((…)): integers of 64 bits. */
export interface ArithmeticHost {
  readonly state: ShellState
  /** Expands the `$` parts of a word in an expression. */
  expandParts(parts: readonly WordPart[]): Promise<string>
  runSubstitution(script: Extract<ArithmeticExpression, { type: 'ArithmeticCommandExpansion' }>['script']): Promise<string>
}

const depthMax = 64

export async function evaluate(host: ArithmeticHost, expression: ArithmeticExpression | undefined, depth = 0): Promise<number> {
  if (!expression) return 0
  if (depth > depthMax) throw new ShellError('arithmetic syntax error: expression recursion level exceeded')
  switch (expression.type) {
    case 'ArithmeticWord':
      return word(host, expression, depth)
    case 'ArithmeticGroup':
      return evaluate(host, expression.expression, depth)
    case 'ArithmeticTernary':
      return (await evaluate(host, expression.test, depth)) !== 0 ? evaluate(host, expression.consequent, depth) : evaluate(host, expression.alternate, depth)
    case 'ArithmeticCommandExpansion':
      return textValue(host, await host.runSubstitution(expression.script), depth)
    case 'ArithmeticUnary': {
      const { operator } = expression
      if (operator === '++' || operator === '--') {
        const before = await evaluate(host, expression.operand, depth)
        const after = before + (operator === '++' ? 1 : -1)
        await assign(host, expression.operand, after, depth)
        return expression.prefix ? after : before
      }
      const value = await evaluate(host, expression.operand, depth)
      if (operator === '-') return -value
      if (operator === '!') return value === 0 ? 1 : 0
      if (operator === '~') return integer(~BigInt(value))
      return value
    }
    case 'ArithmeticBinary':
      return binary(host, expression, depth)
  }
}

async function binary(host: ArithmeticHost, expression: Extract<ArithmeticExpression, { type: 'ArithmeticBinary' }>, depth: number): Promise<number> {
  const { operator } = expression
  if (operator === '&&') return (await evaluate(host, expression.left, depth)) !== 0 && (await evaluate(host, expression.right, depth)) !== 0 ? 1 : 0
  if (operator === '||') return (await evaluate(host, expression.left, depth)) !== 0 || (await evaluate(host, expression.right, depth)) !== 0 ? 1 : 0
  if (operator === ',') {
    await evaluate(host, expression.left, depth)
    return evaluate(host, expression.right, depth)
  }
  if (/^(?:[+\-*/%&|^]|<<|>>|\*\*)?=$/.test(operator)) {
    const right = await evaluate(host, expression.right, depth)
    const value = operator === '=' ? right : compute(operator.slice(0, -1), await evaluate(host, expression.left, depth), right)
    await assign(host, expression.left, value, depth)
    return value
  }
  return compute(operator, await evaluate(host, expression.left, depth), await evaluate(host, expression.right, depth), host.state.flavour)
}

function compute(operator: string, a: number, b: number, flavour: ShellFlavour = 'ash'): number {
  switch (operator) {
    case '+':
      return safe(a + b, () => BigInt(a) + BigInt(b))
    case '-':
      return safe(a - b, () => BigInt(a) - BigInt(b))
    case '*':
      return safe(a * b, () => BigInt(a) * BigInt(b))
    case '/':
    case '%':
      if (b === 0) throw new ShellError(divisionByZero[flavour](`${a}${operator}${b}`, b), 2, 1)
      return operator === '/' ? Math.trunc(a / b) : a % b
    case '**':
      return integer(BigInt(a) ** BigInt(Math.max(0, b)))
    case '<':
      return a < b ? 1 : 0
    case '>':
      return a > b ? 1 : 0
    case '<=':
      return a <= b ? 1 : 0
    case '>=':
      return a >= b ? 1 : 0
    case '==':
      return a === b ? 1 : 0
    case '!=':
      return a !== b ? 1 : 0
    case '&':
      return integer(BigInt(a) & BigInt(b))
    case '|':
      return integer(BigInt(a) | BigInt(b))
    case '^':
      return integer(BigInt(a) ^ BigInt(b))
    case '<<':
      return integer(BigInt(a) << BigInt(b & 63))
    case '>>':
      return integer(BigInt(a) >> BigInt(b & 63))
    default:
      throw new ShellError(`arithmetic syntax error: ${operator}`, 2)
  }
}

const divisionByZero: Readonly<Record<ShellFlavour, (expression: string, divisor: number) => string>> = {
  ash: () => 'divide by zero',
  dash: (expression) => `arithmetic expression: division by zero: "${expression}"`,
  bash: (expression, divisor) => `${expression}: division by 0 (error token is "${divisor}")`,
}

function safe(value: number, exact: () => bigint): number {
  return Number.isSafeInteger(value) ? value : integer(exact())
}

function integer(value: bigint): number {
  return Number(BigInt.asIntN(64, value))
}

async function word(host: ArithmeticHost, expression: Extract<ArithmeticExpression, { type: 'ArithmeticWord' }>, depth: number): Promise<number> {
  const text = expression.parts ? await host.expandParts(expression.parts) : await plainText(host, expression.value)
  return textValue(host, text, depth)
}

/** Words of an expression carry their `$` unexpanded when the parser found no parts. */
async function plainText(host: ArithmeticHost, text: string): Promise<string> {
  if (!text.includes('$')) return text
  const command = parse(`: "${text.replace(/"/g, '')}"`).commands[0]?.command
  const argument = command?.type === 'Command' ? command.args[0] : undefined
  return argument?.type === 'Word' && argument.parts ? host.expandParts(argument.parts) : text
}

/** A number, a variable (whose value may be an expression again), or an expression. */
async function textValue(host: ArithmeticHost, given: string, depth: number): Promise<number> {
  const text = given.trim()
  if (text === '') return 0
  const number = numberOf(text)
  if (number !== undefined) return number
  if (depth > depthMax) throw new ShellError('arithmetic syntax error: expression recursion level exceeded')
  if (/^[A-Za-z_]\w*$/.test(text)) {
    const value = host.state.get(text)
    if (value === undefined) {
      if (host.state.options.nounset) throw new ShellError(host.state.flavour === 'bash' ? `${text}: unbound variable` : `${text}: parameter not set`)
      return 0
    }
    return textValue(host, value, depth + 1)
  }
  const element = /^([A-Za-z_]\w*)\[(.*)\]$/.exec(text)
  if (element) return textValue(host, elementValue(host.state, element[1]!, await subscript(host, element[1]!, element[2]!, depth)) ?? '', depth + 1)
  const command = parse(`((${text}))`).commands[0]?.command as ArithmeticCommand | undefined
  if (command?.type !== 'ArithmeticCommand' || !command.expression || command.expression.type === 'ArithmeticWord') {
    throw new ShellError(host.state.flavour === 'bash' ? `${text}: arithmetic syntax error in expression (error token is "${text}")` : 'arithmetic syntax error', host.state.flavour === 'bash' ? 1 : 2)
  }
  return evaluate(host, command.expression, depth + 1)
}

async function subscript(host: ArithmeticHost, name: string, index: string, depth: number): Promise<string | number> {
  if (host.state.variables.get(name)?.value instanceof Map) return index.replace(/^["']|["']$/g, '')
  return textValue(host, index.includes('$') ? await plainText(host, index) : index, depth + 1)
}

export function elementValue(state: ShellState, name: string, index: string | number): string | undefined {
  const value = state.variables.get(name)?.value
  if (value === undefined) return undefined
  if (typeof value === 'string') return index === 0 || index === '0' ? value : undefined
  if (Array.isArray(value)) {
    const at = Number(index)
    return value[at < 0 ? value.length + at : at]
  }
  return value.get(String(index))
}

async function assign(host: ArithmeticHost, target: ArithmeticExpression, value: number, depth: number): Promise<void> {
  if (target.type !== 'ArithmeticWord') throw new ShellError('arithmetic syntax error: attempted assignment to non-variable', 2)
  const element = /^([A-Za-z_]\w*)\[(.*)\]$/.exec(target.value)
  if (element) host.state.setElement(element[1]!, await subscript(host, element[1]!, element[2]!, depth), String(value))
  else if (/^[A-Za-z_]\w*$/.test(target.value)) host.state.set(target.value, String(value))
  else throw new ShellError('arithmetic syntax error: attempted assignment to non-variable', 2)
}

function numberOf(text: string): number | undefined {
  const match = /^([+-]?)(?:0[xX]([0-9a-fA-F]+)|(\d{1,2})#([0-9a-zA-Z]+)|0([0-7]+)|(\d+))$/.exec(text)
  if (!match) return undefined
  const [, sign, hex, base, digits, octal, decimal] = match
  const value = hex !== undefined ? parseInt(hex, 16) : digits !== undefined ? parseInt(digits, Number(base)) : octal !== undefined ? parseInt(octal, 8) : Number(decimal)
  return sign === '-' ? -value : Number.isSafeInteger(value) ? value : integer(BigInt(Math.trunc(value)))
}

import type { TestExpression } from 'unbash'
import type { ProcessContext } from '../program.ts'
import type { Expansion } from './expansion.ts'
import { matchGlob } from './glob.ts'
import { ShellError } from './state.ts'

/** What `test`, `[` and `[[` ask of files and strings. */

export function unaryTest(context: ProcessContext, operator: string, operand: string, isSet: (name: string) => boolean): boolean {
  const { files } = context
  const find = (followLast = true): ReturnType<typeof files.find> => {
    try {
      return files.find(context.path(operand), followLast)
    } catch {
      return undefined
    }
  }
  switch (operator) {
    case '-n':
      return operand !== ''
    case '-z':
      return operand === ''
    case '-e':
    case '-a':
      return operand !== '' && find() !== undefined
    case '-f':
      return find()?.kind === 'file'
    case '-d':
      return find()?.kind === 'directory'
    case '-h':
    case '-L':
      return find(false)?.kind === 'link'
    case '-s': {
      const inode = find()
      return inode?.kind === 'file' ? inode.size > 0 : inode?.kind === 'directory'
    }
    case '-r':
    case '-w':
    case '-x': {
      const inode = find()
      return inode !== undefined && files.permits(inode, operator === '-r' ? 4 : operator === '-w' ? 2 : 1) && !(operator === '-w' && files.isReadOnly(context.path(operand)))
    }
    case '-c':
      return find()?.kind === 'device'
    case '-b':
    case '-p':
    case '-S':
    case '-g':
    case '-u':
    case '-k':
      return false
    case '-t':
      return context.descriptors[Number(operand)]?.terminal !== undefined
    case '-v':
      return isSet(operand)
    case '-O':
      return find()?.uid === context.userId
    case '-G':
      return find()?.gid === context.groupId
    default:
      throw new ShellError(`${operator}: unary operator expected`, 2)
  }
}

export const unaryOperators: ReadonlySet<string> = new Set('-n -z -e -a -f -d -h -L -s -r -w -x -c -b -p -S -g -u -k -t -v -O -G'.split(' '))
export const binaryOperators: ReadonlySet<string> = new Set('= == != < > -eq -ne -lt -le -gt -ge -nt -ot -ef'.split(' '))

export function binaryTest(context: ProcessContext, left: string, operator: string, right: string): boolean {
  switch (operator) {
    case '=':
    case '==':
      return left === right
    case '!=':
      return left !== right
    case '<':
      return left < right
    case '>':
      return left > right
    case '-nt':
    case '-ot':
    case '-ef': {
      const a = context.files.find(context.path(left))
      const b = context.files.find(context.path(right))
      if (operator === '-ef') return a !== undefined && a === b
      const newer = (a?.mtime ?? -1) - (b?.mtime ?? -1)
      return operator === '-nt' ? newer > 0 : newer < 0
    }
    default: {
      const a = integerOf(left)
      const b = integerOf(right)
      return { '-eq': a === b, '-ne': a !== b, '-lt': a < b, '-le': a <= b, '-gt': a > b, '-ge': a >= b }[operator] ?? false
    }
  }
}

function integerOf(text: string): number {
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw new ShellError(text === '' ? 'out of range' : `${text}: bad number`, 2)
  return Number(text)
}

/** The arguments of `test` (without a closing bracket). Throws ShellError with status 2 on nonsense. */
export function testArguments(context: ProcessContext, words: readonly string[], isSet: (name: string) => boolean): boolean {
  let at = 0
  const orList = (): boolean => {
    let value = andList()
    while (words[at] === '-o') {
      at++
      const right = andList()
      value = value || right
    }
    return value
  }
  const andList = (): boolean => {
    let value = negation()
    while (words[at] === '-a') {
      at++
      const right = negation()
      value = value && right
    }
    return value
  }
  const negation = (): boolean => {
    if (words[at] === '!' && at + 1 < words.length) {
      at++
      return !negation()
    }
    return primary()
  }
  const primary = (): boolean => {
    const first = words[at]
    if (first === undefined) throw new ShellError('argument expected', 2)
    const operator = words[at + 1]
    if (operator !== undefined && binaryOperators.has(operator) && at + 2 < words.length) {
      const right = words[at + 2]!
      at += 3
      return binaryTest(context, first, operator, right)
    }
    if (first === '(' && words.length > at + 2) {
      at++
      const value = orList()
      if (words[at] !== ')') throw new ShellError('closing paren expected', 2)
      at++
      return value
    }
    if (unaryOperators.has(first) && at + 1 < words.length) {
      at += 2
      return unaryTest(context, first, words[at - 1]!, isSet)
    }
    at++
    return first !== ''
  }
  if (words.length === 0) return false
  // With one to three words the meaning depends on their number alone.
  if (words.length === 1) return words[0] !== ''
  if (words.length === 2) {
    if (words[0] === '!') return words[1] === ''
    if (!unaryOperators.has(words[0]!)) throw new ShellError(`${words[0]}: unary operator expected`, 2)
    return unaryTest(context, words[0]!, words[1]!, isSet)
  }
  const value = orList()
  if (at < words.length) throw new ShellError(`${words[at]}: unknown operand`, 2)
  return value
}

/** `[[ … ]]`. */
export async function evaluateTest(context: ProcessContext, expansion: Expansion, expression: TestExpression): Promise<boolean> {
  const { state } = expansion
  switch (expression.type) {
    case 'TestGroup':
      return evaluateTest(context, expansion, expression.expression)
    case 'TestNot': {
      const value = await evaluateTest(context, expansion, expression.operand)
      return expression.negations.length % 2 === 1 ? !value : value
    }
    case 'TestLogical': {
      for (const operand of expression.operands) {
        const value = await evaluateTest(context, expansion, operand)
        if (expression.operator === '&&' ? !value : value) return value
      }
      return expression.operator === '&&'
    }
    case 'TestUnary':
      return unaryTest(context, expression.operator, await expansion.text(expression.operand), (name) => state.variables.has(name))
    case 'TestBinary': {
      const left = await expansion.text(expression.left)
      const { operator } = expression
      if (operator === '=' || operator === '==' || operator === '!=') {
        const matches = matchGlob(await expansion.pattern(expression.right), left)
        return operator === '!=' ? !matches : matches
      }
      const right = await expansion.text(expression.right)
      if (operator === '=~') {
        let match: RegExpExecArray | null
        try {
          match = new RegExp(right).exec(left)
        } catch {
          throw new ShellError(`syntax error in regular expression: ${right}`, 2)
        }
        state.setArray('BASH_REMATCH', match ? [...match].map((each) => each ?? '') : [])
        return match !== null
      }
      return binaryTest(context, left, operator, right)
    }
  }
}

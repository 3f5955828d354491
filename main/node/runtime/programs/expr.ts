import type { Program } from './program.ts'
import { complain } from './text-input.ts'

/** expr: a calculator of words. */

export const expr: Program = async (context) => {
  const words = context.argv.slice(1)
  let at = 0
  const binary = (level: number): string => {
    if (level === operators.length) return primary()
    let left = binary(level + 1)
    while (at < words.length && operators[level]!.includes(words[at]!)) {
      const operator = words[at++]!
      left = apply(left, operator, binary(level + 1))
    }
    return left
  }
  const primary = (): string => {
    const word = words[at++]
    if (word === '(') {
      const value = binary(0)
      at++
      return value
    }
    if (word === 'length') return String(words[at++]?.length ?? 0)
    if (word === 'substr') return (words[at++] ?? '').substr(Number(words[at++]) - 1, Number(words[at++]))
    return word ?? ''
  }
  const result = binary(0)
  if (result === '\0error') {
    await complain(context, 'non-numeric argument')
    return 2
  }
  await context.stdout.write(`${result}\n`)
  return result === '' || result === '0' ? 1 : 0
}

const operators = [['|'], ['&'], ['<', '<=', '=', '==', '!=', '>=', '>'], ['+', '-'], ['*', '/', '%'], [':']]

function apply(a: string, operator: string, b: string): string {
  const numeric = /^-?\d+$/.test(a) && /^-?\d+$/.test(b)
  const [x, y] = [Number(a), Number(b)]
  switch (operator) {
    case '|':
      return a !== '' && a !== '0' ? a : b
    case '&':
      return a !== '' && a !== '0' && b !== '' && b !== '0' ? a : '0'
    case '=':
    case '==':
      return (numeric ? x === y : a === b) ? '1' : '0'
    case '!=':
      return (numeric ? x !== y : a !== b) ? '1' : '0'
    case '<':
      return (numeric ? x < y : a < b) ? '1' : '0'
    case '<=':
      return (numeric ? x <= y : a <= b) ? '1' : '0'
    case '>':
      return (numeric ? x > y : a > b) ? '1' : '0'
    case '>=':
      return (numeric ? x >= y : a >= b) ? '1' : '0'
    case ':': {
      const match = new RegExp(`^${b.replace(/\\([(){}])/g, '\0$1').replace(/(^|[^\0])([(){}|+?])/g, '$1\\$2').replace(/\0/g, '')}`).exec(a)
      return match ? (match.length > 1 ? (match[1] ?? '') : String(match[0].length)) : b.includes('\\(') ? '' : '0'
    }
    default:
      if (!numeric) return '\0error'
      if ((operator === '/' || operator === '%') && y === 0) return '\0error'
      return String({ '+': x + y, '-': x - y, '*': x * y, '/': Math.trunc(x / y), '%': x % y }[operator])
  }
}

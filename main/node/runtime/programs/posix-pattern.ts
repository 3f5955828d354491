import { characterClasses } from './shell/glob.ts'

/** A POSIX regular expression (basic or extended) as one of ours. Throws SyntaxError on nonsense. */
export function posixPattern(pattern: string, extended: boolean, flags = ''): RegExp {
  return new RegExp(translate(pattern, extended), flags)
}

function translate(pattern: string, extended: boolean): string {
  let result = ''
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern[index]!
    if (char === '[') {
      const end = bracketEnd(pattern, index)
      if (end < 0) throw new SyntaxError('Unmatched [, [^, [:, [., or [=')
      let inner = pattern.slice(index + 1, end)
      const negated = inner.startsWith('^')
      if (negated) inner = inner.slice(1)
      inner = inner.replace(/\\/g, '\\\\').replace(/\[:(\w+):\]/g, (_, name: string) => characterClasses[name] ?? '').replace(/^\]/, '\\]').replace(/\[/g, '\\[')
      result += `[${negated ? '^' : ''}${inner}]`
      index = end
    } else if (char === '\\') {
      const next = pattern[++index] ?? '\\'
      if (!extended && '(){}+?|'.includes(next)) result += next
      else if (next === '<' || next === '>') result += '\\b'
      else if (/[wWsSbBntrdD1-9]/.test(next)) result += `\\${next}`
      else result += /[\w]/.test(next) ? next : `\\${next}`
    } else if (!extended && '(){}+?|'.includes(char)) result += `\\${char}`
    else if (!extended && char === '*' && (result === '' || result === '^' || result.endsWith('('))) result += '\\*'
    else if (char === '^' && !extended && index > 0 && !/(\\\(|\\\||\n)$/.test(pattern.slice(0, index))) result += '\\^'
    else if (char === '$' && !extended && index < pattern.length - 1 && !pattern.startsWith('\\)', index + 1) && !pattern.startsWith('\\|', index + 1)) result += '\\$'
    else if (char === '{' && extended && !/^\{\d*,?\d*\}/.test(pattern.slice(index))) result += '\\{'
    else if (char === '/') result += '\\/'
    else result += char
  }
  return result
}

function bracketEnd(pattern: string, start: number): number {
  let index = start + 1
  if (pattern[index] === '^') index++
  if (pattern[index] === ']') index++
  for (; index < pattern.length; index++) {
    if (pattern.startsWith('[:', index)) index = Math.max(index, pattern.indexOf(':]', index) + 1)
    else if (pattern[index] === ']') return index
  }
  return -1
}

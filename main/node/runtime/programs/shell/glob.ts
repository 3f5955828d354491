/** A shell pattern as a regular expression: `*`, `?`, `[…]`; a backslash takes the next character as it is.
 *  `greedy` false makes stars as short as possible (for ${x#pattern}). */
export function globPattern(pattern: string, greedy = true): string {
  let result = ''
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern[index]!
    if (char === '*') result += greedy ? '[\\s\\S]*' : '[\\s\\S]*?'
    else if (char === '?') result += '[\\s\\S]'
    else if (char === '\\' && index + 1 < pattern.length) result += escapeRegExp(pattern[++index]!)
    else if (char === '[') {
      const end = bracketEnd(pattern, index)
      if (end < 0) result += '\\['
      else {
        let inner = pattern.slice(index + 1, end)
        if (inner.startsWith('!') || inner.startsWith('^')) inner = `^${inner.slice(1)}`
        inner = inner.replace(/\[:(\w+):\]/g, (_, name: string) => characterClasses[name] ?? '').replace(/\\(?![\w\\\]-])/g, '\\\\').replace(/\[/g, '\\[')
        result += `[${inner.startsWith('^]') ? `^\\]${inner.slice(2)}` : inner.startsWith(']') ? `\\]${inner.slice(1)}` : inner}]`
        index = end
      }
    } else result += escapeRegExp(char)
  }
  return result
}

function bracketEnd(pattern: string, start: number): number {
  let index = start + 1
  if (pattern[index] === '!' || pattern[index] === '^') index++
  if (pattern[index] === ']') index++
  for (; index < pattern.length; index++) {
    if (pattern.startsWith('[:', index)) {
      const close = pattern.indexOf(':]', index)
      if (close > 0) {
        index = close + 1
        continue
      }
    }
    if (pattern[index] === ']') return index
  }
  return -1
}

export const characterClasses: Readonly<Record<string, string>> = {
  alpha: 'a-zA-Z',
  digit: '0-9',
  alnum: 'a-zA-Z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9a-fA-F',
  print: ' -~',
  graph: '!-~',
  cntrl: '\\x00-\\x1f\\x7f',
}

export function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

export function matchGlob(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^${globPattern(pattern)}$`).test(text)
  } catch {
    return pattern === text
  }
}

/** Whether a pattern has anything to expand. */
export function isGlob(pattern: string): boolean {
  return /(?:^|[^\\])(?:\\\\)*[*?[]/.test(pattern)
}

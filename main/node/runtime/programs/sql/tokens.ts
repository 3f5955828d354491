/** A piece of an SQL statement: a word or symbol (`name`, upper-cased in `upper`), a quoted name, a text or a number. */
export interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'symbol'
  readonly text: string
  readonly upper: string
}

const pattern = /\s+|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/|('(?:[^'\\]|''|\\[\s\S])*')|("(?:[^"]|"")*"|`[^`]*`)|(\d+(?:\.\d+)?)|([A-Za-z_@$][\w$.@]*)|(<>|!=|<=|>=|\|\||::|[-+*/%(),;.=<>])/gy

/** Splits a statement. Throws SyntaxError with what stands where nothing fits. */
export function tokensOf(text: string, doubleQuotesAreTexts: boolean): Token[] {
  const tokens: Token[] = []
  pattern.lastIndex = 0
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex
    const match = pattern.exec(text)
    if (!match) throw new SyntaxError(text.slice(at))
    const [, quoted, named, number, word, symbol] = match
    const token = (kind: Token['kind'], value: string): void => void tokens.push({ kind, text: value, upper: value.toUpperCase() })
    if (quoted !== undefined) token('text', unquoted(quoted))
    else if (named !== undefined) token(named.startsWith('"') && doubleQuotesAreTexts ? 'text' : 'name', named.slice(1, -1).replace(/""/g, '"'))
    else if (number !== undefined) token('number', number)
    else if (word !== undefined) token('word', word)
    else if (symbol !== undefined) token('symbol', symbol)
  }
  return tokens
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/''/g, "'").replace(/\\([\s\S])/g, (_, char: string) => ({ n: '\n', t: '\t', '0': '\0' })[char] ?? char)
}

/** Splits what was typed into whole statements (at semicolons outside quotes) and what is not finished yet. */
export function statementsOf(text: string): { readonly statements: readonly string[]; readonly rest: string } {
  const statements: string[] = []
  let start = 0
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    if (quote !== '') {
      if (char === '\\' && quote === "'") at++
      else if (char === quote) quote = ''
    } else if (char === "'" || char === '"' || char === '`') quote = char
    else if (char === '-' && text[at + 1] === '-') {
      const end = text.indexOf('\n', at)
      at = end < 0 ? text.length : end
    } else if (char === ';') {
      statements.push(text.slice(start, at).trim())
      start = at + 1
    }
  }
  return { statements: statements.filter((each) => each !== ''), rest: text.slice(start).trimStart() }
}

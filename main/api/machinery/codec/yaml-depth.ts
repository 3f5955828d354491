import { Lexer } from 'yaml'
import { DecodeError } from './json.ts'

/** How deep a YAML text may nest. go-yaml allows 10 000; nothing that Kubernetes reads comes near this, and the parser recurses:
 *  a text that exhausts the stack can end the whole process inside the engine, where no exception is raised. */
export const yamlDepthMax = 250

/** Throws before a text is parsed that nests deeper than `yamlDepthMax`. Costs one look at the characters for ordinary texts. */
export function checkYamlDepth(text: string): void {
  if (mayBeDeep(text) && depthOf(text) > yamlDepthMax) throw new DecodeError('exceeded max depth')
}

/** An upper bound without tokens: brackets anywhere, indicators of one line, and the widest indentation. */
function mayBeDeep(text: string): boolean {
  let brackets = 0
  let indicators = 0
  let indent = 0
  let leading = true
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 10) {
      indicators = indent = 0
      leading = true
      continue
    }
    if (code === 91 || code === 123) brackets++
    else if (code === 45 || code === 63 || code === 58) indicators++
    if (leading && code === 32) indent++
    else if (code !== 32) leading = false
    if (brackets + indicators + indent > yamlDepthMax) return true
  }
  return false
}

/** The deepest nesting by the lexer's tokens: open flow collections, indented blocks, and indicators on one line. */
function depthOf(text: string): number {
  let flow = 0
  let deepest = 0
  let onLine = 0
  let atStart = true
  const indents: number[] = []
  for (const token of new Lexer().lex(text)) {
    if (token === '\n' || token === '\r\n') {
      onLine = 0
      atStart = true
      continue
    }
    if (token === '\u0002' || token === '\u001f' || token === '\u0018') continue
    if (atStart && flow === 0) {
      const width = /^ *$/.test(token) ? token.length : 0
      while (indents.length > 0 && indents.at(-1)! >= width) indents.pop()
      indents.push(width)
    }
    atStart = false
    if (token === '[' || token === '{') flow++
    else if (token === ']' || token === '}') flow--
    else if (token === '-' || token === '?' || token === ':') onLine++
    deepest = Math.max(deepest, flow + onLine + indents.length)
    if (deepest > yamlDepthMax) return deepest
  }
  return deepest
}

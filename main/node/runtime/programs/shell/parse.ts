import { parse, type ParsedScript } from 'unbash'
import type { ShellFlavour } from './state.ts'

const cacheMax = 200
const longestCached = 4096
const cache = new Map<string, ParsedScript>()

/** Parses a script. Short ones are kept: probes and loops ask for the same text again and again. */
export function parseScript(text: string): ParsedScript {
  const known = cache.get(text)
  if (known) return known
  const script = parse(text)
  if (text.length <= longestCached) {
    if (cache.size >= cacheMax) cache.delete(cache.keys().next().value!)
    cache.set(text, script)
  }
  return script
}

/** A parse error in the words of each shell. */
export function syntaxErrorText(error: { readonly message: string }, flavour: ShellFlavour): string {
  const { message } = error
  const token = /unexpected token '(.*)'/.exec(message)?.[1]
  if (token !== undefined) return { bash: `syntax error near unexpected token \`${token}'`, dash: `Syntax error: "${token}" unexpected`, ash: `syntax error: unexpected "${token}"` }[flavour]
  if (/unterminated (?:double|single) quote/.test(message)) {
    const quote = message.includes('double') ? '"' : "'"
    return { bash: `unexpected EOF while looking for matching \`${quote}'`, dash: 'Syntax error: Unterminated quoted string', ash: 'syntax error: unterminated quoted string' }[flavour]
  }
  const expected = /expected '([^']+)'/.exec(message)?.[1]
  const tail = expected === undefined ? '' : ` (expecting "${expected}")`
  return { bash: 'syntax error: unexpected end of file', dash: `Syntax error: end of file unexpected${tail}`, ash: `syntax error: unexpected end of file${tail}` }[flavour]
}

/** Whether what was typed so far goes on in the next line. */
export function isIncomplete(text: string, script: ParsedScript): boolean {
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(text.replace(/\n$/, ''))) return true
  const end = text.trimEnd().length
  if (script.errors?.some((error) => error.message.startsWith('unterminated') || (error.pos >= end && error.message.startsWith('expected')))) return true
  return text.includes('<<') && !hereDocumentsClosed(text)
}

function hereDocumentsClosed(text: string): boolean {
  const lines = text.split('\n')
  for (let index = 0; index < lines.length; index++) {
    const match = /(?:^|[^<])<<(-?)\s*(["']?)(\w+)\2/.exec(lines[index]!)
    if (!match) continue
    const [, dash, , delimiter] = match
    const end = lines.findIndex((line, at) => at > index && (dash === '-' ? line.replace(/^\t+/, '') : line) === delimiter)
    if (end < 0) return false
    index = end
  }
  return true
}

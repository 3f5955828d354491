import { parse, type ParsedScript } from 'unbash'

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

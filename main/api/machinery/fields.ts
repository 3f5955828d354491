/** Field selectors: `spec.nodeName=worker-1,status.phase!=Running`. Follows upstream's fields package and its error texts. */
import { compareBytes } from './go-text.ts'

export interface FieldTerm {
  readonly field: string
  readonly equals: boolean
  readonly value: string
}

/** All terms must hold. */
export interface FieldSelector {
  readonly terms: readonly FieldTerm[]
}

export const everyField: FieldSelector = { terms: [] }

/** Parses a field selector; throws an Error with upstream's text. */
export function parseFieldSelector(text: string): FieldSelector {
  const terms: FieldTerm[] = []
  for (const part of splitTerms(text).sort(compareBytes)) {
    if (part === '') continue
    const match = /^(.*?)(!=|==|=)([\s\S]*)$/.exec(part)
    if (!match) throw new Error(`invalid selector: '${text}'; can't understand '${part}'`)
    terms.push({ field: match[1] as string, equals: match[2] !== '!=', value: unescapeValue(match[3] as string) })
  }
  return { terms }
}

/** Splits at commas that no backslash protects. */
function splitTerms(text: string): string[] {
  if (text === '') return []
  const terms: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === ',') {
      terms.push(text.slice(start, at))
      start = at + 1
    }
  }
  terms.push(text.slice(start))
  return terms
}

/** Protects `\`, `,` and `=` for use as a value. */
export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, (character) => `\\${character}`)
}

function unescapeValue(text: string): string {
  let out = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    if (character === ',' || character === '=') throw new Error(`invalid field selector: unescaped character in value: ${character.codePointAt(0)}`)
    if (character !== '\\') out += character
    else {
      const next = text[++at]
      if (next === undefined || !'\\,='.includes(next)) throw new Error(`invalid field selector: invalid escape sequence: \\${next ?? ''}`)
      out += next
    }
  }
  return out
}

/** The selector's text. */
export function formatFieldSelector(selector: FieldSelector): string {
  return selector.terms.map((term) => `${term.field}${term.equals ? '=' : '!='}${escapeFieldValue(term.value)}`).join(',')
}

/** Whether the values that `valueOf` answers satisfy the selector; absent fields are ''. */
export function matchesFields(selector: FieldSelector, valueOf: (field: string) => string | undefined): boolean {
  for (const term of selector.terms) if (((valueOf(term.field) ?? '') === term.value) !== term.equals) return false
  return true
}

/** The value the selector demands of a field, if it demands one. */
export function exactFieldMatch(selector: FieldSelector, field: string): string | undefined {
  return selector.terms.find((term) => term.field === field && term.equals)?.value
}

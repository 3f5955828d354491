/** Regular expressions as Go's regexp (RE2) reads them: linear in the text, whatever the pattern. */
import { RE2JS } from 're2js'

export interface Pattern {
  /** Whether some part of the text matches. */
  test(text: string): boolean
  /** The first match, or undefined. */
  find(text: string): string | undefined
  /** Matches from left to right, at most `limit` of them (negative: all). */
  findAll(text: string, limit: number): string[]
  /** The whole match and the groups of the first match; undefined where a group took no part. */
  groups(text: string): readonly (string | undefined)[] | undefined
}

/** A pattern that Go would not compile, with Go's words: ``error parsing regexp: missing closing ): `a(` ``. */
export class PatternError extends Error {}

const compiled = new Map<string, Pattern>()
const compiledMax = 1_000

/** Compiles (or remembers) a pattern. Throws PatternError. */
export function compilePattern(source: string): Pattern {
  const known = compiled.get(source)
  if (known) return known
  let expression: RE2JS
  try {
    expression = RE2JS.compile(source)
  } catch (error) {
    throw new PatternError(error instanceof Error ? error.message : String(error))
  }
  if (compiled.size >= compiledMax) compiled.clear()
  const pattern = patternOf(expression)
  compiled.set(source, pattern)
  return pattern
}

/** What is wrong with a pattern, or undefined. */
export function patternProblem(source: string): string | undefined {
  try {
    compilePattern(source)
    return undefined
  } catch (error) {
    if (error instanceof PatternError) return error.message
    throw error
  }
}

function patternOf(expression: RE2JS): Pattern {
  return {
    test: (text) => expression.matcher(text).find(),
    find(text) {
      const matcher = expression.matcher(text)
      return matcher.find() ? (matcher.group() ?? '') : undefined
    },
    findAll(text, limit) {
      const found: string[] = []
      const matcher = expression.matcher(text)
      while ((limit < 0 || found.length < limit) && matcher.find()) found.push(matcher.group() ?? '')
      return found
    },
    groups(text) {
      const matcher = expression.matcher(text)
      if (!matcher.find()) return undefined
      const all: (string | undefined)[] = []
      for (let index = 0; index <= matcher.groupCount(); index++) all.push(matcher.group(index) ?? undefined)
      return all
    },
  }
}

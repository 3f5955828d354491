import { CliError } from '../../cli-error.ts'

/** `a=b` words as a map. */
export function parsePairs(words: readonly string[]): Record<string, string> {
  const pairs: Record<string, string> = {}
  for (const word of words) {
    const at = word.indexOf('=')
    if (at <= 0) throw new CliError(`unexpected label spec: ${word}`)
    pairs[word.slice(0, at)] = word.slice(at + 1)
  }
  return pairs
}

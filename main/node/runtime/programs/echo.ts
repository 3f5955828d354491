import type { Program } from './program.ts'
import { unescapeAll } from './shell/printf.ts'

/** What echo writes. Without `always`, backslashes count only after -e. */
export function echoText(words: readonly string[], always = false): string {
  let newline = true
  let escapes = always
  let at = 0
  for (; at < words.length; at++) {
    const word = words[at]!
    if (always ? word !== '-n' : !/^-[neE]+$/.test(word)) break
    for (const letter of word.slice(1)) {
      if (letter === 'n') newline = false
      if (letter === 'e') escapes = true
      if (letter === 'E') escapes = false
    }
  }
  const text = words.slice(at).join(' ')
  if (!escapes) return text + (newline ? '\n' : '')
  const escaped = unescapeAll(text)
  return escaped.text + (newline && !escaped.stop ? '\n' : '')
}

export const echo: Program = async (context) => {
  await context.stdout.write(echoText(context.argv.slice(1)))
  return 0
}

import { complain } from './text-input.ts'
import type { Program } from './program.ts'

const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }

/** Waits for the sum of its arguments; `infinity` for ever. */
export const sleep: Program = async (context) => {
  let totalMs = 0
  const given = context.argv.slice(1)
  if (given.length === 0) {
    await complain(context, 'missing operand')
    return 1
  }
  for (const word of given) {
    if (word === 'infinity' || word === 'inf') return new Promise(() => {})
    const match = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(word)
    if (!match) {
      await context.stderr.write(`sleep: invalid number '${word}'\n`)
      return 1
    }
    totalMs += Number(match[1]) * units[match[2]!]! * 1000
  }
  await context.sleep(totalMs)
  return 0
}

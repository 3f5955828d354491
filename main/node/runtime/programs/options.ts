import type { ProcessContext } from './program.ts'
import { complain } from './text-input.ts'

export interface ParsedOptions {
  readonly flags: ReadonlySet<string>
  readonly values: ReadonlyMap<string, string>
  /** Every value of options that may come more than once, in order. */
  readonly all: ReadonlyMap<string, readonly string[]>
  readonly operands: readonly string[]
}

/** Reads options as getopt_long does: `letters` as in getopt ("ab:c"), `long` maps names to letters.
 *  With `stop`, the first operand ends the options (xargs, env). Undefined after a complaint. */
export async function readOptions(
  context: ProcessContext,
  letters: string,
  long: Readonly<Record<string, string>> = {},
  stop = false,
  words: readonly string[] = context.argv.slice(1),
): Promise<ParsedOptions | undefined> {
  const flags = new Set<string>()
  const values = new Map<string, string>()
  const all = new Map<string, string[]>()
  const operands: string[] = []
  const give = (letter: string, value: string): void => {
    flags.add(letter)
    values.set(letter, value)
    const list = all.get(letter)
    if (list) list.push(value)
    else all.set(letter, [value])
  }
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    if (word === '--') {
      operands.push(...words.slice(at + 1))
      break
    }
    if (word.startsWith('--')) {
      const equals = word.indexOf('=')
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals)
      const letter = long[name]
      if (letter === undefined) {
        await complain(context, `unrecognized option '${word}'`)
        return undefined
      }
      if (letters[letters.indexOf(letter) + 1] === ':') {
        const value = equals < 0 ? words[++at] : word.slice(equals + 1)
        if (value === undefined) {
          await complain(context, `option '--${name}' requires an argument`)
          return undefined
        }
        give(letter, value)
      } else flags.add(letter)
      continue
    }
    if (!/^-./.test(word)) {
      operands.push(word)
      if (stop) {
        operands.push(...words.slice(at + 1))
        break
      }
      continue
    }
    for (let index = 1; index < word.length; index++) {
      const letter = word[index]!
      const known = letter === ':' ? -1 : letters.indexOf(letter)
      if (known < 0) {
        await complain(context, context.files.find('/bin/busybox') ? `unrecognized option: ${letter}` : `invalid option -- '${letter}'`)
        return undefined
      }
      if (letters[known + 1] !== ':') {
        flags.add(letter)
        continue
      }
      const value = index + 1 < word.length ? word.slice(index + 1) : words[++at]
      if (value === undefined) {
        await complain(context, `option requires an argument -- '${letter}'`)
        return undefined
      }
      give(letter, value)
      break
    }
  }
  return { flags, values, all, operands }
}

/** `10`, `4K`, `1M`: a number with a binary suffix; NaN when it is none. */
export function sizeOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([bcwkKmMgGtT]?)(?:i?[bB])?$/.exec(text)
  if (!match) return NaN
  const factor = { '': 1, b: 512, c: 1, w: 2, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }[match[2]!.toLowerCase()] ?? 1
  return Math.round(Number(match[1]) * factor)
}

/** `1.5K`, `23M`: as ls -h and df -h write sizes. */
export function humanSize(bytes: number): string {
  const units = ['', 'K', 'M', 'G', 'T']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return unit === 0 ? String(Math.round(value)) : `${value < 10 ? value.toFixed(1) : Math.round(value)}${units[unit]}`
}

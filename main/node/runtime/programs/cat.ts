import { readOptions } from './options.ts'
import type { Program } from './program.ts'
import { forEachInput, linesOf } from './text-input.ts'

export const cat: Program = async (context) => {
  const options = await readOptions(context, 'nbsvetAEuT')
  if (!options) return 1
  const { flags } = options
  const numbers = flags.has('n') || flags.has('b')
  const ends = flags.has('e') || flags.has('E') || flags.has('A')
  const tabs = flags.has('t') || flags.has('T') || flags.has('A')
  if (!numbers && !ends && !tabs && !flags.has('s')) {
    return forEachInput(context, options.operands, async (reader) => {
      for (;;) {
        const bytes = await reader.read()
        if (!bytes) return
        await context.stdout.write(bytes)
      }
    })
  }
  let number = 0
  let blank = false
  return forEachInput(context, options.operands, async (reader) => {
    for await (const line of linesOf(reader)) {
      if (flags.has('s') && line.text === '' && blank) continue
      blank = line.text === ''
      const shown = numbers && !(flags.has('b') && blank) ? `${String(++number).padStart(6)}\t` : ''
      const text = tabs ? line.text.replaceAll('\t', '^I') : line.text
      await context.stdout.write(`${shown}${text}${ends && line.ended ? '$' : ''}${line.ended ? '\n' : ''}`)
    }
  })
}

export const tac: Program = (context) =>
  forEachInput(context, context.argv.slice(1), async (reader) => {
    const lines: string[] = []
    for await (const line of linesOf(reader)) lines.push(line.text)
    await context.stdout.write(lines.reverse().map((line) => `${line}\n`).join(''))
  })

export const rev: Program = (context) =>
  forEachInput(context, context.argv.slice(1), async (reader) => {
    for await (const line of linesOf(reader)) await context.stdout.write(`${[...line.text].reverse().join('')}\n`)
  })

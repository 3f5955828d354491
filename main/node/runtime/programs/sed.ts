import { readOptions } from './options.ts'
import { posixPattern } from './posix-pattern.ts'
import type { ByteReader, Program } from './program.ts'
import { complain, linesOf, openInput } from './text-input.ts'
import { FileError } from '../files/file-error.ts'

type Address = { readonly kind: 'line'; readonly number: number } | { readonly kind: 'last' } | { readonly kind: 'pattern'; readonly pattern: RegExp } | { readonly kind: 'step'; readonly first: number; readonly step: number }

interface SedCommand {
  readonly from: Address | undefined
  readonly to: Address | { readonly kind: 'count'; readonly count: number } | undefined
  readonly negated: boolean
  readonly name: string
  readonly text: string
  readonly pattern: RegExp | undefined
  readonly replacement: string
  readonly global: boolean
  readonly nth: number
  readonly print: boolean
  readonly block: readonly SedCommand[]
  inRange: boolean
  rangeEnd: number
}

/** sed: s, d, p, q, n, a, i, c, y, =, {}, addresses; -n -e -E -i. Not: hold space beyond h H g G x, branches beyond none. */
export const sed: Program = async (context) => {
  const words = context.argv.slice(1)
  const inPlaceWord = words.find((word) => /^-i|^--in-place/.test(word))
  const options = await readOptions(context, 'nrEe:f:sz', { quiet: 'n', expression: 'e', 'regexp-extended': 'E', silent: 'n' }, false, words.filter((word) => word !== inPlaceWord))
  if (!options) return 1
  const operands = [...options.operands]
  const scripts = [...(options.all.get('e') ?? [])]
  for (const path of options.all.get('f') ?? []) scripts.push(context.files.readText(context.path(path)))
  if (scripts.length === 0) {
    const script = operands.shift()
    if (script === undefined) {
      await complain(context, 'no script specified')
      return 1
    }
    scripts.push(script)
  }
  let commands: SedCommand[]
  try {
    commands = parseSed(scripts.join('\n'), options.flags.has('E') || options.flags.has('r'))
  } catch (error) {
    await complain(context, context.files.find('/bin/busybox') ? (error as Error).message : `-e expression #1, char 0: ${(error as Error).message}`)
    return 1
  }
  const quiet = options.flags.has('n')
  const inPlace = inPlaceWord !== undefined
  let code = 0
  if (!inPlace) {
    const readers: ByteReader[] = []
    for (const path of operands.length > 0 ? operands : ['-']) {
      try {
        readers.push(openInput(context, path))
      } catch (error) {
        if (!(error instanceof FileError)) throw error
        await complain(context, context.files.find('/bin/busybox') ? `${path}: ${error.message}` : `can't read ${path}: ${error.message}`)
        code = context.files.find('/bin/busybox') ? 1 : 2
      }
    }
    const status = await run(readers, commands, quiet, (text) => context.stdout.write(text))
    return status === 0 ? code : status
  }
  for (const path of operands) {
    try {
      let result = ''
      await run([openInput(context, path)], commands, quiet, async (text) => {
        result += text
      })
      const suffix = inPlaceWord.replace(/^-i|^--in-place=?/, '')
      if (suffix !== '') context.files.write(context.path(path + suffix), context.files.read(context.path(path)).slice())
      context.files.write(context.path(path), result)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await complain(context, `${context.files.find('/bin/busybox') ? path : error.code === 'ENOENT' ? `can't read ${path}` : `couldn't open file ${path}`}: ${error.message}`)
      code = 1
    }
  }
  return code
}

class Quit extends Error {
  readonly code: number
  constructor(code: number) {
    super('quit')
    this.code = code
  }
}

async function run(readers: readonly ByteReader[], commands: readonly SedCommand[], quiet: boolean, write: (text: string) => Promise<void>): Promise<number> {
  async function* all(): AsyncGenerator<{ text: string; ended: boolean }> {
    for (const reader of readers) yield* linesOf(reader)
  }
  const input = all()
  let next = await input.next()
  let number = 0
  let hold = ''
  const advance = async (): Promise<{ text: string; ended: boolean } | undefined> => {
    if (next.done) return undefined
    const line = next.value
    next = await input.next()
    number++
    return line
  }
  for (let line = await advance(); line; line = await advance()) {
    let space = line.text
    let ended = line.ended
    let deleted = false
    const appended: string[] = []
    const put = (text: string): Promise<void> => write(text + (ended || !next.done ? '\n' : ''))
    const matches = (address: Address): boolean =>
      address.kind === 'line' ? number === address.number : address.kind === 'last' ? next.done === true : address.kind === 'step' ? number >= address.first && (number - address.first) % address.step === 0 : address.pattern.test(space)
    const selected = (command: SedCommand): boolean => {
      if (!command.from) return true
      if (!command.to) return matches(command.from)
      if (command.inRange) {
        const over = command.to.kind === 'count' ? number >= command.rangeEnd : command.to.kind === 'line' ? number >= command.to.number : matches(command.to)
        if (over) command.inRange = false
        return command.to.kind !== 'line' || number <= command.to.number
      }
      if (!matches(command.from)) return false
      command.rangeEnd = command.to.kind === 'count' ? number + command.to.count : 0
      command.inRange = command.to.kind === 'count' ? command.to.count > 0 : !(command.to.kind === 'line' && command.to.number <= number)
      return true
    }
    const execute = async (list: readonly SedCommand[]): Promise<void> => {
      for (const command of list) {
        if (deleted) return
        if (selected(command) === command.negated) continue
        switch (command.name) {
          case '{':
            await execute(command.block)
            break
          case 's': {
            let seen = 0
            let changed = false
            space = space.replace(command.pattern!, (...found: unknown[]) => {
              const whole = found[0] as string
              seen++
              if (seen < command.nth || (!command.global && seen > command.nth)) return whole
              changed = true
              return replacementOf(command.replacement, found.filter((each): each is string | undefined => typeof each === 'string' || each === undefined))
            })
            if (changed && command.print) await put(space)
            break
          }
          case 'd':
            deleted = true
            break
          case 'D':
            deleted = true
            break
          case 'p':
            await put(space)
            break
          case '=':
            await write(`${number}\n`)
            break
          case 'q':
            if (!quiet) await put(space)
            for (const text of appended) await write(text)
            throw new Quit(Number(command.text) || 0)
          case 'Q':
            throw new Quit(Number(command.text) || 0)
          case 'n': {
            if (!quiet) await put(space)
            const following = await advance()
            if (!following) throw new Quit(0)
            space = following.text
            ended = following.ended
            break
          }
          case 'N': {
            const following = await advance()
            if (!following) {
              if (!quiet) await put(space)
              throw new Quit(0)
            }
            space += `\n${following.text}`
            ended = following.ended
            break
          }
          case 'a':
            appended.push(`${command.text}\n`)
            break
          case 'i':
            await write(`${command.text}\n`)
            break
          case 'c':
            await write(command.to && command.inRange ? '' : `${command.text}\n`)
            deleted = true
            break
          case 'y':
            space = [...space].map((char) => command.replacement[command.text.indexOf(char)] ?? char).join('')
            break
          case 'h':
            hold = space
            break
          case 'H':
            hold += `\n${space}`
            break
          case 'g':
            space = hold
            break
          case 'G':
            space += `\n${hold}`
            break
          case 'x':
            ;[space, hold] = [hold, space]
            break
        }
      }
    }
    try {
      await execute(commands)
    } catch (error) {
      if (error instanceof Quit) return error.code
      throw error
    }
    if (!quiet && !deleted) await put(space)
    for (const text of appended) await write(text)
  }
  return 0
}

function replacementOf(replacement: string, groups: readonly (string | undefined)[]): string {
  let result = ''
  for (let index = 0; index < replacement.length; index++) {
    const char = replacement[index]!
    if (char === '&') result += groups[0] ?? ''
    else if (char === '\\') {
      const next = replacement[++index] ?? ''
      if (/\d/.test(next)) result += groups[Number(next)] ?? ''
      else result += next === 'n' ? '\n' : next === 't' ? '\t' : next
    } else result += char
  }
  return result
}

/** Parses a script. Throws Error with sed's own words. */
function parseSed(script: string, extended: boolean): SedCommand[] {
  let at = 0
  const address = (): Address | undefined => {
    const rest = script.slice(at)
    const step = /^(\d+)~(\d+)/.exec(rest)
    if (step) {
      at += step[0].length
      return { kind: 'step', first: Number(step[1]), step: Math.max(1, Number(step[2])) }
    }
    const line = /^\d+/.exec(rest)
    if (line) {
      at += line[0].length
      return { kind: 'line', number: Number(line[0]) }
    }
    if (rest.startsWith('$')) {
      at++
      return { kind: 'last' }
    }
    if (rest.startsWith('/') || rest.startsWith('\\')) {
      const delimiter = rest.startsWith('/') ? '/' : rest[1]!
      at += delimiter === '/' ? 1 : 2
      const text = until(delimiter)
      const insensitive = script[at] === 'I'
      if (insensitive) at++
      return { kind: 'pattern', pattern: posixPattern(text, extended, insensitive ? 'i' : '') }
    }
    return undefined
  }
  const until = (delimiter: string): string => {
    let text = ''
    let inBracket = false
    while (at < script.length) {
      const char = script[at]!
      if (char === '\\' && at + 1 < script.length) {
        text += script[at + 1] === delimiter ? delimiter : char + script[at + 1]
        at += 2
        continue
      }
      if (char === '[') inBracket = true
      else if (char === ']') inBracket = false
      else if (char === delimiter && !inBracket) {
        at++
        return text
      }
      text += char
      at++
    }
    if (inBracket && text.includes(delimiter)) throw new Error("unterminated `s' command")
    throw new Error("unterminated `s' command")
  }
  const parseList = (nested: boolean): SedCommand[] => {
    const commands: SedCommand[] = []
    for (;;) {
      while (at < script.length && /[\s;]/.test(script[at]!)) at++
      if (at >= script.length) {
        if (nested) throw new Error('unmatched `{\'')
        return commands
      }
      if (script[at] === '#') {
        while (at < script.length && script[at] !== '\n') at++
        continue
      }
      if (script[at] === '}') {
        at++
        if (!nested) throw new Error("unexpected `}'")
        return commands
      }
      const from = address()
      let to: SedCommand['to']
      if (from && script[at] === ',') {
        at++
        if (script[at] === '+') {
          const count = /^\+(\d+)/.exec(script.slice(at))
          at += count?.[0].length ?? 1
          to = { kind: 'count', count: Number(count?.[1] ?? 0) }
        } else {
          to = address()
          if (!to) throw new Error("unexpected `,'")
        }
      }
      while (script[at] === ' ') at++
      let negated = false
      while (script[at] === '!' || (negated && script[at] === ' ')) {
        negated = true
        at++
      }
      const name = script[at++]
      if (name === undefined) throw new Error('missing command')
      const base = { from, to, negated, name, text: '', pattern: undefined as RegExp | undefined, replacement: '', global: false, nth: 1, print: false, block: [] as readonly SedCommand[], inRange: false, rangeEnd: 0 }
      if (name === '{') commands.push({ ...base, block: parseList(true) })
      else if (name === 's') {
        const delimiter = script[at++]
        if (delimiter === undefined) throw new Error("unterminated `s' command")
        const pattern = until(delimiter)
        const replacement = untilPlain(delimiter)
        const flags = /^[gpiIem\d]*/.exec(script.slice(at))![0]
        at += flags.length
        commands.push({ ...base, pattern: posixPattern(pattern, extended, `g${/[iI]/.test(flags) ? 'i' : ''}`), replacement, global: flags.includes('g'), nth: Number(/\d+/.exec(flags)?.[0] ?? 1), print: flags.includes('p') })
      } else if (name === 'y') {
        const delimiter = script[at++]!
        commands.push({ ...base, text: until(delimiter), replacement: untilPlain(delimiter) })
      } else if (name === 'a' || name === 'i' || name === 'c') {
        const rest = /^[ \t]*(?:\\\n?)?([\s\S]*?)(?:(?<!\\)\n|$)/.exec(script.slice(at))!
        at += rest[0].length
        commands.push({ ...base, text: rest[1]!.replace(/\\(.|\n)/g, '$1') })
      } else if ('qQ'.includes(name)) {
        const code = /^\s*(\d*)/.exec(script.slice(at))!
        at += code[0].length
        commands.push({ ...base, text: code[1]! })
      } else if ('dDpnN=hHgGx'.includes(name)) commands.push(base)
      else throw new Error(`unknown command: \`${name}'`)
    }
  }
  const untilPlain = (delimiter: string): string => {
    let text = ''
    while (at < script.length) {
      const char = script[at]!
      if (char === '\\' && at + 1 < script.length) {
        text += script[at + 1] === delimiter && delimiter !== '&' ? delimiter : char + script[at + 1]
        at += 2
      } else if (char === delimiter) {
        at++
        return text
      } else {
        text += char
        at++
      }
    }
    throw new Error("unterminated `s' command")
  }
  return parseList(false)
}

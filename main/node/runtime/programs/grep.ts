import { FileError } from '../files/file-error.ts'
import { joinPath } from '../files/path.ts'
import { readOptions } from './options.ts'
import { posixPattern } from './posix-pattern.ts'
import type { Program } from './program.ts'
import { escapeRegExp, matchGlob } from './shell/glob.ts'
import { complain, linesOf, nameOf, openInput } from './text-input.ts'

export const grep: Program = async (context) => {
  const words = context.argv.slice(1).flatMap((word) => (/^-\d+$/.test(word) ? ['-C', word.slice(1)] : [word]))
  const options = await readOptions(
    context,
    'EFGPivnclLqrRhHowxse:f:m:A:B:C:az',
    { 'extended-regexp': 'E', 'fixed-strings': 'F', 'ignore-case': 'i', 'invert-match': 'v', 'line-number': 'n', count: 'c', quiet: 'q', recursive: 'r', 'only-matching': 'o', 'word-regexp': 'w', color: 'a', colour: 'a', include: 'Z', 'files-with-matches': 'l', 'line-buffered': 'a', 'perl-regexp': 'P', 'max-count': 'm', 'no-messages': 's', 'line-regexp': 'x' },
    false,
    words.filter((word) => !/^--(?:colou?r|include|exclude)/.test(word)),
  )
  if (!options) return 2
  const include = words.find((word) => word.startsWith('--include='))?.slice(10)
  const { flags, values } = options
  const operands = [...options.operands]
  const patterns = [...(options.all.get('e') ?? [])]
  for (const path of options.all.get('f') ?? []) for await (const line of linesOf(openInput(context, path))) patterns.push(line.text)
  if (patterns.length === 0) {
    const pattern = operands.shift()
    if (pattern === undefined) {
      await context.stderr.write('Usage: grep [OPTION]... PATTERNS [FILE]...\n')
      return 2
    }
    patterns.push(...pattern.split('\n'))
  }
  const extended = flags.has('E') || nameOf(context) === 'egrep'
  const fixed = flags.has('F') || nameOf(context) === 'fgrep'
  let matchers: RegExp[]
  try {
    matchers = patterns.map((pattern) => {
      let source = fixed ? escapeRegExp(pattern) : flags.has('P') ? pattern : posixPattern(pattern, extended).source
      if (flags.has('w')) source = `(?<!\\w)(?:${source})(?!\\w)`
      if (flags.has('x')) source = `^(?:${source})$`
      return new RegExp(source, flags.has('i') ? 'gi' : 'g')
    })
  } catch (error) {
    await complain(context, context.files.find('/bin/busybox') ? `bad regex '${patterns[0]}': ${(error as Error).message}` : (error as Error).message)
    return 2
  }
  const recursive = flags.has('r') || flags.has('R')
  const before = Number(values.get('B') ?? values.get('C') ?? 0)
  const after = Number(values.get('A') ?? values.get('C') ?? 0)
  const limit = Number(values.get('m') ?? Infinity)
  let matched = false
  let failed = false
  const paths: string[] = []
  const collect = (path: string, depth: number): void => {
    const inode = context.files.find(context.path(path))
    if (inode?.kind === 'directory' && recursive) {
      for (const name of context.files.list(context.path(path))) collect(path === '.' && depth === 0 && operands.length === 0 ? name : joinPath(path, name), depth + 1)
    } else if (depth === 0 || (inode?.kind === 'file' && (include === undefined || matchGlob(include, path.split('/').at(-1)!)))) paths.push(path)
  }
  for (const path of operands.length > 0 ? operands : [recursive ? '.' : '-']) collect(path, 0)
  const named = flags.has('H') || ((paths.length > 1 || recursive) && !flags.has('h'))
  for (const path of paths) {
    const label = path === '-' ? '(standard input)' : path
    try {
      let count = 0
      let number = 0
      let printAfter = 0
      const kept: string[] = []
      for await (const { text } of linesOf(openInput(context, path))) {
        number++
        const hit = matchers.some((matcher) => {
          matcher.lastIndex = 0
          return matcher.test(text)
        })
        const prefix = (mark: string): string => `${named ? `${label}${mark}` : ''}${flags.has('n') ? `${number}${mark}` : ''}`
        if (hit !== flags.has('v')) {
          count++
          matched = true
          if (flags.has('q')) return 0
          if (flags.has('l') || flags.has('L')) break
          if (!flags.has('c')) {
            if (kept.length > 0) await context.stdout.write(kept.splice(0).join(''))
            if (flags.has('o') && !flags.has('v')) {
              for (const matcher of matchers) for (const found of text.matchAll(matcher)) if (found[0] !== '') await context.stdout.write(`${prefix(':')}${found[0]}\n`)
            } else await context.stdout.write(`${prefix(':')}${text}\n`)
            printAfter = after
          }
          if (count >= limit) break
        } else if (printAfter > 0) {
          printAfter--
          await context.stdout.write(`${prefix('-')}${text}\n`)
        } else if (before > 0) {
          kept.push(`${prefix('-')}${text}\n`)
          if (kept.length > before) kept.shift()
        }
      }
      if (flags.has('c')) await context.stdout.write(`${named ? `${label}:` : ''}${count}\n`)
      if (flags.has('l') && count > 0) await context.stdout.write(`${label}\n`)
      if (flags.has('L') && count === 0) await context.stdout.write(`${label}\n`)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      if (!flags.has('s')) await complain(context, `${path}: ${error.message}`)
      failed = true
    }
  }
  return failed ? 2 : matched ? 0 : 1
}

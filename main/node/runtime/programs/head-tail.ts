import { readOptions } from './options.ts'
import type { ProcessContext, Program } from './program.ts'
import { forEachInput, linesOf, readAll } from './text-input.ts'

/** The beginning and the end of files. */

/** Accepts `-5` for `-n 5`, as head and tail do. */
function countWords(words: readonly string[]): string[] {
  return words.flatMap((word) => (/^-\d+$/.test(word) ? ['-n', word.slice(1)] : [word]))
}

export const head: Program = async (context) => {
  const options = await readOptions(context, 'n:c:qv', { lines: 'n', bytes: 'c', quiet: 'q', verbose: 'v' }, false, countWords(context.argv.slice(1)))
  if (!options) return 1
  const bytesMax = options.values.get('c')
  const lines = Number(options.values.get('n') ?? 10)
  const many = options.operands.length > 1 && !options.flags.has('q')
  let first = true
  return forEachInput(context, options.operands, async (reader, path) => {
    if (many || options.flags.has('v')) await context.stdout.write(`${first ? '' : '\n'}==> ${path === '-' ? 'standard input' : path} <==\n`)
    first = false
    if (bytesMax !== undefined) {
      let left = Number(bytesMax.replace(/[kK]$/, '')) * (/[kK]$/.test(bytesMax) ? 1024 : 1)
      while (left > 0) {
        const bytes = await reader.read(left)
        if (!bytes) return
        await context.stdout.write(bytes)
        left -= bytes.length
      }
      return
    }
    if (lines < 0) {
      const all: string[] = []
      for await (const line of linesOf(reader)) all.push(line.text + (line.ended ? '\n' : ''))
      await context.stdout.write(all.slice(0, lines).join(''))
      return
    }
    let left = lines
    if (left === 0) return
    for await (const line of linesOf(reader)) {
      await context.stdout.write(line.text + (line.ended ? '\n' : ''))
      if (--left === 0) return
    }
  })
}

export const tail: Program = async (context) => {
  const words = countWords(context.argv.slice(1)).map((word) => (word === '-F' ? '-f' : word))
  const options = await readOptions(context, 'n:c:fFqvs:', { lines: 'n', bytes: 'c', follow: 'f', quiet: 'q' }, false, words)
  if (!options) return 1
  const given = options.values.get('n') ?? '10'
  const many = options.operands.length > 1 && !options.flags.has('q')
  let first = true
  const code = await forEachInput(context, options.operands, async (reader, path) => {
    if (many) await context.stdout.write(`${first ? '' : '\n'}==> ${path} <==\n`)
    first = false
    if (options.flags.has('c')) {
      const bytes = await readAll(reader)
      const count = options.values.get('c')!
      // +0 is +1: the first try of `kubectl cp --retries` asks for it.
      await context.stdout.write(count.startsWith('+') ? bytes.subarray(Math.max(0, Number(count) - 1)) : bytes.subarray(Math.max(0, bytes.length - Number(count))))
      return
    }
    const device = path !== '-' && context.files.find(context.path(path))?.kind === 'device'
    if (device) return
    if (given.startsWith('+')) {
      let number = 0
      for await (const line of linesOf(reader)) if (++number >= Number(given)) await context.stdout.write(line.text + (line.ended ? '\n' : ''))
      return
    }
    const kept: string[] = []
    for await (const line of linesOf(reader)) {
      kept.push(line.text + (line.ended ? '\n' : ''))
      if (kept.length > Number(given)) kept.shift()
    }
    if (Number(given) > 0) await context.stdout.write(kept.join(''))
  })
  if (!options.flags.has('f') || options.operands.length === 0) return code
  return follow(context, options.operands)
}

/** Writes what is added to files, for ever. Files are looked at once a second, as busybox and coreutils do without inotify. */
async function follow(context: ProcessContext, paths: readonly string[]): Promise<number> {
  const size = (path: string): number => {
    try {
      const inode = context.files.find(context.path(path))
      return inode?.kind === 'file' ? inode.bytes().length : 0
    } catch {
      return 0
    }
  }
  // Nothing will ever come out of a device that is empty: no need to wake up for it.
  if (paths.every((path) => context.files.find(context.path(path))?.kind === 'device')) return new Promise(() => {})
  const seen = new Map(paths.map((path) => [path, size(path)]))
  for (;;) {
    await context.sleep(1000)
    for (const path of paths) {
      const before = seen.get(path)!
      const now = size(path)
      if (now > before) await context.stdout.write(context.files.read(context.path(path)).slice(before, now))
      seen.set(path, now)
    }
  }
}

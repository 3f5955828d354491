import { readOptions } from './options.ts'
import type { ByteReader, Program } from './program.ts'
import { forEachInput, linesOf, openInput } from './text-input.ts'

/** Lines in order, and lines against other lines: sort, uniq, comm, shuf. */

export const sort: Program = async (context) => {
  const options = await readOptions(context, 'nrufk:t:hVbdMco:s', { numeric: 'n', 'numeric-sort': 'n', reverse: 'r', unique: 'u', key: 'k', 'human-numeric-sort': 'h', 'version-sort': 'V' })
  if (!options) return 1
  const { flags } = options
  const lines: string[] = []
  const code = await forEachInput(context, options.operands, async (reader) => {
    for await (const line of linesOf(reader)) lines.push(line.text)
  })
  const separator = options.values.get('t')
  const keys = options.all.get('k') ?? []
  const keyOf = (line: string, key: string): string => {
    const [from = '1', to] = key.split(',')
    const fields = separator === undefined ? line.trim().split(/\s+/) : line.split(separator)
    const start = parseInt(from, 10) - 1
    return fields.slice(start, to === undefined ? undefined : parseInt(to, 10)).join(separator ?? ' ')
  }
  const number = (text: string): number => {
    const match = /^\s*(-?\d+(?:\.\d+)?)([KMGT]?)/.exec(text)
    return match ? Number(match[1]) * { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }[match[2] as 'K']! : 0
  }
  const compare = (a: string, b: string, letters: string): number => {
    if (/[nh]/.test(letters)) return number(a) - number(b)
    if (letters.includes('V')) return a.localeCompare(b, 'en', { numeric: true })
    const [left, right] = letters.includes('f') ? [a.toUpperCase(), b.toUpperCase()] : [a, b]
    return left < right ? -1 : left > right ? 1 : 0
  }
  const global = [...flags].join('')
  lines.sort((a, b) => {
    for (const key of keys) {
      const letters = key.replace(/[\d.,]/g, '') || global
      const order = compare(keyOf(a, key), keyOf(b, key), letters)
      if (order !== 0) return letters.includes('r') ? -order : order
    }
    if (keys.length > 0) return flags.has('s') ? 0 : a < b ? -1 : a > b ? 1 : 0
    const order = compare(a, b, global)
    return (order !== 0 ? order : a < b ? -1 : a > b ? 1 : 0) * (flags.has('r') ? -1 : 1)
  })
  const unique = flags.has('u') ? lines.filter((line, index) => index === 0 || (keys.length > 0 ? keyOf(line, keys[0]!) !== keyOf(lines[index - 1]!, keys[0]!) : line !== lines[index - 1])) : lines
  await context.stdout.write(unique.map((line) => `${line}\n`).join(''))
  return code
}

export const uniq: Program = async (context) => {
  const options = await readOptions(context, 'cduif:s:w:', { count: 'c', repeated: 'd', unique: 'u' })
  if (!options) return 1
  const { flags } = options
  let current: string | undefined
  let count = 0
  const flush = async (): Promise<void> => {
    if (current === undefined || (flags.has('d') && count < 2) || (flags.has('u') && count > 1)) return
    await context.stdout.write(`${flags.has('c') ? `${String(count).padStart(7)} ` : ''}${current}\n`)
  }
  const code = await forEachInput(context, options.operands.slice(0, 1), async (reader) => {
    for await (const line of linesOf(reader)) {
      const same = current !== undefined && (flags.has('i') ? line.text.toLowerCase() === current.toLowerCase() : line.text === current)
      if (same) count++
      else {
        await flush()
        current = line.text
        count = 1
      }
    }
  })
  await flush()
  return code
}

export const comm: Program = async (context) => {
  const options = await readOptions(context, '123')
  if (!options) return 1
  const read = async (reader: ByteReader): Promise<string[]> => {
    const lines: string[] = []
    for await (const line of linesOf(reader)) lines.push(line.text)
    return lines
  }
  const [a, b] = [await read(openInput(context, options.operands[0] ?? '-')), await read(openInput(context, options.operands[1] ?? '-'))]
  let i = 0
  let j = 0
  const tabs = [0, options.flags.has('1') ? 0 : 1, (options.flags.has('1') ? 0 : 1) + (options.flags.has('2') ? 0 : 1)]
  const put = async (column: 0 | 1 | 2, text: string): Promise<void> => {
    if (!options.flags.has(String(column + 1))) await context.stdout.write(`${'\t'.repeat(tabs[column]!)}${text}\n`)
  }
  while (i < a.length || j < b.length) {
    if (j >= b.length || (i < a.length && a[i]! < b[j]!)) await put(0, a[i++]!)
    else if (i >= a.length || b[j]! < a[i]!) await put(1, b[j++]!)
    else {
      await put(2, a[i++]!)
      j++
    }
  }
  return 0
}

export const shuf: Program = async (context) => {
  const options = await readOptions(context, 'n:ei:', { 'head-count': 'n', echo: 'e', 'input-range': 'i' })
  if (!options) return 1
  let lines: string[] = []
  const range = options.values.get('i')
  if (range !== undefined) {
    const [from = 0, to = 0] = range.split('-').map(Number)
    lines = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => String(from + index))
  } else if (options.flags.has('e')) lines = [...options.operands]
  else for await (const line of linesOf(options.operands[0] === undefined ? context.stdin : openInput(context, options.operands[0]))) lines.push(line.text)
  for (let index = lines.length - 1; index > 0; index--) {
    const other = context.random.below(index + 1)
    ;[lines[index], lines[other]] = [lines[other]!, lines[index]!]
  }
  await context.stdout.write(lines.slice(0, Number(options.values.get('n') ?? Infinity)).map((line) => `${line}\n`).join(''))
  return 0
}

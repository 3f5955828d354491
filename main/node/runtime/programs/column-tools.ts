import { readOptions } from './options.ts'
import type { Program } from './program.ts'
import { characterClasses } from './shell/glob.ts'
import { complain, forEachInput, linesOf, readAll } from './text-input.ts'

/** Characters and columns of lines: cut, tr, paste, fold, wc. */

export const cut: Program = async (context) => {
  const options = await readOptions(context, 'd:f:c:b:s', { delimiter: 'd', fields: 'f', characters: 'c' })
  if (!options) return 1
  const list = options.values.get('f') ?? options.values.get('c') ?? options.values.get('b')
  if (list === undefined) {
    await complain(context, context.files.find('/bin/busybox') ? 'expected a list of bytes, characters, or fields' : 'you must specify a list of bytes, characters, or fields')
    return 1
  }
  const ranges = list.split(',').map((part) => {
    const [from = '', to] = part.split('-')
    return [from === '' ? 1 : Number(from), to === undefined ? Number(from) : to === '' ? Infinity : Number(to)] as const
  })
  const chosen = (index: number): boolean => ranges.some(([from, to]) => index >= from && index <= to)
  const delimiter = options.values.get('d') ?? '\t'
  return forEachInput(context, options.operands, async (reader) => {
    for await (const line of linesOf(reader)) {
      if (options.flags.has('f')) {
        const fields = line.text.split(delimiter)
        if (fields.length === 1) {
          if (!options.flags.has('s')) await context.stdout.write(`${line.text}\n`)
          continue
        }
        await context.stdout.write(`${fields.filter((_, index) => chosen(index + 1)).join(delimiter)}\n`)
      } else await context.stdout.write(`${[...line.text].filter((_, index) => chosen(index + 1)).join('')}\n`)
    }
  })
}

function trSet(text: string): string[] {
  const result: string[] = []
  const plain = text.replace(/\[:(\w+):\]/g, (_, name: string) => (name === 'space' ? ' \\t\\n\\r\\f\\v' : (characterClasses[name] ?? '')))
  const characters: string[] = []
  for (let index = 0; index < plain.length; index++) {
    if (plain[index] === '\\' && index + 1 < plain.length) {
      const next = plain[++index]!
      const octal = /^[0-7]{1,3}/.exec(plain.slice(index))?.[0]
      if (octal !== undefined) {
        characters.push(String.fromCharCode(parseInt(octal, 8)))
        index += octal.length - 1
      } else characters.push({ n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07', b: '\b' }[next] ?? next)
    } else characters.push(plain[index]!)
  }
  for (let index = 0; index < characters.length; index++) {
    if (characters[index + 1] === '-' && index + 2 < characters.length) {
      for (let code = characters[index]!.charCodeAt(0); code <= characters[index + 2]!.charCodeAt(0); code++) result.push(String.fromCharCode(code))
      index += 2
    } else result.push(characters[index]!)
  }
  return result
}

export const tr: Program = async (context) => {
  const options = await readOptions(context, 'dsccC', { delete: 'd', 'squeeze-repeats': 's', complement: 'c' })
  if (!options) return 1
  const { flags } = options
  const first = trSet(options.operands[0] ?? '')
  const second = options.operands[1] === undefined ? undefined : trSet(options.operands[1])
  const complement = flags.has('c') || flags.has('C')
  const members = new Set(first)
  const inFirst = (char: string): boolean => members.has(char) !== complement
  const squeezed = new Set(second ?? first)
  const decoder = new TextDecoder()
  let last = ''
  for (;;) {
    const bytes = await context.stdin.read()
    if (!bytes) return 0
    let result = ''
    for (const char of decoder.decode(bytes, { stream: true })) {
      let mapped = char
      if (inFirst(char)) {
        if (flags.has('d')) continue
        if (second && second.length > 0) mapped = complement ? second.at(-1)! : (second[first.indexOf(char)] ?? second.at(-1)!)
      }
      if (flags.has('s') && mapped === last && (second ? squeezed.has(mapped) : inFirst(mapped))) continue
      last = mapped
      result += mapped
    }
    await context.stdout.write(result)
  }
}

export const paste: Program = async (context) => {
  const options = await readOptions(context, 'd:s', { delimiters: 'd', serial: 's' })
  if (!options) return 1
  const delimiter = (options.values.get('d') ?? '\t').replace('\\n', '\n').replace('\\t', '\t')
  const columns: string[][] = []
  const code = await forEachInput(context, options.operands, async (reader) => {
    const lines: string[] = []
    for await (const line of linesOf(reader)) lines.push(line.text)
    columns.push(lines)
  })
  if (options.flags.has('s')) await context.stdout.write(columns.map((lines) => `${lines.join(delimiter)}\n`).join(''))
  else {
    const rows = Math.max(0, ...columns.map((lines) => lines.length))
    for (let row = 0; row < rows; row++) await context.stdout.write(`${columns.map((lines) => lines[row] ?? '').join(delimiter)}\n`)
  }
  return code
}

export const fold: Program = async (context) => {
  const options = await readOptions(context, 'w:sb', { width: 'w', spaces: 's' })
  if (!options) return 1
  const width = Number(options.values.get('w') ?? 80)
  return forEachInput(context, options.operands, async (reader) => {
    for await (const line of linesOf(reader)) {
      for (let rest = line.text, first = true; first || rest !== ''; first = false) {
        await context.stdout.write(`${rest.slice(0, width)}\n`)
        rest = rest.slice(width)
      }
    }
  })
}

export const wc: Program = async (context) => {
  const options = await readOptions(context, 'lwcmL', { lines: 'l', words: 'w', bytes: 'c', chars: 'm' })
  if (!options) return 1
  const { flags } = options
  const busybox = context.files.find('/bin/busybox') !== undefined
  const total = [0, 0, 0]
  const rows: { counts: readonly number[]; name: string }[] = []
  const code = await forEachInput(context, options.operands, async (reader, path) => {
    const bytes = await readAll(reader)
    const text = new TextDecoder().decode(bytes)
    const lines = text.split('\n').length - 1
    const words = text.split(/\s+/).filter((word) => word !== '').length
    const counts = [lines, words, flags.has('m') ? [...text].length : bytes.length]
    counts.forEach((count, index) => {
      total[index]! += count
    })
    rows.push({ counts, name: path === '-' && options.operands.length === 0 ? '' : path })
  })
  if (rows.length > 1) rows.push({ counts: total, name: 'total' })
  const picked = flags.size === 0 ? [0, 1, 2] : [...(flags.has('l') ? [0] : []), ...(flags.has('w') ? [1] : []), ...(flags.has('c') || flags.has('m') ? [2] : [])]
  const wide = picked.length > 1 || rows.length > 1
  const width = !wide ? 1 : busybox ? 9 : Math.max(...rows.flatMap((row) => picked.map((index) => String(row.counts[index]).length)), options.operands.length === 0 ? 7 : 1)
  for (const row of rows) await context.stdout.write(`${picked.map((index) => String(row.counts[index]).padStart(width)).join(' ')}${row.name === '' ? '' : ` ${row.name}`}\n`)
  return code
}

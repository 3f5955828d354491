import { FileError } from '../files/file-error.ts'
import { openPath } from '../processes/open-path.ts'
import { readOptions } from './options.ts'
import { ExecError, type ByteReader, type ProcessContext, type Program } from './program.ts'
import { characterClasses } from './shell/glob.ts'
import { formatPrintf } from './shell/printf.ts'
import { testArguments } from './shell/test-expression.ts'
import { ShellError } from './shell/state.ts'
import { complain, forEachInput, linesOf, nameOf, openInput, readAll, readText } from './text-input.ts'

/** Programs that read text and write text: head, tail, wc, sort, uniq, cut, tr, tee, seq, xargs … */

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
      await context.stdout.write(count.startsWith('+') ? bytes.subarray(Number(count) - 1) : bytes.subarray(Math.max(0, bytes.length - Number(count))))
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

export const tee: Program = async (context) => {
  const options = await readOptions(context, 'ai', { append: 'a' })
  if (!options) return 1
  let code = 0
  const outputs: { write(bytes: Uint8Array): Promise<void> | void }[] = []
  for (const path of options.operands) {
    try {
      outputs.push(openPath(context, path, options.flags.has('a') ? 'append' : 'write'))
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await complain(context, `${path}: ${error.message}`)
      code = 1
    }
  }
  for (;;) {
    const bytes = await context.stdin.read()
    if (!bytes) return code
    await context.stdout.write(bytes)
    for (const output of outputs) await output.write(bytes)
  }
}

export const seq: Program = async (context) => {
  const options = await readOptions(context, 's:wf:', { separator: 's', 'equal-width': 'w' }, true, context.argv.slice(1).map((word) => (/^-\d/.test(word) ? `\0${word}` : word)))
  if (!options) return 1
  const numbers = options.operands.map((word) => word.replace('\0', ''))
  if (numbers.length === 0 || numbers.some((word) => Number.isNaN(Number(word)))) {
    await complain(context, numbers.length === 0 ? 'missing operand' : `invalid floating point argument: '${numbers.find((word) => Number.isNaN(Number(word)))}'`)
    return 1
  }
  const [from, by, to] = numbers.length === 1 ? [1, 1, Number(numbers[0])] : numbers.length === 2 ? [Number(numbers[0]), 1, Number(numbers[1])] : [Number(numbers[0]), Number(numbers[1]), Number(numbers[2])]
  if (by === 0) {
    await complain(context, 'invalid Zero increment value: 0')
    return 1
  }
  const decimals = Math.max(...numbers.map((word) => word.split('.')[1]?.length ?? 0))
  const width = options.flags.has('w') ? Math.max(from!.toFixed(decimals).length, to!.toFixed(decimals).length) : 0
  const separator = options.values.get('s') ?? '\n'
  let buffer = ''
  let wrote = false
  for (let index = 0; ; index++) {
    const value = from! + index * by!
    if (by! > 0 ? value > to! + 1e-9 : value < to! - 1e-9) break
    buffer += `${wrote ? separator : ''}${value.toFixed(decimals).padStart(width, '0')}`
    wrote = true
    if (buffer.length > 4096) {
      await context.stdout.write(buffer)
      buffer = ''
    }
  }
  if (wrote) await context.stdout.write(`${buffer}\n`)
  return 0
}

export const yes: Program = async (context) => {
  const line = `${context.argv.slice(1).join(' ') || 'y'}\n`
  const block = line.repeat(Math.ceil(4096 / line.length))
  for (;;) await context.stdout.write(block)
}

export const xargs: Program = async (context) => {
  const options = await readOptions(context, 'n:I:rt0P:L:d:ix', { null: '0', 'max-args': 'n', 'no-run-if-empty': 'r', replace: 'I' }, true)
  if (!options) return 1
  const text = await readText(context.stdin)
  const delimiter = options.values.get('d')
  const replace = options.values.get('I')
  const items = options.flags.has('0')
    ? text.split('\0').filter((item) => item !== '')
    : delimiter !== undefined
      ? text.replace(/\n$/, '').split(delimiter.replace('\\n', '\n').replace('\\t', '\t'))
      : replace !== undefined
        ? text.split('\n').map((line) => line.trim()).filter((line) => line !== '')
        : (text.match(/'[^']*'|"[^"]*"|(?:\\.|[^\s\\'"])+/g) ?? []).map((word) => word.replace(/^(['"])([\s\S]*)\1$/, '$2').replace(/\\(.)/g, '$1'))
  const command = options.operands.length > 0 ? options.operands : ['echo']
  const size = replace !== undefined ? 1 : Number(options.values.get('n') ?? options.values.get('L') ?? Infinity)
  let code = 0
  const run = async (group: readonly string[]): Promise<boolean> => {
    const words = replace === undefined ? [...command, ...group] : command.map((word) => word.replaceAll(replace, group[0] ?? ''))
    if (options.flags.has('t')) await context.stderr.write(`${words.join(' ')}\n`)
    try {
      const files = [...context.descriptors]
      files[0] = undefined
      const status = await context.spawn(words, { files }).wait()
      if (status !== 0) code = status === 255 ? 124 : 123
      return status !== 255
    } catch (error) {
      if (!(error instanceof ExecError)) throw error
      await complain(context, `${words[0]}: ${error.reason === 'not-found' ? 'No such file or directory' : 'Permission denied'}`)
      code = error.reason === 'not-found' ? 127 : 126
      return false
    }
  }
  if (items.length === 0) {
    if (!options.flags.has('r') && replace === undefined) await run([])
    return code
  }
  for (let at = 0; at < items.length; at += size) if (!(await run(items.slice(at, size === Infinity ? undefined : at + size)))) break
  return code
}

export const printf: Program = async (context) => {
  const [format, ...words] = context.argv.slice(1)
  if (format === undefined) {
    await complain(context, 'missing operand')
    return 1
  }
  const { text, complaints } = formatPrintf(format, words)
  for (const complaint of complaints) await complain(context, complaint)
  await context.stdout.write(text)
  return complaints.length > 0 ? 1 : 0
}

export const test: Program = async (context) => {
  const words = context.argv.slice(1)
  if (nameOf(context) === '[' && words.pop() !== ']') {
    await complain(context, 'missing ]')
    return 2
  }
  try {
    return testArguments(context, words, () => false) ? 0 : 1
  } catch (error) {
    if (!(error instanceof ShellError)) throw error
    await complain(context, error.message)
    return 2
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

export const base64: Program = async (context) => {
  const options = await readOptions(context, 'dw:i', { decode: 'd', wrap: 'w' })
  if (!options) return 1
  const width = Number(options.values.get('w') ?? 76)
  return forEachInput(context, options.operands, async (reader) => {
    const bytes = await readAll(reader)
    if (options.flags.has('d')) {
      let binary: string
      try {
        binary = atob(new TextDecoder().decode(bytes).replace(/\s/g, ''))
      } catch {
        await complain(context, 'invalid input')
        return
      }
      await context.stdout.write(Uint8Array.from(binary, (char) => char.charCodeAt(0)))
      return
    }
    let binary = ''
    for (const byte of bytes) binary += String.fromCharCode(byte)
    const text = btoa(binary)
    await context.stdout.write(width === 0 ? text : text === '' ? '' : text.replace(new RegExp(`.{1,${width}}`, 'g'), '$&\n'))
  })
}

export const hexdump: Program = async (context) => {
  const options = await readOptions(context, 'Cn:v', {})
  if (!options) return 1
  return forEachInput(context, options.operands, async (reader) => {
    const bytes = (await readAll(reader)).subarray(0, Number(options.values.get('n') ?? Infinity))
    for (let at = 0; at < bytes.length; at += 16) {
      const row = bytes.subarray(at, at + 16)
      const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0'))
      const text = Array.from(row, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
      await context.stdout.write(`${at.toString(16).padStart(8, '0')}  ${hex.slice(0, 8).join(' ').padEnd(23)}  ${hex.slice(8).join(' ').padEnd(23)}  |${text}|\n`)
    }
    await context.stdout.write(`${bytes.length.toString(16).padStart(8, '0')}\n`)
  })
}

export const diff: Program = async (context) => {
  const options = await readOptions(context, 'uqNrabBwiy', { unified: 'u', brief: 'q' })
  if (!options) return 2
  const [left, right] = options.operands
  if (left === undefined || right === undefined) {
    await complain(context, 'missing operand')
    return 2
  }
  const sides: string[][] = []
  for (const path of [left, right]) {
    try {
      sides.push((await readText(openInput(context, path))).replace(/\n$/, '').split('\n'))
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await complain(context, context.files.find('/bin/busybox') ? `can't stat '${path}': ${error.message}` : `${path}: ${error.message}`)
      return 2
    }
  }
  const [a, b] = sides as [string[], string[]]
  if (a.join('\n') === b.join('\n')) return 0
  if (options.flags.has('q')) {
    await context.stdout.write(`Files ${left} and ${right} differ\n`)
    return 1
  }
  await context.stdout.write(unifiedDiff(a, b, left, right))
  return 1
}

function unifiedDiff(a: readonly string[], b: readonly string[], left: string, right: string): string {
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) table[i]![j] = a[i] === b[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!)
  const edits: { mark: ' ' | '-' | '+'; text: string; a: number; b: number }[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) edits.push({ mark: ' ', text: a[i]!, a: i++, b: j++ })
    else if (i < a.length && (j >= b.length || table[i + 1]![j]! >= table[i]![j + 1]!)) edits.push({ mark: '-', text: a[i]!, a: i++, b: j })
    else edits.push({ mark: '+', text: b[j]!, a: i, b: j++ })
  }
  let text = `--- ${left}\n+++ ${right}\n`
  for (let at = 0; at < edits.length; ) {
    if (edits[at]!.mark === ' ') {
      at++
      continue
    }
    const start = Math.max(0, at - 3)
    let end = at
    for (let gap = 0; end < edits.length && gap <= 6; end++) gap = edits[end]!.mark === ' ' ? gap + 1 : 0
    const hunk = edits.slice(start, end)
    while (hunk.length > 0 && hunk.slice(-4).every((edit) => edit.mark === ' ') && hunk.length > 4) hunk.pop()
    const aCount = hunk.filter((edit) => edit.mark !== '+').length
    const bCount = hunk.filter((edit) => edit.mark !== '-').length
    const range = (from: number, count: number): string => (count === 1 ? String(from + 1) : `${count === 0 ? from : from + 1},${count}`)
    text += `@@ -${range(hunk[0]!.a, aCount)} +${range(hunk[0]!.b, bCount)} @@\n${hunk.map((edit) => `${edit.mark}${edit.text}\n`).join('')}`
    at = start + hunk.length
  }
  return text
}

export const cmp: Program = async (context) => {
  const operands = context.argv.slice(1).filter((word) => !word.startsWith('-'))
  const [a, b] = await Promise.all(operands.slice(0, 2).map((path) => readAll(openInput(context, path))))
  if (!a || !b) return 2
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    if (a[index] === b[index]) continue
    if (!context.argv.includes('-s')) await context.stdout.write(index >= a.length || index >= b.length ? `cmp: EOF on ${operands[index >= a.length ? 0 : 1]}\n` : `${operands[0]} ${operands[1]} differ: char ${index + 1}, line 1\n`)
    return 1
  }
  return 0
}

export const expr: Program = async (context) => {
  const words = context.argv.slice(1)
  let at = 0
  const binary = (level: number): string => {
    if (level === operators.length) return primary()
    let left = binary(level + 1)
    while (at < words.length && operators[level]!.includes(words[at]!)) {
      const operator = words[at++]!
      left = apply(left, operator, binary(level + 1))
    }
    return left
  }
  const primary = (): string => {
    const word = words[at++]
    if (word === '(') {
      const value = binary(0)
      at++
      return value
    }
    if (word === 'length') return String(words[at++]?.length ?? 0)
    if (word === 'substr') return (words[at++] ?? '').substr(Number(words[at++]) - 1, Number(words[at++]))
    return word ?? ''
  }
  const result = binary(0)
  if (result === '\0error') {
    await complain(context, 'non-numeric argument')
    return 2
  }
  await context.stdout.write(`${result}\n`)
  return result === '' || result === '0' ? 1 : 0
}

const operators = [['|'], ['&'], ['<', '<=', '=', '==', '!=', '>=', '>'], ['+', '-'], ['*', '/', '%'], [':']]

function apply(a: string, operator: string, b: string): string {
  const numeric = /^-?\d+$/.test(a) && /^-?\d+$/.test(b)
  const [x, y] = [Number(a), Number(b)]
  switch (operator) {
    case '|':
      return a !== '' && a !== '0' ? a : b
    case '&':
      return a !== '' && a !== '0' && b !== '' && b !== '0' ? a : '0'
    case '=':
    case '==':
      return (numeric ? x === y : a === b) ? '1' : '0'
    case '!=':
      return (numeric ? x !== y : a !== b) ? '1' : '0'
    case '<':
      return (numeric ? x < y : a < b) ? '1' : '0'
    case '<=':
      return (numeric ? x <= y : a <= b) ? '1' : '0'
    case '>':
      return (numeric ? x > y : a > b) ? '1' : '0'
    case '>=':
      return (numeric ? x >= y : a >= b) ? '1' : '0'
    case ':': {
      const match = new RegExp(`^${b.replace(/\\([(){}])/g, '\0$1').replace(/(^|[^\0])([(){}|+?])/g, '$1\\$2').replace(/\0/g, '')}`).exec(a)
      return match ? (match.length > 1 ? (match[1] ?? '') : String(match[0].length)) : b.includes('\\(') ? '' : '0'
    }
    default:
      if (!numeric) return '\0error'
      if ((operator === '/' || operator === '%') && y === 0) return '\0error'
      return String({ '+': x + y, '-': x - y, '*': x * y, '/': Math.trunc(x / y), '%': x % y }[operator])
  }
}

export const split: Program = async (context) => {
  const options = await readOptions(context, 'l:b:a:d')
  if (!options) return 1
  const count = Number(options.values.get('l') ?? 1000)
  const prefix = options.operands[1] ?? 'x'
  const lines: string[] = []
  for await (const line of linesOf(openInput(context, options.operands[0] ?? '-'))) lines.push(`${line.text}\n`)
  for (let at = 0, part = 0; at < lines.length; at += count, part++) {
    const suffix = String.fromCharCode(97 + Math.floor(part / 26)) + String.fromCharCode(97 + (part % 26))
    context.files.write(context.path(prefix + suffix), lines.slice(at, at + count).join(''))
  }
  return 0
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


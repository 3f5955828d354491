import { FileError } from '../../files/file-error.ts'
import { replacementOf, search, viPattern } from './vi-search.ts'
import type { TextBuffer } from './text-buffer.ts'

/** What an ex command works on, and can ask of the editor around it. */
export interface ExTarget {
  readonly buffer: TextBuffer
  readonly options: Map<string, boolean | number>
  file: string
  readOnly: boolean
  lastPattern: string
  highlight: boolean
  register: { text: string; lines: boolean }
  /** Lines of marks and of the last visual selection. */
  readonly marks: ReadonlyMap<string, number>
  message: string
  read(path: string): string
  write(path: string, text: string): void
  exists(path: string): boolean
  load(path: string): void
  quit(code: number): void
  /** Runs a shell command with the terminal; or, with text, as a filter that answers its output. */
  shell(command: string): Promise<void>
  filter(command: string, input: string): Promise<string>
}

/** An ex command cannot be done; the message is vi's. */
export class ExError extends Error {}

const optionNames: Readonly<Record<string, string>> = { nu: 'number', ic: 'ignorecase', et: 'expandtab', ts: 'tabstop', sw: 'shiftwidth', ai: 'autoindent', sts: 'softtabstop', ro: 'readonly', hls: 'hlsearch', rnu: 'relativenumber', is: 'incsearch', cuc: 'cursorcolumn', cul: 'cursorline' }
const knownOptions = new Set(['number', 'ignorecase', 'expandtab', 'tabstop', 'shiftwidth', 'autoindent', 'softtabstop', 'readonly', 'hlsearch', 'relativenumber', 'incsearch', 'paste', 'list', 'wrap', 'smartcase', 'cursorcolumn', 'cursorline', 'ruler', 'mouse', 'smartindent'])

/** Runs what was typed after the colon. Throws ExError. */
export async function runEx(target: ExTarget, typed: string): Promise<void> {
  const { buffer } = target
  let rest = typed.trim().replace(/^:+/, '')
  if (rest === '') return
  const range = readRange(target, rest)
  rest = range.rest
  const { given } = range
  if (rest === '') {
    if (range.to >= buffer.lines.length) throw new ExError('E16: Invalid range')
    buffer.row = Math.max(0, range.to)
    buffer.column = Math.max(0, buffer.line.search(/\S/))
    return
  }
  if (range.to >= buffer.lines.length || range.from < 0) throw new ExError('E16: Invalid range')
  if (rest.startsWith('!')) return given ? filterLines(target, range.from, range.to, rest.slice(1)) : target.shell(rest.slice(1))
  const match = /^([a-zA-Z]+|&&?|[<>]+)(!?)\s*(.*)$/s.exec(rest)
  if (!match) throw new ExError(`E492: Not an editor command: ${typed}`)
  const [, name = '', bang = '', tail = ''] = match
  const force = bang === '!'
  const argument = tail.trim()
  // `s/a/b/` runs into its pattern: what follows the letter is no part of the name.
  if (/^s[^a-zA-Z0-9\s"|]/.test(rest)) return substitute(target, range.from, range.to, rest.slice(1))
  switch (name) {
    case 'w':
    case 'wr':
    case 'write':
      return writeFile(target, argument, force, given ? range : undefined)
    case 'wq':
    case 'wqa':
    case 'x':
    case 'xit':
    case 'xa':
      if (!name.startsWith('x') || buffer.modified || argument !== '') writeFile(target, argument, force, undefined)
      return target.quit(0)
    case 'wa':
      return writeFile(target, '', force, undefined)
    case 'q':
    case 'qa':
    case 'quit':
      if (buffer.modified && !force) throw new ExError('E37: No write since last change (add ! to override)')
      return target.quit(0)
    case 'cq':
      return target.quit(1)
    case 'e':
    case 'edit':
      if (buffer.modified && !force) throw new ExError('E37: No write since last change (add ! to override)')
      return target.load(argument === '' ? target.file : argument)
    case 'r':
    case 'read': {
      const text = argument.startsWith('!') ? await target.filter(argument.slice(1), '') : readOr(target, argument)
      const lines = text.replace(/\n$/, '').split('\n')
      buffer.checkpoint()
      buffer.lines.splice((given ? range.to : buffer.row) + 1, 0, ...lines)
      buffer.row = (given ? range.to : buffer.row) + 1
      buffer.column = 0
      return
    }
    case 'd':
    case 'delete':
      buffer.checkpoint()
      target.register = { text: buffer.lines.slice(range.from, range.to + 1).join('\n'), lines: true }
      buffer.cutLines(range.from, range.to)
      if (range.to - range.from >= 2) target.message = `${range.to - range.from + 1} fewer lines`
      return
    case 'y':
    case 'yank':
      target.register = { text: buffer.lines.slice(range.from, range.to + 1).join('\n'), lines: true }
      if (range.to - range.from >= 2) target.message = `${range.to - range.from + 1} lines yanked`
      return
    case 'm':
    case 'move':
    case 't':
    case 'co':
    case 'copy': {
      const to = readRange(target, argument === '0' ? '0' : argument)
      buffer.checkpoint()
      const moved = buffer.lines.slice(range.from, range.to + 1)
      let at = to.to + 1
      if (name.startsWith('m')) {
        buffer.lines.splice(range.from, moved.length)
        if (at > range.from) at -= moved.length
      }
      buffer.lines.splice(at, 0, ...moved)
      buffer.row = at + moved.length - 1
      return
    }
    case '>':
    case '<':
      buffer.checkpoint()
      for (let row = range.from; row <= range.to; row++) buffer.lines[row] = shifted(target, buffer.lines[row]!, name === '>')
      return
    case 'g':
    case 'global':
    case 'v':
      return global(target, given ? range.from : 0, given ? range.to : buffer.lines.length - 1, rest.slice(name.length + bang.length), name === 'v' || force)
    case 'noh':
    case 'nohl':
    case 'nohlsearch':
      target.highlight = false
      return
    case 'se':
    case 'set':
      for (const word of argument.split(/\s+/).filter((each) => each !== '')) setOption(target, word)
      return
    case 'u':
    case 'undo':
      buffer.undo()
      return
    case 'red':
    case 'redo':
      buffer.redo()
      return
    case 'f':
    case 'file':
      if (argument !== '') target.file = argument
      target.message = `"${target.file === '' ? '[No Name]' : target.file}" line ${buffer.row + 1} of ${buffer.lines.length} --${Math.floor(((buffer.row + 1) * 100) / buffer.lines.length)}%-- col ${buffer.column + 1}`
      return
    case 'syntax':
    case 'sy':
    case 'filetype':
    case 'retab':
      return
    case 'sh':
    case 'shell':
      return target.shell('sh')
    default:
      throw new ExError(`E492: Not an editor command: ${typed}`)
  }
}

/** A line one step further right or left. */
export function shifted(target: Pick<ExTarget, 'options'>, line: string, right: boolean): string {
  const width = Number(target.options.get('shiftwidth') ?? 8)
  if (right) return line === '' ? '' : `${target.options.get('expandtab') ? ' '.repeat(width) : width === 8 ? '\t' : ' '.repeat(width)}${line}`
  return line.startsWith('\t') ? line.slice(1) : line.replace(new RegExp(`^ {1,${width}}`), '')
}

interface Range {
  readonly from: number
  readonly to: number
  readonly given: boolean
  readonly rest: string
}

function readRange(target: ExTarget, text: string): Range {
  const { buffer } = target
  if (text.startsWith('%')) return { from: 0, to: buffer.lines.length - 1, given: true, rest: text.slice(1).trimStart() }
  const first = readAddress(target, text)
  if (!first) {
    if (!text.startsWith(',')) return { from: buffer.row, to: buffer.row, given: false, rest: text }
  }
  const from = first?.row ?? buffer.row
  let rest = (first?.rest ?? text).trimStart()
  if (!rest.startsWith(',') && !rest.startsWith(';')) return { from, to: from, given: true, rest }
  rest = rest.slice(1).trimStart()
  const second = readAddress(target, rest)
  const to = second?.row ?? buffer.row
  return { from: Math.min(from, to), to: Math.max(from, to), given: true, rest: (second?.rest ?? rest).trimStart() }
}

function readAddress(target: ExTarget, text: string): { readonly row: number; readonly rest: string } | undefined {
  const { buffer } = target
  let row: number
  let rest: string
  const number = /^\d+/.exec(text)
  const pattern = /^([/?])((?:\\.|(?!\1).)*)\1?/.exec(text)
  if (number) {
    row = Number(number[0]) - 1
    rest = text.slice(number[0].length)
  } else if (text.startsWith('.')) {
    row = buffer.row
    rest = text.slice(1)
  } else if (text.startsWith('$')) {
    row = buffer.lines.length - 1
    rest = text.slice(1)
  } else if (/^'[a-z<>]/.test(text)) {
    const marked = target.marks.get(text[1]!)
    if (marked === undefined) throw new ExError('E20: Mark not set')
    row = marked
    rest = text.slice(2)
  } else if (pattern) {
    const found = search(buffer, viPattern(pattern[2]!, { ignoreCase: target.options.get('ignorecase') === true }), pattern[1] === '/')
    if (!found) throw new ExError(`E486: Pattern not found: ${pattern[2]}`)
    row = found.at.row
    rest = text.slice(pattern[0].length)
  } else if (/^[-+]/.test(text)) {
    row = buffer.row
    rest = text
  } else return undefined
  for (let offset = /^([-+])(\d*)/.exec(rest); offset; offset = /^([-+])(\d*)/.exec(rest)) {
    row += (offset[1] === '+' ? 1 : -1) * Number(offset[2] === '' ? 1 : offset[2])
    rest = rest.slice(offset[0].length)
  }
  return { row, rest }
}

/** Splits `/a/b/flags` at its delimiter, which a backslash may protect. */
function parts(text: string): string[] {
  const delimiter = text[0]!
  const result = ['']
  for (let at = 1; at < text.length; at++) {
    let piece = text[at]!
    if (piece === delimiter && result.length < 3) {
      result.push('')
      continue
    }
    if (piece === '\\' && at + 1 < text.length) {
      at++
      piece = text[at] === delimiter ? delimiter : `\\${text[at]}`
    }
    result.push(`${result.pop()!}${piece}`)
  }
  return result
}

function substitute(target: ExTarget, from: number, to: number, text: string): void {
  const { buffer } = target
  const [pattern = '', replacement = '', flags = ''] = parts(text)
  const wanted = pattern === '' ? target.lastPattern : pattern
  target.lastPattern = wanted
  let expression: RegExp
  try {
    expression = viPattern(wanted, { ignoreCase: target.options.get('ignorecase') === true || flags.includes('i') }, flags.includes('g') ? 'g' : '')
  } catch {
    throw new ExError(`E486: Pattern not found: ${wanted}`)
  }
  let count = 0
  let changed = 0
  let last = buffer.row
  const lines: string[] = []
  for (let row = from; row <= to; row++) {
    const before = count
    const line = buffer.lines[row]!.replace(expression, (...match: unknown[]) => {
      count++
      return replacementOf(replacement, match.filter((each, index) => index === 0 || typeof each === 'string' || each === undefined) as (string | undefined)[])
    })
    lines.push(...line.split('\n'))
    if (count > before) {
      changed++
      last = from + lines.length - 1
    }
  }
  if (count === 0) {
    if (flags.includes('e')) return
    throw new ExError(`E486: Pattern not found: ${wanted}`)
  }
  if (!flags.includes('n')) {
    buffer.checkpoint()
    buffer.lines.splice(from, to - from + 1, ...lines)
    buffer.row = last
    buffer.column = 0
  }
  if (changed > 2 || flags.includes('n')) target.message = `${count} substitution${count === 1 ? '' : 's'} on ${changed} line${changed === 1 ? '' : 's'}`
}

async function global(target: ExTarget, from: number, to: number, text: string, inverted: boolean): Promise<void> {
  const delimiter = text[0] ?? '/'
  const end = text.indexOf(delimiter, 1)
  const pattern = end < 0 ? text.slice(1) : text.slice(1, end)
  const command = end < 0 ? 'p' : text.slice(end + 1)
  const expression = viPattern(pattern, { ignoreCase: target.options.get('ignorecase') === true })
  const { buffer } = target
  // Lines are addressed from the last to the first, so that what a command removes does not move the others.
  const rows: number[] = []
  for (let row = from; row <= to; row++) if (expression.test(buffer.lines[row]!) !== inverted) rows.push(row)
  if (rows.length === 0) throw new ExError(`E486: Pattern not found: ${pattern}`)
  for (const row of rows.reverse()) {
    buffer.row = row
    await runEx(target, `${row + 1}${command}`)
  }
}

async function filterLines(target: ExTarget, from: number, to: number, command: string): Promise<void> {
  const { buffer } = target
  const output = await target.filter(command, `${buffer.lines.slice(from, to + 1).join('\n')}\n`)
  buffer.checkpoint()
  buffer.lines.splice(from, to - from + 1, ...(output === '' ? [] : output.replace(/\n$/, '').split('\n')))
  if (buffer.lines.length === 0) buffer.lines = ['']
  buffer.row = from
  buffer.column = 0
  buffer.clamp(false)
}

function readOr(target: ExTarget, path: string): string {
  try {
    return target.read(path)
  } catch (error) {
    if (error instanceof FileError) throw new ExError(`E484: Can't open file ${path}`)
    throw error
  }
}

function writeFile(target: ExTarget, argument: string, force: boolean, range: Range | undefined): void {
  const { buffer } = target
  const append = argument.startsWith('>>')
  const name = append ? argument.slice(2).trim() : argument
  const path = name === '' ? target.file : name
  if (path === '') throw new ExError('E32: No file name')
  if (target.readOnly && name === '' && !force) throw new ExError("E45: 'readonly' option is set (add ! to override)")
  const existed = target.exists(path)
  if (name !== '' && name !== target.file && existed && !force && !append) throw new ExError('E13: File exists (add ! to override)')
  const part = range ? `${buffer.lines.slice(range.from, range.to + 1).join('\n')}\n` : buffer.text
  const text = append && existed ? readOr(target, path) + part : part
  try {
    target.write(path, text)
  } catch (error) {
    if (error instanceof FileError) throw new ExError(`"${path}" E212: Can't open file for writing`)
    throw error
  }
  if (target.file === '') target.file = path
  if (!range && path === target.file) buffer.modified = false
  target.message = `"${path}" ${existed ? '' : '[New] '}${text === '' ? 0 : text.replace(/\n$/, '').split('\n').length}L, ${new TextEncoder().encode(text).length}B written`
}

function setOption(target: ExTarget, word: string): void {
  const value = /^(\w+)[=:](\d+|\w*)$/.exec(word)
  if (value) {
    const name = optionNames[value[1]!] ?? value[1]!
    if (!knownOptions.has(name)) throw new ExError(`E518: Unknown option: ${word}`)
    target.options.set(name, Number(value[2]) || 0)
    return
  }
  const off = word.startsWith('no') && (knownOptions.has(word.slice(2)) || optionNames[word.slice(2)] !== undefined)
  const plain = off ? word.slice(2) : word.replace(/[!?]$/, '')
  const name = optionNames[plain] ?? plain
  if (!knownOptions.has(name)) throw new ExError(`E518: Unknown option: ${word}`)
  if (word.endsWith('?')) target.message = typeof target.options.get(name) === 'number' ? `  ${name}=${target.options.get(name)}` : `${target.options.get(name) ? '  ' : 'no'}${name}`
  else target.options.set(name, word.endsWith('!') ? !target.options.get(name) : !off)
}

import { complain, type Builtin } from './builtin.ts'
import type { Interpreter } from './interpreter.ts'

/** Builtins that read standard input. */

export const read: Builtin = async (shell, words) => {
  let raw = false
  let prompt = ''
  let timeoutMs: number | undefined
  let delimiter = '\n'
  let count: number | undefined
  let silent = false
  let array: string | undefined
  let descriptor = 0
  let at = 1
  for (; at < words.length && words[at]!.startsWith('-') && words[at] !== '-'; at++) {
    const word = words[at]!
    if (word === '--') {
      at++
      break
    }
    for (let index = 1; index < word.length; index++) {
      const letter = word[index]!
      if (letter === 'r') raw = true
      else if (letter === 's') silent = true
      else if (letter === 'e') continue
      else if ('ptdnNau'.includes(letter)) {
        const value = word.length > index + 1 ? word.slice(index + 1) : (words[++at] ?? '')
        if (letter === 'p') prompt = value
        if (letter === 't') timeoutMs = Number(value) * 1000
        if (letter === 'd') delimiter = value === '' ? '\0' : value
        if (letter === 'n' || letter === 'N') count = Number(value)
        if (letter === 'a') array = value
        if (letter === 'u') descriptor = Number(value)
        break
      } else return complain(shell, words, shell.state.flavour === 'bash' ? `-${letter}: invalid option` : `Illegal option -${letter}`, 2)
    }
  }
  const names = words.slice(at)
  if (prompt !== '' && shell.context.descriptors[0]?.terminal) await shell.context.stderr.write(prompt)
  const terminal = silent ? shell.context.terminal : undefined
  if (terminal) terminal.echo = false
  const reading = count === undefined ? readLogicalLine(shell, raw, delimiter, descriptor) : readCharacters(shell, count, descriptor)
  const timeout = timeoutMs === undefined ? undefined : shell.context.sleep(timeoutMs).then(() => 'timeout' as const)
  const result = await shell.interruptible(timeout ? Promise.race([reading, timeout]) : reading)
  if (terminal) terminal.echo = true
  if (result === 'timeout') return 142
  if (result === undefined) return 130
  const line = result.text ?? ''
  const separators = shell.state.get('IFS') ?? ' \t\n'
  if (array !== undefined) shell.state.setArray(array, splitFields(line, separators))
  else if (names.length === 0) shell.state.set('REPLY', line)
  else assignFields(shell, names, line, separators)
  return result.text === undefined || result.ended ? 1 : 0
}

async function readLogicalLine(shell: Interpreter, raw: boolean, delimiter: string, descriptor: number): Promise<{ text: string | undefined; ended: boolean }> {
  let text = ''
  for (;;) {
    const line = await readUntil(shell, delimiter, descriptor)
    if (line.text === undefined) return { text: text === '' ? undefined : text, ended: true }
    if (raw) return line
    const continued = /(?:^|[^\\])(?:\\\\)*\\$/.test(line.text) && !line.ended
    text += (continued ? line.text.slice(0, -1) : line.text).replace(/\\(.)/g, '$1')
    if (!continued) return { text, ended: line.ended }
  }
}

/** Reads up to a delimiter; `ended` when the input ended before it came. */
async function readUntil(shell: Interpreter, delimiter: string, descriptor: number): Promise<{ text: string | undefined; ended: boolean }> {
  const bytes: number[] = []
  const end = delimiter.charCodeAt(0)
  for (;;) {
    const chunk = await shell.context.read(descriptor, 1)
    if (!chunk || chunk.length === 0) return { text: bytes.length > 0 ? new TextDecoder().decode(Uint8Array.from(bytes)) : undefined, ended: true }
    if (chunk[0] === end) return { text: new TextDecoder().decode(Uint8Array.from(bytes)), ended: false }
    bytes.push(chunk[0]!)
  }
}

async function readCharacters(shell: Interpreter, count: number, descriptor: number): Promise<{ text: string | undefined; ended: boolean }> {
  let text = ''
  while (text.length < count) {
    const chunk = await shell.context.read(descriptor, 1)
    if (!chunk) return { text: text === '' ? undefined : text, ended: true }
    if (chunk[0] === 10) break
    text += String.fromCharCode(chunk[0]!)
  }
  return { text, ended: false }
}

function splitFields(line: string, separators: string): string[] {
  if (separators === '') return [line]
  const blanks = [...separators].filter((char) => ' \t\n'.includes(char)).join('')
  const inner = separators.replace(/[\\\]^-]/g, '\\$&')
  const trimmed = blanks === '' ? line : line.replace(new RegExp(`^[${blanks}]+|[${blanks}]+$`, 'g'), '')
  if (trimmed === '') return []
  const others = [...separators].filter((char) => !' \t\n'.includes(char))
  if (others.length === 0) return trimmed.split(new RegExp(`[${inner}]+`))
  const other = others.join('').replace(/[\\\]^-]/g, '\\$&')
  return trimmed.split(new RegExp(blanks === '' ? `[${other}]` : `[${blanks}]*[${other}][${blanks}]*|[${blanks}]+`))
}

function assignFields(shell: Interpreter, names: readonly string[], line: string, separators: string): void {
  const blanks = [...separators].filter((char) => ' \t\n'.includes(char)).join('')
  let rest = blanks === '' ? line : line.replace(new RegExp(`^[${blanks}]+`), '')
  names.forEach((name, index) => {
    if (index === names.length - 1) {
      shell.state.set(name, blanks === '' ? rest : rest.replace(new RegExp(`[${blanks}]+$`), ''))
      return
    }
    let end = 0
    while (end < rest.length && !separators.includes(rest[end]!)) end++
    shell.state.set(name, rest.slice(0, end))
    rest = rest.slice(end)
    if (blanks !== '') rest = rest.replace(new RegExp(`^[${blanks}]+`), '')
    if (rest !== '' && separators.includes(rest[0]!) && !blanks.includes(rest[0]!)) rest = rest.slice(1)
    if (blanks !== '') rest = rest.replace(new RegExp(`^[${blanks}]+`), '')
  })
}

export const mapfile: Builtin = async (shell, words) => {
  const trim = words.includes('-t')
  const name = words.slice(1).find((word) => !word.startsWith('-')) ?? 'MAPFILE'
  const lines: string[] = []
  for (;;) {
    const line = await readUntil(shell, '\n', 0)
    if (line.text === undefined) break
    lines.push(line.text + (trim || line.ended ? '' : '\n'))
    if (line.ended) break
  }
  shell.state.setArray(name, lines)
  return 0
}

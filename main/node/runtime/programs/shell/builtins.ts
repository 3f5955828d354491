import type { Assignment, Command } from 'unbash'
import { FileError } from '../../files/file-error.ts'
import { parseSignal, signalNumbers, type Signal } from '../../processes/signals.ts'
import { echoText } from '../echo.ts'
import { FunctionReturn, LoopControl, ShellExit } from './control-flow.ts'
import { quoteWord } from './expansion.ts'
import type { Interpreter, Job } from './interpreter.ts'
import { parseScript } from './parse.ts'
import { formatPrintf } from './printf.ts'
import { optionLetters, ShellError, type ShellOptions } from './state.ts'
import { testArguments } from './test-expression.ts'

/** A command that the shell does itself. `words[0]` is its name. Answers the status. */
export type Builtin = (shell: Interpreter, words: readonly string[], node?: Command) => Promise<number>

/** Builtins before which assignments last, and whose names functions cannot take. */
export const specialBuiltins: ReadonlySet<string> = new Set([':', '.', 'source', 'break', 'continue', 'eval', 'exec', 'exit', 'export', 'readonly', 'return', 'set', 'shift', 'times', 'trap', 'unset'])

/** Builtins whose arguments are assignments. */
export const declarations: ReadonlySet<string> = new Set(['export', 'readonly', 'local', 'declare', 'typeset'])

const out = (shell: Interpreter, text: string): Promise<void> => shell.context.stdout.write(text)

async function complain(shell: Interpreter, words: readonly string[], text: string, status = 1): Promise<number> {
  await shell.complain(`${words[0]}: ${text}`)
  return status
}

const cd: Builtin = async (shell, words) => {
  const { context, state } = shell
  let target = words.find((word, index) => index > 0 && word !== '-L' && word !== '-P' && word !== '--')
  if (target === undefined) {
    target = state.get('HOME')
    if (target === undefined) return complain(shell, words, 'HOME not set')
  }
  const shows = target === '-'
  if (shows) {
    target = state.get('OLDPWD')
    if (target === undefined) return complain(shell, words, 'OLDPWD not set')
  }
  const path = context.path(target)
  const problem = directoryProblem(shell, path)
  if (problem) {
    const { flavour } = state
    return complain(shell, words, flavour === 'bash' ? `${target}: ${problem}` : flavour === 'ash' ? `can't cd to ${target}: ${problem}` : `can't cd to ${target}`, flavour === 'dash' ? 2 : 1)
  }
  state.set('OLDPWD', context.cwd)
  context.cwd = path
  state.set('PWD', path)
  if (shows) await out(shell, `${path}\n`)
  return 0
}

function directoryProblem(shell: Interpreter, path: string): string | undefined {
  const { files } = shell.context
  try {
    const inode = files.get(path)
    if (inode.kind !== 'directory') return 'Not a directory'
    return files.permits(inode, 1) ? undefined : 'Permission denied'
  } catch (error) {
    if (error instanceof FileError) return error.message
    throw error
  }
}

const exportNames: Builtin = async (shell, words, node) => {
  const { state } = shell
  const names = words.slice(1)
  if (names.length === 0 || names[0] === '-p') {
    const lines = [...state.variables].filter(([, variable]) => variable.exported).sort(([a], [b]) => (a < b ? -1 : 1))
    const prefix = state.flavour === 'bash' ? 'declare -x' : 'export'
    const quote = state.flavour === 'bash' ? (value: string): string => `"${value.replace(/["$`\\]/g, '\\$&')}"` : quoteWord
    await out(shell, lines.map(([name]) => `${prefix} ${name}=${quote(state.get(name) ?? '')}\n`).join(''))
    return 0
  }
  const remove = names[0] === '-n'
  for (const argument of arguments_(node, names.slice(names[0]?.startsWith('-') ? 1 : 0))) {
    const name = await declare(shell, argument, words)
    if (name === undefined) return 1
    if (remove) {
      const variable = state.variables.get(name)
      if (variable) variable.exported = false
    } else if (state.variables.has(name) || typeof argument !== 'string') state.export(name)
    else if (!state.variables.has(name)) exportLater(shell, name)
  }
  return 0
}

/** An exported name without a value appears in no environment until it is set. */
function exportLater(shell: Interpreter, name: string): void {
  shell.state.variables.set(name, { value: [], exported: true, readOnly: false })
}

/** Arguments of a declaration: assignments as they were parsed, other words as texts. */
function arguments_(node: Command | undefined, names: readonly string[]): (Assignment | string)[] {
  const assignments = (node?.args ?? []).filter((argument): argument is Assignment => argument.type === 'Assignment')
  return names.map((name) => {
    const match = /^([A-Za-z_]\w*)(?:\[[^\]]*\])?\+?=/.exec(name)
    return (match && assignments.find((each) => each.name === match[1])) ?? name
  })
}

/** Performs the assignment in an argument; answers the name, or undefined after a complaint. */
async function declare(shell: Interpreter, argument: Assignment | string, words: readonly string[]): Promise<string | undefined> {
  if (typeof argument !== 'string') {
    await shell.assign(argument)
    return argument.name
  }
  const match = /^([A-Za-z_]\w*)(?:=([\s\S]*))?$/.exec(argument)
  if (!match) {
    await complain(shell, words, shell.state.flavour === 'bash' ? `\`${argument}': not a valid identifier` : `${argument}: bad variable name`)
    return undefined
  }
  if (match[2] !== undefined) shell.state.set(match[1]!, match[2])
  return match[1]!
}

const readonly: Builtin = async (shell, words, node) => {
  for (const argument of arguments_(node, words.slice(1).filter((word) => !word.startsWith('-')))) {
    const name = await declare(shell, argument, words)
    if (name === undefined) return 1
    const variable = shell.state.variables.get(name)
    if (variable) variable.readOnly = true
    else shell.state.variables.set(name, { value: '', exported: false, readOnly: true })
  }
  return 0
}

const local: Builtin = async (shell, words, node) => {
  const { state } = shell
  if (state.locals.length === 0) return complain(shell, words, state.flavour === 'ash' ? 'not in a function' : 'can only be used in a function')
  const options = words.slice(1).filter((word) => word.startsWith('-'))
  for (const argument of arguments_(node, words.slice(1).filter((word) => !word.startsWith('-')))) {
    const name = typeof argument === 'string' ? /^[A-Za-z_]\w*/.exec(argument)?.[0] : argument.name
    if (name !== undefined) state.declareLocal(name)
    applyAttributes(shell, name, options.join(''))
    if ((await declare(shell, argument, words)) === undefined) return 1
    if (name !== undefined && !state.variables.has(name) && state.flavour === 'bash') state.variables.set(name, { value: '', exported: false, readOnly: false })
  }
  return 0
}

function applyAttributes(shell: Interpreter, name: string | undefined, letters: string): void {
  if (name === undefined) return
  const { variables } = shell.state
  const existing = variables.get(name)
  if (letters.includes('A') && !(existing?.value instanceof Map)) variables.set(name, { value: new Map(), exported: false, readOnly: false })
  else if (letters.includes('a') && !Array.isArray(existing?.value)) variables.set(name, { value: existing ? [String(existing.value)] : [], exported: false, readOnly: false })
  if (letters.includes('i')) {
    if (!variables.has(name)) variables.set(name, { value: '', exported: false, readOnly: false })
    variables.get(name)!.integer = true
  }
}

const declareBuiltin: Builtin = async (shell, words, node) => {
  const { state } = shell
  const letters = words.filter((word, index) => index > 0 && /^[-+]/.test(word)).join('')
  const names = words.slice(1).filter((word) => !/^[-+]/.test(word))
  if (letters.includes('f') || letters.includes('F')) {
    for (const name of names.length > 0 ? names : state.functions.keys()) {
      if (!state.functions.has(name)) return 1
      await out(shell, letters.includes('F') ? `${names.length > 0 ? '' : 'declare -f '}${name}\n` : `${name} ()\n`)
    }
    return 0
  }
  if (names.length === 0) {
    await out(shell, [...state.variables.keys()].sort().map((name) => `${name}=${quoteWord(state.get(name) ?? '')}\n`).join(''))
    return 0
  }
  for (const argument of arguments_(node, names)) {
    const name = typeof argument === 'string' ? /^[A-Za-z_]\w*/.exec(argument)?.[0] : argument.name
    if (letters.includes('p')) {
      const variable = name === undefined ? undefined : state.variables.get(name)
      if (!variable) return complain(shell, words, `${name}: not found`)
      await out(shell, `declare -${variable.exported ? 'x' : '-'} ${name}="${state.get(name!) ?? ''}"\n`)
      continue
    }
    if (name !== undefined && !letters.includes('g')) state.declareLocal(name)
    applyAttributes(shell, name, letters)
    if ((await declare(shell, argument, words)) === undefined) return 1
    if (name === undefined) continue
    if (!state.variables.has(name)) state.variables.set(name, { value: '', exported: false, readOnly: false })
    const variable = state.variables.get(name)!
    if (letters.includes('x')) variable.exported = true
    if (letters.includes('r')) variable.readOnly = true
  }
  return 0
}

const set: Builtin = async (shell, words) => {
  const { state } = shell
  if (words.length === 1) {
    await out(shell, [...state.variables.keys()].sort().map((name) => `${name}=${quoteWord(state.get(name) ?? '')}\n`).join(''))
    return 0
  }
  let at = 1
  for (; at < words.length; at++) {
    const word = words[at]!
    if (word === '--') {
      state.positional = words.slice(at + 1)
      return 0
    }
    if (word === '-') {
      at++
      break
    }
    if (!/^[-+]./.test(word)) break
    const on = word.startsWith('-')
    for (const letter of word.slice(1)) {
      if (letter === 'o') {
        const name = words[++at]
        if (name === undefined) {
          await out(shell, Object.entries(state.options).map(([option, value]) => `${option.padEnd(16)}${value ? 'on' : 'off'}\n`).join(''))
          return 0
        }
        if (name in state.options) state.options[name as keyof ShellOptions] = on
        else if (!knownModes.has(name)) return complain(shell, words, state.flavour === 'bash' ? `${name}: invalid option name` : `illegal option -o ${name}`, 2)
        continue
      }
      const option = optionLetters[letter]
      if (option) state.options[option] = on
      else if (!'hmbBHEPTk'.includes(letter)) return complain(shell, words, state.flavour === 'bash' ? `${word}: invalid option` : `illegal option ${word}`, 2)
    }
  }
  if (at < words.length) state.positional = words.slice(at)
  return 0
}

const knownModes = new Set(['vi', 'emacs', 'posix', 'monitor', 'notify', 'ignoreeof', 'braceexpand', 'hashall', 'history', 'interactive-comments'])

const unset: Builtin = async (shell, words) => {
  let functions = false
  for (const word of words.slice(1)) {
    if (word === '-f') functions = true
    else if (word === '-v') functions = false
    else if (functions) shell.state.functions.delete(word)
    else {
      const element = /^(\w+)\[(.*)\]$/.exec(word)
      const value = element && shell.state.variables.get(element[1]!)?.value
      if (element && Array.isArray(value)) delete value[Number(element[2])]
      else if (element && value instanceof Map) value.delete(element[2]!)
      else if (!shell.state.variables.has(word) && shell.state.functions.has(word)) shell.state.functions.delete(word)
      else shell.state.unset(word)
    }
  }
  return 0
}

const shift: Builtin = async (shell, words) => {
  const count = Number(words[1] ?? 1)
  if (count > shell.state.positional.length) {
    if (shell.state.flavour === 'dash') throw new ShellError("shift: can't shift that many", 2)
    return 1
  }
  shell.state.positional = shell.state.positional.slice(count)
  return 0
}

const loopControl =
  (kind: 'break' | 'continue'): Builtin =>
  async (shell, words) => {
    if (!shell.inLoop) {
      if (shell.state.flavour === 'bash') await complain(shell, words, "only meaningful in a `for', `while', or `until' loop")
      return 0
    }
    throw new LoopControl(kind, Math.max(1, Number(words[1] ?? 1)))
  }

const exit: Builtin = async (shell, words) => {
  const given = words[1]
  if (given !== undefined && !/^-?\d+$/.test(given)) {
    await complain(shell, words, shell.state.flavour === 'bash' ? `${given}: numeric argument required` : `Illegal number: ${given}`)
    throw new ShellExit(2)
  }
  throw new ShellExit(given === undefined ? shell.state.status : Number(given) & 0xff)
}

const returnBuiltin: Builtin = async (shell, words) => {
  throw new FunctionReturn(words[1] === undefined ? shell.state.status : Number(words[1]) & 0xff)
}

const evalBuiltin: Builtin = async (shell, words) => {
  const text = words.slice(1).join(' ')
  if (text.trim() === '') return 0
  shell.state.status = 0
  await shell.runScript(parseScript(text))
  return shell.state.status
}

const source: Builtin = async (shell, words) => {
  const name = words[1]
  if (name === undefined) return complain(shell, words, 'filename argument required', 2)
  const { context, state } = shell
  let path = context.path(name)
  if (!name.includes('/')) {
    const found = (state.get('PATH') ?? '').split(':').map((directory) => `${directory}/${name}`).find((each) => context.files.find(each)?.kind === 'file')
    if (found !== undefined) path = found
  }
  let text: string
  try {
    text = context.files.readText(path)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    const said = state.flavour === 'bash' ? `${name}: ${error.message}` : state.flavour === 'ash' ? `can't open '${name}': ${error.message}` : `${name}: not found`
    await shell.complain(state.flavour === 'bash' ? said : `${words[0]}: ${said}`)
    if (state.flavour !== 'bash' && !state.interactive) throw new ShellExit(2)
    return state.flavour === 'bash' ? 1 : 2
  }
  const { positional } = state
  if (words.length > 2) state.positional = words.slice(2)
  try {
    state.status = 0
    await shell.runScript(parseScript(text))
  } catch (error) {
    if (!(error instanceof FunctionReturn)) throw error
    state.status = error.status
  } finally {
    state.positional = positional
  }
  return state.status
}

const trap: Builtin = async (shell, words) => {
  const { state, context } = shell
  const given = words.slice(1).filter((word) => word !== '--')
  if (given.length === 0 || given[0] === '-p') {
    const prefix = state.flavour === 'bash' ? 'SIG' : ''
    await out(shell, [...state.traps].map(([name, action]) => `trap -- ${quoteWord(action)} ${name === 'EXIT' || name === 'ERR' ? name : prefix + name}\n`).join(''))
    return 0
  }
  if (given[0] === '-l') {
    await out(shell, `${Object.entries(signalNumbers).map(([name, number]) => `${number}) SIG${name}`).join(' ')}\n`)
    return 0
  }
  const bare = given.length === 1 || /^\d+$/.test(given[0]!)
  const action = bare ? '-' : given[0]!
  for (const word of bare ? given : given.slice(1)) {
    const name = word === '0' || word.toUpperCase() === 'EXIT' ? 'EXIT' : word === 'ERR' ? 'ERR' : parseSignal(word)
    if (name === undefined) return complain(shell, words, state.flavour === 'bash' ? `${word}: invalid signal specification` : `${word}: bad trap`)
    if (action === '-') state.traps.delete(name)
    else state.traps.set(name, action)
    if (name === 'EXIT' || name === 'ERR') continue
    if (action === '-') context.onSignal(name, 'default')
    else if (action === '') context.onSignal(name, 'ignore')
    else context.onSignal(name, () => shell.trapped(name))
  }
  return 0
}

function jobOf(shell: Interpreter, word: string): Job | undefined {
  if (word === '%%' || word === '%+' || word === '%') return shell.jobs.at(-1)
  if (word === '%-') return shell.jobs.at(-2)
  if (word.startsWith('%')) return shell.jobs.find((job) => String(job.number) === word.slice(1) || job.text.startsWith(word.slice(1)))
  return shell.jobs.find((job) => String(job.pid) === word)
}

const wait: Builtin = async (shell, words) => {
  const given = words.slice(1).filter((word) => word !== '-n' && word !== '-f')
  const interrupted = (): number => 128 + signalNumbers.TERM
  if (given.length === 0) {
    if (words.includes('-n')) {
      const running = shell.jobs.filter((job) => !job.notified)
      if (running.length === 0) return 127
      const first = await shell.interruptible(Promise.race(running.map((job) => job.done.then((status) => ({ job, status })))))
      if (!first) return interrupted()
      first.job.notified = true
      return first.status
    }
    for (const job of [...shell.jobs]) {
      if ((await shell.interruptible(job.done)) === undefined) return interrupted()
      shell.jobs.splice(shell.jobs.indexOf(job), 1)
    }
    return 0
  }
  let status = 0
  for (const word of given) {
    const job = jobOf(shell, word)
    if (!job) {
      if (shell.state.flavour === 'bash') await complain(shell, words, `pid ${word} is not a child of this shell`)
      status = 127
      continue
    }
    const ended = await shell.interruptible(job.done)
    if (ended === undefined) return interrupted()
    status = ended
    shell.jobs.splice(shell.jobs.indexOf(job), 1)
  }
  return status
}

const jobs: Builtin = async (shell) => {
  for (const job of [...shell.jobs]) {
    const state = job.status === undefined ? 'Running' : job.status === 0 ? 'Done' : `Exit ${job.status}`
    await out(shell, `[${job.number}]${job === shell.jobs.at(-1) ? '+' : ' '}  ${state.padEnd(23)} ${job.text}${job.status === undefined ? ' &' : ''}\n`)
    if (job.status !== undefined) shell.jobs.splice(shell.jobs.indexOf(job), 1)
  }
  return 0
}

const foreground: Builtin = async (shell, words) => {
  const job = jobOf(shell, words[1] ?? '%%')
  if (!job) return complain(shell, words, words[1] === undefined ? 'no current job' : `${words[1]}: no such job`)
  await out(shell, `${job.text}\n`)
  const { terminal } = shell.context
  if (terminal) terminal.foreground = job.processes[0]!.group
  const status = await job.done
  if (terminal) terminal.foreground = shell.context.group
  shell.jobs.splice(shell.jobs.indexOf(job), 1)
  return status
}

const kill: Builtin = async (shell, words) => {
  const { context } = shell
  let at = 1
  let signal: Signal = 'TERM'
  const first = words[1]
  if (first === '-l' || first === '-L') {
    const number = words[2]
    if (number !== undefined) await out(shell, `${parseSignal(String(Number(number) > 128 ? Number(number) - 128 : number)) ?? number}\n`)
    else await out(shell, `${Object.keys(signalNumbers).join('\n')}\n`)
    return 0
  }
  if (first === '-s' || first === '-n') {
    const parsed = parseSignal(words[2] ?? '')
    if (!parsed) return complain(shell, words, `${words[2]}: invalid signal specification`)
    signal = parsed
    at = 3
  } else if (first?.startsWith('-') && first !== '--') {
    if (first === '-0') return words.slice(2).every((pid) => context.find(Number(pid)) !== undefined) ? 0 : complain(shell, words, `(${words[2]}) - No such process`)
    const parsed = parseSignal(first.slice(1))
    if (!parsed) return complain(shell, words, `${first.slice(1)}: invalid signal specification`)
    signal = parsed
    at = 2
  }
  if (words[at] === '--') at++
  if (at >= words.length) return complain(shell, words, 'usage: kill [-s sigspec | -signum] pid ...', 2)
  let status = 0
  for (const word of words.slice(at)) {
    const job = word.startsWith('%') ? jobOf(shell, word) : undefined
    if (job) {
      for (const process of job.processes) process.kill(signal)
      continue
    }
    const target = /^\d+$/.test(word) ? context.find(Number(word)) : undefined
    if (!target) {
      const { flavour } = shell.state
      status = await complain(shell, words, /^\d+$/.test(word) ? (flavour === 'bash' ? `(${word}) - No such process` : flavour === 'ash' ? `can't kill pid ${word}: No such process` : 'No such process') : `invalid number '${word}'`)
      continue
    }
    target.kill(signal)
    // A signal to itself arrives before the shell goes on.
    if (Number(word) === context.pid) await context.sleep(0)
  }
  return status
}

const read: Builtin = async (shell, words) => {
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

const mapfile: Builtin = async (shell, words) => {
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

const echo: Builtin = async (shell, words) => {
  await out(shell, echoText(words.slice(1), shell.state.flavour === 'dash'))
  return 0
}

const printf: Builtin = async (shell, words) => {
  let at = 1
  let variable: string | undefined
  if (words[at] === '-v') {
    variable = words[2]
    at = 3
  }
  if (words[at] === '--') at++
  const format = words[at]
  if (format === undefined) return complain(shell, words, 'usage: printf [-v var] format [arguments]', 2)
  const { text, complaints } = formatPrintf(format, words.slice(at + 1))
  for (const complaint of complaints) await complain(shell, words, complaint)
  if (variable !== undefined) shell.state.set(variable, text)
  else await out(shell, text)
  return complaints.length > 0 ? 1 : 0
}

const test: Builtin = async (shell, words) => {
  let operands = words.slice(1)
  if (words[0] === '[') {
    if (operands.at(-1) !== ']') return complain(shell, words, shell.state.flavour === 'bash' ? "missing `]'" : 'missing ]', 2)
    operands = operands.slice(0, -1)
  }
  try {
    return testArguments(shell.context, operands, (name) => shell.state.variables.has(name)) ? 0 : 1
  } catch (error) {
    if (!(error instanceof ShellError)) throw error
    const { flavour } = shell.state
    const bad = /^(\S*): bad number$/.exec(error.message)?.[1]
    const text = bad === undefined ? error.message : { bash: `${bad}: integer expression expected`, dash: `Illegal number: ${bad}`, ash: error.message }[flavour]
    if (flavour !== 'ash') return complain(shell, words, text, 2)
    await shell.complain(text)
    return 2
  }
}

const type: Builtin = async (shell, words) => {
  let status = 0
  const short = words[1] === '-t'
  const pathOnly = words[1] === '-p' || words[1] === '-P'
  for (const name of words.slice(short || pathOnly ? 2 : 1)) {
    const path = shell.context.which(name)
    if (pathOnly) {
      if (path !== undefined) await out(shell, `${path}\n`)
      else status = 1
    } else if (shell.state.functions.has(name)) await out(shell, short ? 'function\n' : `${name} is a ${shell.state.flavour === 'dash' ? 'shell ' : ''}function\n`)
    else if (builtins.has(name)) await out(shell, short ? 'builtin\n' : `${name} is a shell builtin\n`)
    else if (keywords.has(name)) await out(shell, short ? 'keyword\n' : `${name} is a shell keyword\n`)
    else if (path !== undefined) await out(shell, short ? 'file\n' : `${name} is ${path}\n`)
    else {
      if (!short) {
        if (shell.state.flavour === 'bash') await complain(shell, words, `${name}: not found`)
        else await out(shell, `${name}: not found\n`)
      }
      status = shell.state.flavour === 'bash' ? 1 : 127
    }
  }
  return status
}

const keywords = new Set(['if', 'then', 'else', 'elif', 'fi', 'for', 'while', 'until', 'do', 'done', 'case', 'esac', 'in', '!', '{', '}', '[[', ']]', 'function', 'select', 'time'])

const command: Builtin = async (shell, words) => {
  const option = words[1]
  if (option === '-v' || option === '-V') {
    let status = 0
    for (const name of words.slice(2)) {
      const path = shell.context.which(name)
      const known = shell.state.functions.has(name) || builtins.has(name) || keywords.has(name)
      if (option === '-V') status ||= await type(shell, ['type', name])
      else if (known) await out(shell, `${name}\n`)
      else if (path !== undefined) await out(shell, `${path}\n`)
      else status = shell.state.flavour === 'bash' ? 1 : 127
    }
    return status
  }
  const rest = words.slice(option === '-p' || option === '--' ? 2 : 1)
  if (rest.length === 0) return 0
  const builtin = builtins.get(rest[0]!)
  if (builtin) return builtin(shell, rest)
  const child = await shell.spawn(rest, shell.state.environment(), shell.context.descriptors)
  return child ? child.wait() : shell.state.status
}

const getopts: Builtin = async (shell, words) => {
  const [, options = '', name = 'opt', ...given] = words
  const { state } = shell
  const list = given.length > 0 ? given : state.positional
  let index = Number(state.get('OPTIND') ?? '1')
  let offset = Number(state.get('_OPTOFFSET') ?? '1')
  const word = list[index - 1]
  if (word === undefined || !/^-./.test(word) || word === '--') {
    if (word === '--') state.set('OPTIND', String(index + 1))
    state.set(name, '?')
    return 1
  }
  const letter = word[offset]!
  const known = options.replace(/^:/, '').indexOf(letter)
  const takes = options.replace(/^:/, '')[known + 1] === ':'
  let value: string | undefined
  offset++
  const advance = (): void => {
    index++
    offset = 1
  }
  if (known < 0 || letter === ':') {
    state.set(name, '?')
    if (options.startsWith(':')) state.set('OPTARG', letter)
    else if (state.flavour === 'bash') await shell.context.stderr.write(`${state.name}: illegal option -- ${letter}\n`)
    else await shell.context.stderr.write(`Illegal option -${letter}\n`)
    if (offset >= word.length) advance()
  } else {
    state.set(name, letter)
    if (takes) {
      value = offset < word.length ? word.slice(offset) : list[index]
      if (offset >= word.length) index++
      advance()
      if (value === undefined) {
        state.set(name, options.startsWith(':') ? ':' : '?')
        if (options.startsWith(':')) value = letter
        else await shell.context.stderr.write(state.flavour === 'bash' ? `${state.name}: option requires an argument -- ${letter}\n` : `No arg for -${letter} option\n`)
      }
    } else if (offset >= word.length) advance()
    if (value !== undefined) state.set('OPTARG', value)
    else if (state.variables.has('OPTARG')) state.unset('OPTARG')
  }
  state.set('OPTIND', String(index))
  state.set('_OPTOFFSET', String(offset))
  return 0
}

const letBuiltin: Builtin = async (shell, words) => {
  let status = 1
  for (const word of words.slice(1)) {
    await shell.runScript(parseScript(`((${word}))`))
    status = shell.state.status
  }
  return status
}

const umask: Builtin = async (shell, words) => {
  if (words[1] === undefined) await out(shell, '0022\n')
  return 0
}

const ulimit: Builtin = async (shell, words) => {
  if (words.includes('-n')) await out(shell, '1048576\n')
  else await out(shell, 'unlimited\n')
  return 0
}

const alias: Builtin = async (shell, words) => {
  for (const word of words.slice(1)) {
    const [name = '', ...value] = word.split('=')
    if (value.length > 0) shell.state.aliases.set(name, value.join('='))
    else if (shell.state.aliases.has(name)) await out(shell, `${name}=${quoteWord(shell.state.aliases.get(name)!)}\n`)
    else return complain(shell, words, `${name}: not found`)
  }
  if (words.length === 1) await out(shell, [...shell.state.aliases].map(([name, value]) => `${name}=${quoteWord(value)}\n`).join(''))
  return 0
}

const nothing: Builtin = async () => 0

/** Every builtin by name. Dispatched here, so that adding one is adding a line. */
export const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  [':', nothing],
  ['true', nothing],
  ['false', async () => 1],
  ['cd', cd],
  ['chdir', cd],
  ['pwd', async (shell) => {
    await out(shell, `${shell.context.cwd}\n`)
    return 0
  }],
  ['export', exportNames],
  ['readonly', readonly],
  ['local', local],
  ['declare', declareBuiltin],
  ['typeset', declareBuiltin],
  ['set', set],
  ['unset', unset],
  ['shift', shift],
  ['break', loopControl('break')],
  ['continue', loopControl('continue')],
  ['exit', exit],
  ['logout', exit],
  ['return', returnBuiltin],
  ['eval', evalBuiltin],
  ['exec', nothing],
  ['.', source],
  ['source', source],
  ['trap', trap],
  ['wait', wait],
  ['jobs', jobs],
  ['fg', foreground],
  ['bg', nothing],
  ['kill', kill],
  ['read', read],
  ['mapfile', mapfile],
  ['readarray', mapfile],
  ['echo', echo],
  ['printf', printf],
  ['test', test],
  ['[', test],
  ['type', type],
  ['command', command],
  ['builtin', command],
  ['getopts', getopts],
  ['let', letBuiltin],
  ['umask', umask],
  ['ulimit', ulimit],
  ['alias', alias],
  ['unalias', async (shell, words) => {
    for (const word of words.slice(1)) shell.state.aliases.delete(word)
    return 0
  }],
  ['hash', nothing],
  ['times', async (shell) => {
    await out(shell, '0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n')
    return 0
  }],
  ['shopt', nothing],
  ['disown', nothing],
  ['history', nothing],
])

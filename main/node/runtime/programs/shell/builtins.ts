import { FileError } from '../../files/file-error.ts'
import { echoText } from '../echo.ts'
import { complain, out, type Builtin } from './builtin.ts'
import { FunctionReturn, LoopControl, ShellExit } from './control-flow.ts'
import { quoteWord } from './expansion.ts'
import { spawnCommand } from './external.ts'
import type { Interpreter } from './interpreter.ts'
import { parseScript } from './parse.ts'
import { formatPrintf } from './printf.ts'
import { ShellError } from './state.ts'
import { testArguments } from './test-expression.ts'
import * as input from './input-builtins.ts'
import * as processes from './job-builtins.ts'
import * as variables from './variable-builtins.ts'

/** Builtins whose arguments are assignments. */
export const declarations: ReadonlySet<string> = new Set(['export', 'readonly', 'local', 'declare', 'typeset'])

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
  const child = await spawnCommand(shell, rest, shell.state.environment(), shell.context.descriptors)
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
  ['export', variables.exportNames],
  ['readonly', variables.readonly],
  ['local', variables.local],
  ['declare', variables.declareBuiltin],
  ['typeset', variables.declareBuiltin],
  ['set', variables.set],
  ['unset', variables.unset],
  ['shift', variables.shift],
  ['break', loopControl('break')],
  ['continue', loopControl('continue')],
  ['exit', exit],
  ['logout', exit],
  ['return', returnBuiltin],
  ['eval', evalBuiltin],
  ['exec', nothing],
  ['.', source],
  ['source', source],
  ['trap', processes.trap],
  ['wait', processes.wait],
  ['jobs', processes.jobs],
  ['fg', processes.foreground],
  ['bg', nothing],
  ['kill', processes.kill],
  ['read', input.read],
  ['mapfile', input.mapfile],
  ['readarray', input.mapfile],
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

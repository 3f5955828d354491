import { FileError } from '../../files/file-error.ts'
import type { Program, ProcessContext } from '../program.ts'
import { nameOf } from '../text-input.ts'
import { Interpreter } from './interpreter.ts'
import { LineEditor } from './line-editor.ts'
import { isIncomplete, parseScript } from './parse.ts'
import { optionLetters, ShellState, type ShellFlavour } from './state.ts'
import { FunctionReturn, LoopControl, ShellExit } from './control-flow.ts'

/** sh, ash, dash and bash: one evaluator, with the messages of whichever it is. */
export const shell: Program = async (context) => {
  const flavour = flavourOf(context)
  const options = readOptions(context.argv)
  if (options.version) {
    await context.stdout.write(flavour === 'bash' ? 'GNU bash, version 5.2.37(1)-release (x86_64-pc-linux-gnu)\n' : 'BusyBox v1.37.0 () multi-call binary.\n')
    return 0
  }
  const state = new ShellState(flavour, options.name, options.positional, context.pid)
  state.startedAt = context.clock.now()
  for (const [name, value] of context.env) if (/^[A-Za-z_]\w*$/.test(name)) state.variables.set(name, { value, exported: true, readOnly: false })
  if (flavour === 'bash') state.variables.set('BASH_VERSION', { value: '5.2.37(1)-release', exported: false, readOnly: false })
  state.variables.set('PWD', { value: context.cwd, exported: true, readOnly: false })
  state.variables.set('IFS', { value: ' \t\n', exported: false, readOnly: false })
  state.variables.set('OPTIND', { value: '1', exported: false, readOnly: false })
  for (const letter of options.letters) {
    const option = optionLetters[letter]
    if (option) state.options[option] = true
  }
  if (options.pipefail) state.options.pipefail = true
  const interpreter = new Interpreter(context, state)
  if (options.command !== undefined) return interpreter.runToEnd(parseScript(options.command))
  if (options.script !== undefined) {
    let text: string
    try {
      text = context.files.readText(context.path(options.script))
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      const shown = flavour === 'bash' ? `${context.argv[0]}: ${options.script}: ${error.message}` : flavour === 'ash' ? `${nameOf(context)}: can't open '${options.script}': ${error.message}` : `${nameOf(context)}: 0: cannot open ${options.script}: No such file`
      await context.stderr.write(`${shown}\n`)
      return flavour === 'bash' ? 127 : 2
    }
    return interpreter.runToEnd(parseScript(text))
  }
  const interactive = options.letters.includes('i') || (context.descriptors[0]?.terminal !== undefined && context.descriptors[2]?.terminal !== undefined)
  return interactive && context.terminal ? runInteractively(context, interpreter) : runFromInput(interpreter)
}

interface ShellArguments {
  readonly name: string
  readonly letters: string
  readonly pipefail: boolean
  readonly version: boolean
  readonly command: string | undefined
  readonly script: string | undefined
  readonly positional: string[]
}

function readOptions(argv: readonly string[]): ShellArguments {
  const name = argv[0] ?? 'sh'
  let letters = ''
  let pipefail = false
  let at = 1
  let takesCommand = false
  let fromInput = false
  for (; at < argv.length; at++) {
    const word = argv[at]!
    if (word === '--') {
      at++
      break
    }
    if (word === '--version') return { name, letters, pipefail, version: true, command: undefined, script: undefined, positional: [] }
    if (word.startsWith('--')) continue
    if (!/^[-+]./.test(word)) break
    let optionName = false
    for (const letter of word.slice(1)) {
      if (letter === 'c') takesCommand = true
      else if (letter === 's') fromInput = true
      else if (letter === 'o') optionName = true
      else if (word.startsWith('-')) letters += letter
    }
    if (optionName) {
      const option = argv[++at]
      if (option === 'pipefail') pipefail = true
      if (option === 'errexit') letters += 'e'
      if (option === 'xtrace') letters += 'x'
      if (option === 'nounset') letters += 'u'
    }
  }
  const rest = argv.slice(at)
  if (takesCommand) return { name: rest[1] ?? name, letters, pipefail, version: false, command: rest[0] ?? '', script: undefined, positional: rest.slice(2) }
  if (fromInput || rest.length === 0) return { name, letters, pipefail, version: false, command: undefined, script: undefined, positional: rest }
  return { name: rest[0]!, letters, pipefail, version: false, command: undefined, script: rest[0]!, positional: rest.slice(1) }
}

function flavourOf(context: ProcessContext): ShellFlavour {
  const name = nameOf(context).replace(/^-/, '')
  if (name === 'bash' || name === 'zsh') return 'bash'
  return context.files.find('/bin/busybox') ? 'ash' : 'dash'
}

/** Commands from a pipe or file: read and run one complete command after the other, so that a command may read on. */
async function runFromInput(interpreter: Interpreter): Promise<number> {
  let pending = ''
  try {
    for (;;) {
      const line = await interpreter.readLine()
      if (line === undefined) break
      pending += `${line}\n`
      const script = parseScript(pending)
      if (isIncomplete(pending, script)) continue
      pending = ''
      await interpreter.runScript(script)
    }
    if (pending.trim() !== '') await interpreter.runScript(parseScript(pending))
  } catch (error) {
    endOf(error, interpreter)
  }
  return interpreter.finish()
}

function endOf(error: unknown, interpreter: Interpreter): void {
  if (error instanceof ShellExit || error instanceof FunctionReturn) interpreter.state.status = error.status
  else throw error
}

async function runInteractively(context: ProcessContext, interpreter: Interpreter): Promise<number> {
  const { state } = interpreter
  const terminal = context.terminal!
  state.interactive = true
  context.onSignal('INT', () => {})
  context.onSignal('QUIT', 'ignore')
  if (context.pid !== 1 || terminal.foreground === 0) context.onSignal('TERM', 'ignore')
  terminal.foreground = context.group
  const editor = new LineEditor(context, terminal)
  if (!state.variables.has('PS1')) state.set('PS1', state.flavour === 'bash' ? '\\u@\\h:\\w\\$ ' : state.flavour === 'ash' ? '\\w \\$ ' : '\\$ ')
  if (state.flavour === 'ash' && context.files.exists('/etc/profile') === false) state.set('PS1', '\\w \\$ ')
  state.set('PS2', '> ')
  state.set('PS4', '+ ')
  for (;;) {
    await tellEndedJobs(context, interpreter)
    let pending = ''
    let interrupted = false
    for (;;) {
      const line = await editor.readLine(prompt(context, state.get(pending === '' ? 'PS1' : 'PS2') ?? '$ ', state), (word, first) => completions(interpreter, word, first))
      if (line === 'interrupt') {
        interrupted = true
        state.status = 130
        break
      }
      if (line === 'end') {
        if (pending !== '') {
          await interpreter.complain('syntax error: unexpected end of file')
          interrupted = true
          state.status = 2
          break
        }
        if (state.flavour === 'bash') await context.stderr.write('exit\n')
        return interpreter.finish()
      }
      pending += `${line}\n`
      if (!isIncomplete(pending, parseScript(pending))) break
    }
    if (interrupted || pending.trim() === '') continue
    editor.remember(pending.trimEnd())
    try {
      await interpreter.runScript(parseScript(pending))
    } catch (error) {
      if (error instanceof ShellExit) {
        state.status = error.status
        return interpreter.finish()
      }
      if (!(error instanceof LoopControl) && !(error instanceof FunctionReturn)) throw error
    }
    await interpreter.runPendingTraps()
  }
}

async function tellEndedJobs(context: ProcessContext, interpreter: Interpreter): Promise<void> {
  for (const job of interpreter.jobs.filter((each) => each.status !== undefined)) {
    const how = job.status === 0 ? 'Done' : job.status! > 128 ? 'Terminated' : `Exit ${job.status}`
    await context.stderr.write(`[${job.number}]+  ${how.padEnd(23)} ${job.text}\n`)
    interpreter.jobs.splice(interpreter.jobs.indexOf(job), 1)
  }
}

function prompt(context: ProcessContext, text: string, state: ShellState): string {
  const home = state.get('HOME')
  const cwd = home !== undefined && home !== '/' && (context.cwd === home || context.cwd.startsWith(`${home}/`)) ? `~${context.cwd.slice(home.length)}` : context.cwd
  const user = context.userId === 0 ? 'root' : (context.processes()[0]?.user ?? 'user')
  return text.replace(/\\([\\$uhHwWnt\[\]e])/g, (_, letter: string) => {
    switch (letter) {
      case '$':
        return context.userId === 0 ? '#' : '$'
      case 'u':
        return /^\d+$/.test(user) ? 'I have no name!' : user
      case 'h':
        return context.hostname.split('.')[0]!
      case 'H':
        return context.hostname
      case 'w':
        return cwd
      case 'W':
        return cwd === '/' ? '/' : cwd.split('/').at(-1)!
      case 'n':
        return '\n'
      case 't':
        return new Date(context.clock.now()).toISOString().slice(11, 19)
      case 'e':
        return '\x1b'
      case '\\':
        return '\\'
      default:
        return ''
    }
  })
}

/** What Tab offers: commands for a first word, paths otherwise. */
function completions(interpreter: Interpreter, word: string, first: boolean): string[] {
  const { context, state } = interpreter
  const found = new Set<string>()
  if (first && !word.includes('/')) {
    for (const directory of (state.get('PATH') ?? '').split(':')) {
      try {
        for (const name of context.files.list(directory)) if (name.startsWith(word)) found.add(`${name} `)
      } catch {
        // A directory of the PATH that is not there offers nothing.
      }
    }
    return [...found].sort()
  }
  const slash = word.lastIndexOf('/')
  const directory = slash < 0 ? context.cwd : context.path(word.slice(0, slash + 1))
  const base = word.slice(slash + 1)
  try {
    for (const name of context.files.list(directory)) {
      if (!name.startsWith(base) || (name.startsWith('.') && !base.startsWith('.'))) continue
      const isDirectory = context.files.find(`${directory}/${name}`)?.kind === 'directory'
      found.add(`${word.slice(0, slash + 1)}${name}${isDirectory ? '/' : ' '}`)
    }
  } catch {
    return []
  }
  return [...found].sort()
}

import type { OpenFile } from '../../processes/open-file.ts'
import { ExecError, type ProcessContext } from '../program.ts'
import type { Interpreter } from './interpreter.ts'
import { parseScript } from './parse.ts'
import type { ShellFlavour } from './state.ts'

/** Starts an executable; when that fails, says so, sets the status and answers undefined. */
export async function spawnCommand(shell: Interpreter, words: readonly string[], env: ReadonlyMap<string, string>, files: readonly (OpenFile | undefined)[]): Promise<ProcessContext | undefined> {
  const command = words[0]!
  try {
    const path = shell.state.get('PATH')
    const child = shell.context.spawn(words, { env: path === undefined || env.has('PATH') ? env : new Map([...env, ['PATH', path]]), files, newGroup: shell.state.interactive })
    return child
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    const said = execMessage(shell.state.flavour, error, command)
    if (error.reason === 'not-executable') {
      const script = scriptText(shell, command)
      if (script !== undefined) {
        const child = shell.fork(async (inner) => {
          inner.state.positional = words.slice(1)
          inner.state.name = command
          await inner.runScript(parseScript(script))
        }, files)
        return child
      }
    }
    const text = `${said}\n`
    const { name, flavour, interactive } = shell.state
    const plainName = name.startsWith('-') ? name.slice(1) : name
    const line = interactive || flavour === 'ash' ? '' : flavour === 'bash' ? 'line 1: ' : '1: '
    const bytes = new TextEncoder().encode(`${flavour === 'ash' ? plainName.split('/').at(-1)! : plainName}: ${line}${text}`)
    await files[2]?.write(bytes)
    shell.state.status = error.reason === 'not-found' ? 127 : 126
    return undefined
  }
}

/** The text of a file without a first line that says what runs it. */
function scriptText(shell: Interpreter, command: string): string | undefined {
  const path = command.includes('/') ? shell.context.path(command) : shell.context.which(command)
  const inode = path === undefined ? undefined : shell.context.files.find(path)
  if (inode?.kind !== 'file' || inode.program !== undefined) return undefined
  const bytes = inode.bytes()
  return bytes.subarray(0, 80).includes(0) ? undefined : new TextDecoder().decode(bytes)
}

/** Why a command could not be started, as each shell says it. */
export function execMessage(flavour: ShellFlavour, error: ExecError, command: string): string {
  switch (error.reason) {
    case 'not-found':
      if (command.includes('/')) return flavour === 'bash' ? `${command}: No such file or directory` : `${command}: not found`
      return flavour === 'bash' ? `${command}: command not found` : `${command}: not found`
    case 'is-directory':
      return flavour === 'bash' ? `${command}: Is a directory` : `${command}: Permission denied`
    case 'not-permitted':
      return `${command}: Permission denied`
    case 'not-executable':
      return flavour === 'bash' ? `${command}: cannot execute binary file: Exec format error` : `${command}: Exec format error`
  }
}

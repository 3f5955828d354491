import type { Command } from 'unbash'
import type { Interpreter } from './interpreter.ts'

/** What builtins have in common. */

/** A command that the shell does itself. `words[0]` is its name. Answers the status. */
export type Builtin = (shell: Interpreter, words: readonly string[], node?: Command) => Promise<number>

/** Builtins before which assignments last, and whose names functions cannot take. */
export const specialBuiltins: ReadonlySet<string> = new Set([':', '.', 'source', 'break', 'continue', 'eval', 'exec', 'exit', 'export', 'readonly', 'return', 'set', 'shift', 'times', 'trap', 'unset'])

export const out = (shell: Interpreter, text: string): Promise<void> => shell.context.stdout.write(text)

export async function complain(shell: Interpreter, words: readonly string[], text: string, status = 1): Promise<number> {
  await shell.complain(`${words[0]}: ${text}`)
  return status
}

import { CliError, usageError } from '../cli-error.ts'
import type { Command } from '../command.ts'

/** `kubectl completion`: a script for the shell, which asks `__complete` at every TAB. */
export const completionCommand: Command = {
  name: 'completion',
  use: 'completion SHELL [options]',
  short: 'Output shell completion code for the specified shell (bash, zsh, fish, or powershell)',
  long: 'Print the code that makes a shell complete the words of kubectl command lines. The shell has to read it, for example with\n"source <(kubectl completion bash)" in its start-up file.',
  async run(context) {
    const { args, streams } = context
    if (args.length === 0) throw usageError(context.path, 'Shell not specified.')
    if (args.length > 1) throw usageError(context.path, 'Too many arguments. Expected only the shell type.')
    const { bashScript, fishScript, zshScript } = await import('../completion/scripts.ts')
    const script = { bash: bashScript, zsh: zshScript, fish: fishScript }[args[0]!]
    if (args[0] === 'powershell') throw new CliError('completion for powershell is not built into this kubectl')
    if (!script) throw usageError(context.path, `Unsupported shell type ${JSON.stringify(args[0])}.`)
    streams.out(script)
  },
}

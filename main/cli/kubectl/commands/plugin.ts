import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'

const list = (root: () => Command): Command => ({
  name: 'list',
  use: 'plugin list [flags] [options]',
  short: "List all visible plugin executables on a user's PATH",
  flags: [{ name: 'name-only', type: 'bool', help: 'Print the names of the files without their folders.' }],
  async run(context) {
    const { streams, environment, flags } = context
    const { pluginsOnPath } = await import('../plugins.node.ts')
    const plugins = pluginsOnPath(environment.variables.PATH ?? '', (text) => streams.err(text))
    if (plugins.length === 0) throw new CliError('unable to find any kubectl plugins in your PATH')
    streams.out('The following compatible plugins are available:\n\n')
    const seen = new Map<string, string>()
    let warnings = 0
    const warn = (text: string): void => {
      warnings++
      streams.err(`  - warning: ${text}\n`)
    }
    for (const { path, name, executable } of plugins) {
      streams.out(`${flags.bool('name-only') ? name : path}\n`)
      const words = name.slice('kubectl-'.length).split('-').map((word) => word.replaceAll('_', '-'))
      const found = commandNamed(root(), words)
      if (found) warn(`${name} overwrites existing command: "kubectl ${found}"`)
      else if (!executable) warn(`${path} identified as a kubectl plugin, but it is not executable`)
      else if (seen.has(name)) warn(`${path} is overshadowed by a similarly named plugin: ${seen.get(name)}`)
      seen.set(name, seen.get(name) ?? path)
    }
    if (warnings > 0) throw new CliError(warnings === 1 ? 'one plugin warning was found' : `${warnings} plugin warnings were found`)
  },
})

/** The command that a plugin's words would hide; undefined when there is none. */
function commandNamed(root: Command, words: readonly string[]): string | undefined {
  const path: string[] = []
  let command = root
  for (const word of words) {
    const next = command.subcommands?.find(({ name }) => name === word)
    if (!next) return undefined
    path.push(word)
    command = next
  }
  return path.join(' ')
}

/** `kubectl plugin`. Plugins themselves are started by `run.ts` when no command has the name. */
export const pluginCommand = (root: () => Command): Command => ({
  name: 'plugin',
  use: 'plugin [flags] [options]',
  short: 'Provides utilities for interacting with plugins',
  long: 'Tell which plugins there are.\n\n A plugin is a program on the PATH whose name begins with "kubectl-": "kubectl foo" runs "kubectl-foo".',
  subcommands: [list(root)],
})

import { StatusError } from '../../api/machinery/status-error.ts'
import type { Environment, Streams } from '../streams.ts'
import { CliError, ManyErrors, UsageError, usageError } from './cli-error.ts'
import type { Command } from './command.ts'
import { Factory, type Connector } from './connection/factory.ts'
import { ConnectionError } from './connection/connection-error.ts'
import { FlagValues, parseDurationMs, parseFlags } from './flags.ts'
import { globalFlags } from './global-flags.ts'
import { helpText } from './help.ts'
import { statusErrorText } from './status-error-text.ts'

/** Runs one kubectl command line and answers the exit code. Everything it needs is passed in. */
export async function runKubectl(root: Command, argv: readonly string[], streams: Streams, environment: Environment, connect: Connector): Promise<number> {
  let failureCode = 0
  try {
    const plugin = await pluginCode(root, argv, environment)
    if (plugin !== undefined) return plugin
    if (argv[0] === 'help') return printHelp(root, argv.slice(1).filter((word) => !word.startsWith('-')), streams)
    const { command, path, rest } = find(root, argv)
    const own = command.flags ?? []
    const shadowed = (name: string): boolean => own.some((flag) => flag.name === name)
    const parsed = (() => {
      try {
        if (command.verbatim) return { values: new FlagValues([...own, ...globalFlags]), args: rest, argsBeforeDash: -1, help: false }
        return parseFlags([...own, ...globalFlags.filter((flag) => !shadowed(flag.name))], rest)
      } catch (error) {
        throw error instanceof CliError ? new UsageError(error.message, path) : error
      }
    })()
    if (parsed.help || !command.run) {
      if (!parsed.help && command !== root && !command.lenient) {
        if (parsed.args.length > 0) throw usageError(path, `unknown command ${JSON.stringify(parsed.args.join(' '))}`)
        const text = helpText(command, path)
        if (command.helpOnOutput) streams.out(text)
        else streams.err(text)
        return 1
      }
      streams.out(helpText(command, path))
      return 0
    }
    const missing = parsed.values.missing()
    if (missing.length > 0) throw new CliError(`required flag(s) ${missing.map((name) => `"${name}"`).join(', ')} not set`)
    const factory = new Factory(parsed.values.forConnection(globalFlags, shadowed), streams, connect, path)
    failureCode = command.failureCode ?? 0
    checkTimeout(parsed.values.text('request-timeout'))
    const code = await command.run({ path, flags: parsed.values, args: parsed.args, argsBeforeDash: parsed.argsBeforeDash, streams, environment, factory })
    if (factory.warningCount > 0 && parsed.values.bool('warnings-as-errors')) throw new CliError(factory.warningCount === 1 ? '1 warning received' : `${factory.warningCount} warnings received`)
    return code ?? 0
  } catch (error) {
    return Math.max(report(error, streams), failureCode)
  }
}

function checkTimeout(text: string): void {
  if (/^\d+$/.test(text) || parseDurationMs(text) !== undefined) return
  throw new CliError('Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)')
}

/** `kubectl help COMMAND…`. */
function printHelp(root: Command, words: readonly string[], streams: Streams): number {
  let command = root
  for (const word of words) {
    const next = command.subcommands?.find(({ name, aliases }) => name === word || aliases?.includes(word))
    if (!next && command === root) {
      streams.err(`Unknown help topic [${words.map((each) => `\`${each}\``).join(' ')}]\n${helpText(root, root.name)}`)
      return 0
    }
    if (!next) break
    command = next
  }
  const path = [root.name, ...words].join(' ')
  streams.out(helpText(command, path))
  return 0
}

/** The exit code of the plugin that the first word names, if no command of ours has that name and such a plugin exists. */
async function pluginCode(root: Command, argv: readonly string[], { variables }: Environment): Promise<number | undefined> {
  const [first] = argv
  if (first === undefined || first.startsWith('-') || first === 'help' || root.subcommands?.some(({ name, aliases }) => name === first || aliases?.includes(first))) return undefined
  const { runPlugin } = await import('./plugins.node.ts')
  return runPlugin(argv, variables)
}

/** Finds the command that the words name, looking past flags; what is left are its flags and arguments. */
function find(root: Command, argv: readonly string[]): { command: Command; path: string; rest: string[] } {
  const valued = new Set(globalFlags.filter((flag) => flag.type !== 'bool').flatMap((flag) => [`--${flag.name}`, ...(flag.short ? [`-${flag.short}`] : [])]))
  let command = root
  let path = root.name
  const rest = [...argv]
  for (let index = 0; index < rest.length; ) {
    const word = rest[index]!
    if (word === '--') break
    if (word.startsWith('-') && word !== '-') {
      // Before the command only global flags make sense; a value in a word of its own is skipped with its flag.
      index += valued.has(word) ? 2 : 1
      continue
    }
    const next = command.subcommands?.find((candidate) => candidate.name === word || candidate.aliases?.includes(word))
    if (!next) {
      if (command === root) throw new CliError(`unknown command "${word}" for "${path}"${suggestions(root, word)}`)
      break
    }
    command = next
    path = `${path} ${next.name}`
    rest.splice(index, 1)
    if (!command.subcommands) break
  }
  return { command, path, rest }
}

function suggestions(root: Command, word: string): string {
  const close = (root.subcommands ?? []).filter((command) => !command.hidden && (distance(command.name, word) <= 2 || command.name.startsWith(word))).map((command) => command.name)
  return close.length > 0 ? `\n\nDid you mean this?\n${close.map((name) => `\t${name}\n`).join('')}` : ''
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]!
}

function report(error: unknown, streams: Streams): number {
  const line = (text: string): void => streams.err(text.endsWith('\n') ? text : `${text}\n`)
  if (error instanceof ManyErrors) {
    for (const one of error.errors) line(errorText(one))
    return 1
  }
  if (error instanceof CliError) {
    if (error.message !== '') line(`${error.prefixed && !error.message.startsWith('error: ') ? 'error: ' : ''}${error.message}`)
    return error.exitCode
  }
  if (error instanceof StatusError || error instanceof ConnectionError) line(errorText(error))
  else line(`error: ${errorText(error)}`)
  return 1
}

/** One of several errors, as a list of them shows it. */
function errorText(error: unknown): string {
  if (error instanceof StatusError) return statusErrorText(error)
  return error instanceof Error ? error.message : String(error)
}

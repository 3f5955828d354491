import type { Environment, Streams } from '../streams.ts'
import type { Flag, FlagValues } from './flags.ts'
import type { Factory } from './connection/factory.ts'

/** One kubectl command: options -> complete -> validate -> run, with its streams injected. A file of `commands/` each. */
export interface Command {
  readonly name: string
  readonly aliases?: readonly string[]
  /** What follows `kubectl ` on the usage line. */
  readonly use: string
  readonly short: string
  /** Shown by --help before the flags. */
  readonly long?: string
  readonly flags?: readonly Flag[]
  readonly subcommands?: readonly Command[]
  /** Headings of the subcommands in the help text, in order; `others` takes those that no heading names. */
  readonly groups?: readonly { readonly title: string; readonly names: readonly string[]; readonly others?: boolean }[]
  readonly hidden?: boolean
  /** Of commands that only group others: an unknown word is not complained about, the help is printed. */
  readonly lenient?: boolean
  /** Of commands that only group others: without a word, their help goes to the output and not among the errors. */
  readonly helpOnOutput?: boolean
  /** Every word after the command is an argument, flags are not looked for. */
  readonly verbatim?: boolean
  /** The least exit code of a failure, where it is not 1. */
  readonly failureCode?: number
  /** Absent: the command only groups others, and prints its help. Answers the exit code; throws CliError or StatusError. */
  readonly run?: (context: CommandContext) => Promise<number | void>
}

export interface CommandContext {
  /** `kubectl create deployment`. */
  readonly path: string
  readonly flags: FlagValues
  readonly args: readonly string[]
  /** How many of `args` stood before `--`; -1 without one. */
  readonly argsBeforeDash: number
  readonly streams: Streams
  readonly environment: Environment
  /** Everything that needs the kubeconfig or the server; nothing is read before it is asked for. */
  readonly factory: Factory
}

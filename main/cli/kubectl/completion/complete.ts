import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import type { Flag, FlagValues } from '../flags.ts'
import { parseFlags } from '../flags.ts'
import { globalFlags } from '../global-flags.ts'
import { Factory } from '../connection/factory.ts'
import { completeArgument, completeFlag, directives, type Completion } from './candidates.ts'

const directiveNames: Readonly<Record<number, string>> = {
  [directives.error]: 'ShellCompDirectiveError',
  [directives.noSpace]: 'ShellCompDirectiveNoSpace',
  [directives.noFiles]: 'ShellCompDirectiveNoFileComp',
  [directives.fileEndings]: 'ShellCompDirectiveFilterFileExt',
}

/** `kubectl __complete WORDS… PART`, which shells call: prints what PART may become, and what the shell is to do with it.
 *  Follows cobra's protocol. */
export function completeCommand(name: string, root: () => Command, described: boolean): Command {
  return {
    name,
    use: `${name} [command-line]`,
    short: 'Request shell completion choices for the specified command-line',
    hidden: true,
    verbatim: true,
    async run(context) {
      const { args, streams } = context
      if (args.length === 0) throw new CliError('requires at least 1 arg(s), only received 0')
      const { candidates, directive } = await choices(root(), context, args.slice(0, -1), args.at(-1)!)
      for (const candidate of candidates) streams.out(`${described ? candidate : candidate.split('\t')[0]!}\n`)
      const names = Object.entries(directiveNames).filter(([bit]) => (directive & Number(bit)) !== 0).map(([, text]) => text)
      streams.out(`:${directive}\n`)
      streams.err(`Completion ended with directive: ${names.join(', ') || 'ShellCompDirectiveDefault'}\n`)
    },
  }
}

async function choices(root: Command, context: CommandContext, words: readonly string[], word: string): Promise<Completion> {
  const { streams } = context
  const { command, path, rest } = commandOf(root, words)
  if (command === root && rest.some((one) => !one.startsWith('-')) && !afterFlag(globalFlags, rest)) {
    streams.err(`[Debug] Cleared global flags for plugin completion\n[Debug] [Error] unable to find a command for arguments: [${words.join(' ')}]\n`)
    return { candidates: [], directive: directives.default }
  }
  const own = command.flags ?? []
  const flags = [...own, ...globalFlags.filter((flag) => !own.some(({ name }) => name === flag.name))]
  const dashed = rest.includes('--')
  const valued = dashed ? undefined : valueFlag(flags, rest, word)
  const given = valued?.separate ? rest.slice(0, -1) : rest
  let parsed
  try {
    parsed = parseFlags(flags, given)
  } catch (error) {
    streams.err(`[Debug] [Error] Error while parsing flags from args [${given.join(' ')}]: ${(error as Error).message}\n`)
    return { candidates: [], directive: directives.default }
  }
  const inner: CommandContext = { ...context, path: `kubectl ${path}`, flags: parsed.values, args: parsed.args, argsBeforeDash: parsed.argsBeforeDash, factory: new Factory(parsed.values.forConnection(globalFlags, (name) => own.some((flag) => flag.name === name)), streams, context.factory.connector) }
  if (valued) return completeFlag(valued.flag.name, valued.flag.help, inner, valued.part)
  if (word.startsWith('-') && !dashed) return { candidates: flagNames(command, own, parsed.values, word), directive: directives.noFiles }
  const visible = parsed.args.length > 0 || own.some(({ name }) => parsed.values.changed(name)) ? [] : subcommandsOf(root, command)
  if (visible.length > 0) return { candidates: visible.filter(({ name }) => name.startsWith(word)).map(({ name, short }) => `${name}\t${short}`), directive: directives.noFiles }
  const required = own.filter((flag) => flag.required && !parsed.values.changed(flag.name)).map(({ name, help }) => `--${name}\t${help}`)
  const found = await completeArgument(path, inner, word)
  return { candidates: [...(word === '' ? required : []), ...found.candidates], directive: found.directive }
}

function subcommandsOf(root: Command, command: Command): { name: string; short: string }[] {
  const visible = (command.subcommands ?? []).filter(({ hidden }) => !hidden).map(({ name, short }) => ({ name, short }))
  if (command === root) visible.push({ name: 'help', short: 'Help about any command' }, { name: 'options', short: 'Print the list of flags inherited by all commands' })
  return visible.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The command that the words name, and what is left of them. */
function commandOf(root: Command, words: readonly string[]): { command: Command; path: string; rest: string[] } {
  let command = root
  const path: string[] = []
  const rest = [...words]
  for (let index = 0; index < rest.length; ) {
    const word = rest[index]!
    if (word === '--') break
    if (word.startsWith('-')) {
      index += afterFlag(globalFlags, [word]) && !word.includes('=') ? 2 : 1
      continue
    }
    const next = command.subcommands?.find(({ name, aliases }) => name === word || aliases?.includes(word))
    if (!next) break
    command = next
    path.push(next.name)
    rest.splice(index, 1)
  }
  return { command, path: path.join(' '), rest }
}

/** Whether the last word is a flag that wants a value. */
function afterFlag(flags: readonly Flag[], words: readonly string[]): Flag | undefined {
  const last = words.at(-1) ?? ''
  if (!last.startsWith('-') || last.includes('=')) return undefined
  const flag = last.startsWith('--') ? flags.find(({ name }) => `--${name}` === last) : flags.find(({ short }) => short !== undefined && last.endsWith(short))
  return flag && flag.type !== 'bool' && flag.bare === undefined ? flag : undefined
}

/** The flag whose value is being written, here or in a word of its own. */
function valueFlag(flags: readonly Flag[], rest: readonly string[], word: string): { flag: Flag; part: string; separate: boolean } | undefined {
  const before = afterFlag(flags, rest)
  if (before) return { flag: before, part: word, separate: true }
  const match = /^--([\w-]+)=(.*)$/s.exec(word)
  const flag = match && flags.find(({ name }) => name === match[1])
  return flag && match ? { flag, part: match[2]!, separate: false } : undefined
}

/** Flags that begin so, the global ones first; those that were given and are no lists are left out. */
function flagNames(command: Command, own: readonly Flag[], values: FlagValues, word: string): string[] {
  const help: Flag = { name: 'help', short: 'h', type: 'bool', help: `help for ${command.name}` }
  const named = (a: Flag, b: Flag): number => (a.name < b.name ? -1 : 1)
  const all = [...globalFlags.filter((flag) => !own.some(({ name }) => name === flag.name)).sort(named), ...[...own, help].sort(named)]
  const open = all.filter((flag) => !flag.hidden && (flag.type === 'list' || flag.type === 'array' || flag.type === 'pairs' || flag.name === 'help' || !values.changed(flag.name)))
  return open.flatMap((flag) => [`--${flag.name}`, ...(flag.short ? [`-${flag.short}`] : [])].filter((name) => name.startsWith(word)).map((name) => `${name}\t${flag.help}`))
}

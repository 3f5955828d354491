import type { Command } from './command.ts'
import type { Flag } from './flags.ts'
import { examplesOf } from './help-examples.ts'

/** What `--help` prints. */
export function helpText(command: Command, path: string): string {
  const parts = [`${command.long ?? command.short}\n`]
  if (command.aliases?.length) parts.push(`Aliases:\n${[command.name, ...command.aliases].join(', ')}\n`)
  const examples = examplesOf(path)
  if (examples) parts.push(`Examples:\n${examples}\n`)
  const visible = (command.subcommands ?? []).filter((sub) => !sub.hidden)
  const width = Math.max(...visible.map((sub) => sub.name.length), 11) + 2
  for (const [title, subs] of groupsOf(command, visible)) parts.push(`${title}:\n${subs.map((sub) => `  ${sub.name.padEnd(width)} ${sub.short}\n`).join('')}`)
  const flags = (command.flags ?? []).filter((flag) => !flag.hidden).sort((a, b) => (a.name < b.name ? -1 : 1))
  if (flags.length > 0) parts.push(`Options:\n${flags.map(flagText).join('\n')}`)
  parts.push(`Usage:\n  kubectl ${command.use}\n`)
  parts.push(visible.length > 0 ? `Use "${path} <command> --help" for more information about a given command.\nUse "kubectl options" for a list of global command-line options (applies to all commands).\n` : 'Use "kubectl options" for a list of global command-line options (applies to all commands).\n')
  return parts.join('\n')
}

/** Subcommands under their headings: one for all of them, unless the command groups them. */
function groupsOf({ groups }: Command, visible: readonly Command[]): (readonly [string, readonly Command[]])[] {
  if (!groups) return visible.length > 0 ? [['Available Commands', [...visible].sort((a, b) => (a.name < b.name ? -1 : 1))]] : []
  const taken = new Set(groups.flatMap(({ names }) => names))
  return groups.map(({ title, names, others }) => [title, [...names.flatMap((name) => visible.find((sub) => sub.name === name) ?? []), ...(others ? visible.filter((sub) => !taken.has(sub.name)).sort((a, b) => (a.name < b.name ? -1 : 1)) : [])]])
}

export function flagText(flag: Flag): string {
  const shown = { bool: flag.default ?? 'false', string: `'${flag.default ?? ''}'`, int: flag.default ?? '0', duration: flag.default ?? '0s', list: `[${flag.default ?? ''}]`, array: `[${flag.default ?? ''}]`, pairs: flag.default ?? '' }[flag.type]
  return `    ${flag.short ? `-${flag.short}, ` : ''}--${flag.name}=${shown}:\n\t${flag.help}\n`
}

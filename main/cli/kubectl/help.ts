import type { Command } from './command.ts'
import type { Flag } from './flags.ts'

/** What `--help` prints. */
export function helpText(command: Command, path: string): string {
  const parts = [`${command.long ?? command.short}\n`]
  if (command.aliases?.length) parts.push(`Aliases:\n${[command.name, ...command.aliases].join(', ')}\n`)
  if (command.examples) parts.push(`Examples:\n${command.examples}\n`)
  const visible = (command.subcommands ?? []).filter((sub) => !sub.hidden)
  if (visible.length > 0) {
    const width = Math.max(...visible.map((sub) => sub.name.length), 11) + 2
    parts.push(`Available Commands:\n${visible.map((sub) => `  ${sub.name.padEnd(width)} ${sub.short}`).join('\n')}\n`)
  }
  const flags = (command.flags ?? []).filter((flag) => !flag.hidden)
  if (flags.length > 0) parts.push(`Options:\n${flags.map(flagText).join('\n')}`)
  parts.push(`Usage:\n  kubectl ${command.use}\n`)
  parts.push(visible.length > 0 ? `Use "${path} <command> --help" for more information about a given command.\nUse "kubectl options" for a list of global command-line options (applies to all commands).\n` : 'Use "kubectl options" for a list of global command-line options (applies to all commands).\n')
  return parts.join('\n')
}

export function flagText(flag: Flag): string {
  const shown = { bool: flag.default ?? 'false', string: `'${flag.default ?? ''}'`, int: flag.default ?? '0', duration: flag.default ?? '0s', list: `[${flag.default ?? ''}]`, array: `[${flag.default ?? ''}]` }[flag.type]
  return `    ${flag.short ? `-${flag.short}, ` : ''}--${flag.name}=${shown}:\n\t${flag.help}\n`
}

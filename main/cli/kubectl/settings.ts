/** Flags that commands which change things share, and what they mean. */
import { CliError } from './cli-error.ts'
import type { CommandContext } from './command.ts'
import type { Flag } from './flags.ts'

export type DryRun = 'none' | 'client' | 'server'

export const dryRunFlag: Flag = {
  name: 'dry-run',
  type: 'string',
  default: 'none',
  bare: 'unchanged',
  help: 'Must be "none", "server", or "client". If client strategy, only print the object that would be sent, without sending it. If server strategy, submit server-side request without persisting the resource.',
}

export function dryRunOf({ flags, streams, environment }: CommandContext): DryRun {
  const value = flags.text('dry-run')
  if (value === 'none' || value === 'client' || value === 'server') return value
  if (value === 'unchanged') {
    streams.err(klogWarning(environment.now(), 'helpers.go:719', '--dry-run is deprecated and can be replaced with --dry-run=client.'))
    return 'client'
  }
  throw new CliError(`Invalid dry-run value (${value}). Must be "none", "server", or "client".`)
}

/** A line of klog at warning level. */
export function klogWarning(now: number, place: string, text: string): string {
  const [, month, day, time] = /^\d+-(\d+)-(\d+)T([\d:.]+)Z$/.exec(new Date(now).toISOString())!
  return `W${month}${day} ${time}000    ${String(7).padStart(4)} ${place}] ${text}\n`
}

export function fieldManagerFlag(name: string): Flag {
  return { name: 'field-manager', type: 'string', default: name, help: 'Name of the manager used to track field ownership.' }
}

export const validateFlag: Flag = {
  name: 'validate',
  type: 'string',
  default: 'strict',
  bare: 'strict',
  help: 'Must be one of: strict (or true), warn, ignore (or false).',
}

/** The server's word for --validate. */
export function validationOf({ flags }: CommandContext): 'Strict' | 'Warn' | 'Ignore' {
  const value = flags.text('validate')
  if (value === 'strict' || value === 'true') return 'Strict'
  if (value === 'warn') return 'Warn'
  if (value === 'ignore' || value === 'false') return 'Ignore'
  throw new CliError(`invalid - validate option ${JSON.stringify(value)}; must be one of: strict (or true), warn, ignore (or false)`)
}

export const saveConfigFlag: Flag = {
  name: 'save-config',
  type: 'bool',
  help: 'If true, the configuration of current object will be saved in its annotation. Otherwise, the annotation will be unchanged. This flag is useful when you want to perform kubectl apply on this object in the future.',
}

import type { Command } from '../command.ts'
import { getCommand } from './get.ts'

/** `kubectl` itself: one file for each command beside this one. */
export const rootCommand: Command = {
  name: 'kubectl',
  use: '[flags] [options]',
  short: 'kubectl controls the Kubernetes cluster manager.',
  subcommands: [getCommand],
}

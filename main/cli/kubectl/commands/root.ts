import type { Command } from '../command.ts'
import { apiResourcesCommand } from './api-resources.ts'
import { apiVersionsCommand } from './api-versions.ts'
import { applyCommand } from './apply.ts'
import { clusterInfoCommand } from './cluster-info.ts'
import { configCommand } from './config.ts'
import { createCommand } from './create/create-command.ts'
import { deleteCommand } from './delete.ts'
import { getCommand } from './get.ts'
import { versionCommand } from './version.ts'

/** `kubectl` itself: one file for each command beside this one. */
export const rootCommand: Command = {
  name: 'kubectl',
  use: '[flags] [options]',
  short: 'kubectl controls the Kubernetes cluster manager.',
  subcommands: [createCommand, applyCommand, deleteCommand, getCommand, clusterInfoCommand, apiResourcesCommand, apiVersionsCommand, configCommand, versionCommand],
}

import type { Command } from '../../command.ts'
import { createClusterRoleCommand } from './cluster-role.ts'
import { createConfigMapCommand } from './config-map.ts'
import { createFileFlags, createFromFiles } from './create.ts'
import { createDeploymentCommand } from './deployment.ts'
import { createCronJobCommand, createJobCommand } from './job.ts'
import { createDisruptionBudgetCommand } from './disruption-budget.ts'
import { createIngressCommand } from './ingress.ts'
import { createNamespaceCommand } from './namespace.ts'
import { createPriorityClassCommand } from './priority-class.ts'
import { createQuotaCommand } from './quota.ts'
import { createClusterRoleBindingCommand, createRoleBindingCommand } from './role-binding.ts'
import { createRoleCommand } from './role.ts'
import { createSecretCommand } from './secret.ts'
import { createServiceAccountCommand } from './service-account.ts'
import { createServiceCommand } from './service.ts'
import { createTokenCommand } from './token.ts'

/** `kubectl create`: from files, or by a subcommand for each kind. */
export const createCommand: Command = {
  name: 'create',
  use: 'create -f FILENAME [options]',
  short: 'Create a resource from a file or from stdin',
  long: 'Create a resource from a file or from stdin.\n\n JSON and YAML formats are accepted.',
  flags: createFileFlags,
  run: createFromFiles,
  subcommands: [
    createClusterRoleCommand,
    createClusterRoleBindingCommand,
    createConfigMapCommand,
    createCronJobCommand,
    createDeploymentCommand,
    createIngressCommand,
    createJobCommand,
    createNamespaceCommand,
    createDisruptionBudgetCommand,
    createPriorityClassCommand,
    createQuotaCommand,
    createRoleCommand,
    createRoleBindingCommand,
    createSecretCommand,
    createServiceCommand,
    createServiceAccountCommand,
    createTokenCommand,
  ],
}

import type { Command } from '../../command.ts'
import { createFlags, createMade, nameArgument } from './create.ts'

export const createServiceAccountCommand: Command = {
  name: 'serviceaccount',
  aliases: ['sa'],
  use: 'create serviceaccount NAME [--dry-run=server|client|none] [options]',
  short: 'Create a service account with the specified name',
  flags: createFlags,
  async run(context) {
    const name = nameArgument(context)
    await createMade(context, { object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } } as never, namespaced: true, failure: 'failed to create serviceaccount' })
  },
}

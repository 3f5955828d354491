import type { Command } from '../../command.ts'
import { createFlags, createMade, nameArgument } from './create.ts'

export const createNamespaceCommand: Command = {
  name: 'namespace',
  aliases: ['ns'],
  use: 'create namespace NAME [--dry-run=server|client|none] [options]',
  short: 'Create a namespace with the specified name',
  flags: createFlags,
  async run(context) {
    const name = nameArgument(context)
    await createMade(context, { object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {}, status: {} } as never, namespaced: false })
  },
}

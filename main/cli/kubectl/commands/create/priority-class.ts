import type { Command } from '../../command.ts'
import { createFlags, createMade, nameArgument } from './create.ts'

/** `kubectl create priorityclass`. */
export const createPriorityClassCommand: Command = {
  name: 'priorityclass',
  aliases: ['pc'],
  use: 'create priorityclass NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none] [options]',
  short: 'Create a priority class with the specified name',
  flags: [
    ...createFlags,
    { name: 'description', type: 'string', help: 'What the class is for.' },
    { name: 'global-default', type: 'bool', default: 'false', help: 'Whether pods that name no class get this one.' },
    { name: 'preemption-policy', type: 'string', default: 'PreemptLowerPriority', help: 'Whether pods of the class may drive away others: PreemptLowerPriority or Never.' },
    { name: 'value', type: 'int', default: '0', help: 'How important pods of the class are.' },
  ],
  async run(context) {
    const { flags } = context
    const name = nameArgument(context)
    const object = {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name },
      value: flags.int('value'),
      ...(flags.bool('global-default') ? { globalDefault: true } : {}),
      ...(flags.text('description') ? { description: flags.text('description') } : {}),
      preemptionPolicy: flags.text('preemption-policy'),
    }
    await createMade(context, { object: object as never, namespaced: false, failure: 'failed to create priorityclass' })
  },
}

import { canonicalQuantity } from '../../../../api/machinery/quantity.ts'
import { CliError } from '../../cli-error.ts'
import type { Command } from '../../command.ts'
import { createFlags, createMade, nameArgument } from './create.ts'

export const createQuotaCommand: Command = {
  name: 'quota',
  aliases: ['resourcequota'],
  use: 'create quota NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none] [options]',
  short: 'Create a quota with the specified name',
  flags: [
    ...createFlags,
    { name: 'hard', type: 'string', help: 'A comma-delimited set of resource=quantity pairs that define a hard limit.' },
    { name: 'scopes', type: 'string', help: 'A comma-delimited set of quota scopes that must all match each object tracked by the quota.' },
  ],
  async run(context) {
    const { flags } = context
    const name = nameArgument(context)
    const hard: Record<string, string> = {}
    for (const pair of flags.text('hard') ? flags.text('hard').split(',') : []) {
      const [key, value, ...more] = pair.split('=')
      if (value === undefined || more.length > 0) throw new CliError(`Invalid argument syntax ${pair}, expected <resource>=<value>`)
      hard[key!] = canonicalQuantity(value) ?? value
    }
    const scopes = flags.text('scopes') ? flags.text('scopes').split(',') : []
    const spec = { ...(Object.keys(hard).length > 0 ? { hard } : {}), ...(scopes.length > 0 ? { scopes } : {}) }
    await createMade(context, { object: { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name }, spec, status: {} } as never, namespaced: true, failure: 'failed to create quota' })
  },
}

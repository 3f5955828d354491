import { parseSelector } from '../../../../api/machinery/labels.ts'
import { CliError } from '../../cli-error.ts'
import type { Command } from '../../command.ts'
import type { KubeObject } from '../../../../api/machinery/object.ts'
import { changePodSpecs, sendChange, setFlags, visitForSet } from './pod-template.ts'

export const setServiceAccountCommand: Command = {
  name: 'serviceaccount',
  aliases: ['sa'],
  use: 'set serviceaccount (-f FILENAME | TYPE NAME) SERVICE_ACCOUNT [options]',
  short: 'Update the service account of a resource',
  flags: setFlags.filter(({ name }) => name !== 'selector'),
  async run(context) {
    const { args } = context
    if (args.length === 0) throw new CliError('serviceaccount is required')
    const serviceAccountName = args.at(-1)!
    await changePodSpecs(context, args.slice(0, -1), 'serviceaccount updated', (podSpec) => ({ ...podSpec, serviceAccountName }))
  },
}

export const setSelectorCommand: Command = {
  name: 'selector',
  use: 'set selector (-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version] [options]',
  short: 'Set the selector on a resource',
  flags: [...setFlags.filter(({ name }) => !['selector', 'kustomize'].includes(name)).map((flag) => (flag.name === 'recursive' ? { ...flag, default: 'true' } : flag)), { name: 'resource-version', type: 'string', help: 'If non-empty, the selectors update will only succeed if this is the current resource-version for the object.' }],
  async run(context) {
    const { args, flags } = context
    const expression = args.at(-1)
    if (expression === undefined) throw new CliError('one or more resources must be specified as <resource> <name> or <resource>/<name>')
    const selector: Record<string, string> = {}
    for (const { key, operator, values } of parseSelector(expression).requirements) {
      if (operator !== '=' && operator !== '==') throw new CliError(`expression "${expression}" can only have equality operators`)
      selector[key] = [...values][0] ?? ''
    }
    await visitForSet(context, args.slice(0, -1), async (info) => {
      if (info.resource.kind !== 'Service') throw new CliError('setting a selector is only supported for Services')
      const spec = (info.object as { spec?: object }).spec
      // A selector is replaced, not merged: what is not named any more has to go.
      const after = { ...info.object, metadata: { ...info.object.metadata, ...(flags.text('resource-version') ? { resourceVersion: flags.text('resource-version') } : {}) }, spec: { ...spec, selector } } as KubeObject
      await sendChange(context, info, after, 'selector updated')
    })
  },
}

import type { KubeObject } from '../../../api/machinery/object.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { patchObject, readObject } from '../resources/objects.ts'
import { filenameFlags, missingTypesText } from '../resources/selection.ts'
import { visitInfos } from '../resources/visit.ts'
import { watchUntil } from '../resources/watch-until.ts'
import { dryRunFlag, dryRunOf } from '../settings.ts'

interface Scale extends KubeObject {
  readonly spec?: { readonly replicas?: number }
  readonly status?: { readonly replicas?: number }
}

/** `kubectl scale`, by the scale subresource. */
export const scaleCommand: Command = {
  name: 'scale',
  use: 'scale [--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]',
  short: 'Set a new size for a deployment, replica set, or replication controller',
  flags: [
    ...objectOutputFlags,
    ...filenameFlags,
    dryRunFlag,
    { name: 'all', type: 'bool', help: 'Select all resources in the namespace of the specified resource types' },
    { name: 'current-replicas', type: 'int', default: '-1', help: 'Precondition for current size. Requires that the current size of the resource match this value in order to scale. -1 (default) for no condition.' },
    { name: 'replicas', type: 'int', required: true, help: 'The new desired number of replicas. Required.' },
    { name: 'resource-version', type: 'string', help: 'Precondition for resource version. Requires that the current resource version match this value in order to scale.' },
    { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'." },
    { name: 'timeout', type: 'duration', default: '0s', help: 'The length of time to wait before giving up on a scale operation, zero means don\'t wait. Any other values should contain a corresponding time unit (e.g. 1s, 2m, 3h).' },
  ],
  async run(context) {
    const { flags } = context
    const replicas = flags.int('replicas')
    if (replicas < 0) throw new CliError('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0')
    const dryRun = dryRunOf(context)
    const print = operationPrinter(context, 'scaled', dryRun)
    await visitInfos(context, context.args, { fetch: true, latest: true, all: flags.bool('all'), selector: flags.text('selector'), missing: () => new CliError(missingTypesText) }, async (info) => {
      if (dryRun === 'client') return print(info.object)
      if (flags.int('current-replicas') >= 0 || flags.text('resource-version')) {
        const scale = await readObject<Scale>(context, info, 'scale')
        if (flags.int('current-replicas') >= 0 && scale.spec?.replicas !== flags.int('current-replicas')) throw new CliError(`Expected replicas to be ${flags.int('current-replicas')}, was ${scale.spec?.replicas ?? 0}`)
        if (flags.text('resource-version') && scale.metadata?.resourceVersion !== flags.text('resource-version')) throw new CliError(`Expected resource version to be ${flags.text('resource-version')}, was ${scale.metadata?.resourceVersion}`)
      }
      try {
        await patchObject(context, info, 'merge', { spec: { replicas } }, { subresource: 'scale', dryRun: dryRun === 'server' })
      } catch (error) {
        if (error instanceof StatusError && error.reason === 'NotFound' && !info.resource.subresources.includes('scale')) throw new CliError('Error from server (NotFound): the server could not find the requested resource', { prefixed: false })
        throw error
      }
      if (flags.duration('timeout') > 0) {
        const done = await watchUntil(context, info, flags.duration('timeout'), (object) => {
          const { spec, status } = (object ?? {}) as { spec?: { replicas?: number }; status?: { replicas?: number } }
          return (status?.replicas ?? 0) === (spec?.replicas ?? 0) ? 'done' : 'go on'
        })
        if (!done) throw new CliError(`timed out waiting for ${JSON.stringify(info.name)} to be synced`)
      }
      print(info.object)
    })
  },
}

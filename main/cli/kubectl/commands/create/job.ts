import { CliError } from '../../cli-error.ts'
import type { Command, CommandContext } from '../../command.ts'
import { readObject } from '../../resources/objects.ts'
import { createFlags, createMade, nameArgument } from './create.ts'

function parts(context: CommandContext): { name: string; command: readonly string[] } {
  const { args, argsBeforeDash } = context
  // Both commands take what follows the name as the command, with or without `--`.
  const [names, command] = argsBeforeDash < 0 ? [args.slice(0, 1), args.slice(1)] : [args.slice(0, argsBeforeDash), args.slice(argsBeforeDash)]
  return { name: nameArgument(context, names), command }
}

export const createJobCommand: Command = {
  name: 'job',
  use: 'create job NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...] [options]',
  short: 'Create a job with the specified name',
  flags: [
    ...createFlags,
    { name: 'image', type: 'string', help: 'Image name to run.' },
    { name: 'from', type: 'string', help: 'The name of the resource to create a Job from (only cronjob is supported).' },
  ],
  async run(context) {
    const { flags, factory } = context
    const { name, command } = parts(context)
    if ((flags.text('image') === '') === (flags.text('from') === '')) throw new CliError('either --image or --from must be specified')
    if (command.length > 0 && flags.text('from')) throw new CliError('cannot specify --from and command')
    if (flags.text('from')) {
      const [type, from] = flags.text('from').split('/') as [string, string?]
      const resource = await factory.mapper().byName(type)
      if (resource.kind !== 'CronJob') throw new CliError('from must be an existing cronjob')
      const cronJob = await readObject<{ metadata: { name: string; uid: string }; spec: { jobTemplate: { metadata?: { labels?: object; annotations?: object }; spec: object } } }>(context, { resource, namespace: factory.namespace(), name: from ?? '' })
      const { metadata, spec } = cronJob.spec.jobTemplate
      const object = {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: {
          name,
          ...(metadata?.labels ? { labels: metadata.labels } : {}),
          annotations: { ...metadata?.annotations, 'cronjob.kubernetes.io/instantiate': 'manual' },
          ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: cronJob.metadata.name, uid: cronJob.metadata.uid, controller: true }],
        },
        spec,
        status: {},
      }
      return createMade(context, { object: object as never, namespaced: true, failure: 'failed to create job' })
    }
    const containers = [{ name, image: flags.text('image'), ...(command.length > 0 ? { command } : {}), resources: {} }]
    const object = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { template: { metadata: {}, spec: { containers, restartPolicy: 'Never' } } }, status: {} }
    await createMade(context, { object: object as never, namespaced: true, failure: 'failed to create job' })
  },
}

export const createCronJobCommand: Command = {
  name: 'cronjob',
  aliases: ['cj'],
  use: "create cronjob NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [flags] [options]",
  short: 'Create a cron job with the specified name',
  flags: [
    ...createFlags,
    { name: 'image', type: 'string', required: true, help: 'Image name to run.' },
    { name: 'schedule', type: 'string', required: true, help: 'A schedule in the Cron format the job should be run with.' },
    { name: 'restart', type: 'string', help: "job's restart policy. supported values: OnFailure, Never" },
  ],
  async run(context) {
    const { flags } = context
    const { name, command } = parts(context)
    const containers = [{ name, image: flags.text('image'), ...(command.length > 0 ? { command } : {}), resources: {} }]
    const jobSpec = { template: { metadata: {}, spec: { containers, restartPolicy: flags.text('restart') || 'OnFailure' } } }
    const object = { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name }, spec: { schedule: flags.text('schedule'), jobTemplate: { metadata: { name }, spec: jobSpec } }, status: {} }
    await createMade(context, { object: object as never, namespaced: true, failure: 'failed to create cronjob' })
  },
}

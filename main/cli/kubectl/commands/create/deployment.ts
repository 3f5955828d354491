import { CliError } from '../../cli-error.ts'
import type { Command } from '../../command.ts'
import { randomSuffix } from '../../random.node.ts'
import { createFlags, createMade, nameArgument } from './create.ts'

export const createDeploymentCommand: Command = {
  name: 'deployment',
  aliases: ['deploy'],
  use: 'create deployment NAME --image=image -- [COMMAND] [args...] [options]',
  short: 'Create a deployment with the specified name',
  flags: [
    ...createFlags,
    { name: 'image', type: 'list', required: true, help: 'Image names to run. A deployment can have multiple images set for multi-container pod.' },
    { name: 'port', type: 'int', default: '-1', help: 'The containerPort that this deployment exposes.' },
    { name: 'replicas', short: 'r', type: 'int', default: '1', help: 'Number of replicas to create. Default is 1.' },
  ],
  async run(context) {
    const { flags, args, argsBeforeDash } = context
    const name = nameArgument(context, argsBeforeDash < 0 ? args : args.slice(0, argsBeforeDash))
    const command = argsBeforeDash < 0 ? [] : args.slice(argsBeforeDash)
    const images = flags.list('image')
    if (images.length > 1 && command.length > 0) throw new CliError('cannot specify multiple --image options and command')
    const replicas = flags.int('replicas')
    if (replicas < 0) throw new CliError(`the replicas value must be greater than or equal to 0`)
    const port = flags.int('port')
    const containers = images.map((image, index) => ({
      name: containerName(image),
      image,
      ...(command.length > 0 ? { command } : {}),
      ...(port >= 0 && index === 0 ? { ports: [{ containerPort: port }] } : {}),
      resources: {},
    }))
    const labels = { app: name }
    const object = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels },
      spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } }, strategy: {} },
      status: {},
    }
    await createMade(context, { object: object as never, namespaced: true, failure: 'failed to create deployment' })
  },
}

/** A container is called after its image, without registry, tag and digest. */
export function containerName(image: string): string {
  const name = image.split('/').at(-1)!.split(':')[0]!.split('@')[0]!
  return /[_.]/.test(name) ? `${name.replaceAll(/[_.]/g, '-')}-${randomSuffix(5)}` : name
}

import { usageError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { groupVersionOf } from '../resources/mapper.ts'

/** `kubectl api-versions`. */
export const apiVersionsCommand: Command = {
  name: 'api-versions',
  use: 'api-versions [options]',
  short: 'Print the supported API versions on the server, in the form of "group/version"',
  async run({ streams, factory, args, path }) {
    if (args.length > 0) throw usageError(path, `unexpected arguments: [${args.join(' ')}]`)
    const versions = new Set((await factory.mapper().all()).map(groupVersionOf))
    for (const version of [...versions].sort()) streams.out(`${version}\n`)
  },
}

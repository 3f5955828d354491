import { canonicalQuantity } from '../../../../api/machinery/quantity.ts'
import { CliError } from '../../cli-error.ts'
import type { Command } from '../../command.ts'
import { changePodSpecs, fits, setFlags, type Container } from './pod-template.ts'

export const setResourcesCommand: Command = {
  name: 'resources',
  use: 'set resources (-f FILENAME | TYPE NAME)  ([--limits=LIMITS & --requests=REQUESTS] [options]',
  short: 'Update resource requests/limits on objects with pod templates',
  flags: [
    ...setFlags,
    { name: 'containers', short: 'c', type: 'string', default: '*', help: 'The names of containers in the selected pod templates to change, all containers are selected by default - may use wildcards' },
    { name: 'limits', type: 'string', help: "The resource requirement requests for this container.  For example, 'cpu=100m,memory=256Mi'.  Note that server side components may assign requests depending on the server configuration, such as limit ranges." },
    { name: 'requests', type: 'string', help: "The resource requirement requests for this container.  For example, 'cpu=100m,memory=256Mi'.  Note that server side components may assign requests depending on the server configuration, such as limit ranges." },
  ],
  async run(context) {
    const { flags } = context
    if (!flags.text('limits') && !flags.text('requests')) throw new CliError('you must specify an update to requests or limits (in the form of --requests/--limits)')
    const limits = quantities(flags.text('limits'))
    const requests = quantities(flags.text('requests'))
    await changePodSpecs(context, context.args, 'resource requirements updated', (podSpec) => {
      const { containers = [], initContainers } = podSpec
      if (![...containers, ...(initContainers ?? [])].some((container) => fits(flags.text('containers'), container.name))) throw new CliError(`unable to find container named ${flags.text('containers')}`)
      const update = (list: readonly Container[]): Container[] => list.map((container) => {
        if (!fits(flags.text('containers'), container.name)) return container
        const merged = { ...container.resources, ...(limits ? { limits: { ...container.resources?.limits, ...limits } } : {}), ...(requests ? { requests: { ...container.resources?.requests, ...requests } } : {}) }
        return { ...container, resources: merged }
      })
      return { ...podSpec, containers: update(containers), ...(initContainers ? { initContainers: update(initContainers) } : {}) }
    })
  },
}

function quantities(text: string): Record<string, string> | undefined {
  if (!text) return undefined
  const result: Record<string, string> = {}
  for (const pair of text.split(',')) {
    const [name, value, ...more] = pair.split('=')
    if (value === undefined || more.length > 0) throw new CliError(`invalid argument syntax ${pair}, expected <resource>=<value>`)
    const canonical = canonicalQuantity(value)
    if (canonical === undefined) throw new CliError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
    result[name!] = canonical
  }
  return result
}

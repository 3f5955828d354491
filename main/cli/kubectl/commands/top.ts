import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { requestJson } from '../resources/requests.ts'

/** `kubectl top`, as far as there is no metrics API: it looks for one, and says that there is none. */
export const topCommand: Command = {
  name: 'top',
  use: 'top [flags] [options]',
  short: 'Display resource (CPU/memory) usage',
  subcommands: [topOf('node', ['nodes', 'no'], 'Display resource (CPU/memory) usage of nodes'), topOf('pod', ['pods', 'po'], 'Display resource (CPU/memory) usage of pods')],
}

function topOf(name: string, aliases: readonly string[], short: string): Command {
  return {
    name,
    aliases,
    use: `top ${name} [NAME | -l label] [options]`,
    short,
    flags: [
      { name: 'no-headers', type: 'bool', help: 'If present, print output without headers' },
      { name: 'selector', short: 'l', type: 'string', help: 'Selector (label query) to filter on.' },
      { name: 'sort-by', type: 'string', help: 'If non-empty, sort list using specified field.' },
      { name: 'use-protocol-buffers', type: 'bool', default: 'true', help: 'Enables using protocol-buffers to access Metrics API.' },
      ...(name === 'pod'
        ? ([
            { name: 'all-namespaces', short: 'A', type: 'bool', help: 'If present, list the requested object(s) across all namespaces.' },
            { name: 'containers', type: 'bool', help: 'If present, print usage of containers within a pod.' },
            { name: 'field-selector', type: 'string', help: 'Selector (field query) to filter on.' },
            { name: 'sum', type: 'bool', help: 'Print the sum of the resource usage' },
          ] as const)
        : ([{ name: 'show-capacity', type: 'bool', help: 'Print node resources based on Capacity instead of Allocatable(default) of the nodes.' }] as const)),
    ],
    run: answer,
  }
}

async function answer(context: CommandContext): Promise<number> {
  const groups = await requestJson<{ groups?: { name: string }[] }>(context, 'GET', '/apis')
  if (!groups.groups?.some(({ name }) => name === 'metrics.k8s.io')) throw new CliError('Metrics API not available')
  throw new CliError('metrics not available yet')
}

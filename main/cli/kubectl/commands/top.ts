import type { Node, Pod } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { floatOf, parseQuantity } from '../../../api/machinery/quantity.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { TabWriter } from '../printing/tab-writer.ts'
import { requestJson } from '../resources/requests.ts'

/** `kubectl top`: what the metrics API (metrics.k8s.io) measured. */
export const topCommand: Command = {
  name: 'top',
  use: 'top [flags] [options]',
  short: 'Display resource (CPU/memory) usage',
  long: 'Display resource (CPU/memory) usage.\n\n What nodes and pods use is measured by the metrics API, which the cluster has to have.',
  subcommands: [topOf('node', ['nodes', 'no'], 'Display resource (CPU/memory) usage of nodes', topNodes), topOf('pod', ['pods', 'po'], 'Display resource (CPU/memory) usage of pods', topPods)],
}

function topOf(name: string, aliases: readonly string[], short: string, run: (context: CommandContext) => Promise<void>): Command {
  return {
    name,
    aliases,
    use: `top ${name} [NAME | -l label] [options]`,
    short,
    flags: [
      { name: 'no-headers', type: 'bool', help: 'If present, print output without headers' },
      { name: 'selector', short: 'l', type: 'string', help: 'Selector (label query) to filter on.' },
      { name: 'sort-by', type: 'string', help: "What to sort by, the largest first: 'cpu' or 'memory'." },
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
    async run(context) {
      const sortBy = context.flags.text('sort-by')
      if (!['', 'cpu', 'memory'].includes(sortBy)) throw new CliError('--sort-by accepts only cpu or memory')
      if (context.args.length > 1) throw usageError(context.path, `${name} [NAME | -l label]`)
      if (context.args.length === 1 && context.flags.text('selector')) throw new CliError('only one of NAME or --selector can be provided')
      const { groups = [] } = await requestJson<{ groups?: { name: string }[] }>(context, 'GET', '/apis')
      if (!groups.some(({ name: group }) => group === 'metrics.k8s.io')) throw new CliError('Metrics API not available')
      await run(context)
    },
  }
}

const metricsApi = '/apis/metrics.k8s.io/v1beta1'

type Amounts = Readonly<Record<string, string>>
interface NodeMetrics extends KubeObject {
  readonly usage?: Amounts
}
interface PodMetrics extends KubeObject {
  readonly containers?: readonly { readonly name: string; readonly usage?: Amounts }[]
}

interface Usage {
  /** Thousandths of a core, rounded up. */
  readonly cpu: number
  readonly memoryBytes: number
}

function usageOf(amounts: Amounts | undefined): Usage {
  return { cpu: Math.ceil(amountOf(amounts?.cpu) * 1000), memoryBytes: amountOf(amounts?.memory) }
}

function amountOf(text: string | undefined): number {
  const quantity = text === undefined ? undefined : parseQuantity(text)
  return quantity ? floatOf(quantity) : 0
}

function added(usages: readonly Usage[]): Usage {
  return usages.reduce((sum, { cpu, memoryBytes }) => ({ cpu: sum.cpu + cpu, memoryBytes: sum.memoryBytes + memoryBytes }), { cpu: 0, memoryBytes: 0 })
}

const cpuText = ({ cpu }: Usage): string => `${cpu}m`
const memoryText = ({ memoryBytes }: Usage): string => `${Math.floor(memoryBytes / (1024 * 1024))}Mi`

/** The largest first when asked for, by name otherwise. */
function sorted<T extends { readonly key: string; readonly usage: Usage }>(items: readonly T[], by: string): T[] {
  const byName = (a: T, b: T): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
  return [...items].sort((a, b) => (by === 'cpu' ? b.usage.cpu - a.usage.cpu : by === 'memory' ? b.usage.memoryBytes - a.usage.memoryBytes : byName(a, b)))
}

/** One object's metrics, or those of a list by the command's selectors. */
async function measured<T extends KubeObject>(context: CommandContext, path: string): Promise<T[]> {
  const { args, flags } = context
  if (args[0] !== undefined) return [await requestJson<T>(context, 'GET', `${path}/${encodeURIComponent(args[0])}`)]
  const query = new URLSearchParams()
  if (flags.text('selector')) query.set('labelSelector', flags.text('selector'))
  if (flags.has('field-selector') && flags.text('field-selector')) query.set('fieldSelector', flags.text('field-selector'))
  return (await requestJson<{ items?: T[] }>(context, 'GET', `${path}${query.size > 0 ? `?${query.toString()}` : ''}`)).items ?? []
}

/** Upstream ends every cell with a tab, the last one too. */
function usageTable(): { row(cells: readonly string[]): void; flush(): string } {
  const writer = new TabWriter()
  return { row: (cells) => writer.row([...cells, '']), flush: () => writer.flush() }
}

async function topNodes(context: CommandContext): Promise<void> {
  const { flags, streams } = context
  const metrics = await measured<NodeMetrics>(context, `${metricsApi}/nodes`)
  if (metrics.length === 0) throw new CliError('metrics not available yet')
  const nodes = await measured<Node>(context, '/api/v1/nodes')
  const totals = new Map(nodes.map((node) => [node.metadata.name, (flags.bool('show-capacity') ? node.status?.capacity : node.status?.allocatable) as Amounts | undefined]))
  const writer = usageTable()
  if (!flags.bool('no-headers')) writer.row(['NAME', 'CPU(cores)', 'CPU(%)', 'MEMORY(bytes)', 'MEMORY(%)'])
  for (const { key, usage } of sorted(metrics.map((one) => ({ key: one.metadata.name, usage: usageOf(one.usage) })), flags.text('sort-by'))) {
    const total = usageOf(totals.get(key))
    const share = (used: number, of: number): string => (of > 0 ? `${Math.floor((used / of) * 100)}%` : '<unknown>')
    writer.row([key, cpuText(usage), share(usage.cpu, total.cpu), memoryText(usage), share(usage.memoryBytes, total.memoryBytes)])
    totals.delete(key)
  }
  for (const name of [...totals.keys()].sort()) writer.row([name, '<unknown>', '<unknown>', '<unknown>', '<unknown>'])
  streams.out(writer.flush())
}

async function topPods(context: CommandContext): Promise<void> {
  const { flags, streams, factory } = context
  const everywhere = flags.bool('all-namespaces')
  const scope = everywhere ? '' : `/namespaces/${encodeURIComponent(factory.namespace())}`
  const metrics = await measured<PodMetrics>(context, `${metricsApi}${scope}/pods`)
  if (metrics.length === 0) return noPodMetrics(context, scope)
  const inside = flags.bool('containers')
  const rows = sorted(metrics.map((pod) => ({ key: `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`, pod, usage: added((pod.containers ?? []).map(({ usage }) => usageOf(usage))) })), flags.text('sort-by'))
  const writer = usageTable()
  if (!flags.bool('no-headers')) writer.row([...(everywhere ? ['NAMESPACE'] : []), ...(inside ? ['POD', 'NAME'] : ['NAME']), 'CPU(cores)', 'MEMORY(bytes)'])
  for (const { pod, usage } of rows) {
    const place = everywhere ? [pod.metadata.namespace ?? ''] : []
    if (!inside) writer.row([...place, pod.metadata.name, cpuText(usage), memoryText(usage)])
    else for (const one of sorted((pod.containers ?? []).map(({ name, usage: used }) => ({ key: name, usage: usageOf(used) })), flags.text('sort-by'))) writer.row([...place, pod.metadata.name, one.key, cpuText(one.usage), memoryText(one.usage)])
  }
  if (flags.bool('sum')) {
    const blanks = new Array<string>((everywhere ? 1 : 0) + (inside ? 2 : 1)).fill('')
    const total = added(rows.map(({ usage }) => usage))
    writer.row([...blanks, '________', '________'])
    writer.row([...blanks, cpuText(total), memoryText(total)])
  }
  streams.out(writer.flush())
}

/** No metrics: because there are no pods, or because they are too young to have any. */
async function noPodMetrics(context: CommandContext, scope: string): Promise<void> {
  const pods = await measured<Pod>(context, `/api/v1${scope}/pods`)
  if (pods.length === 0) {
    context.streams.err(scope === '' ? 'No resources found\n' : `No resources found in ${context.factory.namespace()} namespace.\n`)
    return
  }
  const now = context.environment.now()
  for (const { metadata } of pods) {
    const ageMs = now - Date.parse(metadata.creationTimestamp ?? '')
    if (ageMs > settlingMs) throw new CliError(`Metrics not available for pod ${metadata.namespace ?? ''}/${metadata.name}, age: ${goDuration(ageMs)}`)
  }
  throw new CliError('metrics not available yet')
}

/** Metrics of a pod may take this long to come. */
const settlingMs = 120_000

/** `58m22.5s`. */
function goDuration(ms: number): string {
  const seconds = (ms % 60_000) / 1000
  const minutes = Math.floor(ms / 60_000)
  return `${minutes >= 60 ? `${Math.floor(minutes / 60)}h` : ''}${minutes % 60}m${seconds}s`
}

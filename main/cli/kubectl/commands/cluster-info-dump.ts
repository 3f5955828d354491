import type { Pod } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { Command, CommandContext } from '../command.ts'
import { asStruct } from '../printing/go-json.ts'
import { objectOutputFlags, objectPrinter } from '../printing/output.ts'
import { requestJson, requestText } from '../resources/requests.ts'

/** What is dumped of each namespace, and the file that it goes to. */
const lists: readonly (readonly [path: string, file: string])[] = [
  ['/api/v1/namespaces/NS/events', 'events'],
  ['/api/v1/namespaces/NS/replicationcontrollers', 'replication-controllers'],
  ['/api/v1/namespaces/NS/services', 'services'],
  ['/apis/apps/v1/namespaces/NS/daemonsets', 'daemonsets'],
  ['/apis/apps/v1/namespaces/NS/deployments', 'deployments'],
  ['/apis/apps/v1/namespaces/NS/replicasets', 'replicasets'],
  ['/api/v1/namespaces/NS/pods', 'pods'],
]

/** `kubectl cluster-info dump`. */
export const clusterInfoDumpCommand: Command = {
  name: 'dump',
  use: 'cluster-info dump [flags] [options]',
  short: 'Dump relevant information for debugging and diagnosis',
  long: 'Print nodes, and of namespaces the events, workloads, pods and their logs: what somebody needs who is to find a fault from afar.',
  flags: [
    ...objectOutputFlags.map((flag) => (flag.name === 'output' ? { ...flag, default: 'json' } : flag)),
    { name: 'all-namespaces', short: 'A', type: 'bool', help: 'Dump all namespaces.' },
    { name: 'namespaces', type: 'list', help: 'The namespaces to dump.' },
    { name: 'output-directory', type: 'string', help: 'The folder to write to; without one, or with "-", everything is printed.' },
    { name: 'pod-running-timeout', type: 'duration', default: '20s', help: 'How long to wait for a running pod.' },
  ],
  run,
}

async function run(context: CommandContext): Promise<void> {
  const { flags, streams, factory } = context
  const print = objectPrinter(context)!
  const folder = flags.text('output-directory')
  const ending = { yaml: '.yaml', json: '.json' }[flags.text('output')] ?? '.txt'
  const write = async (file: string, text: string): Promise<void> => {
    if (folder === '' || folder === '-') return streams.out(text)
    const { writeFile } = await import('../local-file.node.ts')
    await writeFile(context.environment.workingFolder, `${folder}/${file}`, text)
  }
  const { inStructOrder } = await import('../typed.ts')
  const listed = async (path: string): Promise<KubeObject & { items: KubeObject[] }> => {
    const list = await requestJson<KubeObject & { items: KubeObject[] }>(context, 'GET', path)
    const of = { apiVersion: list.apiVersion!, kind: list.kind!.replace(/List$/, '') }
    const items = list.items.map((item) => withoutKind(inStructOrder({ ...item, ...of })))
    return asStruct({ kind: list.kind, apiVersion: list.apiVersion, metadata: list.metadata, items }) as unknown as KubeObject & { items: KubeObject[] }
  }
  await write(`nodes${ending}`, print(await listed('/api/v1/nodes')))
  for (const namespace of await namespacesOf(context, factory.namespace())) {
    for (const [path, file] of lists) {
      const list = await listed(path.replace('NS', encodeURIComponent(namespace)))
      await write(`${namespace}/${file}${ending}`, print(list))
      if (file === 'pods') for (const pod of list.items) await dumpLogs(context, namespace, pod as unknown as Pod, write)
    }
  }
  if (folder !== '' && folder !== '-') streams.out(`Cluster info dumped to ${folder}\n`)
}

function withoutKind(object: KubeObject): KubeObject {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object
  return rest as KubeObject
}

async function namespacesOf(context: CommandContext, own: string): Promise<string[]> {
  const { flags } = context
  if (flags.bool('all-namespaces')) return (await requestJson<{ items: { metadata: { name: string } }[] }>(context, 'GET', '/api/v1/namespaces')).items.map(({ metadata }) => metadata.name)
  return flags.list('namespaces').length > 0 ? flags.list('namespaces') : ['kube-system', own]
}

async function dumpLogs(context: CommandContext, namespace: string, pod: Pod, write: (file: string, text: string) => Promise<void>): Promise<void> {
  const { name } = pod.metadata
  let text = ''
  for (const container of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? []), ...(pod.spec?.ephemeralContainers ?? [])]) {
    const head = `==== START logs for container ${container.name} of pod ${namespace}/${name} ====\n`
    const tail = `==== END logs for container ${container.name} of pod ${namespace}/${name} ====\n`
    const log = await requestText(context, 'GET', `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log?container=${encodeURIComponent(container.name)}`).catch((error: unknown) => `Request log error: ${(error as Error).message}\n`)
    text += head + log + tail
  }
  await write(`${namespace}/${name}/logs.txt`, text)
}

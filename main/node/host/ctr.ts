import type { Program } from '../runtime/programs/program.ts'
import type { Host } from './host.ts'

/** `ctr -n k8s.io containers|tasks|images ls`, and what namespaces there are: containerd's own view. Not modelled: changing anything. */
export function ctr(host: Host): Program {
  return async (context) => {
    const words = context.argv.slice(1)
    let namespace = context.env.get('CONTAINERD_NAMESPACE') ?? 'default'
    while (words[0]?.startsWith('-')) {
      const word = words.shift()!
      if (word === '-n' || word === '--namespace') namespace = words.shift() ?? ''
      else if (word.startsWith('--namespace=')) namespace = word.slice('--namespace='.length)
    }
    const [object = '', verb = ''] = words
    const quiet = words.includes('-q')
    if (host.facts.systemd.status('containerd').state !== 'active') {
      await context.stderr.write('ctr: failed to dial "/run/containerd/containerd.sock": connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused"\n')
      return 1
    }
    const rows = rowsOf(host, object, namespace === 'k8s.io')
    if (!rows || !['ls', 'list'].includes(verb)) {
      await context.stderr.write(`No help topic for '${rows ? verb : object}'\n`)
      return 3
    }
    const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)) + 4)
    await context.stdout.write((quiet ? rows.slice(1).map((row) => [row[0]!]) : rows).map((row) => `${row.map((cell, column) => (row.length === 1 ? cell : cell.padEnd(widths[column]!))).join('')}\n`).join(''))
    return 0
  }
}

function rowsOf(host: Host, object: string, kubernetes: boolean): string[][] | undefined {
  const { state, processes } = host
  if (['namespaces', 'namespace', 'ns'].includes(object)) return [['NAME', 'LABELS'], ['k8s.io', '']]
  if (['containers', 'container', 'c'].includes(object)) {
    const sandboxes = [...state.sandboxes.values()].map(({ id }) => [id, 'registry.k8s.io/pause:3.10.1', 'io.containerd.runc.v2'])
    const containers = [...state.containers.values()].map(({ id, config }) => [id, config.image, 'io.containerd.runc.v2'])
    return [['CONTAINER', 'IMAGE', 'RUNTIME'], ...(kubernetes ? [...sandboxes, ...containers].sort() : [])]
  }
  if (['tasks', 'task', 't'].includes(object)) {
    const running = [...state.containers.values()].filter((each) => each.state === 'running').map((each) => [each.id, String(processes.pidOf(each)), 'RUNNING'])
    return [['TASK', 'PID', 'STATUS'], ...(kubernetes ? running.sort() : [])]
  }
  if (['images', 'image', 'i'].includes(object)) {
    const images = state.images.list().flatMap((image) => [...image.repoTags, ...image.repoDigests].map((name) => [name, 'application/vnd.oci.image.index.v1+json', image.repoDigests[0]?.split('@')[1] ?? image.id, `${(image.sizeBytes / 1_048_576).toFixed(1)} MiB`, 'linux/amd64', 'io.cri-containerd.image=managed']))
    return [['REF', 'TYPE', 'DIGEST', 'SIZE', 'PLATFORMS', 'LABELS'], ...(kubernetes ? images.sort() : [])]
  }
  return undefined
}

import type { Pod } from '../../../api/generated/types.ts'
import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { namedObject } from '../pods/choose-pod.ts'
import { containerNamed, containerOrDefault } from '../pods/containers.ts'
import { runSession, type SessionEnds } from '../pods/session.ts'
import { joined, readTar, writeTar } from '../pods/tar-archive.ts'

interface Place {
  readonly namespace: string
  /** Empty: a file of this machine. */
  readonly pod: string
  readonly path: string
}

/** `kubectl cp`: a tar archive through exec; the container needs a `tar`. */
export const cpCommand: Command = {
  name: 'cp',
  use: 'cp <file-spec-src> <file-spec-dest> [options]',
  short: 'Copy files and directories to and from containers',
  long: 'Copy files and directories to and from containers.',
  flags: [
    { name: 'container', short: 'c', type: 'string', help: 'The container to copy to or from. Without it the pod\'s default container is taken.' },
    { name: 'no-preserve', type: 'bool', default: 'false', help: 'Leave owners and permissions as the container makes them.' },
    { name: 'retries', type: 'int', default: '0', help: 'How often a copy from a container is taken up again after an error; a negative number is without end.' },
  ],
  async run(context) {
    const { args } = context
    if (args.length !== 2) throw new CliError('source and destination are required')
    const [from, to] = [placeOf(args[0]!), placeOf(args[1]!)]
    if (from.pod !== '' && to.pod !== '') throw new CliError('one of src or dest must be a local file specification')
    if (from.path === '' || to.path === '') throw new CliError('filepath can not be empty')
    if (from.pod !== '') return copyFrom(context, from, to.path)
    if (to.pod !== '') return copyTo(context, from.path, to)
    throw new CliError('one of src or dest must be a remote file specification')
  },
}

function placeOf(word: string): Place {
  const at = word.indexOf(':')
  const wrong = new CliError('filespec must match the canonical format: [[namespace/]pod:]file/path')
  if (at === 0) throw wrong
  if (at < 0) return { namespace: '', pod: '', path: word }
  const parts = word.slice(0, at).split('/')
  const path = word.slice(at + 1)
  if (parts.length === 1) return { namespace: '', pod: parts[0]!, path }
  if (parts.length === 2) return { namespace: parts[0]!, pod: parts[1]!, path }
  throw wrong
}

/** A command in the container, with its input given and its output collected. */
async function inContainer(context: CommandContext, place: Place, command: readonly string[], options: { readonly input?: Uint8Array; readonly quiet?: boolean; readonly errors?: (text: string) => void } = {}): Promise<Uint8Array> {
  const { factory, flags, streams } = context
  const namespace = place.namespace || factory.namespace()
  const pod = (place.namespace === '' ? (await namedObject(context, place.pod)).object : await podOf(context, place)) as unknown as Pod
  const named = flags.text('container')
  const container = named === '' ? containerOrDefault(pod, '', (text) => (options.quiet ? undefined : streams.err(text))) : containerNamed(pod, named)
  const parts: Uint8Array[] = []
  const { input } = options
  const ends: SessionEnds = {
    output: (bytes) => void parts.push(bytes.slice()),
    errors: (bytes) => (options.quiet ? undefined : (options.errors ?? streams.err)(new TextDecoder().decode(bytes))),
    ...(input
      ? {
          onInput: (data, end) => {
            for (let at = 0; at < input.length; at += chunkBytes) data(input.subarray(at, at + chunkBytes))
            end()
            return () => {}
          },
        }
      : {}),
  }
  await runSession(context, { namespace, pod: place.pod, container: container.name, subresource: 'exec', command, input: input !== undefined, terminal: false, ends })
  return joined(parts)
}

const chunkBytes = 32 * 1024

async function podOf(context: CommandContext, { namespace, pod }: Place): Promise<unknown> {
  const { requestJson } = await import('../resources/requests.ts')
  return requestJson(context, 'GET', `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`)
}

async function copyTo(context: CommandContext, local: string, place: Place): Promise<void> {
  const { localEntries, localName } = await import('../pods/local-tree.node.ts')
  const path = atWorkingFolder(context, local)
  await localEntries(path, local, '')
  const inFolder = await inContainer(context, place, ['test', '-d', place.path], { quiet: true }).then(() => true, () => false)
  const target = inFolder ? `${place.path.replace(/\/+$/, '')}/${localName(path)}` : place.path
  const at = target.replace(/\/+$/, '').lastIndexOf('/')
  const folder = at < 0 ? '.' : target.slice(0, Math.max(at, 1))
  const name = target.replace(/\/+$/, '').slice(at + 1)
  const archive = writeTar(await localEntries(path, local, name))
  const preserve = context.flags.bool('no-preserve') ? ['--no-same-permissions', '--no-same-owner'] : []
  const printed = await inContainer(context, place, ['tar', ...preserve, '-xmf', '-', '-C', folder], { input: archive })
  if (printed.length > 0) context.streams.out(printed)
}

async function copyFrom(context: CommandContext, place: Place, local: string): Promise<void> {
  const { writeEntries } = await import('../pods/local-tree.node.ts')
  const archive = await fetched(context, place)
  const entries = readTar(archive)
  const prefix = place.path.replace(/^\/+/, '').replace(/\/+$/, '')
  const advice = ` (consider using "kubectl exec -n ${JSON.stringify(place.namespace || context.factory.namespace())} ${JSON.stringify(place.pod)} -- tar cf - ${JSON.stringify(place.path)} | tar xf -")`
  await writeEntries(entries, prefix, atWorkingFolder(context, local), (text) => context.streams.err(text), advice)
}

/** The archive of what is in the container; a broken transfer is taken up again as often as --retries says. What tar itself
 *  complains of is printed on our output, and its exit code is no error of ours, as upstream has it. */
async function fetched(context: CommandContext, place: Place): Promise<Uint8Array> {
  const tries = context.flags.int('retries')
  for (let attempt = 1; ; attempt++) {
    try {
      return await inContainer(context, place, ['tar', 'cf', '-', place.path], { errors: (text) => context.streams.out(text) })
    } catch (error) {
      if (error instanceof CliError && error.exitCode > 1) return new Uint8Array()
      if (!(error instanceof CliError) || (tries >= 0 && attempt > tries)) throw error
      context.streams.err(`Resuming copy at 0 bytes, retry ${attempt}/${tries}\n`)
    }
  }
}

function atWorkingFolder({ environment }: CommandContext, path: string): string {
  return path.startsWith('/') ? path : `${environment.workingFolder}/${path}`
}

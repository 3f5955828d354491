import type { Pod } from '../../../api/generated/types.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { attachablePod, namedObject } from '../pods/choose-pod.ts'
import { containerNamed, containerOrDefault } from '../pods/containers.ts'
import { inRawMode, ownEnds, runSession, wantsTerminal } from '../pods/session.ts'
import { collectInfos, filesGiven, type Info } from '../resources/visit.ts'

/** `kubectl exec`. */
export const execCommand: Command = {
  name: 'exec',
  use: 'exec (POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...] [options]',
  short: 'Execute a command in a container',
  long: 'Execute a command in a container.',
  flags: [
    { name: 'container', short: 'c', type: 'string', help: 'Container name. If omitted, use the kubectl.kubernetes.io/default-container annotation for selecting the container to be attached or the first container in the pod will be chosen' },
    { name: 'filename', short: 'f', type: 'list', help: 'to use to exec into the resource' },
    { name: 'pod-running-timeout', type: 'duration', default: '1m0s', help: 'The length of time (like 5s, 2m, or 3h, higher than zero) to wait until at least one pod is running' },
    { name: 'quiet', short: 'q', type: 'bool', help: 'Only print output from the remote session' },
    { name: 'stdin', short: 'i', type: 'bool', help: 'Pass stdin to the container' },
    { name: 'tty', short: 't', type: 'bool', help: 'Stdin is a TTY' },
  ],
  async run(context) {
    const { args, argsBeforeDash, flags } = context
    const word = args.length > 0 && argsBeforeDash !== 0 ? args[0]! : ''
    if (argsBeforeDash < 0 && (args.length > 1 || (args.length > 0 && filesGiven(context)))) {
      throw usageError(context.path, 'exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead')
    }
    const command = argsBeforeDash < 0 ? [] : args.slice(argsBeforeDash)
    if (word === '' && !filesGiven(context)) throw new CliError('pod, type/name or --filename must be specified')
    if (command.length === 0) throw new CliError('you must specify at least one command for the container')
    const pod = await attachablePod(context, await target(context, word), flags.duration('pod-running-timeout'))
    await execInPod(context, pod, { container: flags.text('container'), command, input: flags.bool('stdin'), terminal: flags.bool('tty') })
    return 0
  },
}

async function target(context: CommandContext, word: string): Promise<Info> {
  if (word !== '') return namedObject(context, word)
  const infos = await collectInfos(context, [], { latest: true })
  if (infos.length !== 1) throw new CliError('cannot exec into multiple objects at a time')
  return infos[0]!
}

export interface ExecOptions {
  /** Empty: the default one. */
  readonly container: string
  readonly command: readonly string[]
  readonly input: boolean
  readonly terminal: boolean
}

/** Runs a command in a container of the pod on our streams. Throws with the command's exit code. */
export async function execInPod(context: CommandContext, pod: Pod, { container, command, input, terminal }: ExecOptions): Promise<void> {
  const { flags, streams } = context
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') throw new CliError(`cannot exec into a container in a completed pod; current phase is ${pod.status.phase}`)
  const chosen = container === '' ? containerOrDefault(pod, '', (text) => (flags.bool('quiet') ? undefined : streams.err(text))) : containerNamed(pod, container)
  const raw = wantsTerminal(context, terminal, input)
  await inRawMode(streams, raw, () =>
    runSession(context, { namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name, container: chosen.name, subresource: 'exec', command, input, terminal: raw, ends: ownEnds(streams) }),
  )
}

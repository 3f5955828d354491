import type { Pod } from '../../../api/generated/types.ts'
import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { attachablePod, namedObject } from '../pods/choose-pod.ts'
import { containerOrDefault } from '../pods/containers.ts'
import { detachable, parseDetachKeys } from '../pods/detach-keys.ts'
import { inRawMode, ownEnds, runSession, wantsTerminal } from '../pods/session.ts'

/** `kubectl attach`. */
export const attachCommand: Command = {
  name: 'attach',
  use: 'attach (POD | TYPE/NAME) -c CONTAINER [options]',
  short: 'Attach to a running container',
  long: 'Attach to a process that is already running inside an existing container.',
  flags: [
    { name: 'container', short: 'c', type: 'string', help: 'Container name. If omitted, use the kubectl.kubernetes.io/default-container annotation for selecting the container to be attached or the first container in the pod will be chosen' },
    { name: 'detach-keys', type: 'string', default: 'ctrl-p,ctrl-q', help: 'Override the key sequence for detaching a container' },
    { name: 'pod-running-timeout', type: 'duration', default: '1m0s', help: 'The length of time (like 5s, 2m, or 3h, higher than zero) to wait until at least one pod is running' },
    { name: 'quiet', short: 'q', type: 'bool', help: 'Only print output from the remote session' },
    { name: 'stdin', short: 'i', type: 'bool', help: 'Pass stdin to the container' },
    { name: 'tty', short: 't', type: 'bool', help: 'Stdin is a TTY' },
  ],
  async run(context) {
    const { args, flags } = context
    if (args.length === 0) throw new CliError('at least 1 argument is required for attach')
    if (args.length > 2) throw new CliError(`expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw ${args.length}: [${args.join(' ')}]`)
    const timeoutMs = flags.duration('pod-running-timeout')
    if (timeoutMs <= 0) throw new CliError('--pod-running-timeout must be higher than zero')
    const info = args.length === 1 ? await namedObject(context, args[0]!) : await namedObject(context, args[1]!, args[0]!)
    const pod = await attachablePod(context, info, timeoutMs)
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') throw new CliError(`cannot attach a container in a completed pod; current phase is ${pod.status.phase}`)
    await attachToPod(context, pod, { container: flags.text('container'), input: flags.bool('stdin'), terminal: flags.bool('tty'), quiet: flags.bool('quiet'), detachKeys: flags.text('detach-keys'), commandPath: context.path })
    return 0
  },
}

export interface AttachOptions {
  /** Empty: the default one. */
  readonly container: string
  readonly input: boolean
  readonly terminal: boolean
  readonly quiet: boolean
  /** `ctrl-p,ctrl-q` when absent. */
  readonly detachKeys?: string
  /** `kubectl attach`: how the message at the end says to come back. */
  readonly commandPath: string
}

/** Attaches our streams to what runs in a container, until it ends or we detach. The command must have the flag --quiet.
 *  Throws when the session fails. */
export async function attachToPod(context: CommandContext, pod: Pod, options: AttachOptions): Promise<void> {
  const { streams } = context
  const { input, quiet } = options
  const notice = (text: string): void => (quiet ? undefined : streams.err(text))
  const container = chosenContainer(pod, options.container, notice)
  let terminal = options.terminal
  if (terminal && !container.tty) {
    terminal = false
    notice(`error: Unable to use a TTY - container ${container.name} did not allocate one\n`)
  } else if (container.tty) terminal = true
  const raw = wantsTerminal(context, terminal, input)
  notice("All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n")
  const ends = raw ? detachable(redrawing(ownEnds(streams)), parseDetachKeys(options.detachKeys || 'ctrl-p,ctrl-q')) : ownEnds(streams)
  const place = { namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name, container: container.name }
  await inRawMode(streams, raw, () => runSession(context, { ...place, subresource: 'attach', input, terminal: raw, errors: !raw, ends }))
  if (quiet || !input || !raw) return
  const again = `${options.commandPath} ${place.pod} -c ${place.container} -n ${place.namespace} -i -t`
  const ephemeral = pod.spec?.ephemeralContainers?.some(({ name }) => name === container.name)
  streams.out(ephemeral ? `Session ended, the ephemeral container will not be restarted but may be reattached using '${again}' if it is still running\n` : `Session ended, resume using '${again}' command\n`)
}

function chosenContainer(pod: Pod, name: string, notice: (text: string) => void): ReturnType<typeof containerOrDefault> {
  try {
    return containerOrDefault(pod, name, notice)
  } catch (error) {
    throw new CliError(`cannot attach to the container: ${(error as Error).message}`)
  }
}

/** A size one larger, then the real one, makes a program that runs already draw its screen again. */
function redrawing(ends: ReturnType<typeof ownEnds>): ReturnType<typeof ownEnds> {
  const { onSize } = ends
  if (!onSize) return ends
  return {
    ...ends,
    onSize(listener) {
      let first = true
      return onSize((columns, rows) => {
        if (first) listener(columns + 1, rows + 1)
        first = false
        listener(columns, rows)
      })
    },
  }
}

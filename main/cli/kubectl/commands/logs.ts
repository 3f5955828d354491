import type { Pod } from '../../../api/generated/types.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { byLogging, namedObject, podSelectorOf, sortedPods } from '../pods/choose-pod.ts'
import { containerForLogs } from '../pods/containers.ts'
import { logQuery, readLog, type LogRequest } from '../pods/log-stream.ts'
import { requestJson } from '../resources/requests.ts'

const use = 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'
const usageText = `expected '${use}'.\nPOD or TYPE/NAME is a required argument for the logs command`

/** `kubectl logs`. */
export const logsCommand: Command = {
  name: 'logs',
  use: `${use} [options]`,
  short: 'Print the logs for a container in a pod',
  long: 'Print the logs for a container in a pod or specified resource. If the pod has only one container, the container name is optional.',
  flags: [
    { name: 'all-containers', type: 'bool', help: "Get all containers' logs in the pod(s)." },
    { name: 'all-pods', type: 'bool', help: 'Get logs from all pod(s). Sets prefix to true.' },
    { name: 'container', short: 'c', type: 'string', help: 'Print the logs of this container' },
    { name: 'follow', short: 'f', type: 'bool', help: 'Specify if the logs should be streamed.' },
    { name: 'ignore-errors', type: 'bool', help: 'If watching / following pod logs, allow for any errors that occur to be non-fatal' },
    { name: 'insecure-skip-tls-verify-backend', type: 'bool', help: 'Skip verifying the identity of the kubelet that logs are requested from.' },
    { name: 'limit-bytes', type: 'int', default: '0', help: 'Maximum bytes of logs to return. Defaults to no limit.' },
    { name: 'max-log-requests', type: 'int', default: '5', help: 'Specify maximum number of concurrent logs to follow when using by a selector. Defaults to 5.' },
    { name: 'pod-running-timeout', type: 'duration', default: '20s', help: 'The length of time (like 5s, 2m, or 3h, higher than zero) to wait until at least one pod is running' },
    { name: 'prefix', type: 'bool', help: 'Prefix each log line with the log source (pod name and container name)' },
    { name: 'previous', short: 'p', type: 'bool', help: 'If true, print the logs for the previous instance of the container in a pod if it exists.' },
    { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'." },
    { name: 'since', type: 'duration', default: '0s', help: 'Only return logs newer than a relative duration like 5s, 2m, or 3h. Defaults to all logs. Only one of since-time / since may be used.' },
    { name: 'since-time', type: 'string', help: 'Only return logs after a specific date (RFC3339). Defaults to all logs. Only one of since-time / since may be used.' },
    { name: 'tail', type: 'int', default: '-1', help: 'Lines of recent log file to display. Defaults to -1 with no selector, showing all log lines otherwise 10, if a selector is provided.' },
    { name: 'timestamps', type: 'bool', help: 'Include timestamps on each line in the log output' },
  ],
  async run(context) {
    const { args, flags } = context
    const selector = flags.text('selector')
    if (args.length > 2 || (args.length === 0 && selector === '')) throw usageError(context.path, usageText)
    if (args.length === 1 && selector !== '') throw usageError(context.path, 'only a selector (-l) or a POD name is allowed')
    const container = args[1] ?? flags.text('container')
    const query = logQuery(context)
    const pods = await podsOf(context, args[0], selector, (): void => validate(context, container))
    const requests = pods.flatMap((pod) => requestsOf(context, pod, container, query))
    const follow = flags.bool('follow')
    const requestsMax = flags.int('max-log-requests')
    if (follow && requests.length > requestsMax) {
      if (requests.length > 1) throw new CliError(`you are attempting to follow ${requests.length} log streams, but maximum allowed concurrency is ${requestsMax}, use --max-log-requests to increase the limit`)
    }
    return printLogs(context, requests, follow)
  },
}

function validate({ flags, args }: CommandContext, container: string): void {
  if (flags.text('since-time') !== '' && flags.duration('since') !== 0) throw new CliError('at most one of `sinceTime` or `sinceSeconds` may be specified')
  if (flags.bool('all-containers') && container !== '') throw new CliError(`--all-containers=true should not be specified with container name ${container}`)
  if (flags.changed('container') && args.length === 2) throw new CliError('only one of -c or an inline [CONTAINER] arg is allowed')
  if (flags.int('limit-bytes') < 0) throw new CliError('--limit-bytes must be greater than 0')
  if (flags.duration('since') < 0) throw new CliError('--since must be greater than 0')
  if (flags.int('tail') < -1) throw new CliError('--tail must be greater than or equal to -1')
}

/** The pods whose logs are meant. What was named is looked up before the flags are judged, as upstream does it. */
async function podsOf(context: CommandContext, word: string | undefined, selector: string, validateFlags: () => void): Promise<Pod[]> {
  const { factory, flags, streams } = context
  const namespace = factory.namespace()
  if (word === undefined || selector !== '') {
    const { items = [] } = await requestJson<{ items?: Pod[] }>(context, 'GET', `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?labelSelector=${encodeURIComponent(selector)}`)
    if (items.length === 0) streams.err(`No resources found in ${namespace} namespace.\n`)
    validateFlags()
    return items
  }
  const info = await namedObject(context, word).catch((error: unknown) => {
    if (error instanceof StatusError && error.reason === 'NotFound') throw new CliError(`error from server (NotFound): ${error.status.message ?? ''} in namespace "${namespace}"`)
    throw error
  })
  validateFlags()
  if (info.object.kind === 'Pod') return [info.object as unknown as Pod]
  const labelSelector = podSelectorOf(info.object, info.resource, 'cannot get the logs from')
  const pods = await sortedPods(context, info.namespace ?? '', labelSelector, byLogging, flags.duration('pod-running-timeout'))
  if (pods.length > 1 && !flags.bool('all-pods')) streams.err(`Found ${pods.length} pods, using pod/${pods[0]!.metadata.name}\n`)
  return flags.bool('all-pods') ? pods : pods.slice(0, 1)
}

function requestsOf({ flags, streams }: CommandContext, pod: Pod, container: string, query: URLSearchParams): LogRequest[] {
  const prefixed = flags.bool('prefix') || flags.bool('all-pods')
  const { spec } = pod
  const containers = flags.bool('all-containers')
    ? [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])]
    : [containerForLogs(pod, container, (text) => (flags.bool('all-pods') ? undefined : streams.err(text)))]
  return containers.map(({ name }) => {
    const own = new URLSearchParams({ container: name })
    for (const [key, value] of query) own.set(key, value)
    const path = `/api/v1/namespaces/${encodeURIComponent(pod.metadata.namespace ?? '')}/pods/${encodeURIComponent(pod.metadata.name)}/log?${own.toString()}`
    return { path, prefix: prefixed ? `[pod/${pod.metadata.name}/${name}] ` : '' }
  })
}

async function printLogs(context: CommandContext, requests: readonly LogRequest[], follow: boolean): Promise<number> {
  const { streams } = context
  let stopped = false
  const open = new Set<() => void>()
  const stop = streams.onInterrupt(() => {
    stopped = true
    for (const cancel of open) cancel()
  })
  const read = (request: LogRequest): Promise<void> => readPatiently(context, request, follow, () => stopped, open)
  try {
    if (follow && requests.length > 1) await Promise.all(requests.map(read))
    else {
      for (const request of requests) {
        if (!stopped) await read(request)
      }
    }
  } finally {
    stop()
  }
  return stopped ? 1 : 0
}

/** A followed log that cannot be read yet is tried again every second for as long as --pod-running-timeout allows. */
async function readPatiently(context: CommandContext, request: LogRequest, follow: boolean, stopped: () => boolean, open: Set<() => void>): Promise<void> {
  const { environment, flags, streams } = context
  const until = environment.now() + flags.duration('pod-running-timeout')
  for (;;) {
    try {
      return await readLog(context, request, open)
    } catch (error) {
      if (stopped()) return
      const message = (error as Error).message
      if (flags.bool('ignore-errors')) return streams.out(`error: ${message}\n`)
      if (!follow) throw error
      streams.err(`${message}\n`)
      if (!(error instanceof StatusError)) throw error
      if (environment.now() + 1_000 > until) throw new CliError('context deadline exceeded')
      await environment.sleep(1_000)
      if (stopped()) return
    }
  }
}

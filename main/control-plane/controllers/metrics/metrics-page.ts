import type { ControllerView } from '../../../api/client/controller.ts'
import type { LeaderElection } from '../../../api/client/leader-election.ts'
import { durationBoundsSeconds, type Duration } from '../../../api/client/work-queue.ts'
import { requestBoundsSeconds, type ClientMetrics } from './client-metrics.ts'

export interface ManagerFacts {
  readonly controllers: readonly ControllerView[]
  readonly election: LeaderElection | undefined
  readonly client: ClientMetrics
  /** host:port of the API server, as the requests' label has it. */
  readonly host: string
  /** Virtual ms since the epoch. */
  readonly startedAt: number
  readonly version: string
}

type Labels = Readonly<Record<string, string>>

/** /metrics of the controller manager in Prometheus' text format: work queues, requests to the API server, the election and which controllers
 *  run, under upstream's names. */
export function metricsText(facts: ManagerFacts): string {
  const { controllers, election, client, host } = facts
  const lines: string[] = []
  const family = (name: string, type: 'counter' | 'gauge' | 'histogram', help: string): void => void lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
  const sample = (name: string, labels: Labels, value: number): void => void lines.push(`${name}${labelsText(labels)} ${value}`)
  const histogram = (name: string, labels: Labels, bounds: readonly number[], counts: readonly number[], sum: number, count: number): void => {
    let below = 0
    bounds.forEach((bound, index) => sample(`${name}_bucket`, { ...labels, le: boundText(bound) }, (below += counts[index] ?? 0)))
    sample(`${name}_bucket`, { ...labels, le: '+Inf' }, count)
    sample(`${name}_sum`, labels, sum)
    sample(`${name}_count`, labels, count)
  }
  const queues = (name: string, type: 'counter' | 'gauge', help: string, valueOf: (view: ControllerView) => number): void => {
    family(name, type, help)
    for (const view of controllers) sample(name, { name: view.queue.name }, valueOf(view))
  }
  const durations = (name: string, help: string, of: (view: ControllerView) => Duration): void => {
    family(name, 'histogram', help)
    for (const view of controllers) {
      const { counts, sum, count } = of(view)
      histogram(name, { name: view.queue.name }, durationBoundsSeconds, counts, sum / 1000, count)
    }
  }

  family('kubernetes_build_info', 'gauge', '[ALPHA] A metric with a constant \'1\' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.')
  const [major = '', minor = ''] = facts.version.replace(/^v/, '').split('.')
  sample('kubernetes_build_info', { compiler: 'gc', git_version: facts.version, major, minor, platform: 'linux/amd64' }, 1)
  if (election) {
    family('leader_election_master_status', 'gauge', '[ALPHA] Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. \'name\' is the string used to identify the lease. Please make sure to group by name.')
    sample('leader_election_master_status', { name: 'kube-controller-manager' }, election.isLeader ? 1 : 0)
  }
  family('process_start_time_seconds', 'gauge', 'Start time of the process since unix epoch in seconds.')
  sample('process_start_time_seconds', {}, facts.startedAt / 1000)
  family('rest_client_request_duration_seconds', 'histogram', '[ALPHA] Request latency in seconds. Broken down by verb, and host.')
  for (const [verb, { counts, sum, count }] of client.durations) histogram('rest_client_request_duration_seconds', { host, verb }, requestBoundsSeconds, counts, sum, count)
  family('rest_client_requests_total', 'counter', '[ALPHA] Number of HTTP requests, partitioned by status code, method, and host.')
  for (const [key, count] of client.requests) {
    const [code = '', method = ''] = key.split(' ')
    sample('rest_client_requests_total', { code, host, method }, count)
  }
  family('running_managed_controllers', 'gauge', '[ALPHA] Indicates where instances of a controller are currently running')
  for (const { name, running } of controllers) sample('running_managed_controllers', { manager: 'kube-controller-manager', name }, running ? 1 : 0)
  queues('workqueue_adds_total', 'counter', '[ALPHA] Total number of adds handled by workqueue', ({ queue }) => queue.adds)
  queues('workqueue_depth', 'gauge', '[ALPHA] Current depth of workqueue', ({ queue }) => queue.depth)
  queues('workqueue_longest_running_processor_seconds', 'gauge', '[ALPHA] How many seconds has the longest running processor for workqueue been running.', ({ queue }) => queue.longestRunningMs / 1000)
  durations('workqueue_queue_duration_seconds', '[ALPHA] How long in seconds an item stays in workqueue before being requested.', ({ queue }) => queue.queueDuration)
  queues('workqueue_retries_total', 'counter', '[ALPHA] Total number of retries handled by workqueue', ({ queue }) => queue.retries)
  queues('workqueue_unfinished_work_seconds', 'gauge', '[ALPHA] How many seconds of work has done that is in progress and hasn\'t been observed by work_duration. Large values indicate stuck threads. One can deduce the number of stuck threads by observing the rate at which this increases.', ({ queue }) => queue.unfinishedMs / 1000)
  durations('workqueue_work_duration_seconds', '[ALPHA] How long in seconds processing an item from workqueue takes.', ({ queue }) => queue.workDuration)
  return `${lines.join('\n')}\n`
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&')}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

/** As Go prints a float: exponents for what is very small. */
function boundText(bound: number): string {
  return bound < 1e-4 ? bound.toExponential().replace(/e-(\d)$/, 'e-0$1') : String(bound)
}

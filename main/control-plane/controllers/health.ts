import type { ControllerView } from '../../api/client/controller.ts'
import type { LeaderElection } from '../../api/client/leader-election.ts'
import type { HttpHandler } from '../../kernel/http.ts'

/** /healthz, /livez, /readyz and /metrics of the controller manager's secure port. */
export function healthHandler(controllers: () => readonly ControllerView[], election: () => LeaderElection | undefined): HttpHandler {
  return (exchange) => {
    const path = exchange.request.path.split('?')[0]!
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => exchange.respond({ status, headers: { 'content-type': type }, body: new TextEncoder().encode(text) })
    if (path === '/healthz' || path === '/livez' || path === '/readyz') answer(200, 'ok')
    else if (path === '/metrics') answer(200, metricsText(controllers(), election()), 'text/plain; version=0.0.4; charset=utf-8')
    else answer(404, '404 page not found\n')
  }
}

interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly valueOf: (view: ControllerView) => number
}

const metrics: readonly Metric[] = [
  { name: 'workqueue_adds_total', type: 'counter', help: 'Total number of adds handled by workqueue', valueOf: (view) => view.queue.adds },
  { name: 'workqueue_depth', type: 'gauge', help: 'Current depth of workqueue', valueOf: (view) => view.queue.depth },
  { name: 'workqueue_retries_total', type: 'counter', help: 'Total number of retries handled by workqueue', valueOf: (view) => view.queue.retries },
  { name: 'workqueue_queue_duration_seconds_sum', type: 'counter', help: 'How long in seconds an item stays in workqueue before being requested.', valueOf: (view) => view.queue.queueDuration.sum / 1000 },
  { name: 'workqueue_queue_duration_seconds_count', type: 'counter', help: 'How many items were requested.', valueOf: (view) => view.queue.queueDuration.count },
  { name: 'workqueue_work_duration_seconds_sum', type: 'counter', help: 'How long in seconds processing an item from workqueue takes.', valueOf: (view) => view.queue.workDuration.sum / 1000 },
  { name: 'workqueue_work_duration_seconds_count', type: 'counter', help: 'How many items were processed.', valueOf: (view) => view.queue.workDuration.count },
]

function metricsText(views: readonly ControllerView[], election: LeaderElection | undefined): string {
  const lines: string[] = []
  if (election) {
    lines.push('# HELP leader_election_master_status Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.', '# TYPE leader_election_master_status gauge')
    lines.push(`leader_election_master_status{name="kube-controller-manager"} ${election.isLeader ? 1 : 0}`)
  }
  for (const { name, type, help, valueOf } of metrics) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const view of views) lines.push(`${name}{name="${view.queue.name}"} ${valueOf(view)}`)
  }
  return `${lines.join('\n')}\n`
}

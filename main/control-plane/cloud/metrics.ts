import type { ControllerView } from '../../api/client/controller.ts'
import type { LeaderElection } from '../../api/client/leader-election.ts'
import type { HttpHandler } from '../../kernel/http.ts'

/** /healthz, /livez, /readyz and /metrics of a component with controllers. */
export function cloudMetricsHandler(component: string, controllers: () => readonly ControllerView[], election: () => LeaderElection | undefined): HttpHandler {
  return (exchange) => {
    const path = exchange.request.path.split('?')[0]!
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => exchange.respond({ status, headers: { 'content-type': type }, body: new TextEncoder().encode(text) })
    if (path === '/healthz' || path === '/livez' || path === '/readyz') answer(200, 'ok')
    else if (path === '/metrics') answer(200, text(component, controllers(), election()), 'text/plain; version=0.0.4; charset=utf-8')
    else answer(404, '404 page not found\n')
  }
}

function text(component: string, views: readonly ControllerView[], election: LeaderElection | undefined): string {
  const lines: string[] = []
  const metric = (name: string, type: 'counter' | 'gauge', help: string, valueOf: (view: ControllerView) => number): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...views.map((view) => `${name}{name="${view.queue.name}"} ${valueOf(view)}`))
  }
  lines.push('# HELP leader_election_master_status Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.', '# TYPE leader_election_master_status gauge', `leader_election_master_status{name="${component}"} ${election?.isLeader ? 1 : 0}`)
  metric('workqueue_adds_total', 'counter', 'Total number of adds handled by workqueue', ({ queue }) => queue.adds)
  metric('workqueue_depth', 'gauge', 'Current depth of workqueue', ({ queue }) => queue.depth)
  metric('workqueue_retries_total', 'counter', 'Total number of retries handled by workqueue', ({ queue }) => queue.retries)
  metric('workqueue_work_duration_seconds_sum', 'counter', 'How long in seconds processing an item from workqueue takes.', ({ queue }) => queue.workDuration.sum / 1_000)
  metric('workqueue_work_duration_seconds_count', 'counter', 'How many items were processed.', ({ queue }) => queue.workDuration.count)
  return `${lines.join('\n')}\n`
}

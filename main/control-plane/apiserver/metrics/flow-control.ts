/** What is counted of priority and fairness. */
import type { FlowControl } from '../flowcontrol/flow-control.ts'
import type { MetricsPage } from './page.ts'

export function flowControlMetrics(page: MetricsPage, flow: FlowControl): void {
  const all = flow.metrics.all()
  const gauge = (name: string, stability: 'BETA' | 'ALPHA', help: string, valueOf: (level: (typeof flow.levels)[number]) => number): void => {
    page.family(name, 'gauge', stability, help)
    for (const level of flow.levels) page.sample(name, { priority_level: level.name }, valueOf(level))
  }
  gauge('apiserver_flowcontrol_current_executing_seats', 'BETA', 'Concurrency (number of seats) occupied by the currently executing (initial stage for a WATCH, any stage otherwise) requests in the API Priority and Fairness subsystem', ({ set }) => set.seatsInUse)
  gauge('apiserver_flowcontrol_current_limit_seats', 'ALPHA', 'current derived number of execution seats available to each priority level', ({ set, exempt, limits }) => (exempt ? limits.nominal : set.limit))
  gauge('apiserver_flowcontrol_lower_limit_seats', 'ALPHA', 'Configured lower bound on number of execution seats available to each priority level', ({ limits }) => limits.lower)
  gauge('apiserver_flowcontrol_nominal_limit_seats', 'BETA', 'Nominal number of execution seats configured for each priority level', ({ limits }) => limits.nominal)
  gauge('apiserver_flowcontrol_upper_limit_seats', 'ALPHA', 'Configured upper bound on number of execution seats available to each priority level', ({ limits }) => limits.upper)
  gauge('apiserver_flowcontrol_target_seats', 'ALPHA', 'Seat allocation targets', ({ target }) => target)
  gauge('apiserver_flowcontrol_demand_seats_smoothed', 'ALPHA', 'Smoothed seat demands', ({ demand }) => demand.smoothed)
  page.family('apiserver_flowcontrol_seat_fair_frac', 'gauge', 'ALPHA', 'Fair fraction of server\'s concurrency to allocate to each priority level that can use it')
  page.sample('apiserver_flowcontrol_seat_fair_frac', {}, flow.fairFraction)
  const labelsOf = ({ schema, level }: (typeof all)[number]) => ({ flow_schema: schema, priority_level: level })
  page.family('apiserver_flowcontrol_current_executing_requests', 'gauge', 'BETA', 'Number of requests in initial (for a WATCH) or any (for a non-WATCH) execution stage in the API Priority and Fairness subsystem')
  for (const counts of all) page.sample('apiserver_flowcontrol_current_executing_requests', labelsOf(counts), counts.executing)
  page.family('apiserver_flowcontrol_current_inqueue_requests', 'gauge', 'BETA', 'Number of requests currently pending in queues of the API Priority and Fairness subsystem')
  for (const counts of all) page.sample('apiserver_flowcontrol_current_inqueue_requests', labelsOf(counts), counts.waiting)
  page.family('apiserver_flowcontrol_dispatched_requests_total', 'counter', 'BETA', 'Number of requests executed by API Priority and Fairness subsystem')
  for (const counts of all) page.sample('apiserver_flowcontrol_dispatched_requests_total', labelsOf(counts), counts.dispatched)
  page.family('apiserver_flowcontrol_rejected_requests_total', 'counter', 'BETA', 'Number of requests rejected by API Priority and Fairness subsystem')
  for (const counts of all) for (const [reason, count] of counts.rejected) page.sample('apiserver_flowcontrol_rejected_requests_total', { ...labelsOf(counts), reason }, count)
  page.family('apiserver_flowcontrol_request_execution_seconds', 'histogram', 'ALPHA', 'Duration of initial stage (for a WATCH) or any (for a non-WATCH) stage of request execution in the API Priority and Fairness subsystem')
  for (const counts of all) page.histogram('apiserver_flowcontrol_request_execution_seconds', { ...labelsOf(counts), type: 'regular' }, counts.executionSeconds)
  page.family('apiserver_flowcontrol_request_queue_length_after_enqueue', 'histogram', 'ALPHA', 'Length of queue in the API Priority and Fairness subsystem, as seen by each request after it is enqueued')
  for (const counts of all) if (counts.queueLengths.count > 0) page.histogram('apiserver_flowcontrol_request_queue_length_after_enqueue', labelsOf(counts), counts.queueLengths)
  page.family('apiserver_flowcontrol_request_wait_duration_seconds', 'histogram', 'BETA', 'Length of time a request spent waiting in its queue')
  for (const counts of all) {
    page.histogram('apiserver_flowcontrol_request_wait_duration_seconds', { execute: 'true', ...labelsOf(counts) }, counts.waitSeconds)
    if (counts.rejectedWaitSeconds.count > 0) page.histogram('apiserver_flowcontrol_request_wait_duration_seconds', { execute: 'false', ...labelsOf(counts) }, counts.rejectedWaitSeconds)
  }
  page.family('apiserver_flowcontrol_work_estimated_seats', 'histogram', 'ALPHA', 'Number of estimated seats (maximum of initial and final seats) associated with requests in API Priority and Fairness')
  for (const counts of all) page.histogram('apiserver_flowcontrol_work_estimated_seats', labelsOf(counts), counts.seats)
}

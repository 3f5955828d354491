/** What is counted of requests. */
import type { Parts } from '../parts.ts'
import { durationBoundsMs } from '../request-log.ts'
import type { RequestCount } from '../request-log.ts'
import type { Labels, MetricsPage } from './page.ts'

const boundsSeconds = durationBoundsMs.map((ms) => ms / 1000)

export function requestMetrics(page: MetricsPage, { log, resources }: Parts): void {
  const { reads, writes } = log.inflight
  page.family('apiserver_current_inflight_requests', 'gauge', 'STABLE', 'Maximal number of currently used inflight request limit of this apiserver per request kind in last second.')
  page.sample('apiserver_current_inflight_requests', { request_kind: 'mutating' }, writes)
  page.sample('apiserver_current_inflight_requests', { request_kind: 'readOnly' }, reads)
  const running: Labels[] = []
  const counts: number[] = []
  const events: [Labels, number][] = []
  for (const { kind, stored } of resources.all()) {
    if (!stored) continue
    if (stored.sessions.size > 0) {
      running.push({ component: 'apiserver', group: kind.group, resource: kind.plural, scope: 'cluster', subresource: '', verb: 'WATCH', version: kind.version })
      counts.push(stored.sessions.size)
    }
    if (stored.shapes.sent > 0) events.push([{ group: kind.group, resource: kind.plural, version: kind.version }, stored.shapes.sent])
  }
  page.family('apiserver_longrunning_requests', 'gauge', 'STABLE', 'Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.')
  running.forEach((labels, index) => page.sample('apiserver_longrunning_requests', labels, counts[index]!))
  page.family('apiserver_request_duration_seconds', 'histogram', 'STABLE', 'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.')
  const timed = [...log.counts.values()].filter(({ verb }) => verb !== 'WATCH' && verb !== 'CONNECT')
  for (const [labels, histogram] of byDuration(timed)) page.histogram('apiserver_request_duration_seconds', labels, histogram)
  page.family('apiserver_request_sli_duration_seconds', 'histogram', 'ALPHA', 'Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds for each verb, group, version, resource, subresource, scope and component.')
  for (const [{ dry_run: _left, ...labels }, histogram] of byDuration(timed, 0.05)) page.histogram('apiserver_request_sli_duration_seconds', labels, histogram)
  page.family('apiserver_request_terminations_total', 'counter', 'ALPHA', 'Number of requests which apiserver terminated in self-defense.')
  for (const count of log.counts.values()) if (count.code === 429 || count.code === 504) page.sample('apiserver_request_terminations_total', { code: count.code, component: 'apiserver', group: count.group, resource: count.resource, scope: count.scope, subresource: count.subresource, verb: count.verb, version: count.version }, count.count)
  page.family('apiserver_request_aborts_total', 'counter', 'ALPHA', 'Number of requests which apiserver aborted possibly due to a timeout, for each group, version, verb, resource, subresource and scope')
  for (const count of log.counts.values()) if (count.code === 0) page.sample('apiserver_request_aborts_total', { group: count.group, resource: count.resource, scope: count.scope, subresource: count.subresource, verb: count.verb, version: count.version }, count.count)
  page.family('apiserver_request_total', 'counter', 'STABLE', 'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.')
  for (const count of log.counts.values()) if (count.code !== 0) page.sample('apiserver_request_total', { code: count.code, component: 'apiserver', dry_run: count.dryRun, group: count.group, resource: count.resource, scope: count.scope, subresource: count.subresource, verb: count.verb, version: count.version }, count.count)
  page.family('apiserver_watch_events_total', 'counter', 'ALPHA', 'Number of events sent in watch clients')
  for (const [labels, sent] of events) page.sample('apiserver_watch_events_total', labels, sent)
}

interface Durations {
  readonly bounds: readonly number[]
  readonly counts: number[]
  sum: number
  count: number
}

/** Durations are counted whatever the answer was. Bounds below `lowest` are left out. */
function byDuration(counts: readonly RequestCount[], lowest = 0): [Labels, Durations][] {
  const skipped = boundsSeconds.findIndex((bound) => bound >= lowest)
  const bounds = boundsSeconds.slice(skipped)
  const found = new Map<string, [Labels, Durations]>()
  for (const { verb, group, version, resource, subresource, scope, dryRun, buckets, totalMs, count } of counts) {
    const key = `${verb}|${group}|${version}|${resource}|${subresource}|${scope}|${dryRun}`
    let entry = found.get(key)
    if (!entry) found.set(key, (entry = [{ component: 'apiserver', dry_run: dryRun, group, resource, scope, subresource, verb, version }, { bounds, counts: new Array<number>(bounds.length).fill(0), sum: 0, count: 0 }]))
    const [, durations] = entry
    buckets.forEach((number, index) => (durations.counts[Math.max(index - skipped, 0)]! += number))
    durations.sum += totalMs / 1000
    durations.count += count
  }
  return [...found.values()]
}

/** `/metrics` in Prometheus' text format, with upstream's names for what is counted here. */
import type { Parts } from '../parts.ts'
import { durationBoundsMs } from '../request-log.ts'

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8'

type Labels = Readonly<Record<string, string | number>>

class Page {
  #text = ''

  family(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): void {
    this.#text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
  }

  sample(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${String(text).replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))}"`)
    this.#text += `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`
  }

  get text(): string {
    return this.#text
  }
}

export function metricsPage({ log, resources, feed, process }: Parts): string {
  const page = new Page()
  const now = process.clock.now()
  page.family('apiserver_request_total', 'counter', '[STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.')
  for (const count of log.counts.values()) {
    page.sample('apiserver_request_total', { code: count.code, component: 'apiserver', dry_run: '', group: count.group, resource: count.resource, scope: count.scope, subresource: count.subresource, verb: count.verb.toUpperCase(), version: count.version }, count.count)
  }
  page.family('apiserver_request_duration_seconds', 'histogram', '[STABLE] Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.')
  for (const count of log.counts.values()) {
    if (count.verb === 'watch') continue
    const labels = { component: 'apiserver', dry_run: '', group: count.group, resource: count.resource, scope: count.scope, subresource: count.subresource, verb: count.verb.toUpperCase(), version: count.version }
    durationBoundsMs.forEach((bound, index) => page.sample('apiserver_request_duration_seconds_bucket', { ...labels, le: bound / 1000 }, count.buckets[index]!))
    page.sample('apiserver_request_duration_seconds_bucket', { ...labels, le: '+Inf' }, count.count)
    page.sample('apiserver_request_duration_seconds_sum', labels, count.totalMs / 1000)
    page.sample('apiserver_request_duration_seconds_count', labels, count.count)
  }
  const { reads, writes } = log.inflight
  page.family('apiserver_current_inflight_requests', 'gauge', '[STABLE] Maximal number of currently used inflight request limit of this apiserver per request kind in last second.')
  page.sample('apiserver_current_inflight_requests', { request_kind: 'mutating' }, writes)
  page.sample('apiserver_current_inflight_requests', { request_kind: 'readOnly' }, reads)
  page.family('apiserver_longrunning_requests', 'gauge', '[STABLE] Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.')
  page.family('apiserver_storage_objects', 'gauge', '[STABLE] Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.')
  const seen = new Set<unknown>()
  const running: [Labels, number][] = []
  const watched: [Labels, number][] = []
  for (const { kind, stored } of resources.all()) {
    if (!stored) continue
    if (stored.sessions.size > 0) {
      running.push([{ component: 'apiserver', group: kind.group, resource: kind.plural, scope: 'cluster', subresource: '', verb: 'WATCH', version: kind.version }, stored.sessions.size])
      watched.push([{ group: kind.group, kind: kind.kind, version: kind.version }, stored.sessions.size])
    }
    if (seen.has(stored.cache)) continue
    seen.add(stored.cache)
    page.sample('apiserver_storage_objects', { resource: kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}` }, stored.cache.size)
  }
  for (const [labels, count] of running) page.sample('apiserver_longrunning_requests', labels, count)
  page.family('apiserver_registered_watchers', 'gauge', '[ALPHA] Number of currently registered watchers for a given resources')
  for (const [labels, count] of watched) page.sample('apiserver_registered_watchers', labels, count)
  page.family('apiserver_watch_cache_resource_version', 'gauge', '[ALPHA] Current resource version of watch cache broken by resource type.')
  page.sample('apiserver_watch_cache_resource_version', { resource: 'all' }, feed.revision)
  page.family('process_start_time_seconds', 'gauge', '[STABLE] Start time of the process since unix epoch in seconds.')
  page.sample('process_start_time_seconds', {}, process.startedAt / 1000)
  page.family('apiserver_uptime_seconds', 'gauge', '[ALPHA] Virtual seconds since the process started.')
  page.sample('apiserver_uptime_seconds', {}, (now - process.startedAt) / 1000)
  page.family('kubernetes_build_info', 'gauge', '[ALPHA] A metric with a constant \'1\' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.')
  page.sample('kubernetes_build_info', { build_date: '2026-05-14T00:00:00Z', compiler: 'gc', git_commit: '0000000000000000000000000000000000000000', git_tree_state: 'clean', git_version: 'v1.36.1', go_version: 'go1.26.0', major: '1', minor: '36', platform: 'linux/amd64' }, 1)
  return page.text
}

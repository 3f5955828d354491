/** What is counted of storage and its caches. */
import type { Parts } from '../parts.ts'
import type { MetricsPage } from './page.ts'

export function storageMetrics(page: MetricsPage, { resources, feed, storage }: Parts): void {
  page.family('apiserver_resource_objects', 'gauge', 'ALPHA', 'Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.')
  const seen = new Set<unknown>()
  const caches: { readonly group: string; readonly plural: string; readonly size: number }[] = []
  for (const { kind, stored } of resources.all()) {
    if (!stored || seen.has(stored.cache)) continue
    seen.add(stored.cache)
    caches.push({ group: kind.group, plural: kind.plural, size: stored.cache.size })
  }
  for (const { group, plural, size } of caches) page.sample('apiserver_resource_objects', { group, resource: plural }, size)
  page.family('apiserver_storage_objects', 'gauge', 'STABLE', '(Deprecated since 1.34.0) Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.')
  for (const { group, plural, size } of caches) page.sample('apiserver_storage_objects', { resource: group === '' ? plural : `${plural}.${group}` }, size)
  page.family('apiserver_watch_cache_resource_version', 'gauge', 'ALPHA', 'Current resource version of watch cache broken by resource type.')
  for (const { group, plural } of caches) page.sample('apiserver_watch_cache_resource_version', { group, resource: plural }, feed.revision)
  page.family('etcd_request_duration_seconds', 'histogram', 'ALPHA', 'Etcd request latency in seconds for each operation and object type.')
  for (const { operation, resource, seconds } of storage.metrics.all()) page.histogram('etcd_request_duration_seconds', { group: '', operation, resource }, seconds)
  page.family('etcd_requests_total', 'counter', 'ALPHA', 'Etcd request counts for each operation and object type.')
  for (const { operation, resource, seconds } of storage.metrics.all()) page.sample('etcd_requests_total', { group: '', operation, resource }, seconds.count)
  page.family('etcd_request_errors_total', 'counter', 'ALPHA', 'Etcd failed request counts for each operation and object type.')
  for (const { operation, resource, errors } of storage.metrics.all()) if (errors > 0) page.sample('etcd_request_errors_total', { group: '', operation, resource }, errors)
}

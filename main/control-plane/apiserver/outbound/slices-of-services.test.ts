import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { EndpointSlice } from '../../../api/generated/types.ts'
import type { KeyValue } from '../../etcd/client.ts'
import { storageKey } from '../storage/keys.ts'
import { StoredObjects } from '../storage/stored-objects.ts'
import { WatchCache } from '../storage/watch-cache.ts'
import { SlicesOfServices } from './slices-of-services.ts'

const prefix = 'endpointslices'
const label = 'kubernetes.io/service-name'

it('finds what a scan finds, whatever changes', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd')
  const namespace = fc.constantFrom('one', 'two')
  const service = fc.constantFrom(undefined, '', 'web', 'db')
  const step = fc.oneof(
    fc.record({ do: fc.constant('put' as const), name, namespace, service }),
    fc.record({ do: fc.constant('delete' as const), name, namespace }),
    fc.record({ do: fc.constant('ask' as const), namespace, service: fc.constantFrom('web', 'db', 'none') }),
    fc.record({ do: fc.constant('reset' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const stored = new StoredObjects(true)
      const cache = new WatchCache(prefix, stored, () => '')
      const index = new SlicesOfServices(cache)
      const there = new Map<string, KeyValue>()
      cache.reset([], 1)
      let revision = 1
      for (const each of steps) {
        if (each.do === 'reset') cache.reset([...there.values()], ++revision)
        else if (each.do === 'ask') {
          const wanted: string[] = []
          cache.scan(each.namespace, ({ metadata }) => (metadata.labels?.[label] === each.service ? wanted.push(metadata.name) : 1) > 0)
          expect(index.of(each.namespace, each.service).map(({ metadata }) => metadata.name)).toEqual(wanted)
        } else {
          const key = storageKey(prefix, each.namespace, each.name)
          const labels = each.do === 'put' && each.service !== undefined ? { [label]: each.service } : undefined
          const slice: EndpointSlice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: each.name, namespace: each.namespace, ...(labels ? { labels } : {}) }, addressType: 'IPv4', endpoints: [] }
          const kv: KeyValue = { key, value: each.do === 'put' ? stored.encode(slice) : new Uint8Array(), createRevision: 0, modRevision: ++revision, version: 1, lease: 0 }
          if (each.do === 'put') there.set(key, kv)
          else there.delete(key)
          cache.change({ type: each.do, kv }, revision, 0)
        }
      }
    }),
  )
})

it('looks at all slices only once', () => {
  const cache = new WatchCache(prefix, new StoredObjects(true), () => '')
  cache.reset([], 1)
  let scans = 0
  const index = new SlicesOfServices({ get: (key) => cache.get(key), onChange: (listener) => cache.onChange(listener), scan: () => scans++ })
  for (let time = 0; time < 5; time++) expect(index.of('default', 'web')).toEqual([])
  expect(scans).toBe(1)
})

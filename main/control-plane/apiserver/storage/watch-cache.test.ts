import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Pod } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { KeyValue } from '../../etcd/client.ts'
import { cacheKey, storageKey } from './keys.ts'
import { StoredObjects } from './stored-objects.ts'
import { WatchCache } from './watch-cache.ts'

const fieldOf = (object: KubeObject, field: string): string => (field === 'metadata.name' ? object.metadata.name : field === 'metadata.namespace' ? object.metadata.namespace! : ((object as Pod).spec?.nodeName ?? ''))

it('finds by a field what a scan finds, whatever changes', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd')
  const namespace = fc.constantFrom('one', 'two')
  const node = fc.constantFrom('', 'n1', 'n2')
  const step = fc.oneof(
    fc.record({ do: fc.constant('put' as const), name, namespace, node }),
    fc.record({ do: fc.constant('delete' as const), name, namespace, node }),
    fc.record({ do: fc.constant('list' as const), field: fc.constantFrom('metadata.name', 'metadata.namespace', 'spec.nodeName'), value: fc.constantFrom('a', 'b', 'one', 'n1', ''), in: fc.option(namespace, { nil: undefined }) }),
    fc.record({ do: fc.constant('reset' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const stored = new StoredObjects(true)
      const cache = new WatchCache('pods', stored, fieldOf)
      const there = new Map<string, KeyValue>()
      cache.reset([], 1)
      let revision = 1
      for (const each of steps) {
        if (each.do === 'put') {
          const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: each.name, namespace: each.namespace }, spec: { containers: [], nodeName: each.node } } as Pod
          const kv: KeyValue = { key: storageKey('pods', each.namespace, each.name), value: stored.encode(object), createRevision: 0, modRevision: ++revision, version: 1, lease: 0 }
          there.set(kv.key, kv)
          cache.change({ type: 'put', kv }, revision, 0)
        } else if (each.do === 'delete') {
          const key = storageKey('pods', each.namespace, each.name)
          there.delete(key)
          cache.change({ type: 'delete', kv: { key, value: new Uint8Array(), createRevision: 0, modRevision: ++revision, version: 0, lease: 0 } }, revision, 0)
        } else if (each.do === 'reset') cache.reset([...there.values()], ++revision)
        else {
          const found: string[] = []
          const wanted: string[] = []
          const has = (object: KubeObject): boolean => fieldOf(object, each.field) === each.value && (!each.in || object.metadata.namespace === each.in)
          cache.scanWhere({ field: each.field, value: each.value }, each.in, (object) => {
            if (has(object)) found.push(cacheKey(object.metadata.namespace, object.metadata.name))
            return true
          })
          cache.scan(undefined, (object) => {
            if (has(object)) wanted.push(cacheKey(object.metadata.namespace, object.metadata.name))
            return true
          })
          expect(found).toEqual(wanted)
        }
      }
    }),
  )
})

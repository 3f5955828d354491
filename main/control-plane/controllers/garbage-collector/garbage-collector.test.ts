import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConfigMap, OwnerReference } from '../../../api/generated/types.ts'
import { configMapKind } from '../../../api/kinds/core/config-map.ts'
import { namespaceKind } from '../../../api/kinds/core/namespace.ts'
import { ownerReference } from '../../../api/machinery/object.ts'
import { atEveryWrite, benchFaults, controllerBench, namesOf, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { garbageCollectorController } from './garbage-collector-controller.ts'
import { OwnerGraph } from './graph.ts'

const map = (name: string, owners: readonly OwnerReference[] = [], namespace = 'default'): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ...(owners.length > 0 ? { ownerReferences: [...owners] } : {}) } })
const blocking = (owner: ConfigMap): OwnerReference => ({ ...ownerReference(owner), blockOwnerDeletion: true })

async function bench(options: BenchOptions = {}): Promise<ControllerBench> {
  const b = await controllerBench([garbageCollectorController], { ...options, before: (api) => (api.serve(configMapKind, namespaceKind), options.before?.(api)) })
  await b.kernel.runFor(100)
  return b
}

/** a owns b and c, b owns d, c is owned by x as well. */
function family(b: ControllerBench): void {
  const a = b.api.seed(configMapKind, map('a'))
  const x = b.api.seed(configMapKind, map('x'))
  const child = b.api.seed(configMapKind, map('b', [blocking(a)]))
  b.api.seed(configMapKind, map('c', [blocking(a), ownerReference(x)]))
  b.api.seed(configMapKind, map('d', [blocking(child)]))
}
const left = (b: ControllerBench): string[] => namesOf(b.api.stored(configMapKind)).map((key) => key.slice('default/'.length))

describe('the garbage collector', () => {
  it('deletes in the background what has no owner any more', async () => {
    const b = await bench()
    family(b)
    await b.settle()
    b.api.remove(configMapKind, 'default', 'a', { propagationPolicy: 'Background' })
    await b.settle()
    expect(left(b)).toEqual(['x', 'c'])
    expect(b.api.peek(configMapKind, 'default', 'c')?.metadata.ownerReferences?.map((reference) => reference.name)).toEqual(['x'])
  })

  it('deletes dependents first in the foreground', async () => {
    const b = await bench()
    family(b)
    await b.settle()
    const order: string[] = []
    b.api.onCommit = ({ type, object }) => void (type === 'DELETED' && order.push(object.metadata.name))
    b.api.remove(configMapKind, 'default', 'a', { propagationPolicy: 'Foreground' })
    expect(b.api.peek(configMapKind, 'default', 'a')?.metadata.finalizers).toEqual(['foregroundDeletion'])
    await b.settle()
    expect(order).toEqual(['d', 'b', 'a'])
    expect(left(b)).toEqual(['x', 'c'])
  })

  it('waits in the foreground for dependents that cannot go yet', async () => {
    const b = await bench()
    family(b)
    b.api.mutate(configMapKind, 'default', 'd', (copy) => void (copy.metadata.finalizers = ['example.com/hold']))
    await b.settle()
    b.api.remove(configMapKind, 'default', 'a', { propagationPolicy: 'Foreground' })
    await b.settle()
    expect(left(b)).toEqual(['a', 'x', 'b', 'c', 'd'])
    b.api.mutate(configMapKind, 'default', 'd', (copy) => void delete copy.metadata.finalizers)
    await b.settle()
    expect(left(b)).toEqual(['x', 'c'])
  })

  it('lets dependents go when told to orphan', async () => {
    const b = await bench()
    family(b)
    await b.settle()
    b.api.remove(configMapKind, 'default', 'a', { propagationPolicy: 'Orphan' })
    await b.settle()
    expect(left(b)).toEqual(['x', 'b', 'c', 'd'])
    expect(b.api.peek(configMapKind, 'default', 'b')?.metadata.ownerReferences ?? []).toEqual([])
  })

  it('gets out of circles', async () => {
    const b = await bench()
    const a = b.api.seed(configMapKind, map('a'))
    const child = b.api.seed(configMapKind, map('b', [blocking(a)]))
    b.api.mutate(configMapKind, 'default', 'a', (copy) => void (copy.metadata.ownerReferences = [blocking(child)]))
    await b.settle()
    b.api.remove(configMapKind, 'default', 'a', { propagationPolicy: 'Foreground' })
    await b.settle()
    expect(left(b)).toEqual([])
  })

  it('collects what it finds already without owner when it starts', async () => {
    const b = await bench({ before: (api) => void api.seed(configMapKind, map('b', [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'nobody' }])) })
    await b.settle()
    expect(left(b)).toEqual([])
  })

  it('does not take an owner of another namespace for one, and says so', async () => {
    const b = await bench()
    const a = b.api.seed(configMapKind, map('a'))
    b.api.seed(configMapKind, map('b', [ownerReference(a)], 'other'))
    await b.settle()
    expect(b.api.stored(configMapKind, 'other')).toEqual([])
    expect(b.events()).toEqual([`Warning OwnerRefInvalidNamespace ConfigMap/b: ownerRef [v1/ConfigMap, namespace: other, name: a, uid: ${a.metadata.uid}] does not exist in namespace "other"`])
  })

  it('lets namespaced objects be owned by cluster-wide ones, and leaves the reverse alone', async () => {
    const b = await bench()
    const owner = b.api.seed(namespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'owner' } })
    b.api.seed(configMapKind, map('a', [ownerReference(owner)]))
    b.api.seed(namespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'odd', ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'nobody' }] } })
    await b.settle()
    expect(left(b)).toEqual(['a'])
    b.api.mutate(namespaceKind, undefined, 'owner', (copy) => void (copy.spec = {}))
    b.api.remove(namespaceKind, undefined, 'owner')
    await b.settle()
    expect(left(b)).toEqual([])
    expect(b.api.peek(namespaceKind, undefined, 'odd')?.metadata.deletionTimestamp).toBeUndefined()
  })

  it.each(['Background', 'Foreground', 'Orphan'] as const)('reaches the same end whichever write fails (%s)', async (propagationPolicy) => {
    await atEveryWrite(benchFaults, async (fault) => {
      const b = await bench(fault ? { fault } : {})
      family(b)
      await b.settle()
      b.api.remove(configMapKind, 'default', 'a', { propagationPolicy })
      await b.settle()
      return { writes: b.api.writes.length, check: () => expect(left(b)).toEqual(propagationPolicy === 'Orphan' ? ['x', 'b', 'c', 'd'] : ['x', 'c']) }
    })
  })
})

describe('the owner graph', () => {
  it('always has for dependents exactly those that refer to the owner', () => {
    const uid = fc.integer({ min: 0, max: 7 })
    fc.assert(fc.property(fc.array(fc.tuple(uid, fc.uniqueArray(uid, { maxLength: 3 }), fc.boolean()), { maxLength: 40 }), (changes) => {
      const graph = new OwnerGraph(() => configMapKind)
      const owners = new Map<number, number[]>()
      for (const [id, owned, removed] of changes) {
        if (removed) {
          graph.remove(`u${id}`)
          owners.delete(id)
        } else {
          const object = map(`m${id}`, owned.map((each) => ({ apiVersion: 'v1', kind: 'ConfigMap', name: `m${each}`, uid: `u${each}` })))
          graph.put(configMapKind, { ...object, metadata: { ...object.metadata, uid: `u${id}` } })
          owners.set(id, owned)
        }
      }
      for (const node of graph.nodes()) {
        const id = Number(node.uid.slice(1))
        const wanted = [...owners].filter(([, owned]) => owned.includes(id)).map(([child]) => `u${child}`).sort()
        // A removed owner is forgotten until a reference to it is new again.
        if (!node.virtual) for (const dependent of node.dependents) expect(wanted).toContain(dependent.uid)
        else expect(wanted.length).toBeGreaterThan(0)
      }
    }), { numRuns: 300 })
  })
})

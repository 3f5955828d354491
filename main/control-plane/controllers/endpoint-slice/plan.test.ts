import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Endpoint, EndpointSlice, Service } from '../../../api/generated/types.ts'
import { newSlice, type EndpointGroup } from './endpoints.ts'
import { planSlices, type SlicePlan } from './plan.ts'

const service: Service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default', uid: 's1', labels: { app: 'web' } }, spec: { selector: { app: 'web' } } }
const http = [{ name: 'http', port: 80, protocol: 'TCP' }]
const endpoint = (n: number, ready = true): Endpoint => ({ addresses: [`10.0.${n >> 8}.${n & 255}`], conditions: { ready, serving: ready, terminating: false }, targetRef: { kind: 'Pod', namespace: 'default', name: `p${n}`, uid: `u${n}` } })
const slice = (name: string, endpoints: Endpoint[], ports = http): EndpointSlice => {
  const made = newSlice(service, 'IPv4', ports)
  return { ...made, metadata: { ...made.metadata, name, uid: name }, endpoints }
}
const groupsOf = (endpoints: Endpoint[], ports = http): Map<string, EndpointGroup> => new Map(endpoints.length > 0 ? [['http/TCP/80/', { ports, endpoints }]] : [])
const shape = ({ create, update, remove }: SlicePlan): unknown => ({ create: create.map((each) => each.endpoints!.length), update: update.map((each) => `${each.metadata.name}:${each.endpoints!.length}`), remove: remove.map((each) => each.metadata.name) })
const range = (from: number, to: number): Endpoint[] => Array.from({ length: to - from }, (_, index) => endpoint(from + index))

describe('the plan for EndpointSlices', () => {
  it.each<[string, EndpointSlice[], Map<string, EndpointGroup>, object]>([
    ['makes an empty slice for a service without endpoints', [], groupsOf([]), { create: [0], update: [], remove: [] }],
    ['leaves the empty slice alone', [slice('a', [], [])], groupsOf([]), { create: [], update: [], remove: [] }],
    ['fills the empty slice with the first endpoints', [slice('a', [], [])], groupsOf(range(0, 3)), { create: [], update: ['a:3'], remove: [] }],
    ['empties the last slice rather than deleting it', [slice('a', range(0, 3))], groupsOf([]), { create: [], update: ['a:0'], remove: [] }],
    ['leaves what is right', [slice('a', range(0, 3))], groupsOf(range(0, 3)), { create: [], update: [], remove: [] }],
    ['updates what changed', [slice('a', range(0, 3))], groupsOf([...range(0, 2), endpoint(2, false)]), { create: [], update: ['a:3'], remove: [] }],
    ['splits by a hundred', [], groupsOf(range(0, 250)), { create: [100, 100, 50], update: [], remove: [] }],
    ['adds to the fullest slice that takes all', [slice('a', range(0, 10)), slice('b', range(10, 60))], groupsOf(range(0, 65)), { create: [], update: ['b:55'], remove: [] }],
    ['fills a slice that changes anyway first', [slice('a', range(0, 10)), slice('b', range(10, 60))], groupsOf([...range(1, 65)]), { create: [], update: ['a:14'], remove: [] }],
    ['deletes a slice that has lost all', [slice('a', range(0, 10)), slice('b', range(10, 20))], groupsOf(range(0, 10)), { create: [], update: [], remove: ['b'] }],
    ['keeps other ports in other slices', [slice('a', range(0, 2))], new Map([...groupsOf(range(0, 2)), ['http/TCP/81/', { ports: [{ name: 'http', port: 81, protocol: 'TCP' }], endpoints: range(5, 6) }]]), { create: [1], update: [], remove: [] }],
  ])('%s', (_name, present, groups, expected) => {
    expect(shape(planSlices(service, 'IPv4', present, groups))).toEqual(expected)
  })

  it('always ends with every endpoint exactly once, in slices that are not too long', () => {
    fc.assert(fc.property(fc.array(fc.uniqueArray(fc.nat(40), { maxLength: 5 }), { maxLength: 5 }), fc.uniqueArray(fc.nat(40), { maxLength: 30 }), (old, wanted) => {
      const taken = new Set<number>()
      const present = old.map((numbers, index) => slice(`s${index}`, numbers.filter((n) => !taken.has(n) && taken.add(n)).map((n) => endpoint(n))))
      const plan = planSlices(service, 'IPv4', present, groupsOf(wanted.map((n) => endpoint(n))), 5)
      const after = new Map(present.map((each) => [each.metadata.name, each]))
      for (const each of plan.update) after.set(each.metadata.name, each)
      for (const each of plan.remove) after.delete(each.metadata.name)
      const all = [...after.values(), ...plan.create]
      expect(all.length).toBeGreaterThan(0)
      expect(all.every((each) => each.endpoints!.length <= 5)).toBe(true)
      expect(all.flatMap((each) => each.endpoints!.map((one) => one.targetRef!.name)).sort()).toEqual(wanted.map((n) => `p${n}`).sort())
    }), { numRuns: 200 })
  })
})

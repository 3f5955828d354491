import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Deployment, ReplicaSet } from '../../../api/generated/types.ts'
import { newReplicaSetSize, planCleanUp, planNewReplicaSet, planOldReplicaSets, planScaling, wasScaled } from './plan.ts'
import { maxSurgeOf, maxUnavailableOf } from './replicas.ts'

type Amount = number | string

function deployment(replicas: number, maxSurge: Amount = 0, maxUnavailable: Amount = 0): Deployment {
  return {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' },
    spec: { replicas, selector: {}, template: {}, revisionHistoryLimit: 10, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } } },
  }
}

let made = 0
function set(name: string, replicas: number, available = replicas, more: { desired?: number; max?: number; revision?: number; pods?: number } = {}): ReplicaSet {
  const annotations = {
    ...(more.desired === undefined ? {} : { 'deployment.kubernetes.io/desired-replicas': String(more.desired) }),
    ...(more.max === undefined ? {} : { 'deployment.kubernetes.io/max-replicas': String(more.max) }),
    'deployment.kubernetes.io/revision': String(more.revision ?? 1),
  }
  const creationTimestamp = new Date(1_767_225_600_000 + made++ * 1000).toISOString()
  return { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name, uid: name, annotations, creationTimestamp }, spec: { replicas, selector: {} }, status: { replicas: more.pods ?? replicas, availableReplicas: available } }
}
const sizes = (steps: readonly { set: ReplicaSet; size: number }[]): string[] => steps.map((step) => `${step.set.metadata.name}=${step.size}`)

describe('what surge and unavailable mean', () => {
  it.each<[number, Amount, Amount, number, number]>([
    [10, '25%', '25%', 3, 2],
    [1, '25%', '25%', 1, 0],
    [3, 0, 0, 0, 1],
    [4, 1, '100%', 1, 4],
    [2, 5, 5, 5, 2],
    [0, 1, 1, 1, 0],
  ])('%i replicas, surge %s, unavailable %s: %i more, %i fewer', (replicas, surge, unavailable, more, fewer) => {
    expect(maxSurgeOf(deployment(replicas, surge, unavailable))).toBe(more)
    expect(maxUnavailableOf(deployment(replicas, surge, unavailable))).toBe(fewer)
  })
})

describe('the step up', () => {
  it.each<[string, Deployment, number, number, number | undefined]>([
    ['as much as the surge leaves room', deployment(10, 3, 2), 10, 0, 3],
    ['nothing without room', deployment(10, 0, 2), 10, 0, undefined],
    ['no more than wanted', deployment(10, 20, 2), 2, 8, 10],
    ['down, when there are too many', deployment(3, 1, 1), 0, 5, 3],
    ['nothing when it is right', deployment(3, 1, 1), 2, 3, undefined],
  ])('%s', (_name, target, old, present, expected) => {
    const newSet = set('new', present)
    expect(planNewReplicaSet(target, [set('old', old), newSet], newSet)?.size).toBe(expected)
  })

  it('of a Recreate rollout is all at once', () => {
    expect(newReplicaSetSize({ ...deployment(7), spec: { ...deployment(7).spec!, strategy: { type: 'Recreate' } } }, [set('old', 7)], 0)).toBe(7)
  })
})

describe('the steps down', () => {
  it.each<[string, Deployment, ReplicaSet, ReplicaSet[], string[]]>([
    ['spares what may be unavailable', deployment(10, 3, 2), set('new', 3, 0), [set('old', 10)], ['old=8']],
    ['waits for new pods', deployment(10, 3, 2), set('new', 5, 0), [set('old', 8)], []],
    ['follows new pods', deployment(10, 3, 2), set('new', 5, 5), [set('old', 8)], ['old=3']],
    ['takes unhealthy old pods first, oldest set first', deployment(10, 0, 2), set('new', 0), [set('a', 5, 3), set('b', 5, 5)], ['a=3']],
    ['goes on with healthy ones', deployment(10, 0, 4), set('new', 0), [set('a', 5, 3), set('b', 5, 5)], ['a=3', 'a=1']],
    ['has nothing to do without old pods', deployment(10, 3, 2), set('new', 10), [set('old', 0)], []],
  ])('%s', (_name, target, newSet, old, expected) => {
    expect(sizes(planOldReplicaSets(target, newSet, old))).toEqual(expected)
  })

  it('refuse to count on a status that lags behind', () => {
    expect(() => planOldReplicaSets(deployment(10, 3, 2), set('new', 6, 2), [set('old', 7, 8)])).toThrow('got invalid request to scale down old 7 -> 8')
  })
})

describe('scaling', () => {
  it.each<[string, Deployment, ReplicaSet | undefined, ReplicaSet[], string[]]>([
    ['gives it all to the only active set', deployment(5, 1, 1), set('new', 3), [set('old', 0)], ['new=5']],
    ['gives it to the newest when none is active', deployment(5, 1, 1), undefined, [set('a', 0), set('b', 0)], ['b=5']],
    ['empties old sets when the new one is complete', deployment(5, 1, 1), set('new', 5, 5, { desired: 5 }), [set('old', 2)], ['old=0']],
    ['shares growth by size, the rest to the largest', deployment(15, 3, 2), set('new', 5, 0, { max: 13 }), [set('old', 8, 8, { max: 13 })], ['old=11', 'new=7']],
    ['shares shrinking by size', deployment(5, 0, 2), set('new', 5, 5, { max: 10 }), [set('old', 5, 5, { max: 10 })], ['new=2', 'old=3']],
    ['lets go of all when nothing is wanted', deployment(0, 3, 2), set('new', 5, 5, { max: 13 }), [set('old', 8, 8, { max: 13 })], ['old=0', 'new=0']],
    ['leaves sizes alone that are right', deployment(10, 3, 2), set('new', 5, 0, { max: 13 }), [set('old', 8, 8, { max: 13 })], ['old=8', 'new=5']],
  ])('%s', (_name, target, newSet, old, expected) => {
    expect(sizes(planScaling(target, newSet, old)).sort()).toEqual([...expected].sort())
  })

  it('grows to exactly the whole, never shrinks below it, and makes no size negative', () => {
    const size = fc.integer({ min: 1, max: 30 })
    fc.assert(fc.property(fc.array(size, { minLength: 2, maxLength: 5 }), fc.integer({ min: 1, max: 60 }), fc.nat(5), fc.nat(5), (before, wanted, surge, room) => {
      // What the sets were last sized for is at least what they are.
      const max = before.reduce((a, b) => a + b, 0) + room
      const target = deployment(wanted, surge, 1)
      const [first, ...rest] = before.map((replicas, index) => set(`s${index}`, replicas, 0, { max, desired: max }))
      const planned = planScaling(target, first, rest)
      const after = new Map([first!, ...rest].map((each) => [each, each.spec!.replicas!]))
      for (const step of planned) after.set(step.set, step.size)
      expect([...after.values()].every((each) => each >= 0)).toBe(true)
      const whole = wanted + maxSurgeOf(target)
      const sum = [...after.values()].reduce((a, b) => a + b, 0)
      expect(sum).toBeGreaterThanOrEqual(whole)
      // As upstream: shares are rounded, and what is left to take goes to the largest only as far as it has it.
      expect(sum).toBeLessThanOrEqual(whole >= before.reduce((a, b) => a + b, 0) ? whole : whole + before.length)
    }), { numRuns: 500 })
  })

  it('is known by the size that active sets were made for', () => {
    expect(wasScaled(deployment(3), [set('a', 3, 3, { desired: 3 }), set('b', 0, 0, { desired: 9 })])).toBe(false)
    expect(wasScaled(deployment(3), [set('a', 2, 2, { desired: 2 })])).toBe(true)
  })
})

describe('a rollout', () => {
  it('always ends, within its bounds, whichever pods become ready in between', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(4), fc.nat(4), fc.array(fc.nat(3), { minLength: 200, maxLength: 200 }), (wanted, surge, unavailable, luck) => {
      const target = deployment(wanted, surge, unavailable)
      const [most, least] = [wanted + maxSurgeOf(target), wanted - maxUnavailableOf(target)]
      let newSet = set('new', 0)
      let old = set('old', wanted)
      for (let step = 0; step < 200; step++) {
        const up = planNewReplicaSet(target, [old, newSet], newSet)
        const down = up ? [] : planOldReplicaSets(target, newSet, [old])
        if (up) newSet = { ...newSet, spec: { ...newSet.spec!, replicas: up.size } }
        for (const each of down) old = { ...old, spec: { ...old.spec!, replicas: each.size }, status: { replicas: each.size, availableReplicas: Math.min(each.size, old.status!.availableReplicas!) } }
        const ready = Math.min(newSet.spec!.replicas!, newSet.status!.availableReplicas! + luck[step]!)
        expect(newSet.spec!.replicas! + old.spec!.replicas!).toBeLessThanOrEqual(most)
        expect(newSet.status!.availableReplicas! + old.status!.availableReplicas!).toBeGreaterThanOrEqual(least)
        newSet = { ...newSet, status: { replicas: newSet.spec!.replicas!, availableReplicas: ready } }
      }
      const chances = luck.reduce((a, b) => a + b, 0)
      if (chances > 100) expect([newSet.spec!.replicas, old.spec!.replicas]).toEqual([wanted, 0])
    }), { numRuns: 200 })
  })
})

describe('cleaning up', () => {
  it('takes the oldest empty sets beyond the limit', () => {
    const target = { ...deployment(3), spec: { ...deployment(3).spec!, revisionHistoryLimit: 1 } }
    const old = [set('c', 0, 0, { revision: 3 }), set('a', 0, 0, { revision: 1 }), set('b', 0, 0, { revision: 2, pods: 1 })]
    expect(planCleanUp(target, old).map((each) => each.metadata.name)).toEqual(['a'])
  })
})

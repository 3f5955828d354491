import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '../../api/generated/types.ts'
import { SchedulerCache } from './cache/cache.ts'
import { feasibleNodesToFind, selectNode, type Selection } from './cycle.ts'
import { Framework } from './framework/framework.ts'
import type { FrameworkHandle } from './framework/plugin.ts'
import { podInfoOf } from './framework/pod-info.ts'
import { defaultPlugins } from './plugins/default-plugins.ts'
import { devicesOf } from './testing/devices.ts'
import { testNode, testPod } from './testing/objects.ts'
import { storageOf } from './testing/volumes.ts'

function frameworkOn(cache: SchedulerCache): Framework {
  const handle = { view: cache, nominatedTo: () => [], below: () => 0 } as unknown as FrameworkHandle
  return new Framework('default-scheduler', defaultPlugins({ handle, client: {} as never, clock: {} as never, volumes: storageOf(), devices: devicesOf(), preemption: { isRunning: () => false, begin: () => {} } }), handle)
}

function look(framework: Framework, cache: SchedulerCache, pod: Pod): Selection {
  return selectNode(podInfoOf(pod), { framework, view: cache, rotation: { next: 0 }, percentageOfNodesToScore: 100, below: () => 1, nominatedNode: undefined })
}

const facts = (selection: Selection): unknown => ({
  node: selection.node,
  feasible: selection.feasible.map(({ name }) => name),
  rejected: [...selection.verdicts.byNode].map(([node, status]) => [node, status.plugin, status.reasons]),
  scores: selection.scores,
  totals: selection.totals,
})

describe('feasibleNodesToFind', () => {
  it.each([
    [10, 0, 10],
    [99, 0, 99],
    [100, 0, 100],
    [1_000, 0, 420],
    [5_000, 0, 500],
    [6_000, 0, 300],
    [1_000, 10, 100],
    [1_000, 50, 500],
    [1_000, 100, 1_000],
  ])('of %i nodes at %i %%: %i', (nodes, percentage, expected) => expect(feasibleNodesToFind(nodes, percentage)).toBe(expected))
})

describe('selectNode', () => {
  const nodeNames = ['a', 'b', 'c', 'd']
  type Step = { readonly type: 'bind' | 'unbind' | 'look'; readonly pod: number } | { readonly type: 'node'; readonly name: string; readonly variant: number }
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constantFrom('bind' as const, 'unbind' as const, 'look' as const), pod: fc.nat(11) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('node' as const), name: fc.constantFrom(...nodeNames), variant: fc.nat(4) }) },
  )
  const node = (name: string, variant: number): Node =>
    testNode(name, { cpu: variant === 1 ? '1' : '4', memory: '8Gi' }, (copy) => {
      copy.metadata.labels!['zone'] = variant % 2 === 0 ? 'even' : 'odd'
      if (variant === 2) copy.spec = { taints: [{ key: 'k', effect: 'NoSchedule' }] }
      if (variant === 3) copy.spec = { unschedulable: true }
      if (variant === 4) copy.status!.images = [{ names: ['nginx:latest'], sizeBytes: 500 * 1024 * 1024 }]
    })
  const pod = (index: number): Pod =>
    testPod(`p${index}`, index % 3 === 0 ? {} : { cpu: '300m', memory: '1Gi' }, (copy) => {
      copy.metadata.labels = { app: index % 2 === 0 ? 'web' : 'db' }
      if (index % 4 === 0) copy.spec!.topologySpreadConstraints = [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } } }]
      if (index % 5 === 0) copy.spec!.affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { app: 'db' } }, topologyKey: 'kubernetes.io/hostname' }] } }
    })

  it('finds the same with what it remembers as from scratch, whatever has changed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const sources = { namespaceLabels: () => undefined, spreadingSelector: () => undefined }
        const cache = new SchedulerCache(sources)
        const framework = frameworkOn(cache)
        const nodes = new Map<string, Node>()
        const bound = new Map<number, string>()
        for (const current of steps) {
          if (current.type === 'node') {
            const next = node(current.name, current.variant)
            nodes.set(current.name, next)
            cache.setNode(next)
          } else if (current.type === 'unbind') {
            if (bound.delete(current.pod)) cache.removePod(`pod-p${current.pod}`)
          } else if (!bound.has(current.pod)) {
            const selection = look(framework, cache, pod(current.pod))
            const fresh = new SchedulerCache(sources)
            for (const each of nodes.values()) fresh.setNode(each)
            for (const [index, name] of bound) fresh.setPod({ ...pod(index), spec: { ...pod(index).spec!, nodeName: name } })
            expect(facts(selection)).toEqual(facts(look(frameworkOn(fresh), fresh, pod(current.pod))))
            if (current.type === 'bind' && selection.node !== '') {
              bound.set(current.pod, selection.node)
              cache.assume(podInfoOf(pod(current.pod)), selection.node)
            }
          }
        }
      }),
      { numRuns: 150 },
    )
  })
})

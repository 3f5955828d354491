import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Node, Pod } from '../../api/generated/types.ts'
import { eventKind } from '../../api/kinds/core/event.ts'
import { podKind } from '../../api/kinds/core/pod.ts'
import type { CoreEvent } from '../../api/generated/types.ts'
import { SchedulerCache } from './cache/cache.ts'
import { podInfoOf } from './framework/pod-info.ts'
import { interPodAffinity } from './plugins/inter-pod-affinity.ts'
import { nodeName } from './plugins/node-name.ts'
import { nodePorts } from './plugins/node-ports.ts'
import { nodeResourcesFit } from './plugins/node-resources-fit.ts'
import { nodeUnschedulable } from './plugins/node-unschedulable.ts'
import { podTopologySpread } from './plugins/pod-topology-spread.ts'
import { taintToleration } from './plugins/taint-toleration.ts'
import { nodeAffinity } from './plugins/node-affinity.ts'
import { CycleState } from './framework/cycle-state.ts'
import { schedulerBench } from './testing/scheduler-bench.ts'
import { testNode, testPod } from './testing/objects.ts'

const nodes = fc.array(fc.record({ cpu: fc.integer({ min: 1, max: 4 }), cordoned: fc.boolean(), tainted: fc.boolean(), disk: fc.constantFrom('ssd', 'hdd') }), { minLength: 1, maxLength: 4 })
const pods = fc.array(fc.record({ millis: fc.integer({ min: 100, max: 3_000 }), priority: fc.integer({ min: 0, max: 2 }), tolerates: fc.boolean(), disk: fc.option(fc.constantFrom('ssd', 'hdd')), port: fc.option(fc.constantFrom(80, 81)) }), { minLength: 1, maxLength: 8 })
const filters = [nodeUnschedulable, nodeName, taintToleration, nodeAffinity(), nodePorts, nodeResourcesFit()]

it('binds a pod only where every filter lets it, and preempts only what matters less', async () => {
  await fc.assert(
    fc.asyncProperty(nodes, pods, async (nodeFacts, podFacts) => {
      const bench = schedulerBench()
      const madeNodes = nodeFacts.map(({ cpu, cordoned, tainted, disk }, index) =>
        testNode(`n${index}`, { cpu: String(cpu), memory: '8Gi' }, (node) => {
          node.metadata.labels!['disk'] = disk
          node.spec = { ...(cordoned && { unschedulable: true }), ...(tainted && { taints: [{ key: 'k', effect: 'NoSchedule' }] }) } as Node['spec'] & object
        }),
      )
      await bench.add(...madeNodes)
      const made = podFacts.map(({ millis, priority, tolerates, disk, port }, index) =>
        testPod(`p${index}`, { cpu: `${millis}m` }, (pod) => {
          pod.spec!.priority = priority
          if (tolerates) pod.spec!.tolerations = [{ key: 'k', operator: 'Exists' }]
          if (disk) pod.spec!.nodeSelector = { disk }
          if (port) pod.spec!.containers[0]!.ports = [{ containerPort: port, hostPort: port }]
        }),
      )
      const priorityOf = new Map<string, number>()
      for (const pod of made) {
        await bench.add(pod)
        const { metadata, spec } = bench.pod(pod.metadata.name)
        priorityOf.set(metadata.uid!, spec!.priority!)
      }
      await bench.kernel.runFor(20_000)
      const stored = bench.api.stored<Pod>(podKind)
      for (const pod of stored) {
        const target = pod.spec!.nodeName
        if (!target) continue
        // As if it came last: with all others there it still has to fit.
        const cache = new SchedulerCache({ namespaceLabels: () => undefined, spreadingSelector: () => undefined })
        for (const node of madeNodes) cache.setNode(node)
        for (const other of stored) if (other !== pod && other.spec!.nodeName) cache.setPod(other)
        const info = podInfoOf({ ...pod, spec: { ...pod.spec!, nodeName: '' } } as Pod)
        for (const plugin of filters) expect([plugin.name, plugin.filter!(new CycleState(), info, cache.node(target)!)]).toEqual([plugin.name, undefined])
      }
      const preempted = bench.api.stored<CoreEvent>(eventKind).filter(({ reason }) => reason === 'Preempted')
      for (const { involvedObject, message } of preempted) {
        const by = /^Preempted by pod (\S+) on/.exec(message ?? '')![1]!
        expect(priorityOf.get(by)!).toBeGreaterThan(priorityOf.get(involvedObject.uid ?? '') ?? Infinity)
      }
    }),
    { numRuns: 25 },
  )
}, 30_000)

const zone = 'topology.kubernetes.io/zone'
const hostname = 'kubernetes.io/hostname'
const zonedNodes = fc.array(fc.record({ cpu: fc.integer({ min: 1, max: 3 }), zone: fc.constantFrom('a', 'b', 'c') }), { minLength: 1, maxLength: 5 })
/** Pods that spread over zones, that shun each other's nodes, and that follow the first kind into its zones. */
const roles = fc.array(fc.record({ role: fc.constantFrom('spread', 'alone', 'follow'), millis: fc.integer({ min: 100, max: 900 }) }), { minLength: 1, maxLength: 10 })

it('keeps spread, affinity and anti-affinity, and leaves a pod waiting only where no node will do', async () => {
  await fc.assert(
    fc.asyncProperty(zonedNodes, fc.integer({ min: 1, max: 2 }), roles, async (nodeFacts, maxSkew, podFacts) => {
      const bench = schedulerBench()
      const madeNodes = nodeFacts.map((facts, index) =>
        testNode(`n${index}`, { cpu: String(facts.cpu), memory: '8Gi' }, (node) => Object.assign(node.metadata.labels!, { [zone]: facts.zone, [hostname]: `n${index}` })),
      )
      await bench.add(...madeNodes)
      for (const [index, { role, millis }] of podFacts.entries()) {
        const made = testPod(`p${index}`, { cpu: `${millis}m` }, (pod) => {
          pod.metadata.labels = { role }
          const term = (of: string, topologyKey: string): object => ({ requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: { matchLabels: { role: of } } }] })
          if (role === 'spread') pod.spec!.topologySpreadConstraints = [{ maxSkew, topologyKey: zone, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { role } } }]
          if (role === 'alone') pod.spec!.affinity = { podAntiAffinity: term(role, hostname) }
          if (role === 'follow') pod.spec!.affinity = { podAffinity: term('spread', zone) }
        })
        await bench.add(made)
      }
      await bench.kernel.runFor(60_000)
      const stored = bench.api.stored<Pod>(podKind)
      const zoneOf = new Map(madeNodes.map(({ metadata }) => [metadata.name, metadata.labels![zone]!]))
      const nodesOf = (role: string): string[] => stored.flatMap(({ metadata, spec }) => (metadata.labels!['role'] === role && spec!.nodeName ? [spec!.nodeName] : []))
      const spread = nodesOf('spread').map((node) => zoneOf.get(node)!)
      const counts = [...new Set(zoneOf.values())].map((each) => spread.filter((other) => other === each).length)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(maxSkew)
      expect(new Set(nodesOf('alone')).size).toBe(nodesOf('alone').length)
      for (const node of nodesOf('follow')) expect(spread).toContain(zoneOf.get(node))
      const cache = new SchedulerCache({ namespaceLabels: () => undefined, spreadingSelector: () => undefined })
      for (const node of madeNodes) cache.setNode(node)
      for (const pod of stored) if (pod.spec!.nodeName) cache.setPod(pod)
      const plugins = [nodeResourcesFit(), podTopologySpread(), interPodAffinity(cache)]
      for (const pod of stored.filter(({ spec }) => !spec!.nodeName)) {
        const state = new CycleState()
        const info = podInfoOf(pod)
        const asked = plugins.filter((plugin) => plugin.preFilter?.(state, info, cache)?.status?.code !== 'Skip')
        for (const node of cache.nodes) expect([pod.metadata.name, node.name, asked.some((plugin) => plugin.filter!(state, info, node))]).toEqual([pod.metadata.name, node.name, true])
      }
    }),
    { numRuns: 40 },
  )
}, 60_000)

it('does no more for an event in a large cluster than in a small one', async () => {
  const looksFor = async (count: number): Promise<number> => {
    const bench = schedulerBench()
    await bench.add(...Array.from({ length: count }, (_, index) => testNode(`n${index}`)))
    const before = bench.decisions().length
    const events = bench.kernel.executed
    await bench.add(testPod('there', {}, (pod) => void (pod.spec!.nodeName = 'n0')))
    expect(bench.decisions().length).toBe(before)
    return bench.kernel.executed - events
  }
  expect(await looksFor(200)).toBe(await looksFor(2))
})

import { expect, it } from 'vitest'
import { podKind } from '../../api/kinds/core/pod.ts'
import { nodeKind } from '../../api/kinds/core/node.ts'
import { schedulerBench } from './testing/scheduler-bench.ts'
import { testNode, testPod } from './testing/objects.ts'

/** Prints how fast decisions come; fails for nothing but a pod without a node. */
it('reports pods per second on 1 000 nodes', async () => {
  const bench = schedulerBench()
  for (let index = 0; index < 1_000; index++) {
    const node = testNode(`node-${index}`, { cpu: '8', memory: '32Gi' }, (copy) => (copy.metadata.labels!['topology.kubernetes.io/zone'] = `zone-${index % 3}`))
    bench.api.seed(nodeKind, node)
    bench.api.mutate(nodeKind, undefined, node.metadata.name, (copy) => (copy.status = node.status!))
  }
  await bench.kernel.runFor(1_000)
  const count = 1_000
  for (let index = 0; index < count; index++) bench.api.seed(podKind, testPod(`p${index}`, { cpu: '100m', memory: '128Mi' }, (pod) => (pod.metadata.labels = { app: 'web' })))
  const startedAt = performance.now()
  await bench.kernel.runFor(5_000)
  const elapsedMs = performance.now() - startedAt
  console.log(`scheduler: ${count} pods on 1000 nodes in ${elapsedMs.toFixed(0)} ms, ${((count / elapsedMs) * 1_000).toFixed(0)} pods/s (API calls of a stand-in included)`)
  expect(bench.api.stored(podKind).every((pod) => pod.spec!.nodeName)).toBe(true)
})

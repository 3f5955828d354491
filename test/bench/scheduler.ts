/** Decisions of the scheduler itself, on an API in the same process: 1 000 nodes with zones, 10 000 pods of Deployments that ask for cpu and
 *  memory, all bound. Prints one line per run; `scheduler.mjs` bundles and starts this. */
import { testNode, testPod } from '../../main/control-plane/scheduler/testing/objects.ts'
import { schedulerBench } from '../../main/control-plane/scheduler/testing/scheduler-bench.ts'
import { nodeKind } from '../../main/api/kinds/core/node.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'

const nodes = Number(process.argv[2] ?? 1_000)
const pods = Number(process.argv[3] ?? 10_000)
const runs = Number(process.argv[4] ?? 1)

for (let run = 0; run < runs; run++) {
  const bench = schedulerBench()
  for (let index = 0; index < nodes; index++) {
    const node = testNode(`node-${index}`, { cpu: '32', memory: '128Gi' }, (copy) => (copy.metadata.labels!['topology.kubernetes.io/zone'] = `zone-${index % 3}`))
    bench.api.seed(nodeKind, node)
    bench.api.mutate(nodeKind, undefined, node.metadata.name, (copy) => (copy.status = node.status!))
  }
  await bench.kernel.runFor(1_000)
  for (let index = 0; index < pods; index++) bench.api.seed(podKind, testPod(`p${index}`, { cpu: '100m', memory: '128Mi' }, (pod) => (pod.metadata.labels = { app: `web-${index % 20}` })))
  const cpu = process.cpuUsage()
  const started = performance.now()
  const scheduled = (): number => (bench.scheduler.view('queues') as { attempts: { scheduled: number } }).attempts.scheduled
  // Looking costs time as well: not after every event.
  for (let turn = 0; turn < 600 && scheduled() < pods; turn++) await bench.kernel.runFor(100)
  const wallMs = performance.now() - started
  const { user, system } = process.cpuUsage(cpu)
  const unbound = bench.api.stored(podKind).filter((pod) => !pod.spec!.nodeName).length
  console.log(JSON.stringify({ nodes, pods, unbound, wallMs: Math.round(wallMs), cpuMs: Math.round((user + system) / 1_000), podsPerSecond: Math.round((pods / wallMs) * 1_000), podsPerCpuSecond: Math.round((pods / (user + system)) * 1_000_000) }))
}

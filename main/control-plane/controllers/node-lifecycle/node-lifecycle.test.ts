import { describe, expect, it } from 'vitest'
import type { Pod, Toleration } from '../../../api/generated/types.ts'
import { leaseKind } from '../../../api/kinds/coordination/lease.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { formatMicroTime, formatTime } from '../../../api/machinery/time.ts'
import { podGarbageCollector } from '../pod-garbage-collector/pod-garbage-collector.ts'
import { taintEvictionController } from '../taint-eviction/taint-eviction-controller.ts'
import { atEveryWrite, benchFaults, controllerBench, namesOf, readyStatus, seedNode, testNode, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { nodeLifecycleController } from './node-lifecycle-controller.ts'

const workers = ['worker-1', 'worker-2', 'worker-3']
const usual: Toleration[] = ['not-ready', 'unreachable'].map((name) => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }))
const pod = (name: string, nodeName: string, tolerations: Toleration[] = usual): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { nodeName, tolerations, containers: [{ name: 'a', image: 'a' }] } })

/** Nodes that renew their leases every 10 s while they are in `alive`. */
async function bench(alive: Set<string>, options: BenchOptions = {}): Promise<ControllerBench> {
  const b = await controllerBench([nodeLifecycleController(), taintEvictionController, podGarbageCollector(3)], {
    ...options,
    before: (api) => {
      for (const name of workers) {
        seedNode(api, testNode(name))
        api.seed(leaseKind, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: 'kube-node-lease' }, spec: { holderIdentity: name, leaseDurationSeconds: 40 } })
      }
    },
  })
  b.process.clock.every(10_000, () => {
    for (const name of alive) if (b.api.peek(leaseKind, 'kube-node-lease', name)) b.api.mutate(leaseKind, 'kube-node-lease', name, (lease) => void (lease.spec = { ...lease.spec, renewTime: formatMicroTime(b.kernel.now()) }))
  })
  return b
}

function seedPod(b: ControllerBench, made: Pod): void {
  b.api.seed(podKind, made)
  b.api.mutate(podKind, 'default', made.metadata.name, (copy) => void (copy.status = readyStatus(b.kernel.now())))
}
const taintsOf = (b: ControllerBench, name: string): string[] => (b.api.peek(nodeKind, undefined, name)?.spec?.taints ?? []).map((taint) => `${taint.key.replace('node.kubernetes.io/', '')}:${taint.effect}`)

describe('node life cycle', () => {
  it('leaves nodes alone that renew their leases', async () => {
    const b = await bench(new Set(workers))
    await b.kernel.runFor(600_000)
    expect(b.api.writes.filter((line) => !line.includes('events'))).toEqual([])
    expect(b.events()).toEqual(workers.map((name) => `Normal RegisteredNode Node/${name}: Node ${name} event: Registered Node ${name} in Controller`))
  })

  it('finds a silent node after 50 s, taints it, marks its pods, and evicts them 300 s later', async () => {
    const alive = new Set(workers)
    const b = await bench(alive)
    seedPod(b, pod('a', 'worker-2'))
    seedPod(b, pod('forever', 'worker-2', [{ operator: 'Exists' }]))
    await b.kernel.runFor(25_000)
    alive.delete('worker-2')
    await b.kernel.runFor(44_000)
    expect(conditionOf(b.api.peek(nodeKind, undefined, 'worker-2')?.status?.conditions, 'Ready')?.status).toBe('True')
    await b.kernel.runFor(2_000)
    const conditions = b.api.peek(nodeKind, undefined, 'worker-2')!.status!.conditions!
    expect(conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`)).toEqual([
      'Ready=Unknown NodeStatusUnknown: Kubelet stopped posting node status.',
      'MemoryPressure=Unknown NodeStatusNeverUpdated: Kubelet never posted node status.',
      'DiskPressure=Unknown NodeStatusNeverUpdated: Kubelet never posted node status.',
      'PIDPressure=Unknown NodeStatusNeverUpdated: Kubelet never posted node status.',
    ])
    expect(taintsOf(b, 'worker-2').sort()).toEqual(['unreachable:NoExecute', 'unreachable:NoSchedule'])
    expect(conditionOf(b.api.peek(podKind, 'default', 'a')?.status?.conditions, 'Ready')?.status).toBe('False')
    expect(b.events()).toContain('Normal NodeNotReady Node/worker-2: Node worker-2 status is now: NodeNotReady')
    expect(b.events()).toContain('Warning NodeNotReady Pod/a: Node is not ready')
    await b.kernel.runFor(298_000)
    expect(b.api.peek(podKind, 'default', 'a')?.metadata.deletionTimestamp).toBeUndefined()
    await b.kernel.runFor(3_000)
    expect(b.api.peek(podKind, 'default', 'a')?.metadata.deletionTimestamp).toBeDefined()
    expect(conditionOf(b.api.peek(podKind, 'default', 'a')?.status?.conditions, 'DisruptionTarget')).toMatchObject({ status: 'True', reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint' })
    expect(b.events()).toContain('Normal TaintManagerEviction Pod/a: Marking for deletion Pod default/a')
    expect(b.api.peek(podKind, 'default', 'forever')?.metadata.deletionTimestamp).toBeUndefined()
  })

  it('takes the taints off and spares the pods when the node comes back', async () => {
    const alive = new Set(workers)
    const b = await bench(alive)
    seedPod(b, pod('a', 'worker-2'))
    alive.delete('worker-2')
    await b.kernel.runFor(100_000)
    expect(taintsOf(b, 'worker-2')).toHaveLength(2)
    alive.add('worker-2')
    b.api.mutate(nodeKind, undefined, 'worker-2', (node) => void (node.status = { ...node.status, conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: formatTime(b.kernel.now()), lastTransitionTime: formatTime(b.kernel.now()) }] }))
    await b.kernel.runFor(400_000)
    expect(taintsOf(b, 'worker-2')).toEqual([])
    expect(b.api.peek(podKind, 'default', 'a')?.metadata.deletionTimestamp).toBeUndefined()
    expect(b.events()).toContain('Normal TaintManagerEviction Pod/a: Cancelling deletion of Pod default/a')
  })

  it('says by taints what conditions say', async () => {
    const b = await bench(new Set(workers))
    b.api.mutate(nodeKind, undefined, 'worker-1', (node) => {
      node.spec = { ...node.spec, unschedulable: true, taints: [{ key: 'mine', effect: 'NoSchedule' }] }
      node.status = { ...node.status, conditions: [...node.status!.conditions!, { type: 'MemoryPressure', status: 'True' }] }
    })
    await b.kernel.runFor(1_000)
    expect(taintsOf(b, 'worker-1')).toEqual(['mine:NoSchedule', 'memory-pressure:NoSchedule', 'unschedulable:NoSchedule'])
    b.api.mutate(nodeKind, undefined, 'worker-1', (node) => void delete node.spec!.unschedulable)
    await b.kernel.runFor(1_000)
    expect(taintsOf(b, 'worker-1')).toEqual(['mine:NoSchedule', 'memory-pressure:NoSchedule'])
  })

  it('evicts from one node in ten seconds, and from none when all are silent', async () => {
    const alive = new Set(workers)
    const b = await bench(alive)
    alive.delete('worker-1')
    alive.delete('worker-2')
    await b.kernel.runFor(51_000)
    expect(workers.filter((name) => taintsOf(b, name).includes('unreachable:NoExecute'))).toHaveLength(1)
    await b.kernel.runFor(11_000)
    expect(workers.filter((name) => taintsOf(b, name).includes('unreachable:NoExecute'))).toHaveLength(2)
    alive.clear()
    await b.kernel.runFor(61_000)
    expect(workers.flatMap((name) => taintsOf(b, name))).toEqual(['unreachable:NoSchedule', 'unreachable:NoSchedule', 'unreachable:NoSchedule'])
  })

  it('takes pods of a node that is gone away 40 s later, and the oldest ended ones beyond the limit', async () => {
    const b = await bench(new Set(workers))
    seedPod(b, pod('a', 'worker-2'))
    b.api.remove(nodeKind, undefined, 'worker-2')
    for (const name of ['e1', 'e2', 'e3', 'e4']) {
      seedPod(b, pod(name, 'worker-1'))
      b.api.mutate(podKind, 'default', name, (copy) => void (copy.status = { phase: 'Succeeded' }))
      await b.kernel.runFor(1_000)
    }
    await b.kernel.runFor(34_000)
    expect(namesOf(b.api.stored(podKind))).toEqual(['default/a', 'default/e2', 'default/e3', 'default/e4'])
    await b.kernel.runFor(5_000)
    expect(namesOf(b.api.stored(podKind))).toEqual(['default/e2', 'default/e3', 'default/e4'])
    expect(b.events()).toContain('Normal RemovingNode Node/worker-2: Node worker-2 event: Removing Node worker-2 from Controller')
  })

  it('evicts whichever write fails', async () => {
    await atEveryWrite(benchFaults, async (fault) => {
      const alive = new Set(workers)
      const b = await bench(alive, fault ? { fault } : {})
      seedPod(b, pod('a', 'worker-2'))
      alive.delete('worker-2')
      // A new process counts the time of tolerations from its own start, as upstream's does.
      await b.kernel.runFor(720_000)
      return {
        writes: b.api.writes.filter((line) => !line.includes(' events ')).length,
        check: () => {
          expect(taintsOf(b, 'worker-2').sort()).toEqual(['unreachable:NoExecute', 'unreachable:NoSchedule'])
          expect(b.api.peek(podKind, 'default', 'a')?.metadata.deletionTimestamp).toBeDefined()
          expect(conditionOf(b.api.peek(podKind, 'default', 'a')?.status?.conditions, 'Ready')?.status).toBe('False')
        },
      }
    })
  })
})

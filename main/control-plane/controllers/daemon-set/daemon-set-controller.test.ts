import { describe, expect, it } from 'vitest'
import type { DaemonSet, Pod } from '../../../api/generated/types.ts'
import { controllerRevisionKind } from '../../../api/kinds/apps/controller-revision.ts'
import { daemonSetKind } from '../../../api/kinds/apps/daemon-set.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { isPodReady } from '../../../api/machinery/pod.ts'
import { atEveryWrite, benchFaults, controllerBench, playNodes, seedNode, testNode, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { daemonSetController } from './daemon-set-controller.ts'

const proxy = (more: Partial<DaemonSet['spec']> = {}, image = 'proxy:1'): DaemonSet => ({
  apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'proxy', namespace: 'kube-system' },
  spec: { selector: { matchLabels: { app: 'proxy' } }, template: { metadata: { labels: { app: 'proxy' } }, spec: { hostNetwork: true, containers: [{ name: 'proxy', image }] } }, ...more },
})

async function bench(options: BenchOptions = {}): Promise<ControllerBench> {
  const b = await controllerBench([daemonSetController], {
    ...options,
    before: (api) => {
      seedNode(api, testNode('controlplane', { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }))
      for (const name of ['worker-1', 'worker-2', 'worker-3']) seedNode(api, testNode(name, { labels: { disk: name === 'worker-3' ? 'slow' : 'fast' } }))
    },
  })
  playNodes(b)
  return b
}

const nodeOf = (pod: Pod): string => pod.spec!.affinity!.nodeAffinity!.requiredDuringSchedulingIgnoredDuringExecution!.nodeSelectorTerms[0]!.matchFields![0]!.values![0]!
const nodesWithPods = (b: ControllerBench): string[] => b.api.stored(podKind).filter((pod) => !pod.metadata.deletionTimestamp).map(nodeOf).sort()
const current = (b: ControllerBench): DaemonSet => b.api.peek(daemonSetKind, 'kube-system', 'proxy')!

describe('the DaemonSet controller', () => {
  it('runs a pod on every node that fits', async () => {
    const b = await bench()
    b.api.seed(daemonSetKind, proxy())
    await b.settle()
    expect(nodesWithPods(b)).toEqual(['worker-1', 'worker-2', 'worker-3'])
    const [pod] = b.api.stored(podKind)
    expect(pod!.metadata.name).toMatch(/^proxy-[a-z0-9]{5}$/)
    expect(pod!.metadata.labels).toEqual({ app: 'proxy', 'controller-revision-hash': b.api.stored(controllerRevisionKind)[0]!.metadata.labels!['controller-revision-hash'], 'pod-template-generation': '1' })
    expect(pod!.spec!.tolerations!.map(({ key, operator, effect }) => `${key} ${operator} ${effect}`)).toEqual([
      'node.kubernetes.io/not-ready Exists NoExecute', 'node.kubernetes.io/unreachable Exists NoExecute', 'node.kubernetes.io/disk-pressure Exists NoSchedule', 'node.kubernetes.io/memory-pressure Exists NoSchedule',
      'node.kubernetes.io/pid-pressure Exists NoSchedule', 'node.kubernetes.io/unschedulable Exists NoSchedule', 'node.kubernetes.io/network-unavailable Exists NoSchedule',
    ])
    expect(current(b).status).toEqual({ currentNumberScheduled: 3, desiredNumberScheduled: 3, numberAvailable: 3, numberMisscheduled: 0, numberReady: 3, observedGeneration: 1, updatedNumberScheduled: 3 })
    expect(b.events().filter((text) => text.startsWith('Normal SuccessfulCreate DaemonSet/proxy: Created pod: proxy-'))).toHaveLength(3)
  })

  it('follows nodes as they come, change and are tainted', async () => {
    const b = await bench()
    b.api.seed(daemonSetKind, proxy({ template: { ...proxy().spec!.template, spec: { ...proxy().spec!.template.spec!, nodeSelector: { disk: 'fast' } } } }))
    await b.settle()
    expect(nodesWithPods(b)).toEqual(['worker-1', 'worker-2'])
    b.api.mutate(nodeKind, undefined, 'worker-3', (node) => void (node.metadata.labels!['disk'] = 'fast'))
    seedNode(b.api, testNode('worker-4', { labels: { disk: 'fast' } }))
    b.api.mutate(nodeKind, undefined, 'worker-1', (node) => void (node.spec = { taints: [{ key: 'keep-out', effect: 'NoSchedule' }] }))
    b.api.mutate(nodeKind, undefined, 'worker-2', (node) => void (node.spec = { taints: [{ key: 'get-out', effect: 'NoExecute' }] }))
    await b.settle()
    expect(nodesWithPods(b)).toEqual(['worker-1', 'worker-3', 'worker-4'])
    expect(current(b).status).toMatchObject({ desiredNumberScheduled: 2, numberMisscheduled: 1 })
  })

  it('replaces failed pods ever more slowly', async () => {
    const b = await bench()
    b.api.seed(daemonSetKind, proxy())
    await b.settle()
    const first = b.api.stored(podKind).find((pod) => nodeOf(pod) === 'worker-1')!
    b.api.mutate(podKind, 'kube-system', first.metadata.name, (pod) => void (pod.status = { phase: 'Failed' }))
    await b.settle()
    expect(b.events()).toContain(`Warning FailedDaemonPod DaemonSet/proxy: Found failed daemon pod kube-system/${first.metadata.name} on node worker-1, will try to kill it`)
    expect(nodesWithPods(b)).toEqual(['worker-1', 'worker-2', 'worker-3'])
  })

  it('rolls out one node after another, and keeps revisions', async () => {
    const b = await bench()
    b.api.seed(daemonSetKind, proxy())
    await b.settle()
    let fewestReady = Infinity
    b.api.onCommit = ({ object }) => {
      if (object.kind === 'Pod') fewestReady = Math.min(fewestReady, b.api.stored(podKind).filter((pod) => isPodReady(pod) && !pod.metadata.deletionTimestamp).length)
    }
    b.api.mutate(daemonSetKind, 'kube-system', 'proxy', (set) => void (set.spec!.template.spec!.containers[0]!.image = 'proxy:2'))
    await b.settle()
    expect(fewestReady).toBe(2)
    expect(b.api.stored(podKind).map((pod) => pod.spec!.containers[0]!.image)).toEqual(['proxy:2', 'proxy:2', 'proxy:2'])
    expect(b.api.stored(controllerRevisionKind).map((revision) => revision.revision)).toEqual([1, 2])
    b.api.mutate(daemonSetKind, 'kube-system', 'proxy', (set) => void (set.spec!.template.spec!.containers[0]!.image = 'proxy:1'))
    await b.settle()
    expect(b.api.stored(controllerRevisionKind).map((revision) => revision.revision)).toEqual([3, 2])
  })

  it('surges when told to: the new pod is ready before the old goes', async () => {
    const b = await bench()
    b.api.seed(daemonSetKind, proxy({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }))
    await b.settle()
    let fewestReady = Infinity
    b.api.onCommit = ({ object }) => {
      if (object.kind === 'Pod') fewestReady = Math.min(fewestReady, new Set(b.api.stored(podKind).filter((pod) => isPodReady(pod) && !pod.metadata.deletionTimestamp).map(nodeOf)).size)
    }
    b.api.mutate(daemonSetKind, 'kube-system', 'proxy', (set) => void (set.spec!.template.spec!.containers[0]!.image = 'proxy:2'))
    await b.settle()
    expect(fewestReady).toBe(3)
    expect(b.api.stored(podKind).map((pod) => pod.spec!.containers[0]!.image)).toEqual(['proxy:2', 'proxy:2', 'proxy:2'])
  })

  it('reaches the same end whichever write fails', async () => {
    const tried = await atEveryWrite(benchFaults, async (fault) => {
      const b = await bench(fault ? { fault } : {})
      b.api.seed(daemonSetKind, proxy())
      await b.settle()
      b.api.mutate(daemonSetKind, 'kube-system', 'proxy', (set) => void (set.spec!.template.spec!.containers[0]!.image = 'proxy:2'))
      await b.settle()
      return {
        writes: b.api.writes.filter((line) => !line.includes(' events ')).length,
        check: () => {
          expect(b.api.stored(podKind).map((pod) => `${nodeOf(pod)} ${pod.spec!.containers[0]!.image}`).sort()).toEqual(['worker-1 proxy:2', 'worker-2 proxy:2', 'worker-3 proxy:2'])
          expect(current(b).status).toMatchObject({ numberAvailable: 3, updatedNumberScheduled: 3 })
        },
      }
    })
    expect(tried).toBeGreaterThan(30)
  })
})

import { describe, expect, it } from 'vitest'
import type { Pod, ReplicaSet } from '../../../api/generated/types.ts'
import { replicaSetKind } from '../../../api/kinds/apps/replica-set.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { replicationControllerKind } from '../../../api/kinds/core/replication-controller.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { controllerOf } from '../../../api/machinery/object.ts'
import { isPodActive } from '../../../api/machinery/pod.ts'
import { forbidden } from '../../../api/machinery/status-error.ts'
import { atEveryWrite, benchFaults, controllerBench, namesOf, playNodes, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { replicaSetController } from './replica-set-controller.ts'
import { replicationControllerController } from './replication-controller-controller.ts'

const template = { metadata: { labels: { app: 'web', tier: 'front' } }, spec: { containers: [{ name: 'nginx', image: 'nginx' }] } }
const web = (more: Partial<ReplicaSet['spec']> = {}): ReplicaSet => ({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template, ...more } })
const orphan = (name: string, labels: Record<string, string>): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels }, spec: template.spec })

async function bench(options: BenchOptions = {}): Promise<ControllerBench> {
  const b = await controllerBench([replicaSetController, replicationControllerController], options)
  playNodes(b)
  return b
}
const current = (b: ControllerBench): ReplicaSet => b.api.peek(replicaSetKind, 'default', 'web')!
const owned = (b: ControllerBench): Pod[] => b.api.stored(podKind).filter((pod) => isPodActive(pod) && controllerOf(pod)?.uid === current(b).metadata.uid)
const scale = (b: ControllerBench, replicas: number): void => void b.api.mutate(replicaSetKind, 'default', 'web', (set) => void (set.spec!.replicas = replicas))

describe('the ReplicaSet controller', () => {
  it('adopts orphans that match and releases what no longer does', async () => {
    const b = await bench()
    b.api.seed(podKind, orphan('mine', { app: 'web' }))
    b.api.seed(podKind, orphan('other', { app: 'other' }))
    b.api.seed(replicaSetKind, web())
    await b.settle()
    expect(owned(b)).toHaveLength(3)
    expect(namesOf(owned(b))).toContain('default/mine')
    expect(current(b).status).toMatchObject({ replicas: 3, fullyLabeledReplicas: 2, readyReplicas: 3, availableReplicas: 3, terminatingReplicas: 0 })
    b.api.mutate(podKind, 'default', 'mine', (pod) => void (pod.metadata.labels = { app: 'debugged' }))
    await b.settle()
    expect(b.api.peek(podKind, 'default', 'mine')?.metadata.ownerReferences ?? []).toEqual([])
    expect(owned(b)).toHaveLength(3)
  })

  it('removes what is of least use first', async () => {
    const b = await bench()
    b.api.seed(replicaSetKind, web({ replicas: 4 }))
    await b.settle()
    const [a, c, d, e] = owned(b).map((pod) => pod.metadata.name) as [string, string, string, string]
    b.api.mutate(podKind, 'default', c, (pod) => void (pod.status!.conditions![0]!.status = 'False'))
    b.api.mutate(podKind, 'default', d, (pod) => void (pod.metadata.annotations = { 'controller.kubernetes.io/pod-deletion-cost': '-5' }))
    b.api.mutate(podKind, 'default', e, (pod) => void (pod.metadata.annotations = { 'controller.kubernetes.io/pod-deletion-cost': '10' }))
    scale(b, 3)
    await b.settle()
    expect(owned(b).map((pod) => pod.metadata.name).sort()).toEqual([a, d, e].sort())
    scale(b, 1)
    await b.settle()
    expect(owned(b).map((pod) => pod.metadata.name)).toEqual([e])
    expect(b.events().filter((text) => text.includes('SuccessfulDelete'))[0]).toBe(`Normal SuccessfulDelete ReplicaSet/web: Deleted pod: ${c}`)
  })

  it('starts slowly into a wall, and says what the wall is', async () => {
    const b = await bench()
    let creates = 0
    b.api.fault = (request) => {
      if (request.verb !== 'create' || request.resource !== 'pods') return undefined
      creates++
      return { before: forbidden({ group: '', resource: 'pods' }, '', 'exceeded quota: compute') }
    }
    b.api.seed(replicaSetKind, web({ replicas: 100 }))
    await b.kernel.runFor(4)
    expect(creates).toBe(1)
    await b.kernel.runFor(5_000)
    expect(conditionOf(current(b).status?.conditions, 'ReplicaFailure')).toMatchObject({ status: 'True', reason: 'FailedCreate', message: 'pods is forbidden: exceeded quota: compute' })
    expect(b.events()[0]).toMatch(/^Warning FailedCreate ReplicaSet\/web: Error creating: pods is forbidden: exceeded quota: compute/)
    b.api.fault = undefined
    await b.settle()
    expect(owned(b)).toHaveLength(100)
    expect(current(b).status?.conditions ?? []).toEqual([])
  })

  it('counts pods as available only after minReadySeconds', async () => {
    const b = await bench()
    b.api.seed(replicaSetKind, web({ minReadySeconds: 30 }))
    await b.kernel.runFor(10_000)
    expect(current(b).status).toMatchObject({ readyReplicas: 3 })
    expect(current(b).status?.availableReplicas).toBeUndefined()
    await b.kernel.runFor(25_000)
    expect(current(b).status?.availableReplicas).toBe(3)
  })

  it('replaces pods that end or are deleted', async () => {
    const b = await bench()
    b.api.seed(replicaSetKind, web())
    await b.settle()
    const [first, second] = owned(b)
    b.api.remove(podKind, 'default', first!.metadata.name)
    b.api.mutate(podKind, 'default', second!.metadata.name, (pod) => void (pod.status = { phase: 'Failed' }))
    await b.settle()
    expect(owned(b)).toHaveLength(3)
  })

  it('serves ReplicationControllers alike', async () => {
    const b = await bench()
    b.api.seed(replicationControllerKind, { apiVersion: 'v1', kind: 'ReplicationController', metadata: { name: 'old', namespace: 'default' }, spec: { replicas: 2, selector: { app: 'old' }, template: { metadata: { labels: { app: 'old' } }, spec: template.spec } } })
    await b.settle()
    expect(b.api.peek(replicationControllerKind, 'default', 'old')?.status).toMatchObject({ replicas: 2, readyReplicas: 2, availableReplicas: 2 })
    expect(b.api.stored(podKind)[0]!.metadata.ownerReferences).toMatchObject([{ apiVersion: 'v1', kind: 'ReplicationController', name: 'old', controller: true }])
  })

  it('reaches the same end whichever write fails, up and down', async () => {
    await atEveryWrite(benchFaults, async (fault) => {
      const b = await bench(fault ? { fault } : {})
      b.api.seed(podKind, orphan('mine', { app: 'web', tier: 'front' }))
      b.api.seed(replicaSetKind, web())
      await b.settle()
      scale(b, 1)
      await b.settle()
      return {
        writes: b.api.writes.filter((line) => !line.includes(' events ')).length,
        check: () => {
          expect(owned(b)).toHaveLength(1)
          expect(current(b).status).toMatchObject({ replicas: 1, readyReplicas: 1, availableReplicas: 1 })
        },
      }
    })
  })
})

import { describe, expect, it } from 'vitest'
import type { StatefulSet } from '../../../api/generated/types.ts'
import { controllerRevisionKind } from '../../../api/kinds/apps/controller-revision.ts'
import { statefulSetKind } from '../../../api/kinds/apps/stateful-set.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { isPodReady } from '../../../api/machinery/pod.ts'
import { atEveryWrite, benchFaults, controllerBench, playNodes, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { statefulSetController } from './stateful-set-controller.ts'

const db = (more: Partial<StatefulSet['spec']> = {}): StatefulSet => ({
  apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db', namespace: 'default' },
  spec: { replicas: 3, serviceName: 'db', selector: { matchLabels: { app: 'db' } }, template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'db', image: 'db:1' }] } }, ...more },
})

async function bench(options: BenchOptions = {}): Promise<ControllerBench & { log: string[] }> {
  const b = await controllerBench([statefulSetController], options)
  playNodes(b)
  const log: string[] = []
  b.api.onCommit = ({ type, object }) => {
    if (object.kind !== 'Pod') return
    if (type === 'ADDED') log.push(`+${object.metadata.name}`)
    else if (type === 'DELETED') log.push(`-${object.metadata.name}`)
    else if (isPodReady(object as never) && !object.metadata.deletionTimestamp) log.push(`${object.metadata.name} ready`)
  }
  return { ...b, log }
}
const setImage = (b: ControllerBench, image: string): void => void b.api.mutate(statefulSetKind, 'default', 'db', (set) => void (set.spec!.template.spec!.containers[0]!.image = image))
const images = (b: ControllerBench): string[] => b.api.stored(podKind).map((pod) => `${pod.metadata.name} ${pod.spec!.containers[0]!.image}`).sort()

describe('the StatefulSet controller', () => {
  it('starts pods in order and stops them in reverse', async () => {
    const b = await bench()
    b.api.seed(statefulSetKind, db())
    await b.settle()
    expect(b.log).toEqual(['+db-0', 'db-0 ready', '+db-1', 'db-1 ready', '+db-2', 'db-2 ready'])
    const revision = b.api.stored(controllerRevisionKind)[0]!.metadata.name
    expect(b.api.peek(podKind, 'default', 'db-1')).toMatchObject({
      metadata: { labels: { app: 'db', 'statefulset.kubernetes.io/pod-name': 'db-1', 'apps.kubernetes.io/pod-index': '1', 'controller-revision-hash': revision } },
      spec: { hostname: 'db-1', subdomain: 'db' },
    })
    expect(b.api.peek(statefulSetKind, 'default', 'db')?.status).toEqual({ replicas: 3, readyReplicas: 3, availableReplicas: 3, currentReplicas: 3, updatedReplicas: 3, observedGeneration: 1, currentRevision: revision, updateRevision: revision, collisionCount: 0 })
    expect(b.events()).toEqual([0, 1, 2].map((ordinal) => `Normal SuccessfulCreate StatefulSet/db: create Pod db-${ordinal} in StatefulSet db successful`))
    b.log.length = 0
    b.api.mutate(statefulSetKind, 'default', 'db', (set) => void (set.spec!.replicas = 1))
    await b.settle()
    expect(b.log).toEqual(['-db-2', '-db-1'])
  })

  it('starts all at once in parallel', async () => {
    const b = await bench()
    b.api.seed(statefulSetKind, db({ podManagementPolicy: 'Parallel', ordinals: { start: 5 } }))
    await b.settle()
    expect(b.log.slice(0, 3)).toEqual(['+db-5', '+db-6', '+db-7'])
  })

  it('updates from the highest ordinal down to the partition', async () => {
    const b = await bench()
    b.api.seed(statefulSetKind, db({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } }))
    await b.settle()
    b.log.length = 0
    setImage(b, 'db:2')
    await b.settle()
    expect(b.log).toEqual(['-db-2', '+db-2', 'db-2 ready', '-db-1', '+db-1', 'db-1 ready'])
    expect(images(b)).toEqual(['db-0 db:1', 'db-1 db:2', 'db-2 db:2'])
    b.api.remove(podKind, 'default', 'db-0', { gracePeriodSeconds: 0 })
    await b.settle()
    expect(images(b)[0]).toBe('db-0 db:1')
    b.api.mutate(statefulSetKind, 'default', 'db', (set) => void (set.spec!.updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 0 } }))
    await b.settle()
    expect(images(b)).toEqual(['db-0 db:2', 'db-1 db:2', 'db-2 db:2'])
    const { status } = b.api.peek(statefulSetKind, 'default', 'db')!
    expect(status!.currentRevision).toBe(status!.updateRevision)
    expect(status).toMatchObject({ currentReplicas: 3, updatedReplicas: 3 })
  })

  it('rolls back to the revision that it had, from the highest ordinal down', async () => {
    const b = await bench()
    b.api.seed(statefulSetKind, db())
    await b.settle()
    const revisionOf = (): string | undefined => b.api.peek(statefulSetKind, 'default', 'db')!.status?.updateRevision
    const first = revisionOf()
    setImage(b, 'db:2')
    await b.settle()
    const second = revisionOf()
    expect([images(b), second === first]).toEqual([['db-0 db:2', 'db-1 db:2', 'db-2 db:2'], false])
    b.log.length = 0
    setImage(b, 'db:1')
    await b.settle()
    expect(b.log).toEqual(['-db-2', '+db-2', 'db-2 ready', '-db-1', '+db-1', 'db-1 ready', '-db-0', '+db-0', 'db-0 ready'])
    expect(images(b)).toEqual(['db-0 db:1', 'db-1 db:1', 'db-2 db:1'])
    expect(b.api.peek(statefulSetKind, 'default', 'db')!.status).toMatchObject({ currentRevision: first, updateRevision: first, updatedReplicas: 3 })
    expect(b.api.stored(podKind).map(({ metadata }) => metadata.labels?.['controller-revision-hash'])).toEqual([first, first, first])
    // The old revision is used again, as the newest.
    expect(b.api.stored(controllerRevisionKind).map(({ metadata, revision }) => [metadata.name, revision]).sort()).toEqual([[first, 3], [second, 2]].sort())
  })

  it('remakes a failed pod', async () => {
    const b = await bench()
    b.api.seed(statefulSetKind, db())
    await b.settle()
    b.api.mutate(podKind, 'default', 'db-1', (pod) => void (pod.status = { phase: 'Failed' }))
    await b.settle()
    expect(b.events()).toContain('Warning RecreatingFailedPod StatefulSet/db: StatefulSet default/db is recreating failed Pod db-1')
    expect(b.api.stored(podKind).filter(isPodReady)).toHaveLength(3)
  })

  it('reaches the same end whichever write fails', async () => {
    await atEveryWrite(benchFaults, async (fault) => {
      const b = await bench(fault ? { fault } : {})
      b.api.seed(statefulSetKind, db({ replicas: 2 }))
      await b.settle()
      setImage(b, 'db:2')
      await b.settle()
      return {
        writes: b.api.writes.filter((line) => !line.includes(' events ')).length,
        check: () => {
          expect(images(b)).toEqual(['db-0 db:2', 'db-1 db:2'])
          expect(b.api.peek(statefulSetKind, 'default', 'db')?.status).toMatchObject({ replicas: 2, availableReplicas: 2, updatedReplicas: 2 })
        },
      }
    })
  })
})

import { describe, expect, it } from 'vitest'
import type { Deployment } from '../../../api/generated/types.ts'
import { deploymentKind } from '../../../api/kinds/apps/deployment.ts'
import { replicaSetKind } from '../../../api/kinds/apps/replica-set.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { isPodActive } from '../../../api/machinery/pod.ts'
import { replicaSetController } from '../replica-set/replica-set-controller.ts'
import { atEveryWrite, benchFaults, controllerBench, playNodes, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { deploymentController } from './deployment-controller.ts'

function web(more: Partial<Deployment['spec']> = {}, image = 'nginx:1'): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
    spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image }] } }, ...more },
  }
}

const bench = (options: BenchOptions = {}): Promise<ControllerBench> => controllerBench([deploymentController, replicaSetController], options)

function setImage(b: ControllerBench, image: string): void {
  b.api.mutate(deploymentKind, 'default', 'web', (deployment) => void (deployment.spec!.template.spec!.containers[0]!.image = image))
}

const current = (b: ControllerBench): Deployment => b.api.peek(deploymentKind, 'default', 'web')!
const activeImages = (b: ControllerBench): string[] => b.api.stored(podKind).filter(isPodActive).map((pod) => pod.spec!.containers[0]!.image!)

describe('the Deployment controller', () => {
  it('makes a ReplicaSet, whose controller makes pods, and says so', async () => {
    const b = await bench()
    playNodes(b)
    b.api.seed(deploymentKind, web())
    await b.settle()
    const [set] = b.api.stored(replicaSetKind)
    const hash = set!.metadata.labels!['pod-template-hash']!
    expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{8,10}$/)
    expect(set).toMatchObject({
      metadata: {
        name: `web-${hash}`,
        labels: { app: 'web', 'pod-template-hash': hash },
        annotations: { 'deployment.kubernetes.io/revision': '1', 'deployment.kubernetes.io/desired-replicas': '3', 'deployment.kubernetes.io/max-replicas': '4' },
        ownerReferences: [{ kind: 'Deployment', name: 'web', controller: true, blockOwnerDeletion: true }],
      },
      spec: { replicas: 3, selector: { matchLabels: { app: 'web', 'pod-template-hash': hash } } },
    })
    expect(b.events().filter((text) => text.includes('Deployment/web'))).toEqual([`Normal ScalingReplicaSet Deployment/web: Scaled up replica set web-${hash} from 0 to 3`])
    const created = b.events().filter((text) => text.includes('SuccessfulCreate'))
    expect(created).toHaveLength(3)
    expect(created[0]).toMatch(new RegExp(`^Normal SuccessfulCreate ReplicaSet/web-${hash}: Created pod: web-${hash}-[a-z0-9]{5}$`))
    const { status, metadata } = current(b)
    expect(metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' })
    expect(status).toMatchObject({ observedGeneration: metadata.generation, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 })
    expect(status?.unavailableReplicas).toBeUndefined()
    expect(status?.conditions?.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`)).toEqual([
      'Available=True MinimumReplicasAvailable: Deployment has minimum availability.',
      `Progressing=True NewReplicaSetAvailable: ReplicaSet "web-${hash}" has successfully progressed.`,
    ])
  })

  it('rolls on within its bounds, never below the least available', async () => {
    const b = await bench()
    playNodes(b)
    b.api.seed(deploymentKind, web({ replicas: 10, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }))
    await b.settle()
    const old = b.api.stored(replicaSetKind)[0]!.metadata.name
    let most = 0
    let fewestReady = Infinity
    b.api.onCommit = ({ object }) => {
      if (object.kind !== 'Pod') return
      const pods = b.api.stored(podKind).filter(isPodActive)
      most = Math.max(most, pods.length)
      fewestReady = Math.min(fewestReady, pods.filter((pod) => conditionOf(pod.status?.conditions, 'Ready')?.status === 'True').length)
    }
    setImage(b, 'nginx:2')
    await b.settle()
    expect(activeImages(b)).toEqual(Array.from({ length: 10 }, () => 'nginx:2'))
    expect(most).toBeLessThanOrEqual(13)
    expect(fewestReady).toBeGreaterThanOrEqual(8)
    const next = b.api.stored(replicaSetKind).find((set) => set.metadata.name !== old)!.metadata.name
    const lines = b.events().filter((text) => text.includes('ScalingReplicaSet')).map((text) => text.slice(text.indexOf('Scaled')))
    expect(lines.slice(0, 3)).toEqual([`Scaled up replica set ${old} from 0 to 10`, `Scaled up replica set ${next} from 0 to 3`, `Scaled down replica set ${old} from 10 to 8`])
    expect(lines.at(-1)).toContain(`Scaled down replica set ${old}`)
    expect(current(b).metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '2' })
  })

  it('goes back to an old template by raising its revision', async () => {
    const b = await bench()
    playNodes(b)
    b.api.seed(deploymentKind, web())
    await b.settle()
    setImage(b, 'nginx:2')
    await b.settle()
    setImage(b, 'nginx:1')
    await b.settle()
    const sets = b.api.stored(replicaSetKind)
    expect(sets).toHaveLength(2)
    expect(sets.map((set) => set.metadata.annotations)).toMatchObject([
      { 'deployment.kubernetes.io/revision': '3', 'deployment.kubernetes.io/revision-history': '1' },
      { 'deployment.kubernetes.io/revision': '2' },
    ])
    expect(current(b).metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '3' })
  })

  it('recreates: nothing new before the last old pod is gone', async () => {
    const b = await bench()
    playNodes(b, { stopMs: 30_000 })
    b.api.seed(deploymentKind, web({ strategy: { type: 'Recreate' } }))
    await b.settle()
    let mixed = false
    b.api.onCommit = () => {
      if (new Set(b.api.stored(podKind).map((pod) => pod.spec!.containers[0]!.image)).size > 1) mixed = true
    }
    setImage(b, 'nginx:2')
    await b.kernel.runFor(29_000)
    expect(activeImages(b)).toEqual([])
    await b.settle()
    expect(activeImages(b)).toEqual(['nginx:2', 'nginx:2', 'nginx:2'])
    expect(mixed).toBe(false)
  })

  it('shares a scaling in the middle of a rollout out by size', async () => {
    const b = await bench()
    playNodes(b, { ready: (pod) => pod.spec!.containers[0]!.image === 'nginx:1' })
    b.api.seed(deploymentKind, web({ replicas: 10, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }))
    await b.settle()
    setImage(b, 'nginx:2')
    await b.settle()
    const sizes = (): (number | undefined)[] => b.api.stored(replicaSetKind).map((set) => set.spec!.replicas)
    expect(sizes()).toEqual([8, 5])
    b.api.mutate(deploymentKind, 'default', 'web', (deployment) => void (deployment.spec!.replicas = 15))
    await b.settle()
    expect(sizes()).toEqual([11, 7])
  })

  it('stops when paused, goes on when resumed', async () => {
    const b = await bench()
    playNodes(b)
    b.api.seed(deploymentKind, web())
    await b.settle()
    b.api.mutate(deploymentKind, 'default', 'web', (deployment) => void (deployment.spec!.paused = true))
    setImage(b, 'nginx:2')
    await b.settle()
    expect(activeImages(b)).toEqual(['nginx:1', 'nginx:1', 'nginx:1'])
    expect(conditionOf(current(b).status?.conditions, 'Progressing')).toMatchObject({ status: 'Unknown', reason: 'DeploymentPaused' })
    b.api.mutate(deploymentKind, 'default', 'web', (deployment) => void (deployment.spec!.paused = false))
    await b.settle()
    expect(activeImages(b)).toEqual(['nginx:2', 'nginx:2', 'nginx:2'])
    expect(conditionOf(current(b).status?.conditions, 'Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' })
  })

  it('says when the progress deadline is exceeded', async () => {
    const b = await bench()
    playNodes(b, { ready: () => false })
    b.api.seed(deploymentKind, web({ progressDeadlineSeconds: 60 }))
    await b.kernel.runFor(58_000)
    expect(conditionOf(current(b).status?.conditions, 'Progressing')).toMatchObject({ status: 'True', reason: 'ReplicaSetUpdated' })
    await b.kernel.runFor(10_000)
    expect(conditionOf(current(b).status?.conditions, 'Progressing')).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded', message: expect.stringMatching(/^ReplicaSet "web-[a-z0-9]+" has timed out progressing\.$/) as string })
  })

  it('keeps as many old ReplicaSets as the history limit says', async () => {
    const b = await bench()
    playNodes(b)
    b.api.seed(deploymentKind, web({ revisionHistoryLimit: 2 }))
    await b.settle()
    for (const image of ['nginx:2', 'nginx:3', 'nginx:4', 'nginx:5']) {
      setImage(b, image)
      await b.settle()
    }
    expect(b.api.stored(replicaSetKind).map((set) => set.metadata.annotations!['deployment.kubernetes.io/revision'])).toEqual(['3', '4', '5'])
  })

  it('finds another name when the hash is taken by another template', async () => {
    const b = await bench()
    playNodes(b)
    b.api.seed(deploymentKind, web())
    await b.settle()
    const name = b.api.stored(replicaSetKind)[0]!.metadata.name
    const other = await bench({ before: (api) => void api.seed(replicaSetKind, { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name, namespace: 'default' }, spec: { replicas: 0, selector: { matchLabels: { app: 'other' } }, template: { metadata: { labels: { app: 'other' } }, spec: { containers: [{ name: 'a', image: 'b' }] } } } }) })
    playNodes(other)
    other.api.seed(deploymentKind, web())
    await other.settle()
    expect(current(other).status).toMatchObject({ collisionCount: 1, availableReplicas: 3 })
  })

  it('reaches the same end whichever write fails, and however', async () => {
    const tried = await atEveryWrite(benchFaults, async (fault) => {
      const b = await bench({ ...(fault ? { fault } : {}) })
      playNodes(b)
      b.api.seed(deploymentKind, web({ replicas: 2 }))
      await b.settle()
      setImage(b, 'nginx:2')
      await b.settle()
      return {
        writes: b.api.writes.filter((line) => !line.includes(' events ') && !line.startsWith('watch')).length,
        check: () => {
          expect(activeImages(b)).toEqual(['nginx:2', 'nginx:2'])
          expect(b.api.stored(replicaSetKind).map((set) => set.spec!.replicas).sort()).toEqual([0, 2])
          expect(current(b).status).toMatchObject({ replicas: 2, updatedReplicas: 2, availableReplicas: 2 })
          expect(conditionOf(current(b).status?.conditions, 'Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' })
        },
      }
    })
    expect(tried).toBeGreaterThan(50)
  })
})

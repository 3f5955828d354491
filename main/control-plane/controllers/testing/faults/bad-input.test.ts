import { describe, expect, it } from 'vitest'
import type { CronJob, Deployment, Job, Pod, ReplicaSet } from '../../../../api/generated/types.ts'
import { deploymentKind } from '../../../../api/kinds/apps/deployment.ts'
import { replicaSetKind } from '../../../../api/kinds/apps/replica-set.ts'
import { cronJobKind } from '../../../../api/kinds/batch/cron-job.ts'
import { jobKind } from '../../../../api/kinds/batch/job.ts'
import { podKind } from '../../../../api/kinds/core/pod.ts'
import { controllerOf } from '../../../../api/machinery/object.ts'
import { isPodActive } from '../../../../api/machinery/pod.ts'
import { cronJobController } from '../../cron-job/cron-job-controller.ts'
import { deploymentController } from '../../deployment/deployment-controller.ts'
import { jobController } from '../../job/job-controller.ts'
import { replicaSetController } from '../../replica-set/replica-set-controller.ts'
import { controllerBench, playNodes, type ControllerBench } from '../controller-bench.ts'

const template = (labels: Record<string, string>, image = 'web:1') => ({ metadata: { labels }, spec: { containers: [{ name: 'main', image }] } })
const replicaSet = (name: string, selector: Record<string, string>, replicas: number, labels = selector): ReplicaSet => ({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name, namespace: 'default' }, spec: { replicas, selector: { matchLabels: selector }, template: template(labels) } })
const deployment = (name: string, image = 'web:1'): Deployment => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'default' }, spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: template({ app: 'web' }, image) } })
const active = (b: ControllerBench): Pod[] => b.api.stored(podKind).filter(isPodActive)
const podsOf = (b: ControllerBench, owner: string): Pod[] => active(b).filter((pod) => controllerOf(pod)?.name === owner)
/** Writes of the controllers while nothing happens: a loop that fights shows here. */
async function writesIn(b: ControllerBench, ms: number): Promise<string[]> {
  const before = b.api.writes.length
  await b.kernel.runFor(ms)
  return b.api.writes.slice(before).filter((line) => !line.includes(' events '))
}

describe('two owners with the same selector', () => {
  it('share orphans without a fight: each takes what it is short of, and neither takes from the other', async () => {
    const b = await controllerBench([replicaSetController])
    playNodes(b)
    for (const name of ['x', 'y', 'z']) b.api.seed<Pod>(podKind, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels: { app: 'web' } }, spec: template({}).spec })
    b.api.seed(replicaSetKind, replicaSet('one', { app: 'web' }, 2))
    b.api.seed(replicaSetKind, replicaSet('two', { app: 'web' }, 2))
    await b.settle()
    expect([podsOf(b, 'one').length, podsOf(b, 'two').length, active(b).length]).toEqual([2, 2, 4])
    expect(await writesIn(b, 60_000)).toEqual([])
    // Let go of by one, a pod is one too many for whoever takes it; in the end both have their number again.
    b.api.mutate(podKind, 'default', podsOf(b, 'one')[0]!.metadata.name, (pod) => void delete pod.metadata.ownerReferences)
    await b.settle()
    expect([podsOf(b, 'one').length, podsOf(b, 'two').length, active(b).length]).toEqual([2, 2, 4])
    expect(await writesIn(b, 60_000)).toEqual([])
  })

  it('come to rest as Deployments too, each with a ReplicaSet of its own', async () => {
    const b = await controllerBench([deploymentController, replicaSetController])
    playNodes(b)
    b.api.seed(deploymentKind, deployment('one', 'web:1'))
    b.api.seed(deploymentKind, deployment('two', 'web:2'))
    await b.settle()
    expect(b.api.stored<ReplicaSet>(replicaSetKind).map((set) => `${controllerOf(set)!.name} ${set.status!.readyReplicas}`).sort()).toEqual(['one 2', 'two 2'])
    expect(await writesIn(b, 60_000)).toEqual([])
  })
})

describe('an owner made anew under the same name', () => {
  it('takes nothing for its own that names the former one', async () => {
    const b = await controllerBench([replicaSetController])
    playNodes(b)
    const former = b.api.seed(replicaSetKind, replicaSet('web', { app: 'web' }, 2))
    await b.settle()
    const before = new Set(active(b).map(({ metadata }) => metadata.uid))
    b.api.remove(replicaSetKind, 'default', 'web')
    const next = b.api.seed(replicaSetKind, replicaSet('web', { app: 'web' }, 2))
    await b.settle()
    const owned = (uid: string | undefined): Pod[] => active(b).filter((pod) => controllerOf(pod)?.uid === uid)
    // Those of the former are the garbage collector's.
    expect([owned(former.metadata.uid).length, owned(next.metadata.uid).length]).toEqual([2, 2])
    expect(owned(next.metadata.uid).every(({ metadata }) => !before.has(metadata.uid))).toBe(true)
    expect(b.api.peek<ReplicaSet>(replicaSetKind, 'default', 'web')!.status).toMatchObject({ replicas: 2, readyReplicas: 2 })
  })

  it('does not inherit what was expected of the former: a Job starts its pods at once', async () => {
    const b = await controllerBench([jobController])
    const job: Job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'work', namespace: 'default' }, spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } } } }
    b.api.seed(jobKind, job)
    await b.kernel.runFor(1)
    b.api.remove(jobKind, 'default', 'work')
    const { metadata } = b.api.seed(jobKind, job)
    await b.settle()
    expect(b.api.stored<Pod>(podKind).filter((pod) => controllerOf(pod)?.uid === metadata.uid)).toHaveLength(1)
  })
})

describe('objects that contradict themselves after a change', () => {
  it('a CronJob whose schedule cannot be read says so and does not spin', async () => {
    const b = await controllerBench([cronJobController])
    b.api.seed<CronJob>(cronJobKind, { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'web', namespace: 'default' }, spec: { schedule: 'whenever', jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } } } } } })
    await b.kernel.runFor(600_000)
    expect(b.events()[0]).toMatch(/^Warning UnparseableSchedule CronJob\/web: unparseable schedule/)
    expect(b.controllers[0]!.view().reconciles).toBeLessThan(20)
  })
})

describe('times that lie', () => {
  it('a CronJob that last ran in the future waits for it', async () => {
    const b = await controllerBench([cronJobController])
    b.api.seed<CronJob>(cronJobKind, { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'web', namespace: 'default' }, spec: { schedule: '* * * * *', jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } } } } } })
    b.api.mutate<CronJob>(cronJobKind, 'default', 'web', (copy) => void (copy.status = { lastScheduleTime: '2026-01-01T00:10:00Z' }))
    await b.kernel.runFor(300_000)
    expect(b.api.stored(jobKind)).toEqual([])
    expect(b.controllers[0]!.view().reconciles).toBeLessThan(50)
    await b.kernel.runFor(390_000)
    expect(b.api.stored(jobKind)).toHaveLength(1)
  })

  it('a Job that started in the future ends all the same', async () => {
    const b = await controllerBench([jobController])
    b.api.seed<Job>(jobKind, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'work', namespace: 'default' }, spec: { activeDeadlineSeconds: 10, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } } } })
    b.api.mutate<Job>(jobKind, 'default', 'work', (copy) => void (copy.status = { startTime: '2026-01-01T00:05:00Z' }))
    await b.kernel.runFor(100_000)
    expect(b.controllers[0]!.view().reconciles).toBeLessThan(50)
    await b.kernel.runFor(230_000)
    expect(b.api.peek<Job>(jobKind, 'default', 'work')!.status!.conditions!.some(({ type, reason }) => type === 'FailureTarget' && reason === 'DeadlineExceeded')).toBe(true)
  })
})

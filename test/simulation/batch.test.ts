import { expect, test } from 'vitest'
import { cronJobKind } from '../../main/api/kinds/batch/cron-job.ts'
import { jobKind, jobState } from '../../main/api/kinds/batch/job.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import type { CronJob, Job, JobSpec } from '../../main/api/generated/types.ts'
import { bootedLab } from './simulated-lab.ts'

function specOf(script: string, more: Partial<JobSpec> = {}): JobSpec {
  return { ...more, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1.36', command: ['sh', '-c', script] }] } } }
}

/** With real kubelets, which keep a pod until its finalizer is gone. */
test('Jobs end, well or at their limit, and a CronJob makes one each minute', async () => {
  const lab = await bootedLab()
  const create = (name: string, spec: JobSpec): Promise<unknown> => lab.settle(lab.client.create(jobKind, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'default' }, spec } as Job))
  const job = (name: string): Promise<Job> => lab.client.get(jobKind, name, 'default')
  const ended = (name: string, state: string, limitMs: number): Promise<void> => lab.until(async () => jobState(await job(name)) === state, limitMs, `${name} to be ${state}`)
  await create('good', specOf('test "$JOB_COMPLETION_INDEX" -lt 3 && hostname | grep "good-$JOB_COMPLETION_INDEX"', { completionMode: 'Indexed', completions: 3, parallelism: 2 }))
  await create('bad', specOf('exit 3', { backoffLimit: 1 }))
  await create('slow', specOf('sleep 3600', { activeDeadlineSeconds: 5 }))
  await lab.settle(lab.client.create(cronJobKind, { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'tick', namespace: 'default' }, spec: { schedule: '* * * * *', jobTemplate: { spec: specOf('true') } } } as CronJob))
  await ended('good', 'Complete', 60_000)
  await ended('bad', 'Failed', 60_000)
  await ended('slow', 'Failed', 120_000)
  expect((await lab.settle(job('good'))).status).toMatchObject({ succeeded: 3, completedIndexes: '0-2' })
  expect((await lab.settle(job('bad'))).status?.failed).toBe(2)
  expect((await lab.settle(job('slow'))).status?.conditions?.at(-1)?.reason).toBe('DeadlineExceeded')
  const ticks = async (): Promise<Job[]> => (await lab.client.list(jobKind, { namespace: 'default' })).items.filter((each) => each.metadata.name.startsWith('tick-'))
  await lab.until(async () => (await ticks()).filter((each) => jobState(each) === 'Complete').length === 2, 180_000, 'two runs')
  const pods = (await lab.settle(lab.client.list(podKind, { namespace: 'default' }))).items
  expect(pods.filter((pod) => pod.metadata.name.startsWith('slow-'))).toEqual([])
  expect(pods.flatMap((pod) => pod.metadata.finalizers ?? [])).toEqual([])
})

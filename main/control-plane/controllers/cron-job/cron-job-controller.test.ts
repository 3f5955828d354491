import { describe, expect, it } from 'vitest'
import type { CronJob, CronJobSpec, Job } from '../../../api/generated/types.ts'
import { parseCronSchedule } from '../../../api/kinds/batch/cron-schedule.ts'
import { cronJobKind } from '../../../api/kinds/batch/cron-job.ts'
import { jobKind } from '../../../api/kinds/batch/job.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { atEveryWrite, benchFaults, controllerBench, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { cronJobController } from './cron-job-controller.ts'
import { mostRecentDue } from './plan.ts'

function tick(more: Partial<CronJobSpec> = {}): CronJob {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'tick', namespace: 'default' },
    spec: { schedule: '* * * * *', jobTemplate: { metadata: { labels: { app: 'tick' } }, spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } } } }, ...more },
  }
}

const bench = (options: BenchOptions = {}): Promise<ControllerBench> => controllerBench([cronJobController], options)
const current = (b: ControllerBench): CronJob => b.api.peek(cronJobKind, 'default', 'tick')!
const jobs = (b: ControllerBench): readonly Job[] => b.api.stored(jobKind)
const minutes = (count: number): number => count * 60_000

/** Ends each Job some seconds after it was made. */
function playJobs(b: ControllerBench, outcome: 'Complete' | 'Failed' = 'Complete', runMs = 5000): void {
  const seen = new Set<string>()
  b.api.watch(jobKind, { resourceVersion: '0' }, (events) => {
    for (const { type, object } of events) {
      const { namespace, name, uid } = object.metadata
      if (type !== 'ADDED' || seen.has(uid!)) continue
      seen.add(uid!)
      b.process.clock.after(runMs, () => {
        if (b.api.peek(jobKind, namespace, name)?.metadata.uid !== uid) return
        const time = formatTime(b.process.clock.now())
        b.api.mutate(jobKind, namespace, name, (copy) => {
          copy.status = { startTime: time, ...(outcome === 'Complete' ? { completionTime: time } : {}), conditions: [{ type: outcome, status: 'True', lastTransitionTime: time }] }
        })
      })
    }
  }, () => {})
}

describe('the CronJob controller', () => {
  it('makes a Job each minute, keeps a history of them and says so', async () => {
    const b = await bench()
    playJobs(b)
    b.api.seed(cronJobKind, tick())
    await b.kernel.runFor(minutes(6))
    expect(jobs(b)).toHaveLength(3)
    const { status } = current(b)
    expect(status?.active).toBeUndefined()
    expect(status?.lastSuccessfulTime).toBeDefined()
    const last = Date.parse(status!.lastScheduleTime!)
    expect(last % minutes(1)).toBe(0)
    const made = jobs(b).at(-1)!
    expect(made.metadata).toMatchObject({ name: `tick-${last / minutes(1)}`, labels: { app: 'tick' }, annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': formatTime(last) }, ownerReferences: [{ kind: 'CronJob', name: 'tick', controller: true }] })
    // The cache of one kind may lag behind the other, and then the same is said twice.
    const said = b.events().map((text) => text.replace(/ \(x\d+\)$/, ''))
    expect(said).toContain(`Normal SuccessfulCreate CronJob/tick: Created job ${made.metadata.name}`)
    expect(said).toContain(`Normal SawCompletedJob CronJob/tick: Saw completed job: ${made.metadata.name}, condition: Complete`)
    expect(said.some((text) => text.includes('SuccessfulDelete'))).toBe(true)
  })

  it.each([
    ['Allow', 3, 3],
    ['Forbid', 1, 1],
    ['Replace', 1, 1],
  ])('%s: runs that overlap', async (concurrencyPolicy, count, active) => {
    const b = await bench()
    b.api.seed(cronJobKind, tick({ concurrencyPolicy }))
    const first = parseCronSchedule('* * * * *').next(b.process.clock.now())!
    await b.kernel.runFor(first - b.process.clock.now() + minutes(2) + 5000)
    expect(jobs(b)).toHaveLength(count)
    expect(current(b).status?.active).toHaveLength(active)
    expect(jobs(b)[0]!.metadata.name).toBe(`tick-${first / minutes(1) + (concurrencyPolicy === 'Replace' ? 2 : 0)}`)
    if (concurrencyPolicy === 'Forbid') expect(b.events().some((text) => text.includes('JobAlreadyActive'))).toBe(true)
  })

  it('does nothing while suspended', async () => {
    const b = await bench()
    b.api.seed(cronJobKind, tick({ suspend: true }))
    await b.kernel.runFor(minutes(3))
    expect(jobs(b)).toEqual([])
  })

  it('makes each run once, whatever write fails', { timeout: 60_000 }, async () => {
    const tried = await atEveryWrite(benchFaults, async (fault) => {
      const b = await bench(fault ? { fault } : {})
      playJobs(b)
      let writes = 0
      const { fault: inner } = b.api
      b.api.fault = (request) => {
        if (request.write && request.verb !== 'watch' && request.resource !== 'events') writes++
        return inner?.(request)
      }
      const made = new Set<string>()
      b.api.onCommit = ({ object }) => void (object.kind === 'Job' && made.add(object.metadata.uid!))
      b.api.seed(cronJobKind, tick())
      const first = parseCronSchedule('* * * * *').next(b.process.clock.now())!
      await b.kernel.runFor(first - b.process.clock.now() + minutes(1) + 30_000)
      return {
        writes,
        check: () => {
          expect(made.size).toBe(2)
          expect(current(b).status).toMatchObject({ lastScheduleTime: formatTime(first + minutes(1)) })
          expect(current(b).status?.active ?? []).toEqual([])
        },
      }
    })
    expect(tried).toBeGreaterThan(10)
  })
})

describe('when a CronJob is due', () => {
  const created = Date.parse('2026-01-01T00:00:30Z')
  const due = (more: Partial<CronJobSpec>, now: string): [string | undefined, boolean] => {
    const cronJob = tick(more)
    cronJob.metadata.creationTimestamp = formatTime(created)
    const { at, tooManyMissed } = mostRecentDue(cronJob, parseCronSchedule(cronJob.spec.schedule), Date.parse(now))
    return [at === undefined ? undefined : formatTime(at), tooManyMissed]
  }

  it.each<[string, Partial<CronJobSpec>, string, string | undefined, boolean]>([
    ['not yet', {}, '2026-01-01T00:00:59Z', undefined, false],
    ['now', {}, '2026-01-01T00:01:00Z', '2026-01-01T00:01:00Z', false],
    ['the last of a few', {}, '2026-01-01T00:05:10Z', '2026-01-01T00:05:00Z', false],
    ['the last of many', {}, '2026-03-01T00:05:10Z', '2026-03-01T00:05:00Z', true],
    ['not what is too old to start', { schedule: '@hourly', startingDeadlineSeconds: 60 }, '2026-01-01T01:02:00Z', undefined, false],
    ['never', { schedule: '0 0 31 2 *' }, '2026-03-01T00:05:10Z', undefined, false],
  ])('%s', (_, more, now, at, tooMany) => {
    expect(due(more, now)).toEqual([at, tooMany])
  })
})

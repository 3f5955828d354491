/** When a CronJob is due, and what it makes. All judgement, no effects. */
import type { CronJob, Job, ObjectMeta } from '../../../api/generated/types.ts'
import { zoneOffsetMs, type CronSchedule } from '../../../api/kinds/batch/cron-schedule.ts'
import { controllerReference } from '../../../api/machinery/object.ts'
import { formatTime, timeOr0 } from '../../../api/machinery/time.ts'

export const scheduledTimestampKey = 'batch.kubernetes.io/cronjob-scheduled-timestamp'

/** More missed runs than this are worth a warning. */
const missedMax = 100

/** The latest time at which it should have fired by `now`, with how many have been missed before it. */
export interface Due {
  readonly at: number | undefined
  readonly tooManyMissed: boolean
}

/** Follows mostRecentScheduleTime: what lies before the starting deadline is not made up for. */
export function mostRecentDue(cronJob: CronJob, schedule: CronSchedule, now: number): Due {
  let earliest = timeOr0(cronJob.status?.lastScheduleTime ?? cronJob.metadata.creationTimestamp)
  const deadline = cronJob.spec.startingDeadlineSeconds
  if (deadline !== undefined) earliest = Math.max(earliest, now - deadline * 1000)
  const first = schedule.next(earliest)
  if (first === undefined || first > now) return { at: undefined, tooManyMissed: false }
  const second = schedule.next(first)
  if (second === undefined || second > now) return { at: first, tooManyMissed: false }
  // A long absence is stepped over, not walked through.
  const period = Math.max(second - first, 1000)
  const missed = Math.floor((now - first) / period) + 1
  let at = second
  if (missed > missedMax) at = schedule.next(now - Math.ceil((now - first) / missed) * 2) ?? second
  if (at > now) at = second
  for (let next = schedule.next(at); next !== undefined && next <= now; next = schedule.next(at)) at = next
  return { at, tooManyMissed: missed > missedMax }
}

/** The name is the same for the same time, so that a run is never made twice. */
export function jobNameOf(cronJob: CronJob, at: number): string {
  return `${cronJob.metadata.name}-${Math.floor(at / 60_000)}`
}

export function jobOf(cronJob: CronJob, at: number): Job {
  const { metadata, spec } = cronJob.spec.jobTemplate
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobNameOf(cronJob, at),
      namespace: cronJob.metadata.namespace ?? '',
      ...(metadata?.labels ? { labels: metadata.labels } : {}),
      annotations: { ...metadata?.annotations, [scheduledTimestampKey]: zonedTime(at, cronJob.spec.timeZone) },
      ownerReferences: [controllerReference(cronJob)],
    } as ObjectMeta,
    spec: spec ?? { template: {} },
  }
}

/** RFC 3339 with the zone's offset. */
function zonedTime(at: number, zone = 'UTC'): string {
  const offsetMinutes = Math.round(zoneOffsetMs(at, zone) / 60_000)
  if (offsetMinutes === 0) return formatTime(at)
  const size = Math.abs(offsetMinutes)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${formatTime(at + offsetMinutes * 60_000).slice(0, -1)}${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Go's RFC1123Z in UTC: `Mon, 02 Jan 2006 15:04:05 +0000`. */
export function rfc1123(at: number): string {
  const date = new Date(at)
  return `${weekdays[date.getUTCDay()]}, ${String(date.getUTCDate()).padStart(2, '0')} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()} ${date.toISOString().slice(11, 19)} +0000`
}

/** `Complete` or `Failed` once the Job has ended. */
export function outcomeOf(job: Job): 'Complete' | 'Failed' | undefined {
  return job.status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')?.type as 'Complete' | 'Failed' | undefined
}

/** The ended Jobs that are more than the history keeps, the oldest first. */
export function jobsToForget(cronJob: CronJob, jobs: readonly Job[]): Job[] {
  const surplus = (outcome: string, limit: number | undefined): Job[] => {
    if (limit === undefined) return []
    const ended = jobs.filter((job) => outcomeOf(job) === outcome).sort(byStart)
    return ended.slice(0, Math.max(0, ended.length - limit))
  }
  return [...surplus('Complete', cronJob.spec.successfulJobsHistoryLimit), ...surplus('Failed', cronJob.spec.failedJobsHistoryLimit)]
}

function byStart(a: Job, b: Job): number {
  const start = (job: Job): string => job.status?.startTime ?? '9999'
  return start(a) === start(b) ? (a.metadata.name < b.metadata.name ? -1 : 1) : start(a) < start(b) ? -1 : 1
}

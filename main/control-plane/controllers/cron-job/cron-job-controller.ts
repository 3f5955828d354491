import { defineController, type ControllerContext, type Outcome } from '../../../api/client/controller.ts'
import type { Informer } from '../../../api/client/contract.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { CronJob, CronJobStatus, Job, ObjectReference } from '../../../api/generated/types.ts'
import { isTimeZone, parseCronSchedule, type CronSchedule } from '../../../api/kinds/batch/cron-schedule.ts'
import { cronJobKind } from '../../../api/kinds/batch/cron-job.ts'
import { jobKind } from '../../../api/kinds/batch/job.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { controllerOf, isControlledBy, keyOf, splitKey } from '../../../api/machinery/object.ts'
import { hasCause, isAlreadyExists, isNotFound } from '../../../api/machinery/status-error.ts'
import { formatTime, timeOr0 } from '../../../api/machinery/time.ts'
import { controlledBy, indexByController } from '../framework/owner-index.ts'
import { textOf } from '../framework/pod-control.ts'
import { jobNameOf, jobOf, jobsToForget, mostRecentDue, outcomeOf, rfc1123 } from './plan.ts'

/** A little after the full minute, so that it surely has come. */
const nextScheduleDeltaMs = 100

/** Makes Jobs on a schedule. Follows pkg/controller/cronjob's ControllerV2. */
export const cronJobController = defineController({
  name: 'cronjob-controller',
  noun: 'cronjob',
  workers: 5,
  setUp: (context, queue) => {
    const cronJobs = new CronJobs(context, queue)
    return (key) => cronJobs.sync(key)
  },
})

class CronJobs {
  readonly #context: ControllerContext
  readonly #cronJobs: Informer<CronJob>
  readonly #jobs: Informer<Job>
  /** What was written last, by key, with the version it was made from: holds until the cache shows something newer, so that a
   *  lagging cache does not make the same be said twice. */
  readonly #written = new Map<string, { readonly from: string; readonly result: CronJob }>()

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context
    this.#cronJobs = context.informers.of(cronJobKind)
    this.#jobs = context.informers.of(jobKind)
    indexByController(this.#jobs)
    this.#cronJobs.onChange({ added: (each) => queue.add(keyOf(each)), updated: (each) => queue.add(keyOf(each)), deleted: (each) => queue.add(keyOf(each)) })
    const addOwner = (job: Job): void => {
      const controller = controllerOf(job)
      if (controller?.kind !== 'CronJob') return
      const owner = this.#cronJobs.get(job.metadata.namespace, controller.name)
      if (owner?.metadata.uid === controller.uid) queue.add(keyOf(owner))
    }
    this.#jobs.onChange({ added: addOwner, updated: addOwner, deleted: addOwner })
  }

  async sync(key: string): Promise<Outcome> {
    const { namespace, name } = splitKey(key)
    const cached = this.#cronJobs.get(namespace, name)
    if (!cached) {
      this.#written.delete(key)
      return undefined
    }
    const written = this.#written.get(key)
    const cronJob = written && written.from === cached.metadata.resourceVersion ? written.result : cached
    const children = controlledBy(this.#jobs, cronJob.metadata.uid!)
    const status: CronJobStatus = { ...cronJob.status, active: [...(cronJob.status?.active ?? [])] }
    let outcome: Outcome
    let failure: unknown
    try {
      await this.#takeStock(cronJob, status, children)
      if (!cronJob.metadata.deletionTimestamp) outcome = await this.#run(cronJob, status)
    } catch (error) {
      failure = error
    }
    for (const job of jobsToForget(cronJob, children)) await this.#delete(cronJob, status, job)
    await this.#updateStatus(key, cached.metadata.resourceVersion!, cronJob, status)
    if (failure !== undefined) throw failure
    return outcome
  }

  /** Brings the list of active Jobs up to date. */
  async #takeStock(cronJob: CronJob, status: CronJobStatus, children: readonly Job[]): Promise<void> {
    const { events, client } = this.#context
    for (const job of children) {
      const { uid, name } = job.metadata
      const ended = outcomeOf(job)
      const listed = status.active!.some((each) => each.uid === uid)
      if (!listed && !ended) {
        // The cache of the CronJob may lag behind its own status.
        const fresh = await client.get(cronJobKind, cronJob.metadata.name, cronJob.metadata.namespace)
        if (fresh.status?.active?.some((each) => each.uid === uid)) continue
        events.event(cronJob, 'Warning', 'UnexpectedJob', `Saw a job that the controller did not create or forgot: ${name}`)
      } else if (listed && ended) {
        remove(status, uid)
        events.event(cronJob, 'Normal', 'SawCompletedJob', `Saw completed job: ${name}, condition: ${ended}`)
      }
      const { completionTime } = job.status ?? {}
      if (ended === 'Complete' && completionTime && timeOr0(completionTime) > timeOr0(status.lastSuccessfulTime)) status.lastSuccessfulTime = completionTime
    }
    for (const { uid, name = '', namespace } of [...status.active!]) {
      if (children.some((job) => job.metadata.uid === uid)) continue
      try {
        await client.get(jobKind, name, namespace)
      } catch (error) {
        if (!isNotFound(error)) throw error
        events.event(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`)
        remove(status, uid)
      }
    }
  }

  async #run(cronJob: CronJob, status: CronJobStatus): Promise<Outcome> {
    const { events, process } = this.#context
    const { spec } = cronJob
    if (spec.timeZone !== undefined && !isTimeZone(spec.timeZone)) {
      events.event(cronJob, 'Warning', 'UnknownTimeZone', `invalid timeZone: ${JSON.stringify(spec.timeZone)}: unknown time zone ${spec.timeZone}`)
      return undefined
    }
    if (spec.suspend) return undefined
    if (spec.schedule.includes('TZ')) events.event(cronJob, 'Warning', 'UnsupportedSchedule', `CRON_TZ or TZ used in schedule ${JSON.stringify(spec.schedule)} is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details`)
    let schedule: CronSchedule
    try {
      schedule = parseCronSchedule(spec.schedule, spec.timeZone)
    } catch (error) {
      events.event(cronJob, 'Warning', 'UnparseableSchedule', `unparseable schedule: ${JSON.stringify(spec.schedule)} : ${textOf(error)}`)
      return undefined
    }
    const now = process.clock.now()
    const next = schedule.next(now)
    const outcome: Outcome = next === undefined ? undefined : { againAfterMs: next + nextScheduleDeltaMs - now }
    const { at, tooManyMissed } = mostRecentDue(cronJob, schedule, now)
    if (tooManyMissed) events.event(cronJob, 'Warning', 'TooManyMissedTimes', 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew')
    if (at === undefined) return outcome
    if (spec.startingDeadlineSeconds !== undefined && at + spec.startingDeadlineSeconds * 1000 < now) {
      events.event(cronJob, 'Warning', 'MissSchedule', `Missed scheduled time to start a job: ${rfc1123(at)}`)
      return outcome
    }
    if (status.active!.some((each) => each.name === jobNameOf(cronJob, at)) || status.lastScheduleTime === formatTime(at)) return outcome
    if (spec.concurrencyPolicy === 'Forbid' && status.active!.length > 0) {
      events.event(cronJob, 'Normal', 'JobAlreadyActive', 'Not starting job because prior execution is running and concurrency policy is Forbid')
      return outcome
    }
    if (spec.concurrencyPolicy === 'Replace') await this.#deleteActive(cronJob, status)
    const job = await this.#create(cronJob, status, at)
    if (job) {
      status.active!.push(referenceTo(job))
      status.lastScheduleTime = formatTime(at)
    }
    return outcome
  }

  async #deleteActive(cronJob: CronJob, status: CronJobStatus): Promise<void> {
    const { client, events } = this.#context
    for (const { name = '', namespace } of [...status.active!]) {
      let job: Job
      try {
        job = await client.get(jobKind, name, namespace)
      } catch (error) {
        events.event(cronJob, 'Warning', 'FailedGet', `Get job: ${textOf(error)}`)
        throw error
      }
      if (!(await this.#delete(cronJob, status, job))) throw new Error(`could not replace job ${namespace}/${name}`)
    }
  }

  /** The Job of that time, made now or by an earlier sync that could not say so; undefined when it is not ours to list. */
  async #create(cronJob: CronJob, status: CronJobStatus, at: number): Promise<Job | undefined> {
    const { client, events } = this.#context
    const wanted = jobOf(cronJob, at)
    try {
      const made = await client.create(jobKind, wanted)
      events.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${made.metadata.name}`)
      return made
    } catch (error) {
      if (isAlreadyExists(error)) {
        const job = await client.get(jobKind, wanted.metadata.name, wanted.metadata.namespace)
        const ours = isControlledBy(job, cronJob) && !status.active!.some((each) => each.uid === job.metadata.uid)
        return ours ? job : undefined
      }
      if (!hasCause(error, 'NamespaceTerminating')) events.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${textOf(error)}`)
      throw error
    }
  }

  async #delete(cronJob: CronJob, status: CronJobStatus, job: Job): Promise<boolean> {
    const { client, events } = this.#context
    const { name, namespace, uid } = job.metadata
    try {
      await client.delete(jobKind, name, namespace, { propagationPolicy: 'Background' })
    } catch (error) {
      events.event(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${textOf(error)}`)
      return false
    }
    remove(status, uid)
    events.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`)
    return true
  }

  async #updateStatus(key: string, from: string, cronJob: CronJob, wanted: CronJobStatus): Promise<void> {
    const { active, ...rest } = wanted
    const status: CronJobStatus = active && active.length > 0 ? { ...rest, active } : rest
    if (semanticEqual(cronJob.status ?? {}, status)) return
    this.#written.set(key, { from, result: await this.#context.client.update(cronJobKind, { ...cronJob, status }, { subresource: 'status' }) })
  }
}

function remove(status: CronJobStatus, uid: string | undefined): void {
  status.active = (status.active ?? []).filter((each) => each.uid !== uid)
}

function referenceTo(job: Job): ObjectReference {
  const { name, namespace, uid, resourceVersion } = job.metadata
  return { apiVersion: 'batch/v1', kind: 'Job', name, namespace: namespace ?? '', uid: uid ?? '', resourceVersion: resourceVersion ?? '' }
}

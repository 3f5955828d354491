import { defineController, type ControllerContext, type Outcome } from '../../../api/client/controller.ts'
import type { Informer } from '../../../api/client/contract.ts'
import { Expectations } from '../../../api/client/expectations.ts'
import { slowStart } from '../../../api/client/slow-start.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { Job, JobCondition, JobStatus, Pod } from '../../../api/generated/types.ts'
import { jobKind } from '../../../api/kinds/batch/job.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { cachedSelectorOf, matchesSelector } from '../../../api/machinery/labels.ts'
import { controllerOf, keyOf, objectKey, splitKey } from '../../../api/machinery/object.ts'
import { isPodReady } from '../../../api/machinery/pod.ts'
import { hasCause, isNotFound } from '../../../api/machinery/status-error.ts'
import { formatTime, parseTime } from '../../../api/machinery/time.ts'
import { claim, recheck } from '../framework/claims.ts'
import { controlledBy, indexByController, orphansIn } from '../framework/owner-index.ts'
import { PodControl } from '../framework/pod-control.ts'
import type { BackoffRecord } from './backoff.ts'
import { isTracked, trackingFinalizer } from './job-pods.ts'
import { podOf } from './new-pod.ts'
import { completionsReached, deadlineRemainingMs, endOf, isComplete, isFinished, planPods, suspendedConditions, terminalCondition, viewJob, type JobView } from './plan.ts'
import { countReleased, hasUncounted, trackEnds } from './tracking.ts'

/** Changes of pods are gathered for so long before the Job is looked at. */
const batchMs = 1000
const builtInManager = 'kubernetes.io/job-controller'
/** A key that begins so names a pod whose Job is gone, and which only waits for its finalizer to go. */
const orphanPrefix = 'orphan-pod/'

/** Runs pods until enough have ended well, or too many have not. Follows pkg/controller/job. */
export const jobController = defineController({
  name: 'job-controller',
  noun: 'job',
  workers: 5,
  queue: { baseDelayMs: 1000, maxDelayMs: 60_000 },
  setUp: (context, queue) => {
    const jobs = new Jobs(context, queue)
    return (key) => (key.startsWith(orphanPrefix) ? jobs.releaseOrphan(key.slice(orphanPrefix.length)) : jobs.sync(key))
  },
})

class Jobs {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue
  readonly #jobs: Informer<Job>
  readonly #pods: Informer<Pod>
  readonly #podControl: PodControl
  readonly #expectations: Expectations
  /** By Job: pods whose finalizer this controller has taken off and the cache still shows. */
  readonly #untracked = new Map<string, Set<string>>()
  readonly #backoffs = new Map<string, BackoffRecord>()

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context
    this.#queue = queue
    this.#podControl = new PodControl(context.client, context.events)
    this.#expectations = new Expectations(context.process.clock)
    this.#jobs = context.informers.of(jobKind)
    this.#pods = context.informers.of(podKind)
    indexByController(this.#pods)
    this.#jobs.onChange({
      added: (job) => queue.add(keyOf(job)),
      updated: (job, old) => (job.metadata.generation === old.metadata.generation && !job.metadata.deletionTimestamp ? queue.addAfter(keyOf(job), batchMs) : queue.add(keyOf(job))),
      deleted: (job) => this.#jobDeleted(job),
    })
    this.#pods.onChange({
      added: (pod) => this.#podChanged(pod, undefined),
      updated: (pod, old) => this.#podChanged(pod, old),
      deleted: (pod) => this.#podGone(pod),
    })
  }

  async sync(key: string): Promise<Outcome> {
    const { namespace, name } = splitKey(key)
    const job = this.#jobs.get(namespace, name)
    if (!job) return this.#forget(key)
    if (isManagedElsewhere(job)) return undefined
    if (isFinished(job)) {
      this.#backoffs.delete(key)
      for (const pod of controlledBy(this.#pods, job.metadata.uid!)) if (isTracked(pod)) this.#addOrphan(pod)
      return undefined
    }
    const mode = job.spec?.completionMode
    if (mode !== undefined && mode !== 'NonIndexed' && mode !== 'Indexed') {
      this.#context.events.event(job, 'Warning', 'UnknownCompletionMode', `Skipped Job sync because completion mode is unknown: ${mode}`)
      return undefined
    }
    return this.#syncRunning(key, job)
  }

  async #syncRunning(key: string, job: Job): Promise<Outcome> {
    const { clock } = this.#context.process
    const now = clock.now()
    // Read before the pods: what comes off while this sync runs is not known to the cache it reads.
    const untracked = new Set(this.#untracked.get(key))
    const satisfied = this.#expectations.satisfied(key)
    const view = viewJob(started(job, now), await this.#podsOf(job), untracked, this.#backoffs.get(key))
    let end = endOf(view, now)
    let conditions = view.job.status?.conditions ?? []
    let { startTime } = view.job.status ?? {}
    let active = view.active.length
    let { ready, terminating } = view
    let failure: unknown
    let againAfterMs: number | undefined
    if (end) {
      const removed = satisfied ? await this.#remove(key, job, view.active) : { pods: [], failure: undefined }
      failure = removed.failure
      ;({ active, ready, terminating } = without(removed.pods, active, ready, terminating))
    } else {
      if (satisfied && !job.metadata.deletionTimestamp) {
        const plan = planPods(view, now)
        const removed = plan.remove.length > 0 ? await this.#remove(key, job, plan.remove) : { pods: [], failure: undefined }
        ;({ active, ready, terminating } = without(removed.pods, active, ready, terminating))
        const created = plan.create.length > 0 ? await this.#create(key, view, plan.create) : { count: 0, failure: undefined }
        active += created.count
        failure = removed.failure ?? created.failure
        againAfterMs = plan.againAfterMs
        if (isComplete(view, active)) end = completionsReached(now)
        else {
          const next = suspendedConditions(view, now)
          if (next) {
            this.#tellSuspended(job)
            if (!job.spec?.suspend) startTime = formatTime(now)
            conditions = next
          }
        }
      }
      againAfterMs = earliest(againAfterMs, deadlineRemainingMs(view, now))
    }
    await this.#writeStatus(key, view, { ...view.job.status, startTime, conditions, active, ready, terminating }, end, untracked, active)
    // Only now do new failures count for the back-off: until they were counted they would be seen as new again.
    this.#backoffs.set(key, view.backoff)
    if (failure !== undefined) throw failure
    return againAfterMs === undefined ? undefined : { againAfterMs: Math.max(againAfterMs, 1) }
  }

  /** Notes ends, takes finalizers off, turns notes into counts, and at last says that the Job has ended. */
  async #writeStatus(key: string, view: JobView, wanted: JobStatus, end: JobCondition | undefined, untracked: ReadonlySet<string>, active: number): Promise<void> {
    const announced = end && !conditionOf(wanted.conditions, end.type) ? { ...wanted, conditions: [...(wanted.conditions ?? []), end] } : wanted
    const { status, release } = trackEnds(view, announced, untracked, end !== undefined && active === 0 && announced.terminating === 0)
    let current = await this.#update(view.job, status)
    const failures = await this.#releaseAll(key, release)
    const gone = this.#untracked.get(key) ?? new Set()
    const tracked = new Set(view.pods.filter((pod) => isTracked(pod) && !gone.has(pod.metadata.uid!) && !untracked.has(pod.metadata.uid!)).map((pod) => pod.metadata.uid!))
    let next = countReleased(current.status ?? {}, tracked)
    // A pod that still has the finalizer would keep it: nobody looks at a Job that has ended.
    const over = failures === undefined && end && active === 0 && !next.terminating && !hasUncounted(next)
    if (over) {
      const last = terminalCondition(end, this.#context.process.clock.now())
      next = { ...next, conditions: [...(next.conditions ?? []), last], ...(last.type === 'Complete' ? { completionTime: last.lastTransitionTime! } : {}) }
    }
    current = await this.#update(current, next)
    if (over && end.type === 'SuccessCriteriaMet') this.#context.events.event(current, 'Normal', 'Completed', 'Job completed')
    else if (over) this.#context.events.event(current, 'Warning', end.reason ?? '', end.message ?? '')
    if (failures !== undefined) throw failures
  }

  async #update(job: Job, wanted: JobStatus): Promise<Job> {
    const status = tidy(wanted)
    // `started` gives a start time that is not yet stored.
    const stored = this.#jobs.get(job.metadata.namespace, job.metadata.name)
    const base = stored?.metadata.resourceVersion === job.metadata.resourceVersion ? stored : job
    if (base && semanticEqual(tidy(base.status ?? {}), status)) return base
    return this.#context.client.update(jobKind, { ...job, status }, { subresource: 'status' })
  }

  async #releaseAll(key: string, pods: readonly Pod[]): Promise<unknown> {
    if (pods.length === 0) return undefined
    const gone = this.#untracked.get(key) ?? new Set<string>()
    this.#untracked.set(key, gone)
    const results = await Promise.allSettled(pods.map(async (pod) => {
      const uid = pod.metadata.uid!
      gone.add(uid)
      try {
        await this.#release(pod)
      } catch (error) {
        gone.delete(uid)
        throw error
      }
    }))
    return results.find((result) => result.status === 'rejected')?.reason as unknown
  }

  async #release(pod: Pod): Promise<void> {
    const { name, namespace, uid } = pod.metadata
    try {
      await this.#context.client.patch(podKind, name, namespace, 'strategic', { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  /** Answers the pods that were really asked to go. */
  async #remove(key: string, job: Job, pods: readonly Pod[]): Promise<{ pods: readonly Pod[]; failure: unknown }> {
    if (pods.length === 0) return { pods, failure: undefined }
    this.#expectations.expectDeletions(key, pods.map(keyOf))
    const removed: Pod[] = []
    const results = await Promise.allSettled(pods.map(async (pod) => {
      try {
        await this.#podControl.delete(job, pod)
        removed.push(pod)
      } catch (error) {
        this.#expectations.deletionObserved(key, keyOf(pod))
        if (!isNotFound(error)) throw error
      }
    }))
    return { pods: removed, failure: results.find((result) => result.status === 'rejected')?.reason as unknown }
  }

  async #create(key: string, view: JobView, pods: readonly Parameters<typeof podOf>[1][]): Promise<{ count: number; failure: unknown }> {
    this.#expectations.expectCreations(key, pods.length)
    let count = 0
    const result = await slowStart(pods.length, 1, async (at) => {
      try {
        await this.#podControl.create(view.job, podOf(view.job, pods[at]!))
        count++
      } catch (error) {
        this.#expectations.creationObserved(key)
        // Nothing can be made here any more: the namespace is going.
        if (!hasCause(error, 'NamespaceTerminating')) throw error
      }
    })
    for (let skipped = result.skipped; skipped > 0; skipped--) this.#expectations.creationObserved(key)
    return { count, failure: result.error }
  }

  #tellSuspended(job: Job): void {
    if (job.spec?.suspend) this.#context.events.event(job, 'Normal', 'Suspended', 'Job suspended')
    else this.#context.events.event(job, 'Normal', 'Resumed', 'Job resumed')
  }

  /** The pods of the Job, its own and adopted ones. */
  async #podsOf(job: Job): Promise<Pod[]> {
    const selector = cachedSelectorOf(job.spec?.selector)
    const { namespace, uid } = job.metadata
    const candidates = [...controlledBy(this.#pods, uid!), ...orphansIn(this.#pods, namespace).filter((pod) => matchesSelector(selector, pod.metadata.labels))]
    return claim({ client: this.#context.client, kind: podKind, owner: job, selector, canAdopt: recheck(this.#context.client, jobKind, job) }, candidates)
  }

  /** Takes the finalizer off a pod that no Job counts any more: its Job is gone or has ended. */
  async releaseOrphan(key: string): Promise<Outcome> {
    const { namespace, name } = splitKey(key)
    const pod = this.#pods.get(namespace, name)
    const job = pod && this.#jobOf(pod)
    if (!pod || !isTracked(pod) || (job && (!isFinished(job) || isManagedElsewhere(job)))) return undefined
    await this.#release(pod)
    return undefined
  }

  #forget(key: string): undefined {
    this.#expectations.forget(key)
    this.#untracked.delete(key)
    this.#backoffs.delete(key)
    return undefined
  }

  #jobDeleted(job: Job): void {
    // One made anew under the same name starts with a clean slate.
    this.#forget(keyOf(job))
    this.#queue.add(keyOf(job))
    for (const pod of controlledBy(this.#pods, job.metadata.uid!)) if (isTracked(pod)) this.#addOrphan(pod)
  }

  #podChanged(pod: Pod, old: Pod | undefined): void {
    const job = this.#jobOf(pod)
    if (job) {
      const key = keyOf(job)
      if (!isTracked(pod)) this.#untracked.get(key)?.delete(pod.metadata.uid!)
      if (!old) this.#expectations.creationObserved(key)
      if (pod.metadata.deletionTimestamp) this.#expectations.deletionObserved(key, keyOf(pod))
      this.#queue.addAfter(key, batchMs)
      return
    }
    if (isTracked(pod)) this.#addOrphan(pod)
    const former = old && this.#jobOf(old)
    if (former) this.#queue.addAfter(keyOf(former), batchMs)
    if (controllerOf(pod)) return
    for (const candidate of this.#jobs.list(pod.metadata.namespace)) if (matchesSelector(cachedSelectorOf(candidate.spec?.selector), pod.metadata.labels)) this.#queue.addAfter(keyOf(candidate), batchMs)
  }

  #podGone(pod: Pod): void {
    const job = this.#jobOf(pod)
    if (!job) return
    this.#untracked.get(keyOf(job))?.delete(pod.metadata.uid!)
    this.#expectations.deletionObserved(keyOf(job), keyOf(pod))
    this.#queue.addAfter(keyOf(job), batchMs)
  }

  #addOrphan(pod: Pod): void {
    this.#queue.add(orphanPrefix + objectKey(pod.metadata.namespace, pod.metadata.name))
  }

  #jobOf(pod: Pod): Job | undefined {
    const controller = controllerOf(pod)
    if (controller?.kind !== 'Job' || !controller.apiVersion.startsWith('batch/')) return undefined
    const job = this.#jobs.get(pod.metadata.namespace, controller.name)
    return job?.metadata.uid === controller.uid ? job : undefined
  }
}

function isManagedElsewhere({ spec }: Job): boolean {
  return spec?.managedBy !== undefined && spec.managedBy !== builtInManager
}

/** The Job with the time at which it first was not suspended. */
function started(job: Job, now: number): Job {
  if (job.spec?.suspend || parseTime(job.status?.startTime) !== undefined) return job
  return { ...job, status: { ...job.status, startTime: formatTime(now) } }
}

function without(pods: readonly Pod[], active: number, ready: number, terminating: number): { active: number; ready: number; terminating: number } {
  return { active: active - pods.length, ready: ready - pods.filter(isPodReady).length, terminating: terminating + pods.length }
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}

/** As Go would write it: counts of 0 are left out, but for `ready` and `terminating`, which are pointers. */
function tidy(status: JobStatus): JobStatus {
  const { active, succeeded, failed, conditions, startTime, ...rest } = status
  return {
    ...rest,
    ...(active ? { active } : {}),
    ...(succeeded ? { succeeded } : {}),
    ...(failed ? { failed } : {}),
    ...(conditions && conditions.length > 0 ? { conditions } : {}),
    ...(startTime === undefined ? {} : { startTime }),
    uncountedTerminatedPods: status.uncountedTerminatedPods ?? {},
  }
}

/** Which pods a Job makes and which it loses, and whether it has come to its end. All judgement, no effects. */
import type { Job, JobCondition, JobSpec, Pod } from '../../../api/generated/types.ts'
import { conditionOf, hasCondition } from '../../../api/machinery/conditions.ts'
import { isPodActive, isPodReady, isPodTerminating } from '../../../api/machinery/pod.ts'
import { formatTime, timeOr0 } from '../../../api/machinery/time.ts'
import { hasIndex, rangesOf, totalOf, withIndexes, type IndexRanges } from '../../../api/kinds/batch/index-ranges.ts'
import { podsToDelete } from '../framework/deletion-order.ts'
import { noFailures, remainingMs, withEnds, type BackoffRecord } from './backoff.ts'
import { completionIndexOf, countsAsFailed, failureCountKey, failureCountOf, finishedAt, ignoredFailureCountKey, isIndexed, isTracked, replacesOnlyFailed } from './job-pods.ts'
import { judgeFailure } from './pod-failure-policy.ts'

/** So many pods at most are created or deleted in one sync. */
export const burstPods = 500

/** What is known of a Job and its pods at a sync. */
export interface JobView {
  readonly job: Job
  readonly spec: JobSpec
  readonly pods: readonly Pod[]
  readonly active: readonly Pod[]
  readonly ready: number
  readonly terminating: number
  readonly succeeded: number
  readonly failed: number
  /** Ended since the last count. */
  readonly newFailed: readonly Pod[]
  readonly backoff: BackoffRecord
  readonly previousSucceeded: IndexRanges
  readonly succeededIndexes: IndexRanges
  /** Undefined when failures are not counted by index. */
  readonly failedIndexes: IndexRanges | undefined
}

/** `untracked`: uids of pods whose finalizer is gone though the cache still shows it. */
export function viewJob(job: Job, pods: readonly Pod[], untracked: ReadonlySet<string>, record: BackoffRecord = noFailures): JobView {
  const spec = job.spec!
  const { uncountedTerminatedPods: uncounted = {}, succeeded = 0, failed = 0 } = job.status ?? {}
  const active = pods.filter(isPodActive)
  const fresh = pods.filter((pod) => isTracked(pod) && !untracked.has(pod.metadata.uid!))
  const newSucceeded = fresh.filter((pod) => pod.status?.phase === 'Succeeded' && !uncounted.succeeded?.includes(pod.metadata.uid!))
  const newFailed = fresh.filter((pod) => countsAsFailed(pod, job) && !uncounted.failed?.includes(pod.metadata.uid!))
  const counted = newFailed.filter((pod) => judgeFailure(spec.podFailurePolicy, pod).action !== 'Ignore')
  const completions = spec.completions ?? 0
  const previousSucceeded = isIndexed(job) ? rangesOf(job.status?.completedIndexes, completions) : []
  const ended = fresh.filter((pod) => pod.status?.phase === 'Succeeded').map(completionIndexOf)
  const succeededIndexes = isIndexed(job) ? withIndexes(previousSucceeded, ended.filter((index): index is number => index !== undefined && index < completions)) : []
  return {
    job, spec, pods, active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
    succeeded: isIndexed(job) ? totalOf(succeededIndexes) : succeeded + newSucceeded.length + (uncounted.succeeded?.length ?? 0),
    failed: failed + counted.length + (uncounted.failed?.length ?? 0),
    newFailed,
    backoff: withEnds(record, newSucceeded, newFailed),
    previousSucceeded, succeededIndexes,
    failedIndexes: isIndexed(job) && spec.backoffLimitPerIndex !== undefined ? failedIndexesOf(job, fresh) : undefined,
  }
}

function failedIndexesOf(job: Job, fresh: readonly Pod[]): IndexRanges {
  const completions = job.spec?.completions ?? 0
  const ended: number[] = []
  for (const pod of fresh) {
    const index = completionIndexOf(pod)
    if (index !== undefined && index < completions && countsAsFailed(pod, job) && indexIsExhausted(job, pod)) ended.push(index)
  }
  return withIndexes(rangesOf(job.status?.failedIndexes, completions), ended)
}

function indexIsExhausted(job: Job, pod: Pod): boolean {
  const { action } = judgeFailure(job.spec?.podFailurePolicy, pod)
  if (action === 'FailIndex') return true
  return action !== 'Ignore' && failureCountOf(pod) >= (job.spec?.backoffLimitPerIndex ?? 0)
}

function condition(type: string, reason: string, message: string, now: number, status = 'True'): JobCondition {
  return { type, status, reason, message, lastProbeTime: formatTime(now), lastTransitionTime: formatTime(now) }
}

/** SuccessCriteriaMet or FailureTarget once the Job is to end, in whatever way; undefined while it goes on. Reaching its
 *  completions is judged apart (`isComplete`), after pods have been made and lost. */
export function endOf(view: JobView, now: number): JobCondition | undefined {
  const { job, spec, failedIndexes } = view
  const known = ['SuccessCriteriaMet', 'FailureTarget'].map((type) => conditionOf(job.status?.conditions, type)).find((each) => each?.status === 'True')
  if (known) return known
  const fail = (reason: string, message: string): JobCondition => condition('FailureTarget', reason, message, now)
  for (const pod of view.pods) {
    if (!isTracked(pod) || pod.status?.phase !== 'Failed') continue
    const { action, message } = judgeFailure(spec.podFailurePolicy, pod)
    if (action === 'FailJob') return fail('PodFailurePolicy', message!)
  }
  if (view.failed > (spec.backoffLimit ?? 6) || isPastLimitOnFailure(view)) return fail('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  const remaining = deadlineRemainingMs(view, now)
  if (remaining !== undefined && remaining <= 0) return fail('DeadlineExceeded', 'Job was active longer than specified deadline')
  if (failedIndexes) {
    if (spec.maxFailedIndexes !== undefined && totalOf(failedIndexes) > spec.maxFailedIndexes) return fail('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
    if (totalOf(failedIndexes) > 0 && totalOf(failedIndexes) + totalOf(view.succeededIndexes) >= (spec.completions ?? 0)) return fail('FailedIndexes', 'Job has failed indexes')
  }
  const message = isIndexed(job) ? metSuccessRule(view) : undefined
  return message === undefined ? undefined : condition('SuccessCriteriaMet', 'SuccessPolicy', message, now)
}

/** With restartPolicy OnFailure containers are restarted in place; their restarts count. */
function isPastLimitOnFailure({ spec, pods }: JobView): boolean {
  if (spec.template.spec?.restartPolicy !== 'OnFailure') return false
  let restarts = 0
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue
    for (const container of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) restarts += container.restartCount
  }
  return spec.backoffLimit === 0 ? restarts > 0 : restarts >= (spec.backoffLimit ?? 6)
}

/** Until activeDeadlineSeconds are over; undefined when there is no such time. */
export function deadlineRemainingMs({ job, spec }: JobView, now: number): number | undefined {
  if (spec.activeDeadlineSeconds === undefined || spec.suspend || !job.status?.startTime) return undefined
  return timeOr0(job.status.startTime) + spec.activeDeadlineSeconds * 1000 - now
}

function metSuccessRule({ spec, succeededIndexes }: JobView): string | undefined {
  for (const [index, rule] of (spec.successPolicy?.rules ?? []).entries()) {
    let met = totalOf(succeededIndexes)
    let wanted = rule.succeededCount
    if (rule.succeededIndexes !== undefined) {
      const ranges = rangesOf(rule.succeededIndexes, spec.completions ?? 0)
      met = 0
      for (const { first, last } of ranges) for (const done of succeededIndexes) met += Math.max(0, Math.min(last, done.last) - Math.max(first, done.first) + 1)
      wanted ??= totalOf(ranges)
    }
    if (met > 0 && met >= (wanted ?? Infinity)) return `Matched rules at index ${index}`
  }
  return undefined
}

export function isComplete({ spec, succeeded }: JobView, active: number): boolean {
  if (active > 0) return false
  return spec.completions === undefined ? succeeded > 0 : succeeded >= spec.completions
}

export function completionsReached(now: number): JobCondition {
  return condition('SuccessCriteriaMet', 'CompletionsReached', 'Reached expected number of succeeded pods', now)
}

/** The last condition, with the reason of what announced it. */
export function terminalCondition(target: JobCondition, now: number): JobCondition {
  return condition(target.type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed', target.reason ?? '', target.message ?? '', now)
}

/** The conditions with Suspended as it should be; undefined when it is so already. */
export function suspendedConditions({ job, spec }: JobView, now: number): JobCondition[] | undefined {
  const conditions = job.status?.conditions ?? []
  const known = conditionOf(conditions, 'Suspended')
  const suspend = spec.suspend ?? false
  if ((known?.status === 'True') === suspend) return undefined
  const made = suspend ? condition('Suspended', 'JobSuspended', 'Job suspended', now) : condition('Suspended', 'JobResumed', 'Job resumed', now, 'False')
  return known ? conditions.map((each) => (each === known ? made : each)) : [...conditions, made]
}

export function isFinished(job: Job): boolean {
  return hasCondition(job.status?.conditions, 'Complete') || hasCondition(job.status?.conditions, 'Failed')
}

/** What to create: plain pods, or one for each index. */
export interface NewPod {
  readonly index?: number
  /** Failures of the index so far, where they are counted by index. */
  readonly failures?: number
  readonly ignoredFailures?: number
}

export interface JobPlan {
  readonly create: readonly NewPod[]
  readonly remove: readonly Pod[]
  /** When what waits for its back-off may be made. */
  readonly againAfterMs?: number
}

/** Deletes or creates, never both in one sync. */
export function planPods(view: JobView, now: number): JobPlan {
  const { job, spec, active, succeeded } = view
  if (spec.suspend) return { create: [], remove: active.slice(0, burstPods) }
  const parallelism = spec.parallelism ?? 1
  const wanted = spec.completions === undefined ? (succeeded > 0 ? active.length : parallelism) : Math.max(0, Math.min(parallelism, spec.completions - succeeded - totalOf(view.failedIndexes ?? [])))
  const remove = podsToLose(view, Math.max(0, active.length - wanted), now)
  if (remove.length > 0) return { create: [], remove: remove.slice(0, burstPods) }
  const missing = Math.min(wanted - active.length - (replacesOnlyFailed(job) ? view.terminating : 0), burstPods)
  if (missing <= 0) return { create: [], remove: [] }
  if (view.failedIndexes) return planIndexes(view, missing, now)
  const waitMs = remainingMs(view.backoff, now)
  if (waitMs > 0) return { create: [], remove: [], againAfterMs: waitMs }
  if (!isIndexed(job)) return { create: Array.from({ length: missing }, () => ({})), remove: [] }
  return { create: pendingIndexes(view, missing).map((index) => ({ index })), remove: [] }
}

/** Pods of an index that another has, or that is out of range; then the least wanted. */
function podsToLose({ job, spec, active }: JobView, atLeast: number, now: number): Pod[] {
  if (!isIndexed(job)) return atLeast > 0 ? podsToDelete(active, active, atLeast, now) : []
  const byIndex = new Map<number, Pod[]>()
  const remove: Pod[] = []
  for (const pod of active) {
    const index = completionIndexOf(pod)
    if (index === undefined || index >= (spec.completions ?? 0)) remove.push(pod)
    else byIndex.set(index, [...(byIndex.get(index) ?? []), pod])
  }
  const left: Pod[] = []
  for (const pods of byIndex.values()) {
    const lost = podsToDelete(pods, pods, pods.length - 1, now)
    remove.push(...lost)
    left.push(...pods.filter((pod) => !lost.includes(pod)))
  }
  return atLeast > remove.length ? [...remove, ...podsToDelete(left, left, atLeast - remove.length, now)] : remove
}

/** The first indexes that have neither ended nor a pod. */
function pendingIndexes(view: JobView, count: number): number[] {
  const { job, spec, pods } = view
  const busy = new Set(pods.filter((pod) => isPodActive(pod) || (replacesOnlyFailed(job) && isPodTerminating(pod))).map(completionIndexOf))
  const result: number[] = []
  for (let index = 0; index < (spec.completions ?? 0) && result.length < count; index++) {
    if (!busy.has(index) && !hasIndex(view.succeededIndexes, index) && !(view.failedIndexes && hasIndex(view.failedIndexes, index))) result.push(index)
  }
  return result
}

/** With a limit per index each index waits for its own back-off. */
function planIndexes(view: JobView, missing: number, now: number): JobPlan {
  const lastFailed = lastFailedByIndex(view)
  const create: NewPod[] = []
  let againAfterMs: number | undefined
  for (const index of pendingIndexes(view, view.spec.completions ?? 0)) {
    if (create.length >= missing) break
    const last = lastFailed.get(index)
    if (!last) {
      create.push({ index, failures: 0 })
      continue
    }
    const ignored = failureCountOf(last, ignoredFailureCountKey)
    const waitMs = remainingMs({ failures: failureCountOf(last, failureCountKey) + ignored + 1, lastFailureAt: finishedAt(last) }, now)
    if (waitMs > 0) againAfterMs = Math.min(againAfterMs ?? Infinity, waitMs)
    else {
      const ignores = judgeFailure(view.spec.podFailurePolicy, last).action === 'Ignore'
      create.push({ index, failures: failureCountOf(last) + (ignores ? 0 : 1), ...(ignores || ignored > 0 ? { ignoredFailures: ignored + (ignores ? 1 : 0) } : {}) })
    }
  }
  return { create, remove: [], ...(againAfterMs === undefined ? {} : { againAfterMs }) }
}

/** The failed pod of each index that tells how often it has failed. Its finalizer stays until it is replaced. */
export function lastFailedByIndex({ job, pods }: JobView): Map<number, Pod> {
  const last = new Map<number, Pod>()
  for (const pod of pods) {
    const index = completionIndexOf(pod)
    if (index === undefined || !isTracked(pod) || !countsAsFailed(pod, job)) continue
    const known = last.get(index)
    const count = (each: Pod): number => failureCountOf(each) + failureCountOf(each, ignoredFailureCountKey)
    if (!known || count(pod) > count(known) || (count(pod) === count(known) && finishedAt(pod) > finishedAt(known))) last.set(index, pod)
  }
  return last
}


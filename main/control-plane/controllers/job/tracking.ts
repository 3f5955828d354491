/** Counting the pods that have ended, each exactly once, although the status and the pods' finalizers cannot be written
 *  together: ends are first noted by uid, then finalizers go, then notes become counts. Follows
 *  trackJobStatusAndRemoveFinalizers. */
import type { JobStatus, Pod } from '../../../api/generated/types.ts'
import { formatRanges, hasIndex, totalOf, withIndexes } from '../../../api/kinds/batch/index-ranges.ts'
import { completionIndexOf, countsAsFailed, failureCountKey, failureCountOf, ignoredFailureCountKey, isIndexed, isTracked } from './job-pods.ts'
import { judgeFailure } from './pod-failure-policy.ts'
import type { JobView } from './plan.ts'

/** Notes and newly succeeded indexes of one sync; more waits for the next. */
const uncountedMax = 500

export interface Tracked {
  readonly status: JobStatus
  /** Pods whose finalizer may go once the status is written. */
  readonly release: readonly Pod[]
}

/** The status with all ends noted. `ending`: the Job ends, so that pods are no longer needed whatever they do. */
export function trackEnds(view: JobView, status: JobStatus, untracked: ReadonlySet<string>, ending: boolean): Tracked {
  const { job, spec, pods } = view
  const indexed = isIndexed(job)
  const tracked = pods.filter((pod) => isTracked(pod) && !untracked.has(pod.metadata.uid!))
  const counted = countReleased(status, new Set(tracked.map((pod) => pod.metadata.uid!)))
  const succeeded = [...(counted.uncountedTerminatedPods?.succeeded ?? [])]
  const failed = [...(counted.uncountedTerminatedPods?.failed ?? [])]
  const indexes: number[] = []
  const release: Pod[] = []
  for (const pod of tracked) {
    const uid = pod.metadata.uid!
    const fails = countsAsFailed(pod, job)
    if (!mayRelease(view, pod, fails, ending)) continue
    release.push(pod)
    const index = completionIndexOf(pod)
    const countable = !indexed || (index !== undefined && index < (spec.completions ?? 0))
    if (pod.status?.phase === 'Succeeded' && !failed.includes(uid)) {
      if (indexed) {
        if (countable && !hasIndex(view.previousSucceeded, index!)) indexes.push(index!)
      } else if (!succeeded.includes(uid)) succeeded.push(uid)
    } else if ((fails || ending) && countable && !failed.includes(uid) && judgeFailure(spec.podFailurePolicy, pod).action !== 'Ignore') failed.push(uid)
    if (indexes.length + succeeded.length + failed.length >= uncountedMax) break
  }
  const next: JobStatus = { ...counted, uncountedTerminatedPods: notes(succeeded, failed) }
  if (indexes.length > 0) {
    const ranges = withIndexes(view.previousSucceeded, indexes)
    next.succeeded = totalOf(ranges)
    next.completedIndexes = formatRanges(ranges)
  }
  if (view.failedIndexes && (view.failedIndexes.length > 0 || status.failedIndexes !== undefined)) next.failedIndexes = formatRanges(view.failedIndexes)
  return { status: next, release }
}

function notes(succeeded: string[], failed: string[]): NonNullable<JobStatus['uncountedTerminatedPods']> {
  return { ...(failed.length > 0 ? { failed } : {}), ...(succeeded.length > 0 ? { succeeded } : {}) }
}

function mayRelease(view: JobView, pod: Pod, fails: boolean, ending: boolean): boolean {
  if (view.job.metadata.deletionTimestamp || ending) return true
  if (pod.status?.phase !== 'Succeeded' && !fails) return false
  return !isKeptForIndex(view, pod)
}

/** With a limit per index the last failed pod carries the count, so it stays until its replacement carries it on. */
function isKeptForIndex(view: JobView, pod: Pod): boolean {
  const index = completionIndexOf(pod)
  if (!view.failedIndexes || index === undefined || pod.status?.phase === 'Succeeded') return false
  if (index >= (view.spec.completions ?? 0) || hasIndex(view.failedIndexes, index) || hasIndex(view.succeededIndexes, index)) return false
  const tries = (each: Pod): number => failureCountOf(each, failureCountKey) + failureCountOf(each, ignoredFailureCountKey)
  return !view.pods.some((other) => other !== pod && completionIndexOf(other) === index && tries(other) > tries(pod))
}

/** Turns the notes of pods whose finalizer is gone into counts. */
export function countReleased(status: JobStatus, tracked: ReadonlySet<string>): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {}
  const isThere = (uid: string): boolean => tracked.has(uid)
  const keptSucceeded = succeeded.filter(isThere)
  const keptFailed = failed.filter(isThere)
  const more = { succeeded: succeeded.length - keptSucceeded.length, failed: failed.length - keptFailed.length }
  return {
    ...status,
    ...(more.succeeded > 0 ? { succeeded: (status.succeeded ?? 0) + more.succeeded } : {}),
    ...(more.failed > 0 ? { failed: (status.failed ?? 0) + more.failed } : {}),
    uncountedTerminatedPods: notes(keptSucceeded, keptFailed),
  }
}

export function hasUncounted(status: JobStatus): boolean {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {}
  return succeeded.length + failed.length > 0
}

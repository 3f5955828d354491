/** What the Job controller asks of a pod. Times are ms since the epoch. */
import type { ContainerStatus, Job, Pod } from '../../../api/generated/types.ts'
import { hasFinalizer } from '../../../api/machinery/object.ts'
import { isSidecar, podCondition } from '../../../api/machinery/pod.ts'
import { parseTime, timeOr0 } from '../../../api/machinery/time.ts'

/** On a pod from its creation until its end is counted in the Job's status, so that no end is lost or counted twice. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
export const completionIndexKey = 'batch.kubernetes.io/job-completion-index'
export const failureCountKey = 'batch.kubernetes.io/job-index-failure-count'
export const ignoredFailureCountKey = 'batch.kubernetes.io/job-index-ignored-failure-count'

export function isTracked(pod: Pod): boolean {
  return hasFinalizer(pod, trackingFinalizer)
}

export function isIndexed(job: Job): boolean {
  return job.spec?.completionMode === 'Indexed'
}

/** Replacements wait until a pod has fully ended. */
export function replacesOnlyFailed(job: Job): boolean {
  return job.spec?.podReplacementPolicy === 'Failed'
}

/** The pod's completion index, or undefined when it has none. */
export function completionIndexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[completionIndexKey]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

export function failureCountOf(pod: Pod, key: string = failureCountKey): number {
  const text = pod.metadata.annotations?.[key]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : 0
}

/** Failed; or on its way out, which counts as failed unless replacements wait for the end. */
export function countsAsFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true
  if (replacesOnlyFailed(job)) return false
  return pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded'
}

/** When the pod ended, as well as can be told from its containers, its readiness or its deletion. */
export function finishedAt(pod: Pod): number {
  const fromContainers = latestEnd(pod)
  if (fromContainers !== undefined) return fromContainers
  const ready = podCondition(pod, 'Ready')
  const notReady = ready?.status === 'False' ? parseTime(ready.lastTransitionTime) : undefined
  if (notReady !== undefined) return notReady
  const deletion = parseTime(pod.metadata.deletionTimestamp)
  if (deletion !== undefined) return deletion - (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000
  return timeOr0(pod.metadata.creationTimestamp)
}

function latestEnd(pod: Pod): number | undefined {
  const sidecars = new Set((pod.spec?.initContainers ?? []).filter(isSidecar).map((container) => container.name))
  const statuses: readonly ContainerStatus[] = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? []).filter((status) => sidecars.has(status.name))]
  let latest: number | undefined
  for (const { state } of statuses) {
    const end = parseTime(state?.terminated?.finishedAt)
    if (end === undefined) return undefined
    if (latest === undefined || end > latest) latest = end
  }
  return latest
}

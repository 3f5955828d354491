import type { Pod } from '../../../api/generated/types.ts'
import { finishedAt } from './job-pods.ts'

/** Upstream's constants. (Its documentation says that the delay grows to six minutes.) */
const firstDelayMs = 10_000
const longestDelayMs = 600_000

/** Failures in a row of a Job's pods. */
export interface BackoffRecord {
  readonly failures: number
  readonly lastFailureAt: number
}

export const noFailures: BackoffRecord = { failures: 0, lastFailureAt: 0 }

/** The record after more pods have ended: a success forgets the failures before it. */
export function withEnds(record: BackoffRecord, succeeded: readonly Pod[], failed: readonly Pod[]): BackoffRecord {
  const failures = failed.map(finishedAt)
  if (succeeded.length === 0) return failures.length === 0 ? record : { failures: record.failures + failures.length, lastFailureAt: Math.max(...failures) }
  const lastSuccess = Math.max(...succeeded.map(finishedAt))
  const since = failures.filter((at) => at > lastSuccess)
  return since.length === 0 ? noFailures : { failures: since.length, lastFailureAt: Math.max(...since) }
}

/** How long to wait before the next pod: 10 s after the first failure, doubling. */
export function remainingMs({ failures, lastFailureAt }: BackoffRecord, now: number): number {
  if (failures === 0) return 0
  const delay = Math.min(firstDelayMs * 2 ** (failures - 1), longestDelayMs)
  return Math.max(0, lastFailureAt + delay - now)
}

export interface SlowStartResult {
  readonly successes: number
  /** Never tried, because a batch before them failed. */
  readonly skipped: number
  readonly error: Error | undefined
}

/** Calls `fn` `count` times in batches of 1, 2, 4 … at once; stops after the first batch in which one fails, so that what
 *  always fails (quota, admission) fails once and not `count` times. Follows the ReplicaSet controller's slowStartBatch. */
export async function slowStart(count: number, initialBatch: number, fn: (index: number) => Promise<void>): Promise<SlowStartResult> {
  let successes = 0
  let started = 0
  for (let batch = Math.min(count, initialBatch); batch > 0; batch = Math.min(2 * batch, count - started)) {
    const first = started
    started += batch
    const results = await Promise.allSettled(Array.from({ length: batch }, (_, offset) => fn(first + offset)))
    const failed = results.find((result) => result.status === 'rejected')
    successes += results.filter((result) => result.status === 'fulfilled').length
    if (failed) return { successes, skipped: count - started, error: asError(failed.reason) }
  }
  return { successes, skipped: 0, error: undefined }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}

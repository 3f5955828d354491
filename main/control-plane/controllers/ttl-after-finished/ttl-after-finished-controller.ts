import { defineController } from '../../../api/client/controller.ts'
import type { Job } from '../../../api/generated/types.ts'
import { jobKind } from '../../../api/kinds/batch/job.ts'
import { keyOf, splitKey } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { parseTime } from '../../../api/machinery/time.ts'

/** Deletes Jobs, with their pods, ttlSecondsAfterFinished after their end. Follows pkg/controller/ttlafterfinished. */
export const ttlAfterFinishedController = defineController({
  name: 'ttl-after-finished-controller',
  noun: 'job',
  workers: 5,
  setUp: ({ process, client, informers }, queue) => {
    const jobs = informers.of(jobKind)
    const add = (job: Job): void => {
      const at = expiryOf(job)
      if (at !== undefined) queue.addAfter(keyOf(job), at - process.clock.now())
    }
    jobs.onChange({ added: add, updated: add })
    return async (key) => {
      const { namespace, name } = splitKey(key)
      const cached = jobs.get(namespace, name)
      if (!cached || expiryOf(cached) === undefined) return undefined
      try {
        // The cache may lag: the time to live could have been prolonged.
        const job = await client.get(jobKind, name, namespace)
        const at = expiryOf(job)
        if (at === undefined) return undefined
        if (at > process.clock.now()) return { againAfterMs: at - process.clock.now() }
        await client.delete(jobKind, name, namespace, { propagationPolicy: 'Foreground', preconditions: { uid: job.metadata.uid!, resourceVersion: job.metadata.resourceVersion! } })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
      return undefined
    }
  },
})

/** When the Job is to go; undefined while it runs, is already going or has no time to live. */
export function expiryOf(job: Job): number | undefined {
  const ttl = job.spec?.ttlSecondsAfterFinished
  if (ttl === undefined || job.metadata.deletionTimestamp) return undefined
  const end = job.status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')
  const at = parseTime(end?.lastTransitionTime)
  return at === undefined ? undefined : at + ttl * 1000
}

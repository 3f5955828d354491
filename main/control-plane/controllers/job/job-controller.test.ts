import { describe, expect, it } from 'vitest'
import type { Job, JobSpec, Pod } from '../../../api/generated/types.ts'
import { jobKind } from '../../../api/kinds/batch/job.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { isPodActive } from '../../../api/machinery/pod.ts'
import { formatTime, timeOr0 } from '../../../api/machinery/time.ts'
import { atEveryWrite, benchFaults, controllerBench, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { ttlAfterFinishedController } from '../ttl-after-finished/ttl-after-finished-controller.ts'
import { jobController } from './job-controller.ts'
import { completionIndexOf, trackingFinalizer } from './job-pods.ts'

function job(more: Partial<JobSpec> = {}): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'default' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } }, ...more },
  }
}

/** Plays kubelets whose pods end `runMs` after they appear, with the exit code that `exitCode` answers; undefined: never. */
function playEnds(b: ControllerBench, exitCode: (pod: Pod) => number | undefined, runMs = 2000): void {
  const seen = new Set<string>()
  b.api.watch(podKind, { resourceVersion: '0' }, (events) => {
    for (const { type, object: pod } of events) {
      const { namespace, name, uid } = pod.metadata
      if (type === 'DELETED' || type === 'BOOKMARK') continue
      const later = (mark: string, delayMs: number, act: () => void): void => {
        if (seen.has(uid! + mark)) return
        seen.add(uid! + mark)
        b.process.clock.after(delayMs, () => {
          if (b.api.peek(podKind, namespace, name)?.metadata.uid === uid) act()
        })
      }
      const end = (code: number): void => {
        const finishedAt = formatTime(b.process.clock.now())
        b.api.mutate(podKind, namespace, name, (copy) => {
          copy.status = { phase: code === 0 ? 'Succeeded' : 'Failed', containerStatuses: [{ name: 'main', ready: false, restartCount: 0, image: 'busybox', imageID: '', state: { terminated: { exitCode: code, finishedAt } } }] }
        })
      }
      later('', runMs, () => {
        const code = exitCode(pod)
        if (code !== undefined && !b.api.peek(podKind, namespace, name)!.status?.containerStatuses) end(code)
      })
      if (pod.metadata.deletionTimestamp) {
        later('/stop', 1000, () => {
          if (!b.api.peek(podKind, namespace, name)!.status?.containerStatuses) end(137)
          b.api.remove(podKind, namespace, name, { gracePeriodSeconds: 0 })
        })
      }
    }
  }, () => {})
}

const bench = (options: BenchOptions = {}): Promise<ControllerBench> => controllerBench([jobController, ttlAfterFinishedController], options)
const current = (b: ControllerBench): Job => b.api.peek(jobKind, 'default', 'work')!
const conditionsOf = (b: ControllerBench): string[] => (current(b).status?.conditions ?? []).map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`)
const jobEvents = (b: ControllerBench): string[] => b.events().filter((text) => text.includes('Job/work')).map((text) => text.replace(/work-[a-z0-9]{5}\b/, 'work-x'))

describe('the Job controller', () => {
  it('runs pods until enough have ended well, and takes their finalizers off', async () => {
    const b = await bench()
    playEnds(b, () => 0)
    let most = 0
    b.api.onCommit = () => void (most = Math.max(most, b.api.stored(podKind).filter(isPodActive).length))
    b.api.seed(jobKind, job({ completions: 5, parallelism: 2 }))
    await b.settle()
    const { status } = current(b)
    expect(status).toMatchObject({ succeeded: 5, ready: 0, terminating: 0, uncountedTerminatedPods: {} })
    expect(status?.active).toBeUndefined()
    expect(status?.completionTime).toBeDefined()
    expect(conditionsOf(b)).toEqual(['SuccessCriteriaMet=True CompletionsReached: Reached expected number of succeeded pods', 'Complete=True CompletionsReached: Reached expected number of succeeded pods'])
    expect(most).toBe(2)
    expect(b.api.stored(podKind).map((pod) => pod.metadata.finalizers ?? [])).toEqual(Array.from({ length: 5 }, () => []))
    expect(jobEvents(b)).toEqual([...Array.from({ length: 5 }, () => 'Normal SuccessfulCreate Job/work: Created pod: work-x'), 'Normal Completed Job/work: Job completed'])
  })

  it('waits longer after each failure, and gives up at the limit', async () => {
    const b = await bench()
    playEnds(b, () => 1)
    b.api.seed(jobKind, job({ backoffLimit: 3 }))
    await b.kernel.runFor(120_000)
    expect(current(b).status).toMatchObject({ failed: 4 })
    expect(conditionsOf(b)).toEqual(['FailureTarget=True BackoffLimitExceeded: Job has reached the specified backoff limit', 'Failed=True BackoffLimitExceeded: Job has reached the specified backoff limit'])
    expect(jobEvents(b).at(-1)).toBe('Warning BackoffLimitExceeded Job/work: Job has reached the specified backoff limit')
    const times = b.api.stored(podKind).map((pod) => timeOr0(pod.metadata.creationTimestamp) / 1000).sort((a, c) => a - c)
    // Two seconds of running, then 10, 20 and 40 s of waiting, to the second of the timestamps.
    expect(times.slice(1).map((at, index) => Math.round((at - times[index]! - 2) / 10) * 10)).toEqual([10, 20, 40])
  })

  it('gives indexes to the pods of an Indexed Job', async () => {
    const b = await bench()
    playEnds(b, (pod) => (completionIndexOf(pod) === 1 ? undefined : 0))
    b.api.seed(jobKind, job({ completionMode: 'Indexed', completions: 4, parallelism: 4 }))
    await b.settle()
    expect(current(b).status).toMatchObject({ active: 1, succeeded: 3, completedIndexes: '0,2,3' })
    const pod = b.api.stored(podKind).find((each) => completionIndexOf(each) === 1)!
    expect(pod.metadata.name).toMatch(/^work-1-[a-z0-9]{5}$/)
    expect(pod.metadata.labels?.['batch.kubernetes.io/job-completion-index']).toBe('1')
    expect(pod.spec).toMatchObject({ hostname: 'work-1', containers: [{ env: [{ name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } } }] }] })
    expect(pod.metadata.finalizers).toEqual([trackingFinalizer])
  })

  it('counts failures by index, and ends when all indexes have', async () => {
    const b = await bench()
    playEnds(b, (pod) => (completionIndexOf(pod) === 1 ? 1 : 0))
    b.api.seed(jobKind, job({ completionMode: 'Indexed', completions: 3, parallelism: 3, backoffLimitPerIndex: 1 }))
    await b.settle()
    expect(current(b).status).toMatchObject({ succeeded: 2, failed: 2, completedIndexes: '0,2', failedIndexes: '1' })
    expect(conditionsOf(b).at(-1)).toBe('Failed=True FailedIndexes: Job has failed indexes')
  })

  it('ends early by its success policy, and removes what still runs', async () => {
    const b = await bench()
    playEnds(b, (pod) => (completionIndexOf(pod) === 0 ? 0 : undefined))
    b.api.seed(jobKind, job({ completionMode: 'Indexed', completions: 3, parallelism: 3, successPolicy: { rules: [{ succeededIndexes: '0' }] } }))
    await b.settle()
    expect(conditionsOf(b)).toEqual(['SuccessCriteriaMet=True SuccessPolicy: Matched rules at index 0', 'Complete=True SuccessPolicy: Matched rules at index 0'])
    expect(b.api.stored(podKind)).toHaveLength(1)
  })

  it('fails at once, or not at all, by its pod failure policy', async () => {
    const policy = { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1] } }, { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] }
    const b = await bench()
    let tries = 0
    playEnds(b, () => (++tries === 1 ? 1 : 42))
    b.api.seed(jobKind, job({ backoffLimit: 0, podFailurePolicy: policy }))
    await b.settle()
    expect(tries).toBe(2)
    expect(current(b).status?.failed).toBe(1)
    expect(conditionsOf(b)[1]).toMatch(/^Failed=True PodFailurePolicy: Container main for pod default\/work-[a-z0-9]{5} failed with exit code 42 matching FailJob rule at index 1$/)
  })

  it('does not count pods that were disrupted when its pod failure policy says so', async () => {
    const b = await bench()
    let tries = 0
    playEnds(b, () => 0, 20_000)
    b.api.onCommit = ({ type, object }) => void (type === 'ADDED' && object.kind === 'Pod' && tries++)
    b.api.seed(jobKind, job({ backoffLimit: 0, podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }] } }))
    await b.kernel.runFor(5_000)
    const [evicted] = b.api.stored(podKind)
    b.api.mutate(podKind, 'default', evicted!.metadata.name, (pod) => {
      pod.status = { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }], containerStatuses: [{ name: 'main', ready: false, restartCount: 0, image: 'busybox', imageID: '', state: { terminated: { exitCode: 137, finishedAt: formatTime(b.kernel.now()) } } }] }
    })
    await b.kernel.runFor(60_000)
    expect(tries).toBe(2)
    expect([current(b).status?.failed, current(b).status?.succeeded]).toEqual([undefined, 1])
    expect(conditionsOf(b).at(-1)).toBe('Complete=True CompletionsReached: Reached expected number of succeeded pods')
  })

  it('gives up an index at once when its pod failure policy says so', async () => {
    const b = await bench()
    const tries = [0, 0, 0]
    b.api.onCommit = ({ type, object }) => void (type === 'ADDED' && object.kind === 'Pod' && tries[completionIndexOf(object as Pod)!]!++)
    playEnds(b, (pod) => (completionIndexOf(pod) === 1 ? 42 : 0))
    b.api.seed(jobKind, job({ completionMode: 'Indexed', completions: 3, parallelism: 3, backoffLimitPerIndex: 3, podFailurePolicy: { rules: [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [42] } }] } }))
    await b.kernel.runFor(120_000)
    expect(tries).toEqual([1, 1, 1])
    expect(current(b).status).toMatchObject({ succeeded: 2, failed: 1, completedIndexes: '0,2', failedIndexes: '1' })
    expect(conditionsOf(b).at(-1)).toBe('Failed=True FailedIndexes: Job has failed indexes')
  })

  it('adopts pods that match and belong to nobody, and releases those that no longer match', async () => {
    const b = await bench()
    playEnds(b, () => undefined)
    b.api.seed(jobKind, job({ parallelism: 2, completions: 4 }))
    await b.settle()
    const [pod, other] = b.api.stored(podKind) as [Pod, Pod]
    b.api.mutate(podKind, 'default', pod.metadata.name, (copy) => void delete copy.metadata.ownerReferences)
    await b.settle()
    const owners = (): unknown => b.api.peek(podKind, 'default', pod.metadata.name)!.metadata.ownerReferences
    expect(owners()).toMatchObject([{ kind: 'Job', name: 'work', controller: true }])
    expect(b.api.stored(podKind)).toHaveLength(2)
    b.api.mutate(podKind, 'default', pod.metadata.name, (copy) => void (copy.metadata.labels = { other: 'true' }))
    await b.settle()
    expect([owners() ?? [], b.api.peek(podKind, 'default', pod.metadata.name)!.metadata.finalizers ?? []]).toEqual([[], []])
    expect(b.api.stored(podKind).filter((each) => each.metadata.ownerReferences?.length)).toHaveLength(2)
    expect(b.api.peek(podKind, 'default', other.metadata.name)).toBeDefined()
  })

  it('fails at its deadline', async () => {
    const b = await bench()
    playEnds(b, () => undefined)
    b.api.seed(jobKind, job({ activeDeadlineSeconds: 15 }))
    await b.kernel.runFor(30_000)
    expect(conditionsOf(b).at(-1)).toBe('Failed=True DeadlineExceeded: Job was active longer than specified deadline')
    expect(b.api.stored(podKind)).toEqual([])
    expect(current(b).status).toMatchObject({ failed: 1 })
  })

  it('is suspended and resumed', async () => {
    const b = await bench()
    playEnds(b, () => undefined)
    b.api.seed(jobKind, job())
    await b.settle()
    b.api.mutate(jobKind, 'default', 'work', (copy) => void (copy.spec!.suspend = true))
    await b.settle()
    expect(b.api.stored(podKind)).toEqual([])
    expect(conditionsOf(b)).toEqual(['Suspended=True JobSuspended: Job suspended'])
    b.api.mutate(jobKind, 'default', 'work', (copy) => void (copy.spec!.suspend = false))
    await b.settle()
    expect(conditionsOf(b)).toEqual(['Suspended=False JobResumed: Job resumed'])
    expect(current(b).status?.active).toBe(1)
    expect(jobEvents(b).filter((text) => /Suspended|Resumed/.test(text))).toEqual(['Normal Suspended Job/work: Job suspended', 'Normal Resumed Job/work: Job resumed'])
  })

  it('leaves Jobs of other controllers alone', async () => {
    const b = await bench()
    b.api.seed(jobKind, job({ managedBy: 'example.com/other' }))
    await b.settle()
    expect(b.api.stored(podKind)).toEqual([])
    expect(current(b).status).toEqual({})
  })

  it('goes by itself when its time to live is over', async () => {
    const b = await bench()
    playEnds(b, () => 0)
    b.api.seed(jobKind, job({ ttlSecondsAfterFinished: 30 }))
    await b.settle()
    expect(conditionOf(current(b).status?.conditions, 'Complete')?.status).toBe('True')
    await b.kernel.runFor(40_000)
    const left = b.api.peek(jobKind, 'default', 'work')
    expect(left === undefined || left.metadata.deletionTimestamp !== undefined).toBe(true)
  })

  it('counts every end once, whatever write fails', { timeout: 60_000 }, async () => {
    const tried = await atEveryWrite(benchFaults, async (fault) => {
      const b = await bench(fault ? { fault } : {})
      let writes = 0
      const { fault: inner } = b.api
      b.api.fault = (request) => {
        if (request.write && request.verb !== 'watch' && request.resource !== 'events') writes++
        return inner?.(request)
      }
      let failures = 0
      playEnds(b, () => (failures++ === 0 ? 1 : 0))
      const ends = { Succeeded: new Set<string>(), Failed: new Set<string>() }
      b.api.onCommit = ({ object }) => {
        const phase = (object as Pod).status?.phase
        if (object.kind === 'Pod' && (phase === 'Succeeded' || phase === 'Failed')) ends[phase].add(object.metadata.uid!)
      }
      b.api.seed(jobKind, job({ completions: 2, parallelism: 1 }))
      await b.kernel.runFor(60_000)
      await b.settle()
      return {
        writes,
        check: () => {
          const { status } = current(b)
          expect(conditionsOf(b).at(-1)).toBe('Complete=True CompletionsReached: Reached expected number of succeeded pods')
          // A pod that a deposed manager's request brings too late may run beside the others; it counts as well, once.
          expect([status?.succeeded, status?.failed, status?.active]).toEqual([ends.Succeeded.size, ends.Failed.size, undefined])
          if (fault?.kind !== 'takeover') expect([status?.succeeded, status?.failed]).toEqual([2, 1])
          expect(b.api.stored(podKind).flatMap((pod) => pod.metadata.finalizers ?? [])).toEqual([])
        },
      }
    })
    expect(tried).toBeGreaterThan(50)
  })
})

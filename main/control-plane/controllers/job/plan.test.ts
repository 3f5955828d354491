import { describe, expect, it } from 'vitest'
import { formatRanges, rangesOf, totalOf, withIndexes } from '../../../api/kinds/batch/index-ranges.ts'
import type { Job, JobSpec, JobStatus, Pod } from '../../../api/generated/types.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { noFailures, remainingMs, withEnds } from './backoff.ts'
import { trackingFinalizer } from './job-pods.ts'
import { endOf, planPods, viewJob } from './plan.ts'
import { countReleased, trackEnds } from './tracking.ts'

const now = Date.parse('2026-01-01T00:10:00Z')

function job(spec: Partial<JobSpec>, status: JobStatus = {}): Job {
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'work', namespace: 'default', uid: 'j' }, spec: { backoffLimit: 6, parallelism: 1, template: { spec: { restartPolicy: 'Never', containers: [] } }, ...spec }, status }
}

/** `name phase [index] [failures]`, ended 5 s ago if it has; a phase in capitals and `-deleted` is on its way out. */
function pod(text: string): Pod {
  const [name = '', phase = '', index, failures] = text.split(' ')
  const annotations = { ...(index === undefined ? {} : { 'batch.kubernetes.io/job-completion-index': index }), ...(failures === undefined ? {} : { 'batch.kubernetes.io/job-index-failure-count': failures }) }
  const ended = phase === 'Succeeded' || phase === 'Failed'
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { name, uid: name, namespace: 'default', annotations, finalizers: [trackingFinalizer], creationTimestamp: formatTime(now - 60_000), ...(phase.endsWith('-deleted') ? { deletionTimestamp: formatTime(now), deletionGracePeriodSeconds: 0 } : {}) },
    status: { phase: phase.replace('-deleted', ''), ...(ended ? { containerStatuses: [{ name: 'main', ready: false, restartCount: 0, image: '', imageID: '', state: { terminated: { exitCode: phase === 'Failed' ? 1 : 0, finishedAt: formatTime(now - 5000) } } }] } : {}) },
  }
}

const indexed = { completionMode: 'Indexed' }

describe('what a Job makes and loses', () => {
  it.each<[string, Partial<JobSpec>, string[], string]>([
    ['all at once', { completions: 3, parallelism: 3 }, [], '+3'],
    ['as many as may run', { completions: 3, parallelism: 2 }, ['a Running'], '+1'],
    ['no more than are missing', { completions: 3, parallelism: 3 }, ['a Running', 'b Succeeded'], '+1'],
    ['nothing when enough have ended', { completions: 1 }, ['a Succeeded'], ''],
    ['as many as may run while nobody has ended', { parallelism: 2 }, ['a Running'], '+1'],
    ['no new ones once somebody has ended', { parallelism: 2 }, ['a Succeeded', 'b Running'], ''],
    ['fewer when fewer may run', { completions: 5, parallelism: 1 }, ['a Running', 'b Pending'], '-b'],
    ['none while suspended', { completions: 1, suspend: true }, ['a Running'], '-a'],
    ['a replacement for one on its way out', { completions: 1 }, ['a Running-deleted'], 'wait 10000'],
    ['none before that one has ended, if so wished', { completions: 1, podReplacementPolicy: 'Failed' }, ['a Running-deleted'], ''],
    ['a replacement after the back-off', { completions: 1 }, ['a Failed'], 'wait 5000'],
    ['pods for the first free indexes', { ...indexed, completions: 5, parallelism: 3 }, ['a Running 1', 'b Succeeded 0'], '+2 +3'],
    ['one pod for each index', { ...indexed, completions: 2, parallelism: 2 }, ['a Running 0', 'b Pending 0', 'c Running 1'], '-b'],
    ['no pod out of range', { ...indexed, completions: 1 }, ['a Running 0', 'b Running 7'], '-b'],
    ['other indexes while one waits', { ...indexed, completions: 2, parallelism: 2, backoffLimitPerIndex: 3 }, ['a Failed 0 0'], '+1 wait 5000'],
  ])('%s', (_, spec, pods, expected) => {
    const plan = planPods(viewJob(job(spec), pods.map(pod), new Set()), now)
    const plain = plan.create.filter(({ index }) => index === undefined).length
    const said = [...(plain > 0 ? [`+${plain}`] : []), ...plan.create.filter(({ index }) => index !== undefined).map(({ index }) => `+${index}`), ...plan.remove.map(({ metadata }) => `-${metadata.name}`), ...(plan.againAfterMs === undefined ? [] : [`wait ${plan.againAfterMs}`])]
    expect(said.join(' ')).toBe(expected)
  })
})

describe('how a Job ends', () => {
  it.each<[string, Partial<JobSpec>, JobStatus, string[], string | undefined]>([
    ['not yet', { completions: 1 }, {}, ['a Running'], undefined],
    ['one failure too many', { backoffLimit: 1 }, { failed: 1 }, ['a Failed'], 'BackoffLimitExceeded'],
    ['as many failures as it may have', { backoffLimit: 2 }, { failed: 1 }, ['a Failed'], undefined],
    ['too late', { activeDeadlineSeconds: 60 }, { startTime: formatTime(now - 60_000) }, [], 'DeadlineExceeded'],
    ['suspended, and so never late', { activeDeadlineSeconds: 60, suspend: true }, { startTime: formatTime(now - 60_000) }, [], undefined],
    ['too many failed indexes', { ...indexed, completions: 9, backoffLimit: 99, backoffLimitPerIndex: 0, maxFailedIndexes: 1 }, { failedIndexes: '3' }, ['a Failed 4 0'], 'MaxFailedIndexesExceeded'],
    ['enough of the right indexes', { ...indexed, completions: 9, successPolicy: { rules: [{ succeededIndexes: '0-2', succeededCount: 2 }] } }, { completedIndexes: '0,5' }, ['a Succeeded 2'], 'SuccessPolicy'],
    ['enough of the wrong indexes', { ...indexed, completions: 9, successPolicy: { rules: [{ succeededIndexes: '0-2', succeededCount: 2 }] } }, { completedIndexes: '0,5' }, ['a Succeeded 4'], undefined],
  ])('%s', (_, spec, status, pods, expected) => {
    expect(endOf(viewJob(job(spec, status), pods.map(pod), new Set()), now)?.reason).toBe(expected)
  })
})

describe('counting', () => {
  it('notes each end once and counts it when its finalizer is gone', () => {
    const status: JobStatus = { succeeded: 1, uncountedTerminatedPods: { succeeded: ['a', 'gone'], failed: ['c'] } }
    const pods = ['a Succeeded', 'b Succeeded', 'c Failed', 'd Failed', 'e Running'].map(pod)
    const view = viewJob(job({ completions: 9 }, status), pods, new Set())
    expect([view.succeeded, view.failed]).toEqual([4, 2])
    const tracked = trackEnds(view, status, new Set(), false)
    expect(tracked.status).toEqual({ succeeded: 2, uncountedTerminatedPods: { succeeded: ['a', 'b'], failed: ['c', 'd'] } })
    expect(tracked.release.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c', 'd'])
    expect(countReleased(tracked.status, new Set(['d']))).toEqual({ succeeded: 4, failed: 1, uncountedTerminatedPods: { failed: ['d'] } })
  })
})

describe('the back-off', () => {
  it('doubles up to ten minutes, and a success ends it', () => {
    expect([0, 1, 2, 5, 6, 7, 8, 50].map((failures) => remainingMs({ failures, lastFailureAt: now }, now) / 1000)).toEqual([0, 10, 20, 160, 320, 600, 600, 600])
    const failed = withEnds(noFailures, [], [pod('a Failed'), pod('b Failed')])
    expect(failed).toEqual({ failures: 2, lastFailureAt: now - 5000 })
    expect(withEnds(failed, [pod('c Succeeded')], [])).toEqual(noFailures)
  })
})

describe('ranges of indexes', () => {
  it('are read, joined and written', () => {
    const ranges = withIndexes(rangesOf('0,2-4,9', 8), [1, 6, 7])
    expect([formatRanges(ranges), totalOf(ranges)]).toEqual(['0-4,6,7', 7])
  })
})

import { describe, expect, it } from 'vitest'
import type { CronJob, CronJobSpec, Job, JobSpec } from '../../generated/types.ts'
import { fieldErrorText } from '../../machinery/field-error.ts'
import type { StrategyContext } from '../kind.ts'
import { rowOf } from '../testing/row-of.ts'
import { cronJobKind } from './cron-job.ts'
import { jobKind } from './job.ts'

const context: StrategyContext = { now: 0, timestamp: '', user: '', dryRun: false, uuid: () => '', suffix: () => '' }
const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } }
const labels = { 'batch.kubernetes.io/controller-uid': 'u', 'batch.kubernetes.io/job-name': 'work', 'controller-uid': 'u', 'job-name': 'work' }

function job(spec: Partial<JobSpec> = {}): Job {
  const made: Job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'work', uid: 'u' }, spec: structuredClone({ template, ...spec }) }
  jobKind.strategy.defaults?.(made)
  jobKind.strategy.prepareForCreate?.(made, context)
  return made
}

function cronJob(spec: Partial<CronJobSpec> = {}): CronJob {
  const made: CronJob = { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'tick' }, spec: structuredClone({ schedule: '* * * * *', jobTemplate: { spec: { template } }, ...spec }) }
  cronJobKind.strategy.defaults?.(made)
  return made
}

describe('jobs', () => {
  it('get their defaults, and labels and a selector of their own', () => {
    const { metadata, spec } = job()
    expect(metadata.labels).toEqual(labels)
    expect(spec).toMatchObject({ backoffLimit: 6, completionMode: 'NonIndexed', completions: 1, parallelism: 1, manualSelector: false, suspend: false, podReplacementPolicy: 'TerminatingOrFailed', selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } }, template: { metadata: { labels } } })
    expect(job({ parallelism: 3 }).spec?.completions).toBeUndefined()
    expect(job({ completionMode: 'Indexed', completions: 1, backoffLimitPerIndex: 1 }).spec?.backoffLimit).toBe(2147483647)
  })

  it.each<[string, Partial<JobSpec>, string[]]>([
    ['good', {}, []],
    ['of pods that never end', { template: { spec: { containers: [{ name: 'a', image: 'a' }] } } }, ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']],
    ['negative', { parallelism: -1, completions: 1 }, ['spec.parallelism: Invalid value: -1: must be greater than or equal to 0']],
    ['indexed without end', { completionMode: 'Indexed', parallelism: 2 }, ['spec.completions: Required value: when completion mode is Indexed']],
    ['limited by index without one', { backoffLimitPerIndex: 1 }, ['spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode']],
    ['in another mode', { completionMode: 'Other' }, ['spec.completionMode: Unsupported value: "Other": supported values: "Indexed", "NonIndexed"']],
    ['with a policy for no container', { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { containerName: 'x', operator: 'In', values: [0] } }] } }, [
      'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template',
      'spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator',
    ]],
    ['with too hopeful a success policy', { completionMode: 'Indexed', completions: 2, successPolicy: { rules: [{ succeededCount: 3 }] } }, ['spec.successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of specified completions)']],
  ])('%s', (_, spec, expected) => {
    expect((jobKind.strategy.validate?.(job(spec)) ?? []).map(fieldErrorText)).toEqual(expected)
  })

  it('keep what they do, but not how many at once', () => {
    const errors = (now: Job, old: Job): string[] => (jobKind.strategy.validateUpdate?.(now, old) ?? []).map((error) => fieldErrorText(error))
    expect(errors(job({ parallelism: 2, completions: 1 }), job())).toEqual([])
    expect(errors(job({ completions: 2 }), job())).toEqual(['spec.completions: Invalid value: 2: field is immutable'])
    expect(errors(job({ completionMode: 'Indexed', completions: 3, parallelism: 3 }), job({ completionMode: 'Indexed', completions: 2, parallelism: 2 }))).toEqual([])
    const other = { spec: { ...template.spec, containers: [{ name: 'main', image: 'other' }] } }
    expect(errors(job({ template: other }), job())).toEqual([expect.stringMatching(/^spec\.template: Invalid value: .*: field is immutable$/)])
    const selective = { spec: { ...template.spec, nodeSelector: { disk: 'fast' } } }
    expect(errors(job({ suspend: true, template: selective }), job({ suspend: true }))).toEqual([])
  })

  it('show themselves', () => {
    const object: Job = { ...job({ completions: 3 }), status: { succeeded: 1, active: 1, startTime: '2026-01-01T00:00:00Z' } }
    expect(rowOf(jobKind, object)).toMatchObject({ Name: 'work', Status: 'Running', Completions: '1/3', Containers: 'main', Images: 'busybox', Selector: 'batch.kubernetes.io/controller-uid=u' })
    expect(jobKind.selectableFields['status.successful']?.(object)).toBe('1')
    expect(jobKind.health(object, 0)).toEqual({ mark: 'running', sentence: '1 of its pods is active, 1 ended well' })
  })
})

describe('cron jobs', () => {
  it('get their defaults', () => {
    expect(cronJob().spec).toMatchObject({ concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 })
  })

  it.each<[string, Partial<CronJobSpec>, string[]]>([
    ['good', {}, []],
    ['good in a zone', { timeZone: 'Europe/Berlin' }, []],
    ['unreadable', { schedule: '* * *' }, ['spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]']],
    ['without schedule', { schedule: '' }, ['spec.schedule: Required value']],
    ['with a zone in the schedule', { schedule: 'TZ=UTC * * * * *' }, ['spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead']],
    ['nowhere', { timeZone: 'Mars/Base' }, ['spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base']],
    ['of another policy', { concurrencyPolicy: 'Never' }, ['spec.concurrencyPolicy: Unsupported value: "Never": supported values: "Allow", "Forbid", "Replace"']],
  ])('%s', (_, spec, expected) => {
    expect((cronJobKind.strategy.validate?.(cronJob(spec)) ?? []).map(fieldErrorText)).toEqual(expected)
  })

  it('have short names', () => {
    const long = cronJob()
    long.metadata.name = 'x'.repeat(53)
    expect((cronJobKind.strategy.validate?.(long) ?? []).map(fieldErrorText)).toEqual([`metadata.name: Invalid value: "${long.metadata.name}": must be no more than 52 characters`])
  })

  it('show themselves', () => {
    expect(rowOf(cronJobKind, cronJob())).toMatchObject({ Name: 'tick', Schedule: '* * * * *', Timezone: '<none>', Suspend: 'False', Active: 0, 'Last Schedule': '<none>', Selector: '<none>' })
  })
})

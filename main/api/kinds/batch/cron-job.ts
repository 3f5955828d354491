import type { CronJob } from '../../generated/types.ts'
import { fieldInvalid, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { formatLabelSelector } from '../../machinery/labels.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageOf } from '../../machinery/time.ts'
import { ageColumn, column, integerColumn, nameColumn, wideColumn } from '../columns.ts'
import { nonNegative } from '../core/number-validation.ts'
import { defaultPodTemplate } from '../core/pod-defaults.ts'
import { templateColumns } from '../core/pod-template-columns.ts'
import { templateWarnings } from '../core/pod-warnings.ts'
import { defineKind } from '../kind.ts'
import type { Health, Relation } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { isTimeZone, parseCronSchedule } from './cron-schedule.ts'
import { validateJobSpec } from './job-validation.ts'

const spec = 'io.k8s.api.batch.v1.CronJobSpec'
const status = 'io.k8s.api.batch.v1.CronJobStatus'
const policies = ['Allow', 'Forbid', 'Replace']
const zoneMustBeExplicit = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'

/** A name longer than this leaves no room for the eleven characters that the controller appends. */
const nameLengthMax = 52

function defaultCronJob(cronJob: CronJob): void {
  const it = cronJob.spec
  cronJob.status ??= {}
  if (!it) return
  it.concurrencyPolicy ||= 'Allow'
  it.suspend ??= false
  it.successfulJobsHistoryLimit ??= 3
  it.failedJobsHistoryLimit ??= 1
  it.jobTemplate ??= {}
  it.jobTemplate.spec ??= { template: {} }
  it.jobTemplate.spec.template ??= {}
  defaultPodTemplate(it.jobTemplate.spec.template)
}

function validateCronJob(cronJob: CronJob): FieldError[] {
  const errors = specErrors(cronJob, undefined)
  if (cronJob.metadata.name.length > nameLengthMax) errors.push(fieldInvalid(fieldPath('metadata', 'name'), cronJob.metadata.name, `must be no more than ${nameLengthMax} characters`))
  return errors
}

function specErrors(cronJob: CronJob, old: CronJob | undefined): FieldError[] {
  const at = fieldPath('spec')
  const it = cronJob.spec ?? { schedule: '', jobTemplate: {} }
  const errors = it.schedule ? scheduleErrors(it.schedule, old?.spec.schedule, at.child('schedule')) : [fieldRequired(at.child('schedule'))]
  if (it.startingDeadlineSeconds !== undefined) errors.push(...nonNegative(it.startingDeadlineSeconds, at.child('startingDeadlineSeconds')))
  if (it.timeZone !== undefined && it.timeZone !== old?.spec.timeZone) errors.push(...timeZoneErrors(it.timeZone, at.child('timeZone')))
  if (!it.concurrencyPolicy) errors.push(fieldRequired(at.child('concurrencyPolicy')))
  else if (!policies.includes(it.concurrencyPolicy)) errors.push(fieldNotSupported(at.child('concurrencyPolicy'), it.concurrencyPolicy, policies))
  const job = it.jobTemplate.spec ?? { template: {} }
  const path = at.child('jobTemplate', 'spec')
  errors.push(...validateJobSpec(job, path))
  if (job.selector) errors.push(fieldInvalid(path.child('selector'), job.selector, '`selector` will be auto-generated'))
  if (job.manualSelector) errors.push(fieldNotSupported(path.child('manualSelector'), job.manualSelector, ['nil', 'false']))
  for (const field of ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) if (it[field] !== undefined) errors.push(...nonNegative(it[field], at.child(field)))
  return errors
}

/** A zone in the schedule is tolerated only where it already was. */
function scheduleErrors(schedule: string, old: string | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  try {
    parseCronSchedule(schedule)
  } catch (error) {
    errors.push(fieldInvalid(at, schedule, (error as Error).message))
  }
  if (schedule.includes('TZ') && !old?.includes('TZ')) errors.push(fieldInvalid(at, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
  return errors
}

function timeZoneErrors(zone: string, at: FieldPath): FieldError[] {
  if (zone === '') return [fieldInvalid(at, zone, 'timeZone must be nil or non-empty string')]
  if (zone.toLowerCase() === 'local') return [fieldInvalid(at, zone, zoneMustBeExplicit)]
  return isTimeZone(zone) ? [] : [fieldInvalid(at, zone, `unknown time zone ${zone}`)]
}

export const cronJobKind = defineKind<CronJob>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.batch.v1.CronJob',
  storagePrefix: 'cronjobs',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    generationOf: (cronJob) => cronJob.spec,
    defaults: defaultCronJob,
    prepareForCreate(cronJob) {
      cronJob.status = {}
    },
    prepareForUpdate: keepStatus,
    validate: validateCronJob,
    validateUpdate: specErrors,
    warnings: (cronJob, old) => (old ? [] : templateWarnings(cronJob.spec.jobTemplate.spec?.template, 'spec.jobTemplate.spec.template')),
  },
  subresources: [statusSubresource()],
  columns: [
    nameColumn(),
    column('Schedule', [spec, 'schedule'], (cronJob) => cronJob.spec.schedule),
    column('Timezone', [spec, 'timeZone'], (cronJob) => cronJob.spec.timeZone ?? '<none>'),
    column('Suspend', [spec, 'suspend'], (cronJob) => (cronJob.spec.suspend ? 'True' : 'False'), { type: 'boolean' }),
    integerColumn('Active', [status, 'active'], (cronJob) => cronJob.status?.active?.length ?? 0),
    column('Last Schedule', [status, 'lastScheduleTime'], (cronJob, now) => (cronJob.status?.lastScheduleTime ? ageOf(cronJob.status.lastScheduleTime, now) : '<none>')),
    ageColumn(),
    ...templateColumns<CronJob>((cronJob) => cronJob.spec.jobTemplate.spec?.template),
    wideColumn('Selector', 'The label selector of the pods that belong to it.', (cronJob) => formatLabelSelector(cronJob.spec.jobTemplate.spec?.selector)),
  ],
  health: cronJobHealth,
  relations: (cronJob): readonly Relation[] => (cronJob.status?.active ?? []).map(({ name = '' }) => ({ role: 'active job', group: 'batch', kind: 'Job', name, namespace: cronJob.metadata.namespace ?? '' })),
})

function cronJobHealth(cronJob: CronJob): Health {
  if (cronJob.metadata.deletionTimestamp) return { mark: 'terminating', sentence: 'it is being deleted' }
  if (cronJob.spec.suspend) return { mark: 'pending', sentence: 'it is suspended' }
  const active = cronJob.status?.active?.length ?? 0
  if (active > 0) return { mark: 'running', sentence: `${active} of its jobs ${active === 1 ? 'is' : 'are'} running` }
  return { mark: 'running', sentence: cronJob.status?.lastScheduleTime ? 'it waits for its next run' : 'it waits for its first run' }
}

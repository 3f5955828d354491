import type { Job, JobSpec } from '../../generated/types.ts'
import { hasCondition, conditionOf } from '../../machinery/conditions.ts'
import { jsonEqual } from '../../machinery/equality.ts'
import { formatLabelSelector } from '../../machinery/labels.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { humanDuration, parseTime } from '../../machinery/time.ts'
import { ageColumn, column, nameColumn, wideColumn } from '../columns.ts'
import { defaultPodTemplate } from '../core/pod-defaults.ts'
import { templateColumns } from '../core/pod-template-columns.ts'
import { templateWarnings } from '../core/pod-warnings.ts'
import { defineKind } from '../kind.ts'
import type { Health } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { generatedLabels, validateJob, validateJobStatusUpdate, validateJobUpdate } from './job-validation.ts'

const int32Max = 2147483647

function defaultJob(job: Job): void {
  const it = (job.spec ??= { template: {} })
  job.status ??= {}
  if (it.completions === undefined && it.parallelism === undefined) it.completions = 1
  it.parallelism ??= 1
  it.backoffLimit ??= it.backoffLimitPerIndex === undefined ? 6 : int32Max
  it.template ??= {}
  const { labels } = it.template.metadata ?? {}
  if (labels && Object.keys(job.metadata.labels ?? {}).length === 0) job.metadata.labels = { ...labels }
  it.completionMode ??= 'NonIndexed'
  it.suspend ??= false
  for (const rule of it.podFailurePolicy?.rules ?? []) for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True'
  it.podReplacementPolicy ??= it.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
  it.manualSelector ??= false
  defaultPodTemplate(it.template)
}

/** Gives the template labels that no other Job's pods have, and the selector that finds them. A Job without labels of its own
 *  shows its template's. */
function generateSelector(job: Job, spec: JobSpec): void {
  if (spec.manualSelector) return
  const metadata = (spec.template.metadata ??= {})
  const sameLabels = jsonEqual(job.metadata.labels ?? {}, metadata.labels ?? {})
  const generated = generatedLabels(job)
  metadata.labels = { ...generated, ...metadata.labels }
  if (sameLabels) job.metadata.labels = { ...metadata.labels }
  const key = 'batch.kubernetes.io/controller-uid'
  spec.selector ??= {}
  spec.selector.matchLabels = { [key]: generated[key]!, ...spec.selector.matchLabels }
}

/** `Complete`, `Failed`, `Running` …: the first that holds. */
export function jobState(job: Job): string {
  const has = (type: string): boolean => hasCondition(job.status?.conditions, type)
  for (const type of ['Complete', 'Failed']) if (has(type)) return type
  if (job.metadata.deletionTimestamp) return 'Terminating'
  for (const type of ['Suspended', 'FailureTarget', 'SuccessCriteriaMet']) if (has(type)) return type
  return 'Running'
}

function completionsText(job: Job): string {
  const succeeded = job.status?.succeeded ?? 0
  const { completions, parallelism = 0 } = job.spec ?? { template: {} }
  if (completions !== undefined) return `${succeeded}/${completions}`
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function durationText(job: Job, now: number): string {
  const start = parseTime(job.status?.startTime)
  return start === undefined ? '' : humanDuration((parseTime(job.status?.completionTime) ?? now) - start)
}

export const jobKind = defineKind<Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.batch.v1.Job',
  storagePrefix: 'jobs',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    // Upstream leaves pods behind unless told otherwise; kubectl says Background.
    defaultPropagation: 'Orphan',
    generationOf: (job) => job.spec,
    defaults: defaultJob,
    prepareForCreate(job) {
      job.status = {}
      generateSelector(job, job.spec!)
    },
    prepareForUpdate: keepStatus,
    validate: validateJob,
    validateUpdate: validateJobUpdate,
    warnings: jobWarnings,
  },
  subresources: [statusSubresource(validateJobStatusUpdate)],
  selectableFields: { 'status.successful': (job) => String(job.status?.succeeded ?? 0) },
  columns: [
    nameColumn(),
    column('Status', 'Status of the job.', jobState),
    column('Completions', ['io.k8s.api.batch.v1.JobStatus', 'succeeded'], completionsText),
    column('Duration', 'Time required to complete the job.', durationText),
    ageColumn(),
    ...templateColumns<Job>((job) => job.spec?.template),
    wideColumn('Selector', 'The label selector of the pods that belong to it.', (job) => formatLabelSelector(job.spec?.selector)),
  ],
  health: jobHealth,
})

function jobWarnings(job: Job, old: Job | undefined): string[] {
  const { completionMode, completions = 0, parallelism = 0, template } = job.spec ?? { template: {} }
  const many = completionMode === 'Indexed' && completions > 100_000 && parallelism > 10_000
  return [
    ...(many ? ['In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail'] : []),
    ...(old ? [] : templateWarnings(template, 'spec.template')),
  ]
}

function jobHealth(job: Job): Health {
  const state = jobState(job)
  const { active = 0, succeeded = 0, failed = 0 } = job.status ?? {}
  switch (state) {
    case 'Complete':
      return { mark: 'completed', sentence: `${succeeded} of its pods ended well` }
    case 'Failed':
    case 'FailureTarget':
      return { mark: 'failed', sentence: conditionOf(job.status?.conditions, state)?.message || 'it failed' }
    case 'Terminating':
      return { mark: 'terminating', sentence: 'it is being deleted' }
    case 'Suspended':
      return { mark: 'pending', sentence: 'it is suspended' }
    default: {
      const sentence = `${active} of its pods ${active === 1 ? 'is' : 'are'} active, ${succeeded} ended well${failed > 0 ? `, ${failed} failed` : ''}`
      return { mark: active === 0 ? 'pending' : 'running', sentence }
    }
  }
}

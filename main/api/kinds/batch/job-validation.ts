import type { Job, JobSpec, PodTemplateSpec } from '../../generated/types.ts'
import { hasCondition } from '../../machinery/conditions.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { fieldDuplicate, fieldInvalid, fieldIsImmutable, fieldNotSupported, fieldPath, fieldRequired, fieldTooLong } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { matchesSelector, selectorOf } from '../../machinery/labels.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../machinery/names.ts'
import { validateLabelSelector } from '../core/label-validation.ts'
import { nonNegative } from '../core/number-validation.ts'
import { validatePodTemplate } from '../core/pod-template-validation.ts'
import { podFailurePolicyErrors, successPolicyErrors } from './job-policy-validation.ts'

const specPath = fieldPath('spec')
const indexedParallelismMax = 100_000
const failedIndexesMax = 100_000
const manyCompletions = 100_000
const failedIndexesMaxOfMany = 10_000
const parallelismMaxOfMany = 10_000
const managedByLengthMax = 63

/** The labels that a Job gives its pods, with and without upstream's prefix. */
export function generatedLabels(job: Job): Record<string, string> {
  const uid = job.metadata.uid ?? ''
  const { name } = job.metadata
  return { 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': name, 'controller-uid': uid, 'job-name': name }
}

export function validateJob(job: Job): FieldError[] {
  const spec = job.spec ?? { template: {} }
  return [...generatedSelectorErrors(job, spec), ...selectorErrors(spec), ...validateJobSpec(spec, specPath), ...hostnameErrors(job, spec)]
}

function generatedSelectorErrors(job: Job, spec: JobSpec): FieldError[] {
  if (spec.manualSelector || !spec.selector) return []
  const at = specPath.child('template', 'metadata', 'labels')
  const labels = spec.template.metadata?.labels
  const expected = generatedLabels(job)
  const errors: FieldError[] = []
  for (const key of ['controller-uid', 'job-name', 'batch.kubernetes.io/controller-uid', 'batch.kubernetes.io/job-name']) {
    const value = labels?.[key]
    const detail = `must be '${expected[key]}'`
    if (value === undefined) errors.push(fieldRequired(at.key(key), detail))
    else if (value !== expected[key]) errors.push(fieldInvalid(at.key(key), labels, detail))
  }
  if (!safelyMatches(spec, expected)) errors.push(fieldInvalid(specPath.child('selector'), spec.selector, '`selector` not auto-generated'))
  return errors
}

/** A malformed selector is complained of elsewhere. */
function safelyMatches(spec: JobSpec, labels: Record<string, string> | undefined): boolean {
  try {
    return matchesSelector(selectorOf(spec.selector), labels)
  } catch {
    return true
  }
}

function selectorErrors(spec: JobSpec): FieldError[] {
  const errors = spec.selector ? validateLabelSelector(spec.selector, specPath.child('selector')) : [fieldRequired(specPath.child('selector'))]
  const labels = spec.template.metadata?.labels
  if (!safelyMatches(spec, labels)) errors.push(fieldInvalid(specPath.child('template', 'metadata', 'labels'), labels ?? null, '`selector` does not match template `labels`'))
  return errors
}

/** Each pod of an Indexed Job has `<name>-<index>` for its host name. */
function hostnameErrors(job: Job, spec: JobSpec): FieldError[] {
  if (spec.completionMode !== 'Indexed' || !spec.completions || spec.completions < 0) return []
  const longest = `${job.metadata.name}-${spec.completions - 1}`
  return isDns1123Label(longest).length === 0 ? [] : [fieldInvalid(fieldPath('metadata', 'name'), job.metadata.name, `will not able to create pod with invalid DNS label: ${longest}`)]
}

/** What holds for the spec of a Job and for that in a CronJob's template alike. */
export function validateJobSpec(spec: JobSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const field of ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished', 'backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
    const value = spec[field]
    if (value !== undefined) errors.push(...nonNegative(value, at.child(field)))
  }
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) errors.push(fieldRequired(at.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'))
  errors.push(...managedByErrors(spec.managedBy, at.child('managedBy')), ...completionModeErrors(spec, at))
  if (spec.podFailurePolicy) errors.push(...podFailurePolicyErrors(spec, at.child('podFailurePolicy')))
  if (spec.successPolicy) errors.push(...(spec.completionMode === 'Indexed' ? successPolicyErrors(spec, at.child('successPolicy')) : [fieldInvalid(at.child('successPolicy'), spec.successPolicy, 'requires indexed completion mode')]))
  const replacements = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed']
  if (spec.podReplacementPolicy !== undefined && !replacements.includes(spec.podReplacementPolicy)) errors.push(fieldNotSupported(at.child('podReplacementPolicy'), spec.podReplacementPolicy, replacements))
  errors.push(...validatePodTemplate(spec.template, at.child('template')))
  return [...errors, ...restartPolicyErrors(spec, at.child('template', 'spec', 'restartPolicy'))]
}

function managedByErrors(managedBy: string | undefined, at: FieldPath): FieldError[] {
  if (managedBy === undefined) return []
  const errors: FieldError[] = []
  const slash = managedBy.indexOf('/')
  if (slash <= 0 || slash === managedBy.length - 1) errors.push(fieldInvalid(at, managedBy, 'must be a domain-prefixed path (such as "acme.io/foo")'))
  else for (const message of isDns1123Subdomain(managedBy.slice(0, slash))) errors.push(fieldInvalid(at, managedBy.slice(0, slash), message))
  if (managedBy.length > managedByLengthMax) errors.push(fieldTooLong(at, managedByLengthMax))
  return errors
}

function completionModeErrors(spec: JobSpec, at: FieldPath): FieldError[] {
  const { completionMode, completions, parallelism = 0, maxFailedIndexes, backoffLimitPerIndex } = spec
  const errors: FieldError[] = []
  if (completionMode !== undefined && completionMode !== 'NonIndexed' && completionMode !== 'Indexed') errors.push(fieldNotSupported(at.child('completionMode'), completionMode, ['Indexed', 'NonIndexed']))
  if (completionMode !== 'Indexed') {
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) if (spec[field] !== undefined) errors.push(fieldInvalid(at.child(field), spec[field], 'requires indexed completion mode'))
    return errors
  }
  if (completions === undefined) errors.push(fieldRequired(at.child('completions'), 'when completion mode is Indexed'))
  if (parallelism > indexedParallelismMax) errors.push(fieldInvalid(at.child('parallelism'), parallelism, `must be less than or equal to ${indexedParallelismMax} when completion mode is Indexed`))
  const most = (field: 'parallelism' | 'maxFailedIndexes', value: number, max: number, when = ''): void => {
    if (value > max) errors.push(fieldInvalid(at.child(field), value, `must be less than or equal to ${max}${when}`))
  }
  if (maxFailedIndexes !== undefined) {
    if (completions !== undefined && maxFailedIndexes > completions) errors.push(fieldInvalid(at.child('maxFailedIndexes'), maxFailedIndexes, 'must be less than or equal to completions'))
    most('maxFailedIndexes', maxFailedIndexes, failedIndexesMax)
  }
  if (backoffLimitPerIndex !== undefined && completions !== undefined && completions > manyCompletions) {
    const when = ` when completions are above ${manyCompletions} and used with backoff limit per index`
    if (maxFailedIndexes === undefined) errors.push(fieldRequired(at.child('maxFailedIndexes'), `must be specified when completions is above ${manyCompletions}`))
    else most('maxFailedIndexes', maxFailedIndexes, failedIndexesMaxOfMany, when)
    most('parallelism', parallelism, parallelismMaxOfMany, when)
  }
  return errors
}

function restartPolicyErrors(spec: JobSpec, at: FieldPath): FieldError[] {
  const policy = spec.template.spec?.restartPolicy ?? ''
  if (policy !== 'OnFailure' && policy !== 'Never') return [fieldRequired(at, 'valid values: "OnFailure", "Never"')]
  return spec.podFailurePolicy && policy !== 'Never' ? [fieldInvalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified')] : []
}

export function validateJobUpdate(job: Job, old: Job): FieldError[] {
  const spec = job.spec ?? { template: {} }
  const was = old.spec ?? { template: {} }
  const errors = [...validateJob(job), ...completionsErrors(spec, was)]
  const fixed = (field: keyof JobSpec, compared: unknown = was[field]): void => {
    if (!semanticEqual(spec[field], compared)) errors.push(fieldInvalid(specPath.child(field), spec[field] ?? null, fieldIsImmutable))
  }
  fixed('selector')
  fixed('template', comparedTemplate(job, old))
  for (const field of ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const) fixed(field)
  return errors
}

/** Of an Indexed Job the completions follow the parallelism (elastic jobs). */
function completionsErrors(spec: JobSpec, was: JobSpec): FieldError[] {
  const at = specPath.child('completions')
  if (spec.completions === was.completions) return []
  if (spec.completionMode !== 'Indexed' || spec.completions === undefined || was.completions === undefined) return [fieldInvalid(at, spec.completions ?? null, fieldIsImmutable)]
  return spec.completions === spec.parallelism ? [] : [fieldInvalid(at, spec.completions, 'can only be modified in tandem with spec.parallelism')]
}

/** The old template with what may change of it taken from the new one: where pods go and what they ask for, while the Job is
 *  suspended and has no pods. */
function comparedTemplate(job: Job, old: Job): PodTemplateSpec {
  const was = old.spec?.template ?? {}
  const is = job.spec?.template ?? {}
  const mutable = old.spec?.suspend && (old.status?.startTime === undefined || (hasCondition(old.status.conditions, 'Suspended') && !old.status.active))
  if (!mutable || !was.spec || !is.spec) return was
  const { nodeSelector, tolerations, schedulingGates } = is.spec
  const affinity = { ...was.spec.affinity, nodeAffinity: is.spec.affinity?.nodeAffinity }
  const resources = (field: 'containers' | 'initContainers') => was.spec![field]?.map((container, index) => ({ ...container, resources: is.spec?.[field]?.[index]?.resources }))
  const { labels, annotations } = is.metadata ?? {}
  return {
    ...was,
    metadata: { ...was.metadata, labels, annotations },
    spec: {
      ...was.spec, nodeSelector, tolerations, schedulingGates,
      affinity: is.spec.affinity || Object.values(affinity).some((each) => each !== undefined) ? affinity : undefined,
      containers: resources('containers') ?? [],
      initContainers: resources('initContainers'),
    },
  } as PodTemplateSpec
}

export function validateJobStatusUpdate(job: Job, old: Job): FieldError[] {
  const status = job.status ?? {}
  const at = fieldPath('status')
  const errors: FieldError[] = []
  for (const field of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const) if (status[field] !== undefined) errors.push(...nonNegative(status[field], at.child(field)))
  const seen = new Set<string>()
  for (const field of ['succeeded', 'failed'] as const) {
    for (const [index, uid] of (status.uncountedTerminatedPods?.[field] ?? []).entries()) {
      const path = at.child('uncountedTerminatedPods', field).index(index)
      if (uid === '') errors.push(fieldInvalid(path, uid, 'must not be empty'))
      else if (seen.has(uid)) errors.push(fieldDuplicate(path, uid))
      seen.add(uid)
    }
  }
  return [...errors, ...conditionErrors(job, old)]
}

/** A Job ends once, and its end is not taken back. */
function conditionErrors(job: Job, old: Job): FieldError[] {
  const at = fieldPath('status', 'conditions')
  const { conditions, completionTime } = job.status ?? {}
  const has = (type: string): boolean => hasCondition(conditions, type)
  const errors: FieldError[] = []
  for (const type of ['Failed', 'Complete', 'FailureTarget', 'SuccessCriteriaMet']) {
    if (hasCondition(old.status?.conditions, type) && !has(type)) errors.push(fieldInvalid(at, conditions ?? null, `cannot disable ${type}=True condition`))
  }
  const both = (a: string, b: string): void => {
    if (has(a) && has(b)) errors.push(fieldInvalid(at, conditions, `cannot set ${a}=True and ${b}=true conditions`))
  }
  both('Complete', 'Failed')
  both('Complete', 'FailureTarget')
  both('Failed', 'SuccessCriteriaMet')
  both('FailureTarget', 'SuccessCriteriaMet')
  if (completionTime !== undefined && !has('Complete')) errors.push(fieldInvalid(fieldPath('status', 'completionTime'), completionTime, 'cannot set completionTime when there is no Complete=True condition'))
  if (completionTime === undefined && has('Complete')) errors.push(fieldRequired(fieldPath('status', 'completionTime'), 'completionTime is required for Complete jobs'))
  return errors
}

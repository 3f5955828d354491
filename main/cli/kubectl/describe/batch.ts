import type { CronJob, Job } from '../../../api/generated/types.ts'
import { formatSelector, selectorOf } from '../../../api/machinery/labels.ts'
import { humanDuration } from '../../../api/machinery/time.ts'
import { Description, timeText, truthText } from './description.ts'
import type { Surroundings } from './describer.ts'
import { describeEvents, eventsOf } from './events.ts'
import { describeAnnotations, describeLabels } from './labels.ts'
import { describeController } from './pod.ts'
import { describePodTemplate } from './pod-template.ts'

export async function describeJob(job: Job, around: Surroundings): Promise<string> {
  const { metadata, spec, status } = job
  const events = await eventsOf(job, around)
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  out.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`)
  out.write(0, `Selector:\t${formatSelector(selectorOf(spec?.selector))}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  describeController(out, job)
  if (spec?.parallelism !== undefined) out.write(0, `Parallelism:\t${spec.parallelism}\n`)
  out.write(0, `Completions:\t${spec?.completions ?? '<unset>'}\n`)
  if (spec?.completionMode !== undefined) out.write(0, `Completion Mode:\t${spec.completionMode}\n`)
  if (spec?.suspend !== undefined) out.write(0, `Suspend:\t${spec.suspend}\n`)
  if (spec?.backoffLimit !== undefined) out.write(0, `Backoff Limit:\t${spec.backoffLimit}\n`)
  if (spec?.ttlSecondsAfterFinished !== undefined) out.write(0, `TTL Seconds After Finished:\t${spec.ttlSecondsAfterFinished}\n`)
  if (status?.startTime) out.write(0, `Start Time:\t${timeText(status.startTime)}\n`)
  if (status?.completionTime) out.write(0, `Completed At:\t${timeText(status.completionTime)}\n`)
  if (status?.startTime && status.completionTime) out.write(0, `Duration:\t${humanDuration(Date.parse(status.completionTime) - Date.parse(status.startTime))}\n`)
  if (spec?.activeDeadlineSeconds !== undefined) out.write(0, `Active Deadline Seconds:\t${spec.activeDeadlineSeconds}s\n`)
  const ready = status?.ready === undefined ? '' : ` (${status.ready} Ready)`
  out.write(0, `Pods Statuses:\t${status?.active ?? 0} Active${ready} / ${status?.succeeded ?? 0} Succeeded / ${status?.failed ?? 0} Failed\n`)
  if (spec?.completionMode === 'Indexed') out.write(0, `Completed Indexes:\t${shortIndexes(status?.completedIndexes ?? '')}\n`)
  describePodTemplate(out, spec?.template)
  describeEvents(out, events, around.now)
  return out.toString()
}

/** `1-3,5,…` cut at the first comma after fifty characters. */
function shortIndexes(indexes: string): string {
  if (indexes === '') return '<none>'
  const comma = indexes.indexOf(',', 50)
  return comma < 0 ? indexes : `${indexes.slice(0, comma + 1)}...`
}

export async function describeCronJob(cronJob: CronJob, around: Surroundings): Promise<string> {
  const { metadata, spec, status } = cronJob
  const events = await eventsOf(cronJob, around)
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  out.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  out.write(0, `Schedule:\t${spec?.schedule ?? ''}\n`)
  out.write(0, `Concurrency Policy:\t${spec?.concurrencyPolicy ?? ''}\n`)
  out.write(0, `Suspend:\t${truthText(spec?.suspend)}\n`)
  out.write(0, `Time Zone:\t${spec?.timeZone ?? '<unset>'}\n`)
  out.write(0, `Successful Job History Limit:\t${spec?.successfulJobsHistoryLimit ?? '<unset>'}\n`)
  out.write(0, `Failed Job History Limit:\t${spec?.failedJobsHistoryLimit ?? '<unset>'}\n`)
  out.write(0, `Starting Deadline Seconds:\t${spec?.startingDeadlineSeconds === undefined ? '<unset>' : `${spec.startingDeadlineSeconds}s`}\n`)
  const job = spec?.jobTemplate?.spec
  out.write(0, `Selector:\t${job?.selector ? formatSelector(selectorOf(job.selector)) : '<unset>'}\n`)
  out.write(0, `Parallelism:\t${job?.parallelism ?? '<unset>'}\n`)
  out.write(0, `Completions:\t${job?.completions ?? '<unset>'}\n`)
  if (job?.activeDeadlineSeconds !== undefined) out.write(0, `Active Deadline Seconds:\t${job.activeDeadlineSeconds}s\n`)
  describePodTemplate(out, job?.template)
  out.write(0, `Last Schedule Time:\t${status?.lastScheduleTime ? timeText(status.lastScheduleTime) : '<unset>'}\n`)
  out.write(0, `Active Jobs:\t${(status?.active ?? []).map(({ name = '' }) => name).join(', ') || '<none>'}\n`)
  describeEvents(out, events, around.now)
  return out.toString()
}

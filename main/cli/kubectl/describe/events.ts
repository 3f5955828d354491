import type { CoreEvent } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { ageOf, timeOr0 } from '../../../api/machinery/time.ts'
import type { Description } from './description.ts'
import { readList, type Surroundings } from './describer.ts'

/** The object that events are looked for; an absent kind matches any. */
export interface EventSubject {
  readonly name: string
  readonly namespace?: string | undefined
  readonly kind?: string | undefined
  readonly uid?: string | undefined
}

/** Events about an object; undefined when they are not asked for or cannot be read. */
export async function eventsOf(object: KubeObject, around: Surroundings): Promise<CoreEvent[] | undefined> {
  const { name, namespace, uid } = object.metadata
  return searchEvents({ name, namespace, kind: around.resource.kind, uid }, around)
}

export async function searchEvents({ name, namespace, kind, uid }: EventSubject, around: Surroundings): Promise<CoreEvent[] | undefined> {
  if (!around.showEvents) return undefined
  const fields = [
    ...(kind ? [`involvedObject.kind=${kind}`] : []),
    `involvedObject.name=${name}`,
    `involvedObject.namespace=${namespace ?? ''}`,
    ...(uid ? [`involvedObject.uid=${uid}`] : []),
  ]
  const path = namespace ? `/api/v1/namespaces/${encodeURIComponent(namespace)}/events` : '/api/v1/events'
  return readList<CoreEvent>(around, path, { fieldSelector: fields.join(',') }).catch(() => [])
}

/** The table at the end of a description. Nothing when events were not asked for. */
export function describeEvents(out: Description, events: readonly CoreEvent[] | undefined, now: number): void {
  if (!events) return
  if (events.length === 0) return out.write(0, 'Events:\t<none>\n')
  out.flush()
  out.write(0, 'Events:\n  Type\tReason\tAge\tFrom\tMessage\n')
  out.write(1, '----\t------\t----\t----\t-------\n')
  for (const event of [...events].sort((a, b) => timeOr0(a.lastTimestamp) - timeOr0(b.lastTimestamp))) {
    const message = (event.message ?? '').trim()
    const field = event.involvedObject.fieldPath
    out.write(1, `${event.type ?? ''}\t${event.reason ?? ''}\t${intervalText(event, now)}\t${event.source?.component || event.reportingComponent || ''}\t${field ? `${field}: ` : ''}${message}\n`)
  }
}

/** `3s`, or `3s (x4 over 5m)` for what happened again. */
export function intervalText({ eventTime, firstTimestamp, lastTimestamp, series, count = 0 }: CoreEvent, now: number): string {
  const first = ageOf(eventTime ?? firstTimestamp, now)
  if (series) return `${ageOf(series.lastObservedTime, now)} (x${series.count ?? 0} over ${first})`
  return count > 1 ? `${ageOf(lastTimestamp, now)} (x${count} over ${first})` : first
}

import type { CoreEvent } from '../../generated/types.ts'
import { ageOf } from '../../machinery/time.ts'
import { column, nameColumn, wideColumn } from '../columns.ts'
import type { Column } from '../kind.ts'

const event = 'io.k8s.api.core.v1.Event'

function firstSeen(it: CoreEvent, now: number): string {
  return ageOf(it.firstTimestamp || it.eventTime, now)
}

function lastSeen(it: CoreEvent, now: number): string {
  if (it.series) return ageOf(it.series.lastObservedTime, now)
  return it.lastTimestamp ? ageOf(it.lastTimestamp, now) : firstSeen(it, now)
}

function countOf(it: CoreEvent): number {
  if (it.series) return it.series.count ?? 0
  return it.count || 1
}

/** `Pod/web`, in lower case: `pod/web`. */
function objectText(it: CoreEvent): string {
  const { kind = '', name = '' } = it.involvedObject
  return name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase()
}

/** `kubelet, worker-1`. */
function sourceText(it: CoreEvent): string {
  const component = it.source?.component || it.reportingComponent || ''
  const host = it.source?.host || it.reportingInstance || ''
  return host ? `${component}, ${host}` : component
}

export const eventColumns: readonly Column<CoreEvent>[] = [
  column('Last Seen', [event, 'lastTimestamp'], lastSeen),
  column('Type', [event, 'type'], (it) => it.type ?? ''),
  column('Reason', [event, 'reason'], (it) => it.reason ?? ''),
  column('Object', 'The object that the event is about.', objectText),
  wideColumn('Subobject', ['io.k8s.api.core.v1.ObjectReference', 'fieldPath'], (it) => it.involvedObject.fieldPath ?? ''),
  wideColumn('Source', 'The component that reports the event, and from where.', sourceText),
  column('Message', [event, 'message'], (it) => (it.message ?? '').trim()),
  wideColumn('First Seen', [event, 'firstTimestamp'], firstSeen),
  wideColumn('Count', [event, 'count'], countOf),
  nameColumn<CoreEvent>({ wide: true }),
]

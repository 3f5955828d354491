import type { CoreEvent, EventsEvent } from '../../generated/types.ts'
import { fieldInvalid, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { byteLength } from '../../machinery/go-text.ts'
import { jsonEqual } from '../../machinery/equality.ts'
import { isQualifiedName } from '../../machinery/names.ts'
import { columnOf } from '../columns.ts'
import { eventKind } from '../core/event.ts'
import { defineKind } from '../kind.ts'

/** Core Event -> events.k8s.io Event: the same facts under newer names. */
export function eventsEventOf(event: CoreEvent): EventsEvent {
  const { apiVersion: _version, involvedObject, message, source, firstTimestamp, lastTimestamp, count, reportingComponent, eventTime, ...same } = event
  return {
    ...same,
    apiVersion: 'events.k8s.io/v1',
    eventTime: eventTime as string,
    series: event.series && { count: event.series.count ?? 0, lastObservedTime: event.series.lastObservedTime ?? '' },
    regarding: involvedObject,
    note: message,
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
    reportingController: reportingComponent,
  }
}

/** events.k8s.io Event -> core Event. */
export function coreEventOf(event: EventsEvent): CoreEvent {
  const { apiVersion: _version, regarding, note, deprecatedSource, deprecatedFirstTimestamp, deprecatedLastTimestamp, deprecatedCount, reportingController, ...same } = event
  return {
    ...same,
    apiVersion: 'v1',
    involvedObject: regarding ?? {},
    message: note,
    source: deprecatedSource,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
    reportingComponent: reportingController,
  }
}

export const eventsEventKind = defineKind<EventsEvent>({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  schema: 'io.k8s.api.events.v1.Event',
  storagePrefix: 'events',
  storedAs: {
    group: '',
    kind: 'Event',
    toStored: (event) => coreEventOf(event),
    fromStored: (event) => eventsEventOf(event as CoreEvent),
  },
  strategy: { ...withoutHooks(), validate: validateEventsEvent, validateUpdate: validateEventsEventUpdate },
  selectableFields: {
    'regarding.kind': (event) => event.regarding?.kind ?? '',
    'regarding.namespace': (event) => event.regarding?.namespace ?? '',
    'regarding.name': (event) => event.regarding?.name ?? '',
    'regarding.uid': (event) => event.regarding?.uid ?? '',
    'regarding.apiVersion': (event) => event.regarding?.apiVersion ?? '',
    'regarding.resourceVersion': (event) => event.regarding?.resourceVersion ?? '',
    'regarding.fieldPath': (event) => event.regarding?.fieldPath ?? '',
    reason: (event) => event.reason ?? '',
    reportingController: (event) => event.reportingController ?? '',
    type: (event) => event.type ?? '',
  },
  columns: eventKind.columns.map((column) => columnOf(column, coreEventOf)),
  health: (event, now) => eventKind.health(coreEventOf(event), now),
  relations: (event) => eventKind.relations(coreEventOf(event)),
})

/** The facts of the core strategy that hold for this form too. */
function withoutHooks() {
  const { validateName, allowCreateOnUpdate, allowUnconditionalUpdate, defaultPropagation } = eventKind.strategy
  return { validateName, allowCreateOnUpdate, allowUnconditionalUpdate, defaultPropagation }
}

/** New-style events are checked strictly: who reported, what was done, why, and nothing deprecated. */
function validateEventsEvent(event: EventsEvent): FieldError[] {
  const errors: FieldError[] = []
  if (!event.eventTime) errors.push(fieldRequired('eventTime'))
  const controller = event.reportingController ?? ''
  if (controller === '') errors.push(fieldRequired('reportingController'))
  else for (const message of isQualifiedName(controller)) errors.push(fieldInvalid('reportingController', controller, message))
  const limited = (field: 'reportingInstance' | 'action' | 'reason'): void => {
    const text = event[field] ?? ''
    if (text === '') errors.push(fieldRequired(field))
    if (byteLength(text) > 128) errors.push(fieldInvalid(field, '', 'can have at most 128 characters'))
  }
  limited('reportingInstance')
  limited('action')
  limited('reason')
  if (byteLength(event.note ?? '') > 1024) errors.push(fieldInvalid('message', '', 'can have at most 1024 characters'))
  errors.push(...deprecatedErrors(event))
  if (event.type !== 'Normal' && event.type !== 'Warning') errors.push(fieldInvalid('type', '', `has invalid value: ${event.type ?? ''}`))
  errors.push(...seriesErrors(event))
  return errors
}

function deprecatedErrors(event: EventsEvent): FieldError[] {
  const errors: FieldError[] = []
  if (event.deprecatedFirstTimestamp) errors.push(fieldInvalid('firstTimestamp', '', 'needs to be unset'))
  if (event.deprecatedLastTimestamp) errors.push(fieldInvalid('lastTimestamp', '', 'needs to be unset'))
  if (event.deprecatedCount) errors.push(fieldInvalid('count', '', 'needs to be unset'))
  if (event.deprecatedSource?.component || event.deprecatedSource?.host) errors.push(fieldInvalid('source', '', 'needs to be unset'))
  return errors
}

function seriesErrors(event: EventsEvent): FieldError[] {
  if (!event.series) return []
  const errors: FieldError[] = []
  if (event.series.count < 2) errors.push(fieldInvalid('series.count', '', 'should be at least 2'))
  if (!event.series.lastObservedTime) errors.push(fieldInvalid('series.lastObservedTime', '', 'needs to be set'))
  return errors
}

/** Once written, only the series and labels change. */
function validateEventsEventUpdate(event: EventsEvent, old: EventsEvent): FieldError[] {
  const errors: FieldError[] = []
  const fixed = { regarding: 'involvedObject', reason: 'reason', note: 'message', deprecatedSource: 'source', deprecatedFirstTimestamp: 'firstTimestamp', deprecatedLastTimestamp: 'lastTimestamp', deprecatedCount: 'count', type: 'type', eventTime: 'eventTime', action: 'action', related: 'related', reportingController: 'reportingController', reportingInstance: 'reportingInstance' } as const
  for (const field of Object.keys(fixed) as (keyof typeof fixed)[]) {
    if (!jsonEqual(event[field] ?? {}, old[field] ?? {})) errors.push(fieldInvalid(fieldPath(fixed[field]), event[field], 'field is immutable'))
  }
  return [...errors, ...seriesErrors(event)]
}

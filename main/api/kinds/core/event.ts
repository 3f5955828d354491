import type { CoreEvent } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { defineKind } from '../kind.ts'
import { eventColumns } from './event-columns.ts'
import { validateCoreEvent } from './event-validation.ts'

/** What Go writes for an event's zero times: null, not nothing. */
const noTime = null as unknown as string

export const eventKind = defineKind<CoreEvent>({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Event',
  storagePrefix: 'events',
  strategy: {
    validateName: isDns1123Subdomain,
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    timeToLiveSeconds: 3600,
    defaults(event) {
      event.involvedObject ??= {}
      event.source ??= {}
      event.eventTime ??= noTime
      event.firstTimestamp ??= noTime
      event.lastTimestamp ??= noTime
      event.reportingComponent ??= ''
      event.reportingInstance ??= ''
    },
    validate: validateCoreEvent,
    validateUpdate: validateCoreEvent,
  },
  selectableFields: {
    'involvedObject.kind': (event) => event.involvedObject.kind ?? '',
    'involvedObject.namespace': (event) => event.involvedObject.namespace ?? '',
    'involvedObject.name': (event) => event.involvedObject.name ?? '',
    'involvedObject.uid': (event) => event.involvedObject.uid ?? '',
    'involvedObject.apiVersion': (event) => event.involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': (event) => event.involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': (event) => event.involvedObject.fieldPath ?? '',
    reason: (event) => event.reason ?? '',
    reportingComponent: (event) => event.reportingComponent ?? '',
    source: (event) => event.source?.component || event.reportingComponent || '',
    type: (event) => event.type ?? '',
  },
  columns: eventColumns,
  health: (event) => ({ mark: event.type === 'Warning' ? 'failed' : 'running', sentence: event.message ?? event.reason ?? '' }),
  relations(event) {
    const { kind = '', name = '', namespace, apiVersion = '' } = event.involvedObject
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
    return name ? [{ role: 'about', group, kind, name, ...(namespace ? { namespace } : {}) }] : []
  },
})

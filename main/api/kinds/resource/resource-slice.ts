import type { ResourceSlice } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { validateResourceSlice } from './slice-validation.ts'

/** Taints begin when they are first seen. May change `slice`. */
function stampTaints(slice: ResourceSlice, timestamp: string): void {
  for (const { taints } of slice.spec.devices ?? []) for (const taint of taints ?? []) taint.timeAdded ??= timestamp
}

export const resourceSliceKind = defineKind<ResourceSlice>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  namespaced: false,
  schema: 'io.k8s.api.resource.v1.ResourceSlice',
  storagePrefix: 'resourceslices',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    generationOf: (slice) => slice.spec,
    prepareForCreate: (slice, { timestamp }) => stampTaints(slice, timestamp),
    prepareForUpdate: (slice, _old, { timestamp }) => stampTaints(slice, timestamp),
    validate: (slice) => validateResourceSlice(slice),
    validateUpdate: validateResourceSlice,
  },
  selectableFields: {
    'spec.driver': (slice) => slice.spec?.driver ?? '',
    'spec.nodeName': (slice) => slice.spec?.nodeName ?? '',
  },
  columns: [
    nameColumn(),
    column('Node', 'The node whose devices these are.', (slice) => slice.spec?.nodeName ?? ''),
    column('Driver', 'The driver that offers the devices.', (slice) => slice.spec?.driver ?? ''),
    column('Pool', 'The pool that the slice is a part of.', (slice) => slice.spec?.pool?.name ?? ''),
    ageColumn(),
  ],
  health(slice) {
    const count = slice.spec?.devices?.length ?? 0
    return { mark: 'running', sentence: `${count} ${count === 1 ? 'device' : 'devices'} of ${slice.spec?.driver ?? 'no driver'}` }
  },
  relations: (slice) => (slice.spec?.nodeName ? [{ role: 'node', group: '', kind: 'Node', name: slice.spec.nodeName }] : []),
})

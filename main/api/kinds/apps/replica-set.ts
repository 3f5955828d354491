import type { ReplicaSet } from '../../generated/types.ts'
import { formatLabelSelector, formatSelector, selectorOf } from '../../machinery/labels.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { defaultPodTemplate } from '../core/pod-defaults.ts'
import { templateColumns } from '../core/pod-template-columns.ts'
import { templateWarnings } from '../core/pod-warnings.ts'
import { ageColumn, integerColumn, nameColumn, wideColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { validateReplicaSet, validateReplicaSetStatusUpdate, validateReplicaSetUpdate } from './replica-set-validation.ts'
import { replicasHealth } from './replicas-health.ts'

const spec = 'io.k8s.api.apps.v1.ReplicaSetSpec'
const status = 'io.k8s.api.apps.v1.ReplicaSetStatus'

export const replicaSetKind = defineKind<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.ReplicaSet',
  storagePrefix: 'replicasets',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    generationOf: (set) => set.spec,
    defaults(set) {
      set.spec ??= { selector: {} }
      set.spec.replicas ??= 1
      set.status ??= { replicas: 0 }
      set.spec.template ??= {}
      defaultPodTemplate(set.spec.template)
    },
    prepareForCreate(set) {
      set.status = { replicas: 0 }
    },
    prepareForUpdate: keepStatus,
    validate: validateReplicaSet,
    validateUpdate: validateReplicaSetUpdate,
    warnings: (set, old) => (old ? [] : templateWarnings(set.spec?.template, 'spec.template')),
  },
  subresources: [
    statusSubresource(validateReplicaSetStatusUpdate),
    { type: 'scale', specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: (set) => formatSelector(selectorOf(set.spec?.selector)) },
  ],
  selectableFields: { 'status.replicas': (set) => String(set.status?.replicas ?? 0) },
  columns: [
    nameColumn(),
    integerColumn('Desired', [spec, 'replicas'], (set) => set.spec?.replicas ?? 0),
    integerColumn('Current', [status, 'replicas'], (set) => set.status?.replicas ?? 0),
    integerColumn('Ready', [status, 'readyReplicas'], (set) => set.status?.readyReplicas ?? 0),
    ageColumn(),
    ...templateColumns<ReplicaSet>((set) => set.spec?.template),
    wideColumn('Selector', 'The label selector of the pods that belong to it.', (set) => formatLabelSelector(set.spec?.selector)),
  ],
  health: (set) => replicasHealth(set, set.spec?.replicas ?? 1, set.status?.readyReplicas ?? 0, 'ready'),
})

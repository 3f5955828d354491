import type { PersistentVolumeClaim, StatefulSet } from '../../generated/types.ts'
import { formatSelector, selectorOf } from '../../machinery/labels.ts'
import { isDns1123Label } from '../../machinery/names.ts'
import { defaultPodTemplate } from '../core/pod-defaults.ts'
import { templateColumns } from '../core/pod-template-columns.ts'
import { templateWarnings } from '../core/pod-warnings.ts'
import { canonicalizeResources } from '../core/resource-defaults.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { replicasHealth } from './replicas-health.ts'
import { validateStatefulSet, validateStatefulSetStatusUpdate, validateStatefulSetUpdate } from './stateful-set-validation.ts'

function defaultStatefulSet(set: StatefulSet): void {
  const spec = (set.spec ??= { selector: {}, template: {} })
  set.status ??= { replicas: 0, availableReplicas: 0 }
  set.status.availableReplicas ??= 0
  spec.podManagementPolicy ||= 'OrderedReady'
  spec.updateStrategy ??= {}
  if (!spec.updateStrategy.type) {
    spec.updateStrategy.type = 'RollingUpdate'
    spec.updateStrategy.rollingUpdate ??= {}
  }
  if (spec.updateStrategy.type === 'RollingUpdate' && spec.updateStrategy.rollingUpdate) spec.updateStrategy.rollingUpdate.partition ??= 0
  spec.persistentVolumeClaimRetentionPolicy ??= {}
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain'
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain'
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  spec.template ??= {}
  defaultPodTemplate(spec.template)
  for (const claim of spec.volumeClaimTemplates ?? []) defaultClaimTemplate(claim)
}

function defaultClaimTemplate(claim: PersistentVolumeClaim): void {
  claim.apiVersion ||= 'v1'
  claim.kind ||= 'PersistentVolumeClaim'
  claim.spec ??= {}
  claim.spec.volumeMode ??= 'Filesystem'
  canonicalizeResources(claim.spec.resources?.requests)
  claim.status ??= {}
  claim.status.phase ||= 'Pending'
}

export const statefulSetKind = defineKind<StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.StatefulSet',
  storagePrefix: 'statefulsets',
  strategy: {
    validateName: isDns1123Label,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    generationOf: (set) => set.spec,
    defaults: defaultStatefulSet,
    prepareForCreate(set) {
      set.status = { replicas: 0, availableReplicas: 0 }
    },
    prepareForUpdate: keepStatus,
    validate: validateStatefulSet,
    validateUpdate: validateStatefulSetUpdate,
    warnings: (set, old) => (old ? [] : templateWarnings(set.spec?.template, 'spec.template')),
  },
  subresources: [
    statusSubresource(validateStatefulSetStatusUpdate),
    { type: 'scale', specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: (set) => formatSelector(selectorOf(set.spec?.selector)) },
  ],
  columns: [
    nameColumn(),
    column('Ready', 'Number of the pod with ready state', (set) => `${set.status?.readyReplicas ?? 0}/${set.spec?.replicas ?? 0}`),
    ageColumn(),
    ...templateColumns<StatefulSet>((set) => set.spec?.template),
  ],
  health: (set) => replicasHealth(set, set.spec?.replicas ?? 1, set.status?.readyReplicas ?? 0, 'ready'),
  relations: (set) => (set.spec?.serviceName ? [{ role: 'service', group: '', kind: 'Service', name: set.spec.serviceName, ...(set.metadata.namespace ? { namespace: set.metadata.namespace } : {}) }] : []),
})

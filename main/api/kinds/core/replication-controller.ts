import type { ReplicationController } from '../../generated/types.ts'
import { formatSelector, selectorFromSet } from '../../machinery/labels.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, integerColumn, labelsText, nameColumn, wideColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { replicasHealth } from '../apps/replicas-health.ts'
import { defaultPodTemplate } from './pod-defaults.ts'
import { templateColumns } from './pod-template-columns.ts'
import { templateWarnings } from './pod-warnings.ts'
import { validateReplicationController, validateReplicationControllerStatusUpdate, validateReplicationControllerUpdate } from './replication-controller-validation.ts'

const spec = 'io.k8s.api.core.v1.ReplicationControllerSpec'
const status = 'io.k8s.api.core.v1.ReplicationControllerStatus'

export const replicationControllerKind = defineKind<ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ReplicationController',
  storagePrefix: 'controllers',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    // v1 replication controllers orphan their pods unless told otherwise.
    defaultPropagation: 'Orphan',
    generationOf: (controller) => controller.spec,
    defaults(controller) {
      controller.spec ??= {}
      controller.status ??= { replicas: 0 }
      const labels = controller.spec.template?.metadata?.labels
      if (labels) {
        if (Object.keys(controller.spec.selector ?? {}).length === 0) controller.spec.selector = { ...labels }
        if (Object.keys(controller.metadata.labels ?? {}).length === 0) controller.metadata.labels = { ...labels }
      }
      controller.spec.replicas ??= 1
      defaultPodTemplate(controller.spec.template)
    },
    prepareForCreate(controller) {
      controller.status = { replicas: 0 }
    },
    prepareForUpdate: keepStatus,
    validate: validateReplicationController,
    validateUpdate: validateReplicationControllerUpdate,
    warnings: (controller, old) => (old ? [] : templateWarnings(controller.spec?.template, 'spec.template')),
  },
  subresources: [
    statusSubresource(validateReplicationControllerStatusUpdate),
    { type: 'scale', specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: (controller) => formatSelector(selectorFromSet(controller.spec?.selector)) },
  ],
  selectableFields: { 'status.replicas': (controller) => String(controller.status?.replicas ?? 0) },
  columns: [
    nameColumn(),
    integerColumn('Desired', [spec, 'replicas'], (controller) => controller.spec?.replicas ?? 0),
    integerColumn('Current', [status, 'replicas'], (controller) => controller.status?.replicas ?? 0),
    integerColumn('Ready', [status, 'readyReplicas'], (controller) => controller.status?.readyReplicas ?? 0),
    ageColumn(),
    ...templateColumns<ReplicationController>((controller) => controller.spec?.template),
    wideColumn('Selector', [spec, 'selector'], (controller) => labelsText(controller.spec?.selector)),
  ],
  health: (controller) => replicasHealth(controller, controller.spec?.replicas ?? 1, controller.status?.readyReplicas ?? 0, 'ready'),
})

import { replicationControllerKind } from '../../../api/kinds/core/replication-controller.ts'
import { selectorFromSet } from '../../../api/machinery/labels.ts'
import { replicaController } from './replica-core.ts'

export const replicationControllerController = replicaController({
  kind: replicationControllerKind,
  name: 'replicationcontroller-controller',
  eventSource: 'replication-controller',
  noun: 'replicationcontroller',
  countsTerminating: false,
  view: (controller) => ({
    replicas: controller.spec?.replicas ?? 1,
    selector: selectorFromSet(controller.spec?.selector),
    template: controller.spec?.template,
    minReadySeconds: controller.spec?.minReadySeconds ?? 0,
    generation: controller.metadata.generation,
    status: controller.status ?? { replicas: 0 },
  }),
  withStatus: (controller, status) => ({ ...controller, status }),
})

import { replicaSetKind } from '../../../api/kinds/apps/replica-set.ts'
import { cachedSelectorOf } from '../../../api/machinery/labels.ts'
import { replicaController } from './replica-core.ts'

export const replicaSetController = replicaController({
  kind: replicaSetKind,
  name: 'replicaset-controller',
  noun: 'replicaset',
  countsTerminating: true,
  view: (set) => ({
    replicas: set.spec?.replicas ?? 1,
    selector: cachedSelectorOf(set.spec?.selector),
    template: set.spec?.template,
    minReadySeconds: set.spec?.minReadySeconds ?? 0,
    generation: set.metadata.generation,
    status: set.status ?? { replicas: 0 },
  }),
  withStatus: (set, status) => ({ ...set, status }),
})

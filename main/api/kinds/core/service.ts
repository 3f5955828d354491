import type { Service } from '../../generated/types.ts'
import { isDns1035Label } from '../../machinery/names.ts'
import { defineKind } from '../kind.ts'
import { dropStatus, keepStatus, statusSubresource } from '../spec-and-status.ts'
import { serviceColumns } from './service-columns.ts'
import { defaultService, dropTypeDependentFields, patchAllocatedValues } from './service-defaults.ts'
import { validateService, validateServiceStatusUpdate, validateServiceUpdate } from './service-validation.ts'

export const serviceKind = defineKind<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Service',
  storagePrefix: 'services/specs',
  strategy: {
    validateName: isDns1035Label,
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    returnsDeleted: true,
    defaults: defaultService,
    prepareForCreate(service) {
      dropStatus<Service>(() => ({ loadBalancer: {} }))(service)
    },
    prepareForUpdate(service, old) {
      keepStatus(service, old)
      patchAllocatedValues(service, old)
      dropTypeDependentFields(service, old)
    },
    validate: validateService,
    validateUpdate: validateServiceUpdate,
  },
  subresources: [
    statusSubresource(validateServiceStatusUpdate),
    { type: 'named', name: 'proxy', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
  ],
  selectableFields: {
    'spec.clusterIP': (service) => service.spec?.clusterIP ?? '',
    'spec.type': (service) => service.spec?.type ?? '',
  },
  columns: serviceColumns,
  health(service) {
    if (service.metadata.deletionTimestamp) return { mark: 'terminating', sentence: 'it is being removed' }
    if (service.spec?.type === 'LoadBalancer' && !service.status?.loadBalancer?.ingress?.length) return { mark: 'pending', sentence: 'it waits for a load balancer' }
    if (service.spec?.type === 'ExternalName') return { mark: 'running', sentence: `it stands for ${service.spec.externalName}` }
    return { mark: 'running', sentence: service.spec?.clusterIP === 'None' ? 'its name answers with the pods themselves' : `it answers on ${service.spec?.clusterIP ?? 'no address yet'}` }
  },
})

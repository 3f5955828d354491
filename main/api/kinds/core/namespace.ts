import type { Namespace } from '../../generated/types.ts'
import { isDns1123Label } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { validateNamespace, validateNamespaceFinalize, validateNamespaceStatusUpdate, validateNamespaceUpdate } from './namespace-validation.ts'

/** The finalizer that the namespace controller takes off when the namespace is empty. */
export const kubernetesFinalizer = 'kubernetes'

function nameLabel(namespace: Namespace): void {
  if (!namespace.metadata.name) return
  if (namespace.metadata.labels?.['kubernetes.io/metadata.name'] === namespace.metadata.name) return
  namespace.metadata.labels = { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name }
}

export const namespaceKind = defineKind<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  schema: 'io.k8s.api.core.v1.Namespace',
  storagePrefix: 'namespaces',
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  strategy: {
    validateName: isDns1123Label,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    defaults(namespace) {
      nameLabel(namespace)
      namespace.spec ??= {}
      namespace.status ??= {}
      namespace.status.phase ||= 'Active'
    },
    prepareForCreate(namespace) {
      namespace.status = { phase: 'Active' }
      const finalizers = namespace.spec?.finalizers ?? []
      namespace.spec = { ...namespace.spec, finalizers: finalizers.includes(kubernetesFinalizer) ? finalizers : [...finalizers, kubernetesFinalizer] }
    },
    prepareForUpdate(namespace, old) {
      namespace.spec = { ...namespace.spec }
      if (old.spec?.finalizers) namespace.spec.finalizers = old.spec.finalizers
      else delete namespace.spec.finalizers
      keepStatus(namespace, old)
    },
    canonicalize: nameLabel,
    beginDeletion(namespace) {
      namespace.status = { ...namespace.status, phase: 'Terminating' }
    },
    isHeld: (namespace) => (namespace.spec?.finalizers ?? []).length > 0,
    validate: validateNamespace,
    validateUpdate: validateNamespaceUpdate,
  },
  subresources: [
    statusSubresource(validateNamespaceStatusUpdate),
    {
      type: 'named',
      name: 'finalize',
      verbs: ['update'],
      strategy: { prepareForUpdate: keepStatus, validateUpdate: validateNamespaceFinalize },
    },
  ],
  selectableFields: {
    'status.phase': (namespace) => namespace.status?.phase ?? '',
    name: (namespace) => namespace.metadata.name,
  },
  columns: [nameColumn(), column('Status', 'The status of the namespace', (namespace) => namespace.status?.phase ?? ''), ageColumn()],
  health(namespace) {
    if (namespace.status?.phase !== 'Terminating') return { mark: 'running', sentence: 'it is in use' }
    const stuck = namespace.status.conditions?.find((condition) => condition.status === 'True' && condition.type !== 'NamespaceContentRemaining')
    return { mark: 'terminating', sentence: stuck?.message || 'everything in it is being deleted' }
  },
})

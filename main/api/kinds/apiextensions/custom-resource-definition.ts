import type { CustomResourceDefinition, CustomResourceDefinitionCondition } from '../../generated/types.ts'
import { conditionOf } from '../../machinery/conditions.ts'
import { defineKind } from '../kind.ts'
import { statusSubresource } from '../spec-and-status.ts'
import { keepStatus } from '../spec-and-status.ts'
import { withCrdCondition } from './conditions.ts'
import { validateDefinition, validateDefinitionStatusUpdate, validateDefinitionUpdate } from './definition-validation.ts'

/** Keeps a definition until all its objects are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io'

function storageVersionOf(crd: CustomResourceDefinition): string | undefined {
  return crd.spec.versions?.find((version) => version.storage)?.name
}

function setDefaults(crd: CustomResourceDefinition): void {
  const { spec } = crd
  if (!spec) return
  const { names } = spec
  if (names) {
    if (!names.singular && names.kind) names.singular = names.kind.toLowerCase()
    if (!names.listKind && names.kind) names.listKind = `${names.kind}List`
  }
  spec.conversion ??= { strategy: 'None' }
  const service = spec.conversion.webhook?.clientConfig?.service
  if (service) service.port ??= 443
  if (spec.preserveUnknownFields === false) delete spec.preserveUnknownFields
}

/** Notes the storage version among those that were ever stored. */
function noteStorageVersion(crd: CustomResourceDefinition): void {
  const version = storageVersionOf(crd)
  const known = crd.status?.storedVersions ?? []
  if (version !== undefined && !known.includes(version)) crd.status = { ...crd.status, storedVersions: [...known, version] }
}

/** apiextensions.k8s.io/v1 CustomResourceDefinition. What it defines is served by the API server's apiextensions folder. */
export const customResourceDefinitionKind = defineKind<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  storagePrefix: 'apiextensions.k8s.io/customresourcedefinitions',
  strategy: {
    // The name is checked with the spec, which says what it has to be.
    validateName: () => [],
    allowUnconditionalUpdate: false,
    anyFinalizer: true,
    defaultPropagation: 'Background',
    generationOf: (crd) => crd.spec,
    defaults: setDefaults,
    prepareForCreate(crd) {
      crd.status = {}
      noteStorageVersion(crd)
    },
    prepareForUpdate(crd, old) {
      keepStatus(crd, old)
      noteStorageVersion(crd)
    },
    validate: validateDefinition,
    validateUpdate: validateDefinitionUpdate,
    // The first DELETE never removes it: the objects of the kind have to go first.
    isHeld: (crd) => !crd.metadata.deletionTimestamp,
    beginDeletion(crd, context) {
      const finalizers = crd.metadata.finalizers ?? []
      if (!finalizers.includes(cleanupFinalizer)) crd.metadata.finalizers = [...finalizers, cleanupFinalizer]
      const condition: CustomResourceDefinitionCondition = {
        type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending',
        message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
      }
      crd.status = { ...crd.status, conditions: withCrdCondition(crd.status?.conditions, condition, context.timestamp) }
    },
  },
  subresources: [statusSubresource(validateDefinitionStatusUpdate)],
  health(crd) {
    if (crd.metadata.deletionTimestamp) return { mark: 'terminating', sentence: conditionOf(crd.status?.conditions, 'Terminating')?.message ?? 'it is being deleted' }
    const names = conditionOf(crd.status?.conditions, 'NamesAccepted')
    if (names?.status === 'False') return { mark: 'failed', sentence: names.message ?? 'its names are taken' }
    return conditionOf(crd.status?.conditions, 'Established')?.status === 'True'
      ? { mark: 'running', sentence: `${crd.spec.names.plural} are served` }
      : { mark: 'pending', sentence: 'it is not served yet' }
  },
})

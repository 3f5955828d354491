import type { StorageClass } from '../../generated/types.ts'
import { jsonEqual } from '../../machinery/equality.ts'
import { fieldForbidden, fieldInvalid, fieldIsImmutable, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { nodeTopologyWarnings } from './node-label-warnings.ts'
import { parameterErrors, provisionerErrors } from './parameters-validation.ts'
import { topologyErrors } from './topology-validation.ts'

/** Marks the class that claims without one get; the second spelling is older. */
export const defaultClassAnnotation = 'storageclass.kubernetes.io/is-default-class'
const betaDefaultClassAnnotation = 'storageclass.beta.kubernetes.io/is-default-class'

const schema = 'io.k8s.api.storage.v1.StorageClass'
const reclaimPolicies = ['Delete', 'Retain']
const bindingModes = ['Immediate', 'WaitForFirstConsumer']

/** Whether claims that name no class get this one. */
export function isDefaultClass(storageClass: StorageClass): boolean {
  const { annotations } = storageClass.metadata
  return annotations?.[defaultClassAnnotation] === 'true' || annotations?.[betaDefaultClassAnnotation] === 'true'
}

export const storageClassKind = defineKind<StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
  schema,
  storagePrefix: 'storageclasses',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    returnsDeleted: true,
    defaults(storageClass) {
      storageClass.reclaimPolicy ??= 'Delete'
      storageClass.volumeBindingMode ??= 'Immediate'
    },
    validate: validateStorageClass,
    validateUpdate: validateStorageClassUpdate,
    warnings: (storageClass) => nodeTopologyWarnings(storageClass.allowedTopologies, 'allowedTopologies'),
  },
  columns: [
    column('Name', ['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', 'name'], (storageClass) => `${storageClass.metadata.name}${isDefaultClass(storageClass) ? ' (default)' : ''}`, { format: 'name' }),
    column('Provisioner', [schema, 'provisioner'], (storageClass) => storageClass.provisioner),
    column('ReclaimPolicy', [schema, 'reclaimPolicy'], (storageClass) => storageClass.reclaimPolicy ?? 'Delete'),
    column('VolumeBindingMode', [schema, 'volumeBindingMode'], (storageClass) => storageClass.volumeBindingMode ?? 'Immediate'),
    column('AllowVolumeExpansion', [schema, 'allowVolumeExpansion'], (storageClass) => storageClass.allowVolumeExpansion ?? false),
    ageColumn(),
  ],
  health: (storageClass) => ({ mark: 'running', sentence: `${storageClass.provisioner} makes its volumes${isDefaultClass(storageClass) ? '; claims without a class get it' : ''}` }),
})

function validateStorageClass(storageClass: StorageClass): FieldError[] {
  const errors = [
    ...provisionerErrors(storageClass.provisioner ?? '', fieldPath('provisioner')),
    ...parameterErrors(storageClass.parameters, true, fieldPath('parameters')),
  ]
  const { reclaimPolicy, volumeBindingMode } = storageClass
  if (reclaimPolicy && !reclaimPolicies.includes(reclaimPolicy)) errors.push(fieldNotSupported(fieldPath('reclaimPolicy'), reclaimPolicy, reclaimPolicies))
  if (volumeBindingMode === undefined) errors.push(fieldRequired(fieldPath('volumeBindingMode')))
  else if (!bindingModes.includes(volumeBindingMode)) errors.push(fieldNotSupported(fieldPath('volumeBindingMode'), volumeBindingMode, bindingModes))
  return [...errors, ...topologyErrors(storageClass.allowedTopologies, fieldPath('allowedTopologies'))]
}

/** Upstream validates the whole again, then what may not change. */
function validateStorageClassUpdate(storageClass: StorageClass, old: StorageClass): FieldError[] {
  const errors = validateStorageClass(storageClass)
  if (!jsonEqual(storageClass.parameters ?? {}, old.parameters ?? {})) errors.push(fieldForbidden(fieldPath('parameters'), 'updates to parameters are forbidden.'))
  if (storageClass.provisioner !== old.provisioner) errors.push(fieldForbidden(fieldPath('provisioner'), 'updates to provisioner are forbidden.'))
  if (storageClass.reclaimPolicy !== old.reclaimPolicy) errors.push(fieldForbidden(fieldPath('reclaimPolicy'), 'updates to reclaimPolicy are forbidden.'))
  if (storageClass.volumeBindingMode !== old.volumeBindingMode) errors.push(fieldInvalid(fieldPath('volumeBindingMode'), storageClass.volumeBindingMode, fieldIsImmutable))
  return errors
}

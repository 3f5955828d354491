import type { CSIStorageCapacity } from '../../generated/types.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { fieldInvalid, fieldIsImmutable, fieldPath } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { column, nameColumn } from '../columns.ts'
import { validateLabelSelector } from '../core/label-validation.ts'
import { nonNegativeQuantity } from '../core/quantity-validation.ts'
import { defineKind } from '../kind.ts'
import { labelSelectorWarnings } from './node-label-warnings.ts'

const schema = 'io.k8s.api.storage.v1.CSIStorageCapacity'

export const csiStorageCapacityKind = defineKind<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  namespaced: true,
  schema,
  storagePrefix: 'csistoragecapacities',
  strategy: {
    validateName: isDns1123Subdomain,
    defaultPropagation: 'Background',
    validate: validateCapacity,
    validateUpdate(capacity, old) {
      const errors = validateCapacity(capacity)
      if (!semanticEqual(capacity.nodeTopology, old.nodeTopology)) errors.push(fieldInvalid(fieldPath('nodeTopology'), capacity.nodeTopology, fieldIsImmutable))
      if (capacity.storageClassName !== old.storageClassName) errors.push(fieldInvalid(fieldPath('storageClassName'), capacity.storageClassName, fieldIsImmutable))
      return errors
    },
    warnings: ({ nodeTopology }) => labelSelectorWarnings(nodeTopology, 'nodeTopology'),
  },
  columns: [
    nameColumn(),
    column('StorageClassName', [schema, 'storageClassName'], (capacity) => capacity.storageClassName),
    column('Capacity', [schema, 'capacity'], (capacity) => capacity.capacity ?? '<unset>'),
  ],
  health: (capacity) => ({ mark: 'running', sentence: capacity.capacity === undefined ? 'how much is left is not known' : `${capacity.capacity} are left` }),
  relations: (capacity) => [{ role: 'storage class', group: 'storage.k8s.io', kind: 'StorageClass', name: capacity.storageClassName }],
})

function validateCapacity({ nodeTopology, storageClassName = '', capacity }: CSIStorageCapacity): FieldError[] {
  return [
    ...validateLabelSelector(nodeTopology, fieldPath('nodeTopology')),
    ...isDns1123Subdomain(storageClassName).map((message) => fieldInvalid(fieldPath('storageClassName'), storageClassName, message)),
    ...(capacity === undefined ? [] : nonNegativeQuantity(capacity, fieldPath('capacity'))),
  ]
}

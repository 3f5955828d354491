import type { VolumeAttributesClass } from '../../generated/types.ts'
import { jsonEqual } from '../../machinery/equality.ts'
import { fieldForbidden, fieldPath } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { parameterErrors, provisionerErrors } from './parameters-validation.ts'

const schema = 'io.k8s.api.storage.v1.VolumeAttributesClass'
const defaultAnnotation = 'volumeattributesclass.alpha.kubernetes.io/is-default-class'

export const volumeAttributesClassKind = defineKind<VolumeAttributesClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  shortNames: ['vac'],
  namespaced: false,
  schema,
  storagePrefix: 'volumeattributesclasses',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    returnsDeleted: true,
    validate: validateClass,
    validateUpdate(attributesClass, old) {
      const errors: FieldError[] = []
      if (attributesClass.driverName !== old.driverName) errors.push(fieldForbidden(fieldPath('driverName'), 'updates to driverName are forbidden.'))
      if (!jsonEqual(attributesClass.parameters ?? {}, old.parameters ?? {})) errors.push(fieldForbidden(fieldPath('parameters'), 'updates to parameters are forbidden.'))
      return [...errors, ...validateClass(attributesClass)]
    },
  },
  columns: [
    column('Name', ['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', 'name'], ({ metadata }) => `${metadata.name}${metadata.annotations?.[defaultAnnotation] === 'true' ? ' (default)' : ''}`, { format: 'name' }),
    column('DriverName', [schema, 'driverName'], (attributesClass) => attributesClass.driverName),
    ageColumn(),
  ],
  health: (attributesClass) => ({ mark: 'running', sentence: `${attributesClass.driverName} gives volumes these attributes` }),
  relations: (attributesClass) => [{ role: 'driver', group: 'storage.k8s.io', kind: 'CSIDriver', name: attributesClass.driverName }],
})

function validateClass({ driverName = '', parameters }: VolumeAttributesClass): FieldError[] {
  return [...provisionerErrors(driverName, fieldPath('driverName')), ...parameterErrors(parameters, false, fieldPath('parameters'))]
}

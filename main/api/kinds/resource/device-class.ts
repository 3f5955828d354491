import type { DeviceClass } from '../../generated/types.ts'
import { fieldInvalid, fieldPath } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, nameColumn } from '../columns.ts'
import { isExtendedResource } from '../core/resource-names.ts'
import { defineKind } from '../kind.ts'
import { configurationErrors } from './device-names.ts'
import { listErrors } from './list-validation.ts'
import { selectorsErrors } from './selectors.ts'

const at = fieldPath('spec')
const configMax = 32

function validateDeviceClass({ spec }: DeviceClass): FieldError[] {
  const { selectors, config, extendedResourceName } = spec ?? {}
  const errors = [...selectorsErrors(selectors, at.child('selectors')), ...listErrors(config, configMax, at.child('config'), configurationErrors)]
  if (extendedResourceName !== undefined && !isExtendedResource(extendedResourceName)) errors.push(fieldInvalid(at.child('extendedResourceName'), extendedResourceName, 'must be a valid extended resource name'))
  return errors
}

export const deviceClassKind = defineKind<DeviceClass>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  namespaced: false,
  schema: 'io.k8s.api.resource.v1.DeviceClass',
  storagePrefix: 'deviceclasses',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    generationOf: ({ spec }) => spec,
    validate: validateDeviceClass,
    validateUpdate: validateDeviceClass,
  },
  columns: [nameColumn(), ageColumn()],
  health({ spec }) {
    const count = spec?.selectors?.length ?? 0
    return { mark: 'running', sentence: count === 0 ? 'any device will do' : `${count} ${count === 1 ? 'selector says' : 'selectors say'} which devices are of it` }
  },
})

import type { ConfigMap } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { validateConfigMap, validateConfigMapUpdate } from './config-map-validation.ts'

function entryCount(map: ConfigMap): number {
  return Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length
}

export const configMapKind = defineKind<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ConfigMap',
  storagePrefix: 'configmaps',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    defaults(map) {
      if (map.data && Object.keys(map.data).length === 0) delete map.data
    },
    validate: validateConfigMap,
    validateUpdate: validateConfigMapUpdate,
  },
  columns: [nameColumn(), column('Data', ['io.k8s.api.core.v1.ConfigMap', 'data'], entryCount), ageColumn()],
  health(map) {
    const count = entryCount(map)
    return { mark: 'running', sentence: `${count} ${count === 1 ? 'entry' : 'entries'}${map.immutable ? ', immutable' : ''}` }
  },
})

import type { LimitRange, LimitRangeItem } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { validateLimitRange } from './limit-range-validation.ts'

/** Containers without a limit get the maximum, without a request the limit, else the minimum. */
function defaultLimit(limit: LimitRangeItem): void {
  if (limit.type !== 'Container') return
  const limits = { ...limit.max, ...limit.default }
  const requests = { ...limit.min, ...limits, ...limit.defaultRequest }
  if (Object.keys(limits).length > 0) limit.default = limits
  if (Object.keys(requests).length > 0) limit.defaultRequest = requests
}

export const limitRangeKind = defineKind<LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.LimitRange',
  storagePrefix: 'limitranges',
  strategy: {
    validateName: isDns1123Subdomain,
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    defaults(limitRange) {
      for (const limit of limitRange.spec?.limits ?? []) defaultLimit(limit)
    },
    prepareForCreate(limitRange, context) {
      if (!limitRange.metadata.name && !limitRange.metadata.generateName) limitRange.metadata.name = context.uuid()
    },
    validate: validateLimitRange,
    validateUpdate: validateLimitRange,
  },
  columns: [
    nameColumn(),
    column('Created At', ['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', 'creationTimestamp'], (limitRange) => limitRange.metadata.creationTimestamp ?? ''),
  ],
  health(limitRange) {
    const types = (limitRange.spec?.limits ?? []).map((limit) => limit.type)
    return { mark: 'running', sentence: types.length > 0 ? `it limits ${types.join(', ')}` : 'it limits nothing' }
  },
})

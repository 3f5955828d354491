import type { ResourceQuota } from '../../generated/types.ts'
import { compareBytes } from '../../machinery/go-text.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { compareQuantities, parseQuantity } from '../../machinery/quantity.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import type { Health } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { validateResourceQuota, validateResourceQuotaStatusUpdate, validateResourceQuotaUpdate } from './resource-quota-validation.ts'

/** `pods: 3/10, requests.cpu: 1/2`, of limits or of everything else. */
function usageText(quota: ResourceQuota, ofLimits: boolean): string {
  const { hard = {}, used = {} } = quota.status ?? {}
  return Object.keys(hard)
    .filter((name) => name.startsWith('limits.') === ofLimits)
    .sort(compareBytes)
    .map((name) => `${name}: ${used[name] ?? '0'}/${hard[name]}`)
    .join(', ')
}

export const resourceQuotaKind = defineKind<ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ResourceQuota',
  storagePrefix: 'resourcequotas',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    returnsDeleted: true,
    defaults(quota) {
      quota.spec ??= {}
      quota.status ??= {}
    },
    prepareForCreate(quota) {
      quota.status = {}
    },
    prepareForUpdate: keepStatus,
    validate: validateResourceQuota,
    validateUpdate: validateResourceQuotaUpdate,
  },
  subresources: [statusSubresource(validateResourceQuotaStatusUpdate)],
  columns: [
    nameColumn(),
    column('Request', 'Request represents a minimum amount of cpu/memory that a container may consume.', (quota) => usageText(quota, false)),
    column('Limit', 'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.', (quota) => usageText(quota, true)),
    ageColumn(),
  ],
  health: quotaHealth,
})

function quotaHealth(quota: ResourceQuota): Health {
  const { hard = {}, used } = quota.status ?? {}
  if (!used) return { mark: 'pending', sentence: 'nothing was counted yet' }
  const full = Object.keys(hard).filter((name) => {
    const [limit, amount] = [parseQuantity(hard[name] as string), parseQuantity(used[name] ?? '0')]
    return limit && amount && compareQuantities(amount, limit) >= 0
  })
  return { mark: 'running', sentence: full.length > 0 ? `nothing is left of ${full.sort(compareBytes).join(', ')}` : 'there is some left of everything' }
}

/** What upstream says of resource names: which are standard, native, extended, and where each may stand. */
import { fieldInvalid } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isQualifiedName } from '../../machinery/names.ts'
import { isGoodLabelKey } from './label-validation.ts'

const containerResources = new Set(['cpu', 'memory', 'ephemeral-storage'])

const objectCounts = ['pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims', 'services.nodeports', 'services.loadbalancers']

const integerResources = new Set(objectCounts)

const quotaResources = new Set([
  ...containerResources,
  'requests.cpu', 'requests.memory', 'requests.storage', 'requests.ephemeral-storage',
  'limits.cpu', 'limits.memory', 'limits.ephemeral-storage',
  ...objectCounts,
])

export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-')
}

function isQuotaHugePages(name: string): boolean {
  return isHugePages(name) || name.startsWith('requests.hugepages-')
}

/** Without a domain, or in one of kubernetes.io. */
export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/')
}

/** Of a domain of its own, and still a right name when a quota puts `requests.` before it. */
export function isExtendedResource(name: string): boolean {
  return !isNativeResource(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0
}

/** Whether a node may promise more of it than it has. */
export function mayOvercommit(name: string): boolean {
  return isNativeResource(name) && !isHugePages(name)
}

export function isStandardQuotaResource(name: string): boolean {
  return quotaResources.has(name) || isQuotaHugePages(name)
}

/** Counted in whole numbers. */
export function isIntegerResource(name: string): boolean {
  return integerResources.has(name) || isExtendedResource(name)
}

/** Any resource name: qualified, and standard when it has no domain. */
export function resourceNameErrors(name: string, at: FieldPath): FieldError[] {
  if (!isGoodLabelKey(name)) return isQualifiedName(name).map((message) => fieldInvalid(at, name, message))
  if (!name.includes('/') && name !== 'storage' && !isStandardQuotaResource(name)) return [fieldInvalid(at, name, 'must be a standard resource type or fully qualified')]
  return []
}

/** A name that containers may ask for. */
export function containerResourceNameErrors(name: string, at: FieldPath): FieldError[] {
  const errors = resourceNameErrors(name, at)
  if (!name.includes('/')) {
    if (!containerResources.has(name) && !isHugePages(name)) errors.push(fieldInvalid(at, name, 'must be a standard resource for containers'))
  } else if (!isNativeResource(name) && !isExtendedResource(name)) errors.push(fieldInvalid(at, name, "doesn't follow extended resource name standard"))
  return errors
}

/** A name that a quota may limit. */
export function quotaResourceNameErrors(name: string, at: FieldPath): FieldError[] {
  const errors = resourceNameErrors(name, at)
  if (!name.includes('/') && !isStandardQuotaResource(name)) errors.push(fieldInvalid(at, name, 'must be a standard resource for quota'))
  return errors
}

/** Which objects a quota is about, by its scopes. */
import type { PersistentVolumeClaim, Pod, PodAffinityTerm, ResourceQuota, ScopedResourceSelectorRequirement } from '../../generated/types.ts'
import { podQosClass } from '../core/pod-qos.ts'

/** A quota's scopes and scope selector as one list. */
export function scopesOf({ spec }: Pick<ResourceQuota, 'spec'>): ScopedResourceSelectorRequirement[] {
  return [...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })), ...(spec?.scopeSelector?.matchExpressions ?? [])]
}

export function podMatchesScope(pod: Pod, { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement): boolean {
  const { spec } = pod
  switch (scopeName) {
    case 'Terminating':
      return spec?.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0
    case 'NotTerminating':
      return spec?.activeDeadlineSeconds === undefined || spec.activeDeadlineSeconds < 0
    case 'BestEffort':
      return qosOf(pod) === 'BestEffort'
    case 'NotBestEffort':
      return qosOf(pod) !== 'BestEffort'
    case 'PriorityClass':
      return selects(operator, values, spec?.priorityClassName ? [spec.priorityClassName] : [])
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod)
    default:
      return false
  }
}

export function claimMatchesScope({ spec, status }: PersistentVolumeClaim, { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement): boolean {
  if (scopeName !== 'VolumeAttributesClass') return false
  const classes = [spec?.volumeAttributesClassName, status?.currentVolumeAttributesClassName, status?.modifyVolumeStatus?.targetVolumeAttributesClassName]
  return selects(operator, values, classes.filter((name): name is string => Boolean(name)))
}

/** Whether an object with these values of a scope is selected; without any it has no such label. */
function selects(operator: string, wanted: readonly string[], given: readonly string[]): boolean {
  switch (operator) {
    case 'Exists':
      return given.length > 0
    case 'DoesNotExist':
      return given.length === 0
    case 'In':
      return given.some((value) => wanted.includes(value))
    case 'NotIn':
      return given.length === 0 || given.some((value) => !wanted.includes(value))
    default:
      return false
  }
}

function qosOf({ spec, status }: Pod): string {
  return status?.qosClass ?? (spec ? podQosClass(spec) : 'BestEffort')
}

function crossesNamespaces({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {}
  const terms = [podAffinity, podAntiAffinity].flatMap((affinity): PodAffinityTerm[] => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ])
  return terms.some(({ namespaces, namespaceSelector }) => (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined)
}

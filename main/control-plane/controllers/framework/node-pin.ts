import type { PodSpec } from '../../../api/generated/types.ts'

/** The name of the one node that a required affinity by field pins the pod to, as the DaemonSet controller writes it. */
export function pinnedNode(spec: PodSpec | undefined): string | undefined {
  if (spec?.nodeName) return spec.nodeName
  for (const term of spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []) {
    for (const { key, operator, values } of term.matchFields ?? []) if (key === 'metadata.name' && operator === 'In' && values?.length === 1) return values[0]
  }
  return undefined
}

/** The affinity with only that node required. */
export function affinityPinnedTo(affinity: PodSpec['affinity'], nodeName: string): NonNullable<PodSpec['affinity']> {
  const nodeSelectorTerms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] }]
  return { ...affinity, nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } }
}

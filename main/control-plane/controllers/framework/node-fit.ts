import type { Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec, Taint, Toleration } from '../../../api/generated/types.ts'
import { matchesLabels } from '../../../api/machinery/labels.ts'

/** Whether the node has what the pod requires of it: its node selector and its required node affinity. */
export function matchesRequiredAffinity(spec: PodSpec, node: Node): boolean {
  if (!matchesLabels(spec.nodeSelector, node.metadata.labels)) return false
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return !required || required.nodeSelectorTerms.some((term) => matchesTerm(term, node))
}

/** A term without any requirement matches nothing. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false
  return (
    matchExpressions.every((requirement) => meets(requirement, node.metadata.labels?.[requirement.key])) &&
    matchFields.every((requirement) => requirement.key === 'metadata.name' && meets(requirement, node.metadata.name))
  )
}

function meets({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  if (operator === 'In') return value !== undefined && values.includes(value)
  if (operator === 'NotIn') return value === undefined || !values.includes(value)
  if (operator === 'Exists') return value !== undefined
  if (operator === 'DoesNotExist') return value === undefined
  if (value === undefined || !/^[+-]?\d+$/.test(value)) return false
  if (operator === 'Gt') return Number(value) > Number(values[0])
  return operator === 'Lt' && Number(value) < Number(values[0])
}

export function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  if (operator === 'Exists') return true
  if (!key) return false
  if (operator === 'Gt' || operator === 'Lt') {
    const [wanted, present] = [Number(value), Number(taint.value)]
    return operator === 'Gt' ? present > wanted : present < wanted
  }
  return (value ?? '') === (taint.value ?? '')
}

/** A taint of one of the effects that nothing tolerates. */
export function untoleratedTaint(taints: readonly Taint[] | undefined, tolerations: readonly Toleration[] | undefined, effects: readonly string[]): Taint | undefined {
  return taints?.find((taint) => effects.includes(taint.effect) && !tolerations?.some((toleration) => tolerates(toleration, taint)))
}

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

import type { Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Pod } from '../../../api/generated/types.ts'
import { matchesLabels } from '../../../api/machinery/labels.ts'

/** Whether a node satisfies a selector: one of its terms has to hold; a term without requirements never does. */
export function nodeMatches(selector: NodeSelector, node: Node): boolean {
  return selector.nodeSelectorTerms.some((term) => termMatchesNode(term, node))
}

export function termMatchesNode(term: NodeSelectorTerm, node: Node): boolean {
  const { matchExpressions = [], matchFields = [] } = term
  if (matchExpressions.length === 0 && matchFields.length === 0) return false
  const labels = node.metadata.labels ?? {}
  return (
    matchExpressions.every((requirement) => requirementHolds(requirement, Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined)) &&
    matchFields.every((requirement) => requirementHolds(requirement, requirement.key === 'metadata.name' ? node.metadata.name : undefined))
  )
}

/** Whether the node is one that the pod demands by nodeSelector and required node affinity. */
export function nodeSelectedByPod(pod: Pod, node: Node): boolean {
  const spec = pod.spec
  if (spec?.nodeSelector && !matchesLabels(spec.nodeSelector, node.metadata.labels)) return false
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return !required || nodeMatches(required, node)
}

const integer = /^[+-]?\d+$/

function requirementHolds({ operator, values = [] }: NodeSelectorRequirement, actual: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return actual !== undefined && values.includes(actual)
    case 'NotIn':
      return actual === undefined || !values.includes(actual)
    case 'Exists':
      return actual !== undefined
    case 'DoesNotExist':
      return actual === undefined
    case 'Gt':
    case 'Lt': {
      const bound = values[0]
      if (actual === undefined || bound === undefined || !integer.test(actual) || !integer.test(bound)) return false
      return operator === 'Gt' ? BigInt(actual) > BigInt(bound) : BigInt(actual) < BigInt(bound)
    }
    default:
      return false
  }
}

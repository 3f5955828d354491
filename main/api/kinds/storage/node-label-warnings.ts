/** Warnings about node labels that have other names by now. */
import type { LabelSelector, NodeSelectorTerm, TopologySelectorTerm } from '../../generated/types.ts'

const deprecatedLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
}

/** What is to be said of a label key, or undefined. */
export function deprecatedLabelMessage(key: string): string | undefined {
  return deprecatedLabels[key]
}

export function nodeTopologyWarnings(terms: readonly TopologySelectorTerm[] | undefined, path: string): string[] {
  return (terms ?? []).flatMap((term, i) =>
    (term.matchLabelExpressions ?? []).flatMap(({ key }, j) => {
      const message = deprecatedLabelMessage(key)
      return message ? [`${path}[${i}].matchLabelExpressions[${j}].key: ${message}`] : []
    }),
  )
}

export function nodeSelectorWarnings(terms: readonly NodeSelectorTerm[] | undefined, path: string): string[] {
  return (terms ?? []).flatMap((term, i) =>
    (term.matchExpressions ?? []).flatMap(({ key }, j) => {
      const message = deprecatedLabelMessage(key)
      return message ? [`${path}[${i}].matchExpressions[${j}].key: ${key} is ${message}`] : []
    }),
  )
}

/** Of a selector of nodes by their labels. */
export function labelSelectorWarnings(selector: LabelSelector | undefined, path: string): string[] {
  const warned = (key: string, place: string): string[] => {
    const message = deprecatedLabelMessage(key)
    return message ? [`${path}.${place}: ${message}`] : []
  }
  return [
    ...(selector?.matchExpressions ?? []).flatMap(({ key }, index) => warned(key, `matchExpressions[${index}].key`)),
    ...Object.keys(selector?.matchLabels ?? {}).flatMap((key) => warned(key, `matchLabels.${key}`)),
  ]
}

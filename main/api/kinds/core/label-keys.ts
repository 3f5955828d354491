/** `matchLabelKeys` and `mismatchLabelKeys`: the new pod's own labels become part of its selectors, as upstream's strategy for pods does. */
import type { LabelSelector, Pod, PodAffinity, PodAffinityTerm, PodSpec } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { labelKeyErrors } from './label-validation.ts'

type Labels = Readonly<Record<string, string>>

/** The spec with the values of the pod's labels merged into the selectors of pod (anti)affinity and of spread constraints: `key in (value)`
 *  for `matchLabelKeys`, `key notin (value)` for `mismatchLabelKeys`. Keys that the pod does not have say nothing, and an absent selector
 *  goes on matching nothing. The same object when there is nothing to merge. */
export function mergeLabelKeys(spec: PodSpec, labels: Labels = {}): PodSpec {
  const { affinity, topologySpreadConstraints: constraints } = spec
  const merged = { ...spec }
  if (affinity && [affinity.podAffinity, affinity.podAntiAffinity].some(hasKeys)) {
    merged.affinity = {
      ...affinity,
      ...(affinity.podAffinity && { podAffinity: mergeTerms(affinity.podAffinity, labels) }),
      ...(affinity.podAntiAffinity && { podAntiAffinity: mergeTerms(affinity.podAntiAffinity, labels) }),
    }
  }
  if (constraints?.some(({ matchLabelKeys }) => matchLabelKeys?.length)) merged.topologySpreadConstraints = constraints.map((constraint) => merge(constraint, labels))
  return merged.affinity === affinity && merged.topologySpreadConstraints === constraints ? spec : merged
}

interface Keyed {
  readonly labelSelector?: LabelSelector
  readonly matchLabelKeys?: readonly string[]
  readonly mismatchLabelKeys?: readonly string[]
}

function termsOf(affinity: PodAffinity): PodAffinityTerm[] {
  return [...(affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []), ...(affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm)]
}

function hasKeys(affinity: PodAffinity | undefined): boolean {
  return affinity !== undefined && termsOf(affinity).some((term) => term?.matchLabelKeys?.length || term?.mismatchLabelKeys?.length)
}

function mergeTerms(affinity: PodAffinity, labels: Labels): PodAffinity {
  const { requiredDuringSchedulingIgnoredDuringExecution: required, preferredDuringSchedulingIgnoredDuringExecution: preferred } = affinity
  return {
    ...affinity,
    ...(required && { requiredDuringSchedulingIgnoredDuringExecution: required.map((term) => merge(term, labels)) }),
    ...(preferred && { preferredDuringSchedulingIgnoredDuringExecution: preferred.map((weighted) => ({ ...weighted, podAffinityTerm: merge(weighted.podAffinityTerm, labels) })) }),
  }
}

function merge<T extends Keyed>(keyed: T, labels: Labels): T {
  const selector = keyed?.labelSelector
  if (!selector) return keyed
  const requirements = [...demands(keyed.matchLabelKeys, 'In', labels), ...demands(keyed.mismatchLabelKeys, 'NotIn', labels)]
  return requirements.length === 0 ? keyed : { ...keyed, labelSelector: { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...requirements] } }
}

function demands(keys: readonly string[] | undefined, operator: 'In' | 'NotIn', labels: Labels): { key: string; operator: string; values: string[] }[] {
  return (keys ?? []).filter((key) => Object.hasOwn(labels, key)).map((key) => ({ key, operator, values: [labels[key]!] }))
}

/** What is wrong with the keys of a term or constraint at `at`. Of pods it is asked after the merge, so that a key which the selector names
 *  once comes from the merge, and one that it names twice was there before. */
export function labelKeysErrors({ labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: Keyed, at: FieldPath): FieldError[] {
  if (matchLabelKeys.length + mismatchLabelKeys.length === 0) return []
  const errors = [...keysErrors(matchLabelKeys, labelSelector, at.child('matchLabelKeys')), ...keysErrors(mismatchLabelKeys, labelSelector, at.child('mismatchLabelKeys'))]
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}))
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const index = matchLabelKeys.lastIndexOf(key)
    if (index >= 0 && seen.has(key)) errors.push(fieldInvalid(at.index(index), key, 'exists in both matchLabelKeys and labelSelector'))
    seen.add(key)
  }
  for (const [index, key] of matchLabelKeys.entries()) {
    if (mismatchLabelKeys.includes(key)) errors.push(fieldInvalid(at.child('matchLabelKeys').index(index), key, 'exists in both matchLabelKeys and mismatchLabelKeys'))
  }
  return errors
}

function keysErrors(keys: readonly string[], selector: LabelSelector | undefined, at: FieldPath): FieldError[] {
  if (keys.length === 0) return []
  if (!selector) return [fieldForbidden(at, 'must not be specified when labelSelector is not set')]
  return keys.flatMap((key, index) => labelKeyErrors(key, at.index(index)))
}

/** Merges into a pod that is being created. */
export function mergePodLabelKeys(pod: Pod): void {
  if (pod.spec) pod.spec = mergeLabelKeys(pod.spec, pod.metadata.labels)
}

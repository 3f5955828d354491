import { describe, expect, it } from 'vitest'
import type { LabelSelector, Pod, PodAffinityTerm, PodSpec } from '../../generated/types.ts'
import { fieldErrorText } from '../../machinery/field-error.ts'
import { mergeLabelKeys } from './label-keys.ts'
import { podKind } from './pod.ts'

const labels = { app: 'web', hash: 'a1' }
const selector: LabelSelector = { matchLabels: { app: 'web' } }
const required = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
const context = { now: 0, timestamp: '1970-01-01T00:00:00Z', user: 'test', dryRun: false, uuid: () => 'u', suffix: () => 's' }

function created(spec: Partial<PodSpec>): Pod {
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default', labels }, spec: { containers: [{ name: 'web', image: 'nginx' }], ...spec } }
  podKind.strategy.defaults?.(pod)
  podKind.strategy.prepareForCreate?.(pod, context)
  return pod
}

const errorsOf = (spec: Partial<PodSpec>): string[] => (podKind.strategy.validate?.(created(spec)) ?? []).map(fieldErrorText)
const termOf = (more: Partial<PodAffinityTerm>): PodAffinityTerm => ({ topologyKey: 'zone', labelSelector: selector, ...more })

describe('label keys of a new pod', () => {
  it.each<[string, Partial<PodAffinityTerm>, LabelSelector | undefined]>([
    ['nothing to merge', {}, selector],
    ['a key to match', { matchLabelKeys: ['hash'] }, { ...selector, matchExpressions: [{ key: 'hash', operator: 'In', values: ['a1'] }] }],
    ['a key to differ in', { mismatchLabelKeys: ['hash'] }, { ...selector, matchExpressions: [{ key: 'hash', operator: 'NotIn', values: ['a1'] }] }],
    ['both, behind what is there', { labelSelector: { matchExpressions: [{ key: 'x', operator: 'Exists' }] }, matchLabelKeys: ['hash'], mismatchLabelKeys: ['app'] }, { matchExpressions: [{ key: 'x', operator: 'Exists' }, { key: 'hash', operator: 'In', values: ['a1'] }, { key: 'app', operator: 'NotIn', values: ['web'] }] }],
    ['a key that the pod does not have', { matchLabelKeys: ['other', 'toString'] }, selector],
    ['an empty selector', { labelSelector: {}, matchLabelKeys: ['hash'] }, { matchExpressions: [{ key: 'hash', operator: 'In', values: ['a1'] }] }],
    ['no selector', { labelSelector: undefined as never, matchLabelKeys: ['hash'] }, undefined],
  ])('%s', (_, more, expected) => {
    const term = termOf(more)
    const before = structuredClone(term)
    const { affinity } = created({ affinity: { podAffinity: { [required]: [term], [preferred]: [{ weight: 1, podAffinityTerm: term }] }, podAntiAffinity: { [required]: [term] } } }).spec!
    const terms = [affinity!.podAffinity![required]![0]!, affinity!.podAffinity![preferred]![0]!.podAffinityTerm, affinity!.podAntiAffinity![required]![0]!]
    expect(terms.map(({ labelSelector }) => labelSelector)).toEqual([expected, expected, expected])
    expect(terms.map(({ matchLabelKeys }) => matchLabelKeys)).toEqual([more.matchLabelKeys, more.matchLabelKeys, more.matchLabelKeys])
    expect(term).toEqual(before)
  })

  it('go into spread constraints too', () => {
    const { topologySpreadConstraints: constraints } = created({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector, matchLabelKeys: ['hash', 'other'] }] }).spec!
    expect(constraints).toEqual([{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { ...selector, matchExpressions: [{ key: 'hash', operator: 'In', values: ['a1'] }] }, matchLabelKeys: ['hash', 'other'] }])
  })

  it('leave a spec without them as it is', () => {
    const spec: PodSpec = { containers: [], affinity: { podAffinity: { [required]: [termOf({})] } }, topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector }] }
    expect(mergeLabelKeys(spec, labels)).toBe(spec)
  })
})

describe('label keys are refused', () => {
  const at = `spec.affinity.podAntiAffinity.${required}[0]`

  it.each<[string, Partial<PodAffinityTerm>, string[]]>([
    ['good ones', { matchLabelKeys: ['hash'], mismatchLabelKeys: ['app'] }, []],
    ['without a selector', { labelSelector: undefined as never, matchLabelKeys: ['hash'] }, [`${at}.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`]],
    ['that the selector has', { matchLabelKeys: ['hash', 'app'] }, [`${at}[1]: Invalid value: "app": exists in both matchLabelKeys and labelSelector`]],
    ['that an expression has', { labelSelector: { matchExpressions: [{ key: 'hash', operator: 'Exists' }] }, matchLabelKeys: ['hash'] }, [`${at}[0]: Invalid value: "hash": exists in both matchLabelKeys and labelSelector`]],
    ['in both lists', { labelSelector: {}, matchLabelKeys: ['none'], mismatchLabelKeys: ['none'] }, [`${at}.matchLabelKeys[0]: Invalid value: "none": exists in both matchLabelKeys and mismatchLabelKeys`]],
  ])('%s', (_, more, expected) => {
    expect(errorsOf({ affinity: { podAntiAffinity: { [required]: [termOf(more)] } } })).toEqual(expected)
  })

  it('that are no names, of constraints', () => {
    const [error, ...rest] = errorsOf({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector, matchLabelKeys: ['a b'] }] })
    expect(error).toMatch(/^spec\.topologySpreadConstraints\[0\]\.matchLabelKeys\[0\]: Invalid value: "a b": name part must consist of/)
    expect(rest).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import type { LocalSubjectAccessReview, ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec } from '../../generated/types.ts'
import { errorsOf } from '../testing/life-of.ts'
import { localSubjectAccessReviewKind, selfSubjectAccessReviewKind, subjectAccessReviewKind } from './reviews.ts'

const review = (spec: SubjectAccessReviewSpec): SubjectAccessReview => ({ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {} as never, spec })
const at = 'spec.resourceAttributes'

describe('access reviews', () => {
  it.each<[string, SubjectAccessReviewSpec, string[]]>([
    ['a good one', { user: 'u', resourceAttributes: { verb: 'get', resource: 'pods' } }, []],
    ['nobody, nothing', {}, ['spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified', 'spec.user: Invalid value: "": at least one of user or group must be specified']],
  ])('%s', (_, spec, expected) => expect(errorsOf(subjectAccessReviewKind, review(spec))).toEqual(expected))

  it.each<[string, ResourceAttributes, string[]]>([
    ['a raw selector', { fieldSelector: { rawSelector: 'a=b' }, labelSelector: { requirements: [{ key: 'a', operator: 'Newer' }] } }, []],
    ['empty selectors', { fieldSelector: {}, labelSelector: {} }, [
      `${at}.fieldSelector.requirements: Required value: when ${at}.fieldSelector is specified, requirements or rawSelector is required`,
      `${at}.labelSelector.requirements: Required value: when ${at}.labelSelector is specified, requirements or rawSelector is required`,
    ]],
    ['both forms', { labelSelector: { rawSelector: 'a', requirements: [{ key: 'a', operator: 'In', values: [] }] } }, [
      `${at}.labelSelector.rawSelector: Invalid value: "a": may not specified at the same time as requirements`,
      `${at}.labelSelector.requirements[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
    ]],
    ['no key', { fieldSelector: { requirements: [{ key: '', operator: 'Exists', values: ['a'] }] } }, [
      `${at}.fieldSelector.requirements[0].key: Required value: must be specified`,
      `${at}.fieldSelector.requirements[0].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
    ]],
  ])('with %s', (_, resourceAttributes, expected) => {
    expect(errorsOf(subjectAccessReviewKind, review({ user: 'u', resourceAttributes }))).toEqual(expected)
    expect(errorsOf(selfSubjectAccessReviewKind, { ...review({ resourceAttributes }), kind: 'SelfSubjectAccessReview' } as never)).toEqual(expected)
  })

  it('stay in their namespace when they are local', () => {
    const local: LocalSubjectAccessReview = { ...review({ user: 'u', resourceAttributes: { namespace: 'b' } }), kind: 'LocalSubjectAccessReview', metadata: { namespace: 'a' } as never }
    expect(errorsOf(localSubjectAccessReviewKind, local)).toEqual(['spec.resourceAttributes.namespace: Invalid value: "b": must match metadata.namespace'])
  })
})

/** Questions to the authorizer. Created, answered, never stored. */
import type { LocalSubjectAccessReview, SelfSubjectAccessReview, SelfSubjectRulesReview, SubjectAccessReview, SubjectAccessReviewSpec } from '../../generated/types.ts'
import { fieldInvalid, fieldPath } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import type { KubeObject } from '../../machinery/object.ts'
import { defineKind } from '../kind.ts'
import { selectorAttributesErrors } from './selector-validation.ts'

const spec = fieldPath('spec')
const facts = { group: 'authorization.k8s.io', version: 'v1', verbs: ['create'] } as const
const strategy = { validateName: (): string[] => [] }

function attributesErrors(review: SubjectAccessReviewSpec | undefined): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = review ?? {}
  const errors: FieldError[] = []
  if (resourceAttributes && nonResourceAttributes) errors.push(fieldInvalid(spec.child('nonResourceAttributes'), nonResourceAttributes, 'cannot be specified in combination with resourceAttributes'))
  if (!resourceAttributes && !nonResourceAttributes) errors.push(fieldInvalid(spec.child('resourceAttributes'), null, 'exactly one of nonResourceAttributes or resourceAttributes must be specified'))
  return errors
}

function subjectErrors(review: SubjectAccessReviewSpec | undefined): FieldError[] {
  return review?.user || review?.groups?.length ? [] : [fieldInvalid(spec.child('user'), review?.user ?? '', 'at least one of user or group must be specified')]
}

/** Reviews have no metadata of their own. */
function metadataErrors(review: KubeObject, except: string[] = []): FieldError[] {
  const used = Object.entries(review.metadata ?? {}).filter(([field, value]) => value !== undefined && value !== null && value !== '' && field !== 'managedFields' && !except.includes(field))
  return used.length === 0 ? [] : [fieldInvalid('metadata', review.metadata, except.length > 0 ? 'must be empty except for namespace' : 'must be empty')]
}

export const subjectAccessReviewKind = defineKind<SubjectAccessReview>({
  ...facts,
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
  schema: 'io.k8s.api.authorization.v1.SubjectAccessReview',
  strategy: { ...strategy, validate: (review) => [...attributesErrors(review.spec), ...subjectErrors(review.spec), ...selectorAttributesErrors(review.spec?.resourceAttributes), ...metadataErrors(review)] },
})

export const selfSubjectAccessReviewKind = defineKind<SelfSubjectAccessReview>({
  ...facts,
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
  schema: 'io.k8s.api.authorization.v1.SelfSubjectAccessReview',
  strategy: { ...strategy, validate: (review) => [...attributesErrors(review.spec), ...selectorAttributesErrors(review.spec?.resourceAttributes), ...metadataErrors(review)] },
})

export const localSubjectAccessReviewKind = defineKind<LocalSubjectAccessReview>({
  ...facts,
  kind: 'LocalSubjectAccessReview',
  plural: 'localsubjectaccessreviews',
  namespaced: true,
  schema: 'io.k8s.api.authorization.v1.LocalSubjectAccessReview',
  strategy: { ...strategy, validate: validateLocalReview },
})

function validateLocalReview(review: LocalSubjectAccessReview): FieldError[] {
  const errors = [...attributesErrors(review.spec), ...subjectErrors(review.spec), ...selectorAttributesErrors(review.spec?.resourceAttributes), ...metadataErrors(review, ['namespace'])]
  const { resourceAttributes, nonResourceAttributes } = review.spec ?? {}
  if (resourceAttributes && (resourceAttributes.namespace ?? '') !== (review.metadata.namespace ?? '')) {
    errors.push(fieldInvalid(spec.child('resourceAttributes', 'namespace'), resourceAttributes.namespace ?? '', 'must match metadata.namespace'))
  }
  if (nonResourceAttributes) errors.push(fieldInvalid(spec.child('nonResourceAttributes'), nonResourceAttributes, 'disallowed on this kind of request'))
  return errors
}

export const selfSubjectRulesReviewKind = defineKind<SelfSubjectRulesReview>({
  ...facts,
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  namespaced: false,
  schema: 'io.k8s.api.authorization.v1.SelfSubjectRulesReview',
  strategy,
})

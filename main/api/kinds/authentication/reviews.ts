/** What a caller can ask about who it is, and whose token one is. Created, answered, never stored. */
import type { SelfSubjectReview, TokenReview } from '../../generated/types.ts'
import { defineKind } from '../kind.ts'

const anyName = (): string[] => []

export const tokenReviewKind = defineKind<TokenReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
  schema: 'io.k8s.api.authentication.v1.TokenReview',
  verbs: ['create'],
  strategy: {
    validateName: anyName,
    defaults(review) {
      review.spec ??= { token: '' }
      review.status ??= {}
      review.status.user ??= {}
    },
  },
})

export const selfSubjectReviewKind = defineKind<SelfSubjectReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
  schema: 'io.k8s.api.authentication.v1.SelfSubjectReview',
  verbs: ['create'],
  strategy: { validateName: anyName },
})

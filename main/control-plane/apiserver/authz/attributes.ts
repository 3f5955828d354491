import type { FieldTerm } from '../../../api/machinery/fields.ts'
import type { Requirement } from '../../../api/machinery/labels.ts'
import type { User } from '../authn/user.ts'

/** What somebody wants to do: the question that authorizers answer. */
export interface Attributes {
  readonly user: User
  readonly verb: string
  readonly isResource: boolean
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  /** For requests that name no resource. */
  readonly path: string
  /** What a list, watch or deletecollection is narrowed to, as far as it can be understood; absent: everything. */
  readonly fieldSelector?: readonly FieldTerm[] | undefined
  readonly labelSelector?: readonly Requirement[] | undefined
}

export type Decision = 'allow' | 'deny' | 'no-opinion'

export interface Judgement {
  readonly decision: Decision
  /** Why: shown in audit and reviews, and after the text of a refusal. */
  readonly reason: string
  /** What could not be evaluated, if anything. */
  readonly error?: string
}

export interface Authorizer {
  authorize(attributes: Attributes): Judgement
}

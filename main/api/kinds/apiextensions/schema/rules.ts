/** x-kubernetes-validations: what a value's own rules say of it. */
import type { FieldError, FieldPath } from '../../../machinery/field-error.ts'
import type { Old } from './correlation.ts'
import type { Schema } from './structural.ts'

/** What the rules of one object may cost together (upstream's RuntimeCELCostBudget). */
export class RuleBudget {
  left = 10_000_000
}

export interface RuleOptions {
  readonly path: FieldPath | undefined
  readonly isRoot: boolean
  readonly old: Old
  readonly budget: RuleBudget
  readonly onWarning: (text: string) => void
}

export function validateRules(_value: unknown, _schema: Schema, _options: RuleOptions): FieldError[] {
  return []
}

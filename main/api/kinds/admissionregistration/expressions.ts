/** The CEL expressions of admission: where they stand and what they may use. Whether one compiles is asked of a check that the API
 *  server installs, because the interpreter stands on another floor and is loaded only when somebody writes an expression. */
import type { Variable } from '../../generated/types.ts'
import { fieldInternal, fieldInvalid, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'

/** What an expression is for; it decides the type that it has to answer:
 *  match condition, validation: bool · message: string · audit annotation: string or null · variable: anything ·
 *  apply configuration: an Object · JSON patch: a list of JSONPatch. */
export type ExpressionPurpose = 'match condition' | 'validation' | 'message' | 'audit annotation' | 'variable' | 'apply configuration' | 'JSON patch'

export interface ExpressionUse {
  readonly expression: string
  readonly purpose: ExpressionPurpose
  /** Whether `params` is declared. */
  readonly hasParams: boolean
  /** Whether `authorizer` is declared. */
  readonly hasAuthorizer: boolean
  /** What `variables` holds, in order: those declared before the expression. Absent: `variables` is not declared. */
  readonly variables?: readonly Variable[]
}

export interface ExpressionProblem {
  readonly type: 'required' | 'invalid' | 'internal'
  /** `compilation failed: ERROR: <input>:1:1: …` */
  readonly detail: string
}

/** Answers what is wrong with an expression, or undefined. Pure. */
export type ExpressionCheck = (use: ExpressionUse) => ExpressionProblem | undefined

let installed: ExpressionCheck | undefined

/** Has all admission expressions checked from now on. Without a check, every expression counts as well formed. */
export function checkExpressionsWith(check: ExpressionCheck | undefined): void {
  installed = check
}

export function expressionErrors(use: ExpressionUse, at: FieldPath): FieldError[] {
  const problem = installed?.(use)
  if (!problem) return []
  if (problem.type === 'required') return [fieldRequired(at, problem.detail)]
  if (problem.type === 'invalid') return [fieldInvalid(at, use.expression, problem.detail)]
  return [fieldInternal(at, problem.detail)]
}

/** One ValidatingAdmissionPolicy, compiled, and its judgement of one request. Follows upstream's validator. */
import { messageBytesMax } from '../../../api/cel/compile.ts'
import type { AuditAnnotation, ValidatingAdmissionPolicy, Validation } from '../../../api/generated/types.ts'
import { byteLength } from '../../../api/machinery/go-text.ts'
import { typeNameOfValue } from '../../../api/cel/values.ts'
import { Budget, compilerOf, Evaluation, OutOfBudget, policyCostMax } from './expressions.ts'
import type { Activation, Compiler, Expression } from './expressions.ts'
import { conditionsMatch } from './match-conditions.ts'

export interface Validator {
  readonly compiler: Compiler
  readonly conditions: readonly Expression[]
  readonly validations: readonly { readonly validation: Validation; readonly expression: Expression; readonly message: Expression | undefined }[]
  readonly annotations: readonly { readonly annotation: AuditAnnotation; readonly expression: Expression }[]
  readonly ignoresErrors: boolean
}

export function validatorOf({ spec = {} }: ValidatingAdmissionPolicy): Validator {
  const compiler = compilerOf({ hasParams: spec.paramKind !== undefined }, spec.variables ?? [])
  return {
    compiler,
    conditions: (spec.matchConditions ?? []).map(({ expression }) => compiler.compile(expression.trim(), 'match condition')),
    validations: (spec.validations ?? []).map((validation) => ({
      validation,
      expression: compiler.compile(validation.expression, 'validation'),
      message: validation.messageExpression ? compiler.compile(validation.messageExpression, 'message', false) : undefined,
    })),
    annotations: (spec.auditAnnotations ?? []).map((annotation) => ({ annotation, expression: compiler.compile(annotation.valueExpression, 'audit annotation') })),
    ignoresErrors: spec.failurePolicy === 'Ignore',
  }
}

/** A validation that does not let the request pass; `index` counts the policy's validations. */
export interface Denial {
  readonly index: number
  readonly message: string
  /** '' for errors. */
  readonly reason: string
}

export interface Judgement {
  readonly denials: readonly Denial[]
  /** What goes to the audit log. */
  readonly annotations: readonly { readonly key: string; readonly value: string }[]
  /** Annotations that could not be computed: they refuse the request. */
  readonly annotationErrors: readonly string[]
}

const passes: Judgement = { denials: [], annotations: [], annotationErrors: [] }

export function judge(validator: Validator, activation: Activation): Judgement {
  const { compiler, conditions, ignoresErrors } = validator
  const failed = (message: string): Judgement => (ignoresErrors ? passes : { ...passes, denials: [{ index: 0, message, reason: '' }] })
  const outcome = conditionsMatch(conditions, compiler.variables, activation, ignoresErrors)
  if ('error' in outcome) return failed(outcome.error)
  if (!outcome.matches) return passes
  try {
    const budget = new Budget(policyCostMax)
    const denials = validate(validator, activation, budget)
    return { denials, ...annotate(validator, activation) }
  } catch (error) {
    if (error instanceof OutOfBudget) return failed(error.message)
    throw error
  }
}

function validate({ validations, compiler, ignoresErrors }: Validator, activation: Activation, budget: Budget): Denial[] {
  const evaluation = new Evaluation(activation, compiler.variables, budget)
  const results = validations.map(({ expression }) => evaluation.run(expression))
  // Messages have what is left, and variables of their own.
  const messages = new Evaluation(activation, compiler.variables, budget)
  const denials: Denial[] = []
  for (const [index, result] of results.entries()) {
    if ('value' in result && result.value === true) continue
    if ('error' in result) {
      if (!ignoresErrors) denials.push({ index, message: result.error, reason: '' })
      continue
    }
    const { validation, message } = validations[index]!
    try {
      denials.push({ index, message: messageOf(validation, message, messages), reason: validation.reason ?? 'Invalid' })
    } catch (error) {
      if (!(error instanceof OutOfBudget)) throw error
      if (!ignoresErrors) denials.push({ index, message: `failed messageExpression: ${error.message}`, reason: '' })
    }
  }
  return denials
}

function messageOf({ expression, message = '' }: Validation, computed: Expression | undefined, evaluation: Evaluation): string {
  const result = computed && evaluation.run(computed)
  if (result && 'value' in result && typeof result.value === 'string') {
    const text = result.value.trim()
    if (text !== '' && byteLength(text) <= messageBytesMax && !text.includes('\n')) return text
  }
  return message.trim() || `failed expression: ${expression.trim()}`
}

function annotate({ annotations, compiler, ignoresErrors }: Validator, activation: Activation): Pick<Judgement, 'annotations' | 'annotationErrors'> {
  const evaluation = new Evaluation(activation, compiler.variables, new Budget(policyCostMax))
  const found: { key: string; value: string }[] = []
  const errors: string[] = []
  for (const { annotation, expression } of annotations) {
    const result = evaluation.run(expression)
    if ('error' in result) {
      if (!ignoresErrors) errors.push(result.error)
    } else if (typeof result.value === 'string') {
      const value = result.value.trim()
      if (value !== '') found.push({ key: annotation.key, value })
    } else if (result.value !== null) errors.push(`valueExpression '${annotation.valueExpression}' resulted in unsupported return type: ${typeNameOfValue(result.value)}. Return type must be either string or null.`)
  }
  return { annotations: found, annotationErrors: errors }
}

import { deviceSelectorProblem } from '../../cel/devices.ts'
import type { DeviceSelector } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldRequired, fieldTooLong } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { byteLength } from '../../machinery/go-text.ts'
import { listErrors } from './list-validation.ts'

const selectorsMax = 32
const expressionBytesMax = 10 * 1024

export function selectorsErrors(selectors: readonly DeviceSelector[] | undefined, at: FieldPath): FieldError[] {
  return listErrors(selectors, selectorsMax, at, ({ cel }, here) => (cel ? expressionErrors(cel.expression ?? '', here.child('cel', 'expression')) : [fieldRequired(here.child('cel'))]))
}

function expressionErrors(expression: string, at: FieldPath): FieldError[] {
  if (byteLength(expression) > expressionBytesMax) return [fieldTooLong(at, expressionBytesMax)]
  const problem = deviceSelectorProblem(expression)
  if (!problem) return []
  return [problem.type === 'forbidden' ? fieldForbidden(at, problem.detail) : fieldInvalid(at, expression, problem.detail)]
}

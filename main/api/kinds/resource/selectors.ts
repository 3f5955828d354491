import type { DeviceSelector } from '../../generated/types.ts'
import { fieldForbidden, fieldInternal, fieldInvalid, fieldRequired, fieldTooLong } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { byteLength } from '../../machinery/go-text.ts'
import { listErrors } from './list-validation.ts'

const selectorsMax = 32
const expressionBytesMax = 10 * 1024

/** What is wrong with an expression that selects devices (`device` in, bool out), or undefined. Pure. */
export type DeviceSelectorCheck = (expression: string) => { readonly type: 'required' | 'invalid' | 'internal' | 'forbidden'; readonly detail: string } | undefined

let installed: DeviceSelectorCheck | undefined

/** Has the expressions of device selectors checked from now on. The interpreter stands on another floor; without it, every expression
 *  counts as well formed. */
export function checkDeviceSelectorsWith(check: DeviceSelectorCheck | undefined): void {
  installed = check
}

export function selectorsErrors(selectors: readonly DeviceSelector[] | undefined, at: FieldPath): FieldError[] {
  return listErrors(selectors, selectorsMax, at, ({ cel }, here) => (cel ? expressionErrors(cel.expression ?? '', here.child('cel', 'expression')) : [fieldRequired(here.child('cel'))]))
}

function expressionErrors(expression: string, at: FieldPath): FieldError[] {
  if (byteLength(expression) > expressionBytesMax) return [fieldTooLong(at, expressionBytesMax)]
  const problem = installed?.(expression)
  switch (problem?.type) {
    case undefined:
      return []
    case 'required':
      return [fieldRequired(at, problem!.detail)]
    case 'forbidden':
      return [fieldForbidden(at, problem!.detail)]
    case 'internal':
      return [fieldInternal(at, problem!.detail)]
    default:
      return [fieldInvalid(at, expression, problem!.detail)]
  }
}

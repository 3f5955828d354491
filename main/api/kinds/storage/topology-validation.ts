import type { TopologySelectorTerm } from '../../generated/types.ts'
import { fieldDuplicate, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { labelKeyErrors } from '../core/label-validation.ts'

/** Where volumes may be made: terms of labels with their values, none twice. */
export function topologyErrors(terms: readonly TopologySelectorTerm[] | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, term] of (terms ?? []).entries()) {
    const at = path.index(index).child('matchLabelExpressions')
    errors.push(...termErrors(term, at))
    const form = formOf(term)
    if (seen.has(form)) errors.push(fieldDuplicate(at, ''))
    seen.add(form)
  }
  return errors
}

function termErrors(term: TopologySelectorTerm, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const keys = new Set<string>()
  for (const [index, { key = '', values = [] }] of (term.matchLabelExpressions ?? []).entries()) {
    const at = path.index(index)
    if (values.length === 0) errors.push(fieldRequired(at.child('values')))
    for (const [i, value] of values.entries()) if (values.indexOf(value) < i) errors.push(fieldDuplicate(at.child('values').index(i), value))
    errors.push(...labelKeyErrors(key, at.child('key')))
    if (keys.has(key)) errors.push(fieldDuplicate(at.child('key'), key))
    keys.add(key)
  }
  return errors
}

/** Equal for terms that say the same in another order. */
function formOf(term: TopologySelectorTerm): string {
  const byKey = new Map((term.matchLabelExpressions ?? []).map(({ key, values }) => [key, [...new Set(values)].sort()]))
  return JSON.stringify([...byKey].sort(([a], [b]) => (a < b ? -1 : 1)))
}

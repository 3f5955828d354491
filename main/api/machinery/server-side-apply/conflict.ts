/** The 409 that an apply answers when it would change what others own. */
import type { StatusCause } from '../../generated/types.ts'
import { compareBytes, quote } from '../go-text.ts'
import { applyConflict } from '../status-error.ts'
import type { StatusError } from '../status-error.ts'
import { pathText } from './field-set.ts'
import type { Managed } from './managed-fields.ts'

/** A path that the applier would change and another manager owns. */
export interface Conflict {
  readonly managed: Managed
  readonly path: readonly string[]
}

/** The error with one FieldManagerConflict cause per path. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const causes = conflicts.map((conflict): StatusCause => ({ reason: 'FieldManagerConflict', message: `conflict with ${managerText(conflict.managed)}`, field: pathText(conflict.path) }))
  return applyConflict(causes, conflictMessage(conflicts))
}

function conflictMessage(conflicts: readonly Conflict[]): string {
  const [first] = conflicts
  if (first && conflicts.length === 1) return `Apply failed with 1 conflict: conflict with ${managerText(first.managed)}: ${pathText(first.path)}`
  const byManager = new Map<string, string[]>()
  for (const conflict of conflicts) {
    const text = managerText(conflict.managed)
    const lines = byManager.get(text) ?? []
    lines.push(`- ${pathText(conflict.path)}`)
    byManager.set(text, lines)
  }
  const lines = [...byManager.keys()].sort(compareBytes).flatMap((manager) => [`conflicts with ${manager}:`, ...(byManager.get(manager) as string[])])
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`
}

function managerText(managed: Managed): string {
  let text = quote(managed.manager)
  if (managed.subresource) text += ` with subresource ${quote(managed.subresource)}`
  return managed.operation === 'Update' ? `${text} using ${managed.apiVersion}` : text
}

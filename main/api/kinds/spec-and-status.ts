/** What nearly every strategy does with the two halves of an object. */
import type { KubeObject } from '../machinery/object.ts'
import type { Strategy, StrategyContext, Subresource } from './kind.ts'

type WithStatus = KubeObject & { status?: unknown }

/** On create: clients do not set the status. `empty` is what Go would write for a zero status. */
export function dropStatus<T extends WithStatus>(empty?: () => NonNullable<T['status']>): (object: T) => void {
  return (object) => {
    if (empty) object.status = empty()
    else delete object.status
  }
}

/** On update of the main resource: the status stays what it was. */
export function keepStatus(object: WithStatus, old: WithStatus): void {
  if (old.status === undefined) delete object.status
  else object.status = old.status
}

/** On update of the status: everything else stays what it was, but for metadata (labels, annotations and finalizers may be
 *  changed through the status endpoint of most kinds). */
export function keepAllButStatus(object: WithStatus, old: WithStatus): void {
  const was = old as unknown as Record<string, unknown>
  const is = object as unknown as Record<string, unknown>
  for (const field of new Set([...Object.keys(was), ...Object.keys(is)])) {
    if (field === 'status' || field === 'metadata' || field === 'apiVersion' || field === 'kind') continue
    if (was[field] === undefined) delete is[field]
    else is[field] = was[field]
  }
}

/** A status endpoint that changes the status and metadata only. */
export function statusSubresource<T extends WithStatus>(validateUpdate?: Strategy<T>['validateUpdate'], more?: (object: T, old: T, context: StrategyContext) => void): Subresource<T> {
  return {
    type: 'status',
    prepareForUpdate(object, old, context) {
      keepAllButStatus(object, old)
      more?.(object, old, context)
    },
    ...(validateUpdate ? { validateUpdate } : {}),
  }
}

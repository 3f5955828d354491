/** What a DELETE makes of an object, as upstream's rest.BeforeDelete and the generic store decide it. */
import type { Kind, StrategyContext } from '../../../api/kinds/kind.ts'
import { cloneJson } from '../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { formatTime, parseTime } from '../../../api/machinery/time.ts'
import type { DeleteOptions } from './delete-options.ts'
import { foregroundFinalizer, orphanFinalizer } from './metadata-validation.ts'

/** `pending`: it is already going, and no sooner because of this. `graceful`: the copy carries when it has to be gone.
 *  `at-once`: nothing in the kind wants time. */
export type Begun = { readonly outcome: 'pending' } | { readonly outcome: 'graceful' | 'at-once'; readonly object: KubeObject }

/** Judges a deletion; `object` is a private copy, changed where graceful deletion begins or is shortened. */
export function beginDeletion(kind: Kind, old: KubeObject, options: DeleteOptions, context: StrategyContext): Begun {
  const object = cloneJson(old)
  const { metadata } = object
  const gracePeriodOf = kind.strategy.gracePeriodSeconds
  if (!gracePeriodOf) return { outcome: 'at-once', object }
  const requested = options.gracePeriodSeconds === undefined ? undefined : options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds
  if (metadata.deletionTimestamp) {
    const period = metadata.deletionGracePeriodSeconds
    if (period === undefined) return { outcome: 'at-once', object }
    if (requested === undefined || requested >= period) return { outcome: 'pending' }
    const end = parseTime(metadata.deletionTimestamp) ?? context.now
    metadata.deletionTimestamp = formatTime(end - period * 1000 + requested * 1000)
    metadata.deletionGracePeriodSeconds = requested
    return { outcome: 'graceful', object }
  }
  const period = gracePeriodOf(object, requested)
  metadata.deletionTimestamp = formatTime(context.now + period * 1000)
  metadata.deletionGracePeriodSeconds = period
  if ((metadata.generation ?? 0) > 0) metadata.generation = metadata.generation! + 1
  kind.strategy.beginDeletion?.(object, context)
  return { outcome: 'graceful', object }
}

/** Marks a private copy as being deleted, for kinds that know no grace but are held by finalizers. */
export function markDeleted(kind: Kind, object: KubeObject, context: StrategyContext): void {
  const { metadata } = object
  if (!metadata.deletionTimestamp) {
    metadata.deletionTimestamp = context.timestamp
    if ((metadata.generation ?? 0) > 0) metadata.generation = metadata.generation! + 1
    kind.strategy.beginDeletion?.(object, context)
  }
  // What a kind holds by means of its own (namespaces) has no grace period at all.
  if (!kind.strategy.isHeld) metadata.deletionGracePeriodSeconds = 0
}

/** The finalizers that the propagation policy asks for: `orphan`, `foregroundDeletion`, or neither. */
export function collectionFinalizers(kind: Kind, object: KubeObject, options: DeleteOptions): string[] {
  const finalizers = object.metadata.finalizers ?? []
  const others = finalizers.filter((finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer)
  const policy = policyOf(kind, finalizers, options)
  if (policy === 'Orphan') others.push(orphanFinalizer)
  else if (policy === 'Foreground') others.push(foregroundFinalizer)
  return others
}

function policyOf(kind: Kind, finalizers: readonly string[], options: DeleteOptions): DeleteOptions['propagationPolicy'] {
  if (options.orphanDependents !== undefined) return options.orphanDependents ? 'Orphan' : 'Background'
  if (options.propagationPolicy !== undefined) return options.propagationPolicy
  if (finalizers.includes(orphanFinalizer)) return 'Orphan'
  if (finalizers.includes(foregroundFinalizer)) return 'Foreground'
  return kind.strategy.defaultPropagation ?? 'Background'
}

/** Whether an update took away the last thing that held an object that is being deleted. */
export function goesNow(kind: Kind, object: KubeObject, old: KubeObject): boolean {
  if (!old.metadata.deletionTimestamp || (object.metadata.finalizers?.length ?? 0) > 0) return false
  if (kind.strategy.isHeld) return !kind.strategy.isHeld(object)
  return object.metadata.deletionGracePeriodSeconds === 0
}

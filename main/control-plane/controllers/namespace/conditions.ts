import type { NamespaceCondition } from '../../../api/generated/types.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'

/** What a pass over a namespace's content found. */
export interface ContentFindings {
  readonly discoveryFailures: readonly { readonly groupVersion: string; readonly message: string }[]
  readonly deletionErrors: readonly string[]
  /** `pods.` or `deployments.apps` to how many are left. */
  readonly remaining: ReadonlyMap<string, number>
  readonly finalizers: ReadonlyMap<string, number>
}

const fine: readonly (readonly [type: string, reason: string, message: string])[] = [
  ['NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'],
  ['NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
  ['NamespaceDeletionContentFailure', 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
  ['NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'],
  ['NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
]

/** The conditions of a namespace on its way out. Follows namespace/deletion/status_condition_utils. The same list when nothing
 *  changed. */
export function namespaceConditions(present: readonly NamespaceCondition[], findings: ContentFindings, timestamp: string): readonly NamespaceCondition[] {
  let conditions = present
  for (const [type, reason, message] of fine) {
    const trouble = troubleOf(type, findings)
    const next: NamespaceCondition = { type, status: trouble ? 'True' : 'False', lastTransitionTime: timestamp, reason: trouble?.reason ?? reason, message: trouble?.message ?? message }
    const old = conditions.find((condition) => condition.type === type)
    if (old?.status === next.status && old.reason === next.reason && old.message === next.message) continue
    conditions = old ? conditions.map((condition) => (condition === old ? next : condition)) : [...conditions, next]
  }
  return conditions
}

function troubleOf(type: string, findings: ContentFindings): { reason: string; message: string } | undefined {
  const { discoveryFailures, deletionErrors, remaining, finalizers } = findings
  if (type === 'NamespaceDeletionDiscoveryFailure' && discoveryFailures.length > 0) {
    const groups = discoveryFailures.map(({ groupVersion, message }) => `${groupVersion}: ${message}`).join(', ')
    return { reason: 'DiscoveryFailed', message: `Discovery failed for some groups, ${discoveryFailures.length} failing: unable to retrieve the complete list of server APIs: ${groups}` }
  }
  if (type === 'NamespaceDeletionContentFailure' && deletionErrors.length > 0) {
    return { reason: 'ContentDeletionFailed', message: `Failed to delete all resource types, ${deletionErrors.length} remaining: ${[...deletionErrors].sort(compareBytes).join(', ')}` }
  }
  if (type === 'NamespaceContentRemaining' && remaining.size > 0) {
    return { reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${listed(remaining, (name, count) => `${name} has ${count} resource instances`)}` }
  }
  if (type === 'NamespaceFinalizersRemaining' && finalizers.size > 0) {
    return { reason: 'SomeFinalizersRemain', message: `Some content in the namespace has finalizers remaining: ${listed(finalizers, (name, count) => `${name} in ${count} resource instances`)}` }
  }
  return undefined
}

function listed(counts: ReadonlyMap<string, number>, textOf: (name: string, count: number) => string): string {
  return [...counts].map(([name, count]) => textOf(name, count)).sort(compareBytes).join(', ')
}

import type { Pod, PodCondition, PodStatus } from '../../api/generated/types.ts'
import { jsonEqual } from '../../api/machinery/equality.ts'

/** The strategic merge patch that turns the status the API has into `next`; undefined when nothing differs. `uid` makes it
 *  fail for another pod of the same name. Conditions merge by type; other lists are replaced whole. */
export function podStatusPatch(api: Pod, next: PodStatus): object | undefined {
  const old = (api.status ?? {}) as Record<string, unknown>
  const wanted = next as Record<string, unknown>
  const patch: Record<string, unknown> = {}
  for (const field of Object.keys(wanted)) {
    if (wanted[field] === undefined || jsonEqual(old[field], wanted[field])) continue
    if (field === 'conditions') Object.assign(patch, conditionPatch(api.status?.conditions ?? [], next.conditions ?? []))
    else patch[field] = wanted[field]
  }
  for (const field of Object.keys(old)) {
    if (wanted[field] === undefined && removable.has(field)) patch[field] = null
  }
  if (Object.keys(patch).length === 0) return undefined
  return { metadata: { uid: api.metadata.uid }, status: patch }
}

/** Fields that the kubelet takes away again when it no longer says them. Others on the status belong to others. */
const removable: ReadonlySet<string> = new Set(['message', 'reason', 'podIP', 'podIPs', 'ephemeralContainerStatuses', 'initContainerStatuses'])

/** Conditions that the kubelet takes away when they are over. */
const vanishing = ['PodResizePending', 'PodResizeInProgress']

function conditionPatch(old: readonly PodCondition[], next: readonly PodCondition[]): Record<string, unknown> {
  const before = new Map(old.map((condition) => [condition.type, condition]))
  const changed: Record<string, unknown>[] = []
  for (const condition of next) {
    const was = before.get(condition.type) as unknown as Record<string, unknown> | undefined
    if (was && jsonEqual(was, condition)) continue
    const entry: Record<string, unknown> = { ...condition }
    for (const field of Object.keys(was ?? {})) if (entry[field] === undefined && field !== 'lastProbeTime') entry[field] = null
    changed.push(entry)
  }
  for (const type of vanishing) if (before.has(type) && !next.some((condition) => condition.type === type)) changed.push({ $patch: 'delete', type })
  if (changed.length === 0) return {}
  return { '$setElementOrder/conditions': next.map(({ type }) => ({ type })), conditions: changed }
}

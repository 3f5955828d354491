import type { Taint, Toleration } from '../../../api/generated/types.ts'

/** Whether one toleration covers a taint. `Lt` and `Gt` compare whole numbers and are off by default in 1.36: they never match. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  if (toleration.operator === 'Exists') return true
  if (toleration.operator && toleration.operator !== 'Equal') return false
  return Boolean(toleration.key) && (toleration.value ?? '') === (taint.value ?? '')
}

/** The first taint that matters and that no toleration covers. */
export function untoleratedTaint(taints: readonly Taint[] | undefined, tolerations: readonly Toleration[] | undefined, matters: (taint: Taint) => boolean): Taint | undefined {
  return taints?.find((taint) => matters(taint) && !tolerations?.some((toleration) => tolerates(toleration, taint)))
}

/** Taints that keep pods away rather than only putting them off. */
export function keepsAway(taint: Taint): boolean {
  return taint.effect === 'NoSchedule' || taint.effect === 'NoExecute'
}

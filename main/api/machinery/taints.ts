/** Taints and tolerations (upstream's corev1 helpers). */
import type { Taint, Toleration } from '../generated/types.ts'

export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'

/** Whether the toleration covers the taint: an empty effect covers all effects, an empty key with Exists all keys. */
export function toleratesTaint(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  switch (toleration.operator) {
    case undefined:
    case '':
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '')
    case 'Exists':
      return true
    case 'Lt':
    case 'Gt': {
      const [mine, theirs] = [toleration.value ?? '', taint.value ?? '']
      if (!/^-?\d+$/.test(mine) || !/^-?\d+$/.test(theirs)) return false
      return toleration.operator === 'Lt' ? BigInt(theirs) < BigInt(mine) : BigInt(theirs) > BigInt(mine)
    }
    default:
      return false
  }
}

/** The first taint of the wanted effects (default: all) that no toleration covers, or undefined. */
export function untoleratedTaint(taints: readonly Taint[] | undefined, tolerations: readonly Toleration[] | undefined, effects?: readonly string[]): Taint | undefined {
  return taints?.find((taint) => (!effects || effects.includes(taint.effect)) && !(tolerations ?? []).some((toleration) => toleratesTaint(toleration, taint)))
}

/** The effects that keep a pod from being placed on a node. */
export const schedulingEffects: readonly string[] = ['NoSchedule', 'NoExecute']

/** For NoExecute taints: how many ms a pod may stay, the least of its tolerations' seconds; undefined = for ever, 0 = it must go
 *  at once because a taint is not tolerated. */
export function tolerationTimeMs(taints: readonly Taint[] | undefined, tolerations: readonly Toleration[] | undefined): number | undefined {
  let least: number | undefined
  for (const taint of taints ?? []) {
    if (taint.effect !== 'NoExecute') continue
    const covering = (tolerations ?? []).filter((toleration) => toleratesTaint(toleration, taint))
    if (covering.length === 0) return 0
    for (const { tolerationSeconds } of covering) {
      if (tolerationSeconds === undefined) continue
      const ms = Math.max(0, tolerationSeconds) * 1000
      if (least === undefined || ms < least) least = ms
    }
  }
  return least
}

/** Whether two taints are the same for a node: key and effect. */
export function isSameTaint(a: Taint, b: Taint): boolean {
  return a.key === b.key && a.effect === b.effect
}

/** The list with the taint added or its value replaced; the same list when nothing changes. */
export function withTaint(taints: readonly Taint[] | undefined, taint: Taint): Taint[] {
  const list = taints ?? []
  const at = list.findIndex((each) => isSameTaint(each, taint))
  if (at < 0) return [...list, taint]
  return (list[at] as Taint).value === taint.value ? (list as Taint[]) : list.map((each, index) => (index === at ? taint : each))
}

/** The list without that taint; the same list when it was not there. */
export function withoutTaint(taints: readonly Taint[] | undefined, taint: Pick<Taint, 'key' | 'effect'>): Taint[] {
  const list = taints ?? []
  const rest = list.filter((each) => !(each.key === taint.key && each.effect === taint.effect))
  return rest.length === list.length ? (list as Taint[]) : rest
}

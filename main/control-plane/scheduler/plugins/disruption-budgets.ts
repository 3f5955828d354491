import type { PodDisruptionBudget } from '../../../api/generated/types.ts'
import { cachedSelectorOf, matchesSelector } from '../../../api/machinery/labels.ts'
import type { PodInfo } from '../framework/pod-info.ts'

/** Which of the pods, if they went in this order, would break a budget. Pods that a budget already counts as disrupted, and budgets that
 *  select everything by an empty selector, are passed over, as upstream's preemption does. */
export function violators(pods: readonly PodInfo[], budgetsOf: (namespace: string) => readonly PodDisruptionBudget[]): ReadonlySet<PodInfo> {
  const left = new Map<PodDisruptionBudget, number>()
  const violating = new Set<PodInfo>()
  for (const info of pods) {
    const { labels, name } = info.pod.metadata
    if (!labels || Object.keys(labels).length === 0) continue
    for (const budget of budgetsOf(info.namespace)) {
      const selector = budget.spec?.selector && cachedSelectorOf(budget.spec.selector)
      if (!selector || selector.requirements.length === 0 || !matchesSelector(selector, labels)) continue
      if (budget.status?.disruptedPods?.[name] !== undefined) continue
      const allowed = (left.get(budget) ?? budget.status?.disruptionsAllowed ?? 0) - 1
      left.set(budget, allowed)
      if (allowed < 0) violating.add(info)
    }
  }
  return violating
}

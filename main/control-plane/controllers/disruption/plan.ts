import type { LabelSelector, Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../../api/generated/types.ts'
import { conditionOf, withCondition } from '../../../api/machinery/conditions.ts'
import { scaledValue } from '../../../api/machinery/int-or-string.ts'
import { isPodReady, isPodTerminal } from '../../../api/machinery/pod.ts'
import { formatTime, parseTime, timeOr0 } from '../../../api/machinery/time.ts'

/** How long an evicted pod is believed to be going without being deleted. */
export const deletionTimeoutMs = 120_000
/** How long a pod may say that it is about to be disrupted without being deleted. */
const staleDisruptionMs = 120_000

/** How many pods there should be, and how many of them healthy. */
export interface Expectation {
  readonly expectedPods: number
  readonly desiredHealthy: number
}

/** Whether the budget counts in parts of what the pods' owners want, so that these have to be asked. */
export function countsOwners({ spec }: PodDisruptionBudget): boolean {
  return spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string'
}

/** `scale` is what the owners want together; used only when `countsOwners`. */
export function expectationOf({ spec }: PodDisruptionBudget, podCount: number, scale: number): Expectation {
  if (spec?.maxUnavailable !== undefined) return { expectedPods: scale, desiredHealthy: Math.max(0, scale - scaledValue(spec.maxUnavailable, scale, 'up')) }
  if (typeof spec?.minAvailable === 'string') return { expectedPods: scale, desiredHealthy: scaledValue(spec.minAvailable, scale, 'up') }
  if (spec?.minAvailable !== undefined) return { expectedPods: podCount, desiredHealthy: spec.minAvailable }
  return { expectedPods: 0, desiredHealthy: 0 }
}

/** Pods whose eviction was granted and that are still to go. */
export interface Disrupted {
  readonly pods: { readonly [name: string]: string }
  /** Granted too long ago: nobody deleted them. */
  readonly overdue: readonly Pod[]
  /** When the next of them is overdue, virtual ms. */
  readonly recheckAt: number | undefined
}

export function disruptedOf({ status }: PodDisruptionBudget, pods: readonly Pod[], now: number): Disrupted {
  const left: { [name: string]: string } = {}
  const overdue: Pod[] = []
  let recheckAt: number | undefined
  for (const pod of pods) {
    const since = status?.disruptedPods?.[pod.metadata.name]
    if (since === undefined || pod.metadata.deletionTimestamp) continue
    const expectedAt = timeOr0(since) + deletionTimeoutMs
    if (expectedAt < now) {
      overdue.push(pod)
      continue
    }
    left[pod.metadata.name] = since
    recheckAt = Math.min(recheckAt ?? Infinity, expectedAt)
  }
  return { pods: left, overdue, recheckAt }
}

/** Ready pods that nobody is about to take away. */
export function healthyCount(pods: readonly Pod[], disrupted: Disrupted['pods'], now: number): number {
  let count = 0
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp || !isPodReady(pod)) continue
    const since = disrupted[pod.metadata.name]
    if (since === undefined || timeOr0(since) + deletionTimeoutMs <= now) count++
  }
  return count
}

/** The status for those counts; `undefined` when the budget has it already. */
export function statusFor(budget: PodDisruptionBudget, expectation: Expectation, currentHealthy: number, disrupted: Disrupted['pods'], now: number): PodDisruptionBudgetStatus | undefined {
  const { expectedPods, desiredHealthy } = expectation
  // A budget without pods allows nothing, so that its first pods are safe until it is reckoned again.
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy)
  const observedGeneration = budget.metadata.generation ?? 0
  const old = budget.status ?? {}
  const condition = conditionOf(old.conditions, 'DisruptionAllowed')
  const wanted = disruptionsAllowed > 0 ? { status: 'True', reason: 'SufficientPods' } : { status: 'False', reason: 'InsufficientPods' }
  const same =
    old.currentHealthy === currentHealthy && old.desiredHealthy === desiredHealthy && old.expectedPods === expectedPods && old.disruptionsAllowed === disruptionsAllowed &&
    old.observedGeneration === observedGeneration && sameNames(old.disruptedPods, disrupted) &&
    condition?.status === wanted.status && condition.reason === wanted.reason && condition.observedGeneration === observedGeneration
  if (same) return undefined
  return {
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed,
    observedGeneration,
    ...(Object.keys(disrupted).length > 0 ? { disruptedPods: { ...disrupted } } : {}),
    conditions: withCondition(old.conditions, { type: 'DisruptionAllowed', ...wanted, message: '', observedGeneration, lastTransitionTime: formatTime(now) }, formatTime(now)),
  }
}

/** The status when it cannot be reckoned: nothing may be disrupted. */
export function failedStatus({ status }: PodDisruptionBudget, message: string, now: number): PodDisruptionBudgetStatus {
  const observedGeneration = status?.observedGeneration
  const condition = { type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message, ...(observedGeneration === undefined ? {} : { observedGeneration }), lastTransitionTime: formatTime(now) }
  return { ...status, disruptionsAllowed: 0, conditions: withCondition(status?.conditions, condition, formatTime(now)) }
}

/** In how many ms a pod's word that it is about to be disrupted is stale (0: it is now); undefined: it says no such thing, or the kubelet
 *  said it, who may take its time. */
export function staleDisruptionInMs(pod: Pod, now: number): number | undefined {
  if (pod.metadata.deletionTimestamp || isPodTerminal(pod)) return undefined
  const condition = conditionOf(pod.status?.conditions, 'DisruptionTarget')
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined
  return Math.max(0, (parseTime(condition.lastTransitionTime) ?? 0) + staleDisruptionMs - now)
}

/** A selector as Go prints it into the event about unmanaged pods. */
export function selectorText(selector: LabelSelector | undefined): string {
  if (!selector) return '<nil>'
  const labels = Object.keys(selector.matchLabels ?? {}).sort().map((key) => `${key}: ${selector.matchLabels![key]},`).join('')
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`).join('')
  return `&LabelSelector{MatchLabels:map[string]string{${labels}},MatchExpressions:[]LabelSelectorRequirement{${expressions}},}`
}

function sameNames(a: { readonly [name: string]: string } | undefined, b: { readonly [name: string]: string }): boolean {
  const names = Object.keys(a ?? {})
  return names.length === Object.keys(b).length && names.every((name) => a![name] === b[name])
}

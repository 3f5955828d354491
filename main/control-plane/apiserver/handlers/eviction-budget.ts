/** What a disruption budget says of the eviction of one of its pods. */
import type { Pod, PodDisruptionBudget } from '../../../api/generated/types.ts'
import { withCondition } from '../../../api/machinery/conditions.ts'
import { isPodReady } from '../../../api/machinery/pod.ts'
import { forbidden, tooManyRequests } from '../../../api/machinery/status-error.ts'
import type { StatusError } from '../../../api/machinery/status-error.ts'

/** Above this many evictions that the controller has not seen yet, no more are let through. */
const disruptedPodsMax = 2000

const refusal = "Cannot evict pod as it would violate the pod's disruption budget."
const budgetResource = { group: 'policy', resource: 'poddisruptionbudget' }

/** Pods that have ended, have not begun, or are going anyway disturb nobody. */
export function needsNoBudget({ status, metadata }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed' || status?.phase === 'Pending' || metadata.deletionTimestamp !== undefined
}

/** Pods that may become ready any moment: deleting them unbudgeted holds only for the state that was looked at. */
export function mayBecomeReady({ status, metadata }: Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed' && metadata.deletionTimestamp === undefined
}

/** Whether an unready pod may go without being counted: it counts for nothing, and either the budget does not care or what it
 *  guards is whole without it. */
export function goesUncounted(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  if (isPodReady(pod)) return false
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

/** The budget with one disruption less and the pod noted as going. Throws 429 or 403 when it allows none.
 *  `budget` is a private copy and may be changed. */
export function spend(budget: PodDisruptionBudget, podName: string, timestamp: string): PodDisruptionBudget {
  const { name, generation = 0 } = budget.metadata
  const status = (budget.status ??= {})
  if ((status.observedGeneration ?? 0) < generation) throw stillProcessed(name)
  const allowed = status.disruptionsAllowed ?? 0
  if (allowed < 0) throw broken(name, 'pdb disruptions allowed is negative', 'pdb disruptions allowed is negative')
  if (Object.keys(status.disruptedPods ?? {}).length > disruptedPodsMax) {
    throw broken(name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller', 'too many pending evictions not confirmed by PDB controller')
  }
  if (allowed === 0) {
    throw tooManyRequests(refusal, 0, [{ reason: 'DisruptionBudget', message: `The disruption budget ${name} needs ${status.desiredHealthy ?? 0} healthy pods and has ${status.currentHealthy ?? 0} currently` }])
  }
  status.disruptionsAllowed = allowed - 1
  if (allowed === 1) {
    const condition = { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', message: '', ...(status.observedGeneration === undefined ? {} : { observedGeneration: status.observedGeneration }), lastTransitionTime: timestamp }
    status.conditions = withCondition(status.conditions, condition, timestamp)
  }
  status.disruptedPods = { ...status.disruptedPods, [podName]: timestamp }
  return budget
}

/** What clients are told to try again after. */
export function stillProcessed(name: string): StatusError {
  return tooManyRequests(refusal, 10, [{ reason: 'DisruptionBudget', message: `The disruption budget ${name} is still being processed by the server.` }])
}

function broken(name: string, message: string, cause: string): StatusError {
  return forbidden(budgetResource, name, message, [{ reason: 'DisruptionBudget', message: `The disruption budget ${name} does not allow evicting pods currently: ${cause}` }])
}

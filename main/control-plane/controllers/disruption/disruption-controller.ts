import type { Informer } from '../../../api/client/contract.ts'
import { defineController, type ControllerContext, type Outcome } from '../../../api/client/controller.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../../api/generated/types.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { podDisruptionBudgetKind } from '../../../api/kinds/policy/pod-disruption-budget.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { cachedSelectorOf, matchesSelector } from '../../../api/machinery/labels.ts'
import { keyOf, splitKey } from '../../../api/machinery/object.ts'
import { isConflict, isNotFound } from '../../../api/machinery/status-error.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { textOf } from '../framework/pod-control.ts'
import { OwnerScales } from './owner-scale.ts'
import { countsOwners, disruptedOf, expectationOf, failedStatus, healthyCount, selectorText, staleDisruptionInMs, statusFor } from './plan.ts'

/** Keys of pods whose word about a disruption may have gone stale. */
const stalePrefix = 'stale '

/** Reckons how many pods of a budget may be evicted. Follows pkg/controller/disruption. */
export const disruptionController = defineController({
  name: 'disruption-controller',
  eventSource: 'controllermanager',
  noun: 'poddisruptionbudget',
  workers: 1,
  setUp: (context, queue) => {
    const controller = new DisruptionController(context, queue)
    return (key) => controller.sync(key)
  },
})

class DisruptionController {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue
  readonly #budgets: Informer<PodDisruptionBudget>
  readonly #pods: Informer<Pod>
  readonly #scales: OwnerScales

  constructor(context: ControllerContext, queue: WorkQueue) {
    const { client, informers, process } = context
    this.#context = context
    this.#queue = queue
    this.#budgets = informers.of(podDisruptionBudgetKind)
    this.#pods = informers.of(podKind)
    this.#scales = new OwnerScales(client, process.clock, informers)
    const add = (budget: PodDisruptionBudget): void => queue.add(keyOf(budget))
    this.#budgets.onChange({ added: add, updated: add, deleted: add })
    const concern = (pod: Pod): void => {
      this.#concern(pod)
      const staleInMs = staleDisruptionInMs(pod, process.clock.now())
      if (staleInMs !== undefined) queue.addAfter(stalePrefix + keyOf(pod), staleInMs)
    }
    this.#pods.onChange({ added: concern, updated: concern, deleted: (pod) => this.#concern(pod) })
  }

  async sync(key: string): Promise<Outcome> {
    if (key.startsWith(stalePrefix)) return this.#clearStale(key.slice(stalePrefix.length))
    const { namespace, name } = splitKey(key)
    const budget = this.#budgets.get(namespace, name)
    if (!budget) return undefined
    try {
      return await this.#reckon(budget)
    } catch (error) {
      // A conflict only means that the cache lags.
      if (isConflict(error)) throw error
      this.#context.process.journal.error('Failed to sync PDB', { podDisruptionBudget: key, err: error })
      await this.#write(budget, failedStatus(budget, textOf(error), this.#context.process.clock.now()))
      return undefined
    }
  }

  async #reckon(budget: PodDisruptionBudget): Promise<Outcome> {
    const { events, process } = this.#context
    const now = process.clock.now()
    const pods = this.#podsOf(budget)
    if (pods.length === 0) events.event(budget, 'Normal', 'NoPods', 'No matching pods found')
    let scale = 0
    if (countsOwners(budget)) {
      try {
        const { replicas, unmanaged } = await this.#scales.of(pods)
        scale = replicas
        if (unmanaged.length > 0) {
          events.event(budget, 'Warning', 'UnmanagedPods', `Pods selected by this PodDisruptionBudget (selector: ${selectorText(budget.spec?.selector)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`)
        }
      } catch (error) {
        events.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', `Failed to calculate the number of expected pods: ${textOf(error)}`)
        throw error
      }
    }
    const disrupted = disruptedOf(budget, pods, now)
    for (const pod of disrupted.overdue) events.event(pod, 'Warning', 'NotDeleted', `Pod was expected by PDB ${keyOf(budget)} to be deleted but it wasn't`)
    const status = statusFor(budget, expectationOf(budget, pods.length, scale), healthyCount(pods, disrupted.pods, now), disrupted.pods, now)
    if (status) await this.#write(budget, status)
    return disrupted.recheckAt === undefined ? undefined : { againAfterMs: Math.max(1, disrupted.recheckAt - now + 1) }
  }

  /** Always with the version that was reckoned from: the API server spends from the same status. */
  async #write(budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus): Promise<void> {
    await this.#context.client.update(podDisruptionBudgetKind, { ...budget, status }, { subresource: 'status' })
  }

  #podsOf({ metadata, spec }: PodDisruptionBudget): readonly Pod[] {
    const selector = cachedSelectorOf(spec?.selector)
    return this.#pods.list(metadata.namespace).filter((pod) => matchesSelector(selector, pod.metadata.labels))
  }

  #concern(pod: Pod): void {
    const { namespace, name, labels } = pod.metadata
    const [budget, ...more] = this.#budgets.list(namespace).filter(({ spec }) => matchesSelector(cachedSelectorOf(spec?.selector), labels))
    if (!budget) return
    if (more.length > 0) {
      const { events, process } = this.#context
      const message = `Pod ${quote(namespace!)}/${quote(name)} matches multiple PodDisruptionBudgets.  Chose ${quote(budget.metadata.name)} arbitrarily.`
      process.journal.warning(message)
      events.event(pod, 'Warning', 'MultiplePodDisruptionBudgets', message)
    }
    this.#queue.add(keyOf(budget))
  }

  /** A pod that was announced to go and did not is no longer said to. */
  async #clearStale(key: string): Promise<Outcome> {
    const { client, process } = this.#context
    const { namespace, name } = splitKey(key)
    const pod = this.#pods.get(namespace, name)
    const staleInMs = pod && staleDisruptionInMs(pod, process.clock.now())
    if (!pod || staleInMs === undefined) return undefined
    if (staleInMs > 0) return { againAfterMs: staleInMs }
    const { uid, resourceVersion } = pod.metadata
    const condition = { type: 'DisruptionTarget', status: 'False', lastTransitionTime: formatTime(process.clock.now()), reason: null, message: null }
    try {
      await client.patch(podKind, name, namespace, 'strategic', { metadata: { uid, resourceVersion }, status: { conditions: [condition] } }, { subresource: 'status' })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    process.journal.info('Reset stale DisruptionTarget condition to False', { pod: key })
    return undefined
  }
}

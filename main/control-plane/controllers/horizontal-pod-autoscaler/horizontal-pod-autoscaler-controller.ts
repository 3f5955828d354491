import type { Informer } from '../../../api/client/contract.ts'
import { defineController, type ControllerContext, type Outcome } from '../../../api/client/controller.ts'
import type { Pod, V2HorizontalPodAutoscaler, V2HorizontalPodAutoscalerStatus, V2MetricStatus } from '../../../api/generated/types.ts'
import { horizontalPodAutoscalerKind } from '../../../api/kinds/autoscaling/horizontal-pod-autoscaler.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { withCondition } from '../../../api/machinery/conditions.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { matchesSelector, parseSelector, type Selector } from '../../../api/machinery/labels.ts'
import { keyOf, splitKey } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { KindMapper } from '../framework/kind-mapper.ts'
import { textOf } from '../framework/pod-control.ts'
import { getScale, updateScale, type Scale } from '../framework/scale.ts'
import { limit, periodMs, stabilize, windowMs, type Behavior, type Recommendation, type ScaleEvent } from './limits.ts'
import { MetricFailure, proposalOf, tolerancesOf, type MetricProposal } from './metric-proposals.ts'
import { MetricsClient } from './metrics-client.ts'

/** --horizontal-pod-autoscaler-sync-period. */
const syncMs = 15_000

/** Scales what has a scale by metrics of its pods and of other things. Follows pkg/controller/podautoscaler. */
export const horizontalPodAutoscalerController = defineController({
  name: 'horizontal-pod-autoscaler-controller',
  eventSource: 'horizontal-pod-autoscaler',
  noun: 'horizontalpodautoscaler',
  workers: 5,
  // Every turn, successful or not, comes 15 s after the last.
  queue: { baseDelayMs: syncMs, maxDelayMs: syncMs },
  setUp: (context, queue) => {
    const autoscalers = context.informers.of(horizontalPodAutoscalerKind)
    const controller = new Autoscaler(context, autoscalers)
    const soon = (autoscaler: V2HorizontalPodAutoscaler): void => queue.addAfter(keyOf(autoscaler), syncMs)
    autoscalers.onChange({ added: soon, updated: soon, deleted: (autoscaler) => controller.forget(keyOf(autoscaler)) })
    return (key) => controller.sync(key)
  },
})

interface Memory {
  recommendations: Recommendation[]
  ups: ScaleEvent[]
  downs: ScaleEvent[]
  selector: Selector | undefined
}

class Autoscaler {
  readonly #context: ControllerContext
  readonly #autoscalers: Informer<V2HorizontalPodAutoscaler>
  readonly #pods: Informer<Pod>
  readonly #mapper: KindMapper
  readonly #metrics: MetricsClient
  readonly #memories = new Map<string, Memory>()

  constructor(context: ControllerContext, autoscalers: Informer<V2HorizontalPodAutoscaler>) {
    const { client, process, informers } = context
    this.#context = context
    this.#autoscalers = autoscalers
    this.#pods = informers.of(podKind)
    this.#mapper = new KindMapper(client, process.clock)
    this.#metrics = new MetricsClient(client)
  }

  forget(key: string): void {
    this.#memories.delete(key)
  }

  async sync(key: string): Promise<Outcome> {
    const { namespace, name } = splitKey(key)
    const autoscaler = this.#autoscalers.get(namespace, name)
    if (!autoscaler) return undefined
    const turn = new Turn(autoscaler, this.#context.process.clock.now())
    let failure: unknown
    try {
      await this.#take(turn, key)
    } catch (error) {
      failure = error
    }
    await this.#write(autoscaler, turn.status)
    if (failure !== undefined) throw failure
    return { againAfterMs: syncMs }
  }

  async #take(turn: Turn, key: string): Promise<void> {
    const { client, events } = this.#context
    const { autoscaler, now } = turn
    const { scaleTargetRef: target, maxReplicas, minReplicas = 1 } = autoscaler.spec
    const namespace = autoscaler.metadata.namespace!
    const { kind, scale } = await this.#scaleOf(turn)
    turn.say('AbleToScale', true, 'SucceededGetScale', "the HPA controller was able to get the target's current scale")
    const current = scale.spec?.replicas ?? 0
    const memory = this.#memoryOf(key, current, now)
    let desired = current
    let why = ''
    let failure: unknown
    let metrics: V2MetricStatus[] = []
    turn.counts(current, autoscaler.status?.desiredReplicas ?? 0)
    if (current === 0 && minReplicas !== 0) {
      turn.say('ScalingActive', false, 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero')
      desired = 0
    } else if (current > maxReplicas) {
      why = 'Current number of replicas above Spec.MaxReplicas'
      desired = maxReplicas
    } else if (current < minReplicas) {
      why = 'Current number of replicas below Spec.MinReplicas'
      desired = minReplicas
    } else {
      const found = await this.#consult(turn, key, memory, scale)
      metrics = found.statuses
      turn.metrics(metrics)
      if (found.best === undefined) {
        const text = textOf(found.failure)
        events.event(autoscaler, 'Warning', 'FailedComputeMetricsReplicas', text)
        throw new Error(`failed to compute desired number of replicas based on listed metrics for ${target.kind}/${namespace}/${target.name}: ${text}`)
      }
      failure = found.failure
      const wanted = found.best.replicas
      why = wanted > current ? `${found.best.name} above target` : wanted < current ? 'All metrics below target' : ''
      desired = this.#normalize(turn, memory, current, wanted, minReplicas)
    }
    turn.metrics(metrics)
    if (desired !== current) {
      try {
        await updateScale(client, kind, { ...scale, spec: { ...scale.spec, replicas: desired } })
      } catch (error) {
        events.event(autoscaler, 'Warning', 'FailedRescale', `New size: ${desired}; reason: ${why}; error: ${textOf(error)}`)
        turn.say('AbleToScale', false, 'FailedUpdateScale', `the HPA controller was unable to update the target scale: ${textOf(error)}`)
        throw new Error(`failed to rescale ${target.kind}/${namespace}/${target.name}: ${textOf(error)}`)
      }
      turn.say('AbleToScale', true, 'SucceededRescale', `the HPA controller was able to update the target scale to ${desired}`)
      events.event(autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${desired}; reason: ${why}`)
      remember(memory, behaviorOf(autoscaler), desired - current, now)
      turn.scaled()
    }
    turn.counts(current, desired)
    if (failure !== undefined) throw failure
  }

  async #scaleOf(turn: Turn): Promise<{ kind: Kind; scale: Scale }> {
    const { client, events } = this.#context
    const { autoscaler } = turn
    const { apiVersion = 'v1', kind: kindName, name } = autoscaler.spec.scaleTargetRef
    const namespace = autoscaler.metadata.namespace!
    let kind: Kind | undefined
    try {
      kind = await this.#mapper.kindOf(apiVersion, kindName)
      return { kind, scale: await getScale(client, kind, namespace, name) }
    } catch (error) {
      events.event(autoscaler, 'Warning', 'FailedGetScale', textOf(error))
      turn.say('AbleToScale', false, 'FailedGetScale', `the HPA controller was unable to get the target's current scale: ${textOf(error)}`)
      throw new Error(kind ? `failed to query scale subresource for ${kindName}/${namespace}/${name}: ${textOf(error)}` : `unable to determine resource for scale target reference: ${textOf(error)}`)
    }
  }

  /** Asks every metric; the highest answer counts. One that cannot be asked only keeps the count from falling. */
  async #consult(turn: Turn, key: string, memory: Memory, scale: Scale): Promise<{ best?: MetricProposal; statuses: V2MetricStatus[]; failure?: unknown }> {
    const { events } = this.#context
    const { autoscaler, now } = turn
    const namespace = autoscaler.metadata.namespace!
    let selector: Selector
    try {
      selector = this.#selectorOf(turn, key, memory, scale.status?.selector ?? '', namespace)
    } catch (failure) {
      return { statuses: [], failure }
    }
    const specs = autoscaler.spec.metrics ?? []
    const current = scale.spec?.replicas ?? 0
    let pods: readonly Pod[] | undefined
    const context = {
      metrics: this.#metrics, mapper: this.#mapper, namespace, selector: scale.status!.selector!, specReplicas: current, statusReplicas: scale.status?.replicas ?? 0, tolerances: tolerancesOf(autoscaler), now,
      pods: () => (pods ??= this.#podsOf(namespace, selector)),
    }
    const statuses: V2MetricStatus[] = []
    const failures: MetricFailure[] = []
    let best: MetricProposal | undefined
    for (const spec of specs) {
      try {
        const proposal = await proposalOf(spec, context)
        statuses.push(proposal.status)
        if (!best || best.replicas === 0 || proposal.replicas > best.replicas) best = proposal
      } catch (error) {
        if (!(error instanceof MetricFailure)) throw error
        events.event(autoscaler, 'Warning', error.reason, error.detail)
        failures.push(error)
        statuses.push({ type: '' })
      }
    }
    const [first] = failures
    const failure = first && new Error(`invalid metrics (${failures.length} invalid out of ${specs.length}), first error is: ${first.message}`)
    if (!best || (failure && best.replicas < current)) {
      turn.say('ScalingActive', false, first!.reason, `the HPA was unable to compute the replica count: ${first!.detail}`)
      return { statuses, failure }
    }
    turn.say('ScalingActive', true, 'ValidMetricFound', `the HPA was able to successfully calculate a replica count from ${best.name}`)
    return { best, statuses, ...(failure ? { failure } : {}) }
  }

  /** The target's selector, if it is one and no other autoscaler scales the same pods. */
  #selectorOf(turn: Turn, key: string, memory: Memory, text: string, namespace: string): Selector {
    const { events } = this.#context
    const refuse = (reason: string, message: string, condition = message): never => {
      events.event(turn.autoscaler, 'Warning', reason, message)
      turn.say('ScalingActive', false, reason === 'SelectorRequired' ? 'InvalidSelector' : reason, condition)
      throw new Error(message)
    }
    if (text === '') return refuse('SelectorRequired', 'selector is required', "the HPA target's scale is missing a selector")
    let selector: Selector
    try {
      selector = parseSelector(text)
    } catch (error) {
      return refuse('InvalidSelector', `couldn't convert selector into a corresponding internal selector object: ${textOf(error)}`)
    }
    memory.selector = selector
    const others = [...this.#memories].filter(([other, { selector: theirs }]) => other !== key && theirs && splitKey(other).namespace === namespace)
    if (others.length === 0) return selector
    const pods = this.#podsOf(namespace, selector)
    const sharing = others.filter(([, { selector: theirs }]) => pods.some((pod) => matchesSelector(theirs!, pod.metadata.labels))).map(([other]) => other)
    if (sharing.length > 0) return refuse('AmbiguousSelector', `pods by selector ${text} are controlled by multiple HPAs: [${[key, ...sharing].sort().join(' ')}]`)
    return selector
  }

  #normalize(turn: Turn, memory: Memory, current: number, wanted: number, min: number): number {
    const { autoscaler, now } = turn
    const behavior = behaviorOf(autoscaler)
    const stable = stabilize(current, wanted, memory, behavior, now)
    memory.recommendations = [...memory.recommendations.filter(({ at }) => at > now - windowMs(behavior)), { replicas: wanted, at: now }]
    turn.say('AbleToScale', true, stable.reason, stable.message)
    const limited = limit(current, stable.replicas, min, autoscaler.spec.maxReplicas, memory, behavior, now)
    turn.say('ScalingLimited', limited.replicas !== stable.replicas, limited.reason, limited.message)
    return limited.replicas
  }

  #podsOf(namespace: string, selector: Selector): readonly Pod[] {
    return this.#pods.list(namespace).filter((pod) => matchesSelector(selector, pod.metadata.labels))
  }

  #memoryOf(key: string, current: number, now: number): Memory {
    let memory = this.#memories.get(key)
    if (!memory) this.#memories.set(key, (memory = { recommendations: [{ replicas: current, at: now }], ups: [], downs: [], selector: undefined }))
    return memory
  }

  async #write(autoscaler: V2HorizontalPodAutoscaler, status: V2HorizontalPodAutoscalerStatus): Promise<void> {
    if (semanticEqual(autoscaler.status, status)) return
    try {
      await this.#context.client.update(horizontalPodAutoscalerKind, { ...autoscaler, status }, { subresource: 'status' })
    } catch (error) {
      if (isNotFound(error)) return
      this.#context.events.event(autoscaler, 'Warning', 'FailedUpdateStatus', textOf(error))
      throw new Error(`failed to update status for ${autoscaler.metadata.name}: ${textOf(error)}`)
    }
  }
}

/** One look at an autoscaler, and the status that comes of it. */
class Turn {
  readonly autoscaler: V2HorizontalPodAutoscaler
  readonly now: number
  #status: V2HorizontalPodAutoscalerStatus

  constructor(autoscaler: V2HorizontalPodAutoscaler, now: number) {
    this.autoscaler = autoscaler
    this.now = now
    this.#status = autoscaler.status ?? { desiredReplicas: 0 }
  }

  get status(): V2HorizontalPodAutoscalerStatus {
    return this.#status
  }

  say(type: 'AbleToScale' | 'ScalingActive' | 'ScalingLimited', is: boolean, reason: string, message: string): void {
    const time = formatTime(this.now)
    this.#status = { ...this.#status, conditions: withCondition(this.#status.conditions, { type, status: is ? 'True' : 'False', reason, message, lastTransitionTime: time }, time) }
  }

  counts(currentReplicas: number, desiredReplicas: number): void {
    this.#status = { ...this.#status, currentReplicas, desiredReplicas }
  }

  metrics(currentMetrics: readonly V2MetricStatus[]): void {
    const { currentMetrics: _, ...rest } = this.#status
    this.#status = currentMetrics.length > 0 ? { ...rest, currentMetrics: [...currentMetrics] } : rest
  }

  scaled(): void {
    this.#status = { ...this.#status, lastScaleTime: formatTime(this.now) }
  }
}

function behaviorOf({ spec: { behavior } }: V2HorizontalPodAutoscaler): Behavior | undefined {
  return behavior && { scaleUp: behavior.scaleUp ?? {}, scaleDown: behavior.scaleDown ?? {} }
}

/** Only rules about rates look back at changes. */
function remember(memory: Memory, behavior: Behavior | undefined, change: number, now: number): void {
  if (!behavior) return
  const keep = (events: readonly ScaleEvent[], periods: number): ScaleEvent[] => events.filter(({ at }) => at > now - periods)
  const longest = Math.max(periodMs(behavior.scaleUp), periodMs(behavior.scaleDown))
  memory.ups = keep(memory.ups, longest)
  memory.downs = keep(memory.downs, longest)
  if (change > 0) memory.ups.push({ change, at: now })
  else memory.downs.push({ change: -change, at: now })
}

import type { Pod, V2HorizontalPodAutoscaler, V2MetricSpec, V2MetricStatus, V2MetricTarget } from '../../../api/generated/types.ts'
import { formatQuantity, milliValueOf, mustParseQuantity, quantityOfMillis } from '../../../api/machinery/quantity.ts'
import type { KindMapper } from '../framework/kind-mapper.ts'
import { textOf } from '../framework/pod-control.ts'
import type { MetricsClient } from './metrics-client.ts'
import { byAverage, byShare, byUtilization, byValue, type Proposal, type Tolerances } from './replica-calculator.ts'

/** What a metric is looked at with. */
export interface MetricContext {
  readonly metrics: MetricsClient
  readonly mapper: KindMapper
  readonly namespace: string
  /** The target's selector, and the pods that it chooses. */
  readonly selector: string
  readonly pods: () => readonly Pod[]
  readonly specReplicas: number
  readonly statusReplicas: number
  readonly tolerances: Tolerances
  readonly now: number
}

export interface MetricProposal {
  readonly replicas: number
  /** As events and conditions name it: `cpu resource utilization (percentage of request)`. */
  readonly name: string
  readonly status: V2MetricStatus
}

/** A metric that cannot be used: the condition's reason and message, and what the sync's error says. */
export class MetricFailure extends Error {
  readonly reason: string
  readonly detail: string
  constructor(reason: string, detail: string, message: string) {
    super(message)
    this.reason = reason
    this.detail = detail
  }
}

const milli = (text: string): number => milliValueOf(mustParseQuantity(text))
const text = (millis: number): string => formatQuantity(quantityOfMillis(millis))

/** How many replicas one metric asks for. Throws MetricFailure. */
export async function proposalOf(metric: V2MetricSpec, context: MetricContext): Promise<MetricProposal> {
  switch (metric.type) {
    case 'Resource':
      return attempt('FailedGetResourceMetric', `failed to get ${metric.resource!.name} resource metric value`, () => ofResource(metric.resource!, undefined, context))
    case 'ContainerResource':
      return attempt('FailedGetContainerResourceMetric', `failed to get ${metric.containerResource!.name} container metric value`, () => ofResource(metric.containerResource!, metric.containerResource!.container, context))
    case 'Pods':
      return attempt('FailedGetPodsMetric', 'failed to get pods metric value', () => ofPods(metric.pods!, context))
    case 'Object':
      return attempt('FailedGetObjectMetric', 'failed to get object metric value', () => ofObject(metric.object!, context))
    case 'External':
      return attempt('FailedGetExternalMetric', `failed to get ${metric.external!.metric.name} external metric value`, () => ofExternal(metric.external!, context))
    default:
      throw new MetricFailure('InvalidMetricSourceType', `unknown metric source type "${metric.type}"`, `unknown metric source type "${metric.type}"`)
  }
}

async function attempt(reason: string, prefix: string, reckon: () => Promise<MetricProposal>): Promise<MetricProposal> {
  try {
    return await reckon()
  } catch (error) {
    throw new MetricFailure(reason, textOf(error), `${prefix}: ${textOf(error)}`)
  }
}

async function ofResource({ name, target }: { name: string; target: V2MetricTarget }, container: string | undefined, context: MetricContext): Promise<MetricProposal> {
  const { metrics, namespace, selector, pods, specReplicas, tolerances, now } = context
  const read = async (): Promise<Awaited<ReturnType<MetricsClient['resource']>>> => {
    try {
      return await metrics.resource(name, namespace, selector, container)
    } catch (error) {
      throw new Error(`unable to get metrics for resource ${name}: ${textOf(error)}`)
    }
  }
  const proposed = async (what: string, reckon: (measured: Awaited<ReturnType<typeof read>>) => Proposal): Promise<Proposal> => {
    try {
      return reckon(await read())
    } catch (error) {
      throw new Error(`failed to get ${name} ${what}: ${textOf(error)}`)
    }
  }
  const status = (current: object): V2MetricStatus =>
    container === undefined ? { type: 'Resource', resource: { name, current } } : { type: 'ContainerResource', containerResource: { name, container, current } }
  if (target.averageValue !== undefined) {
    const { replicas, usage } = await proposed('usage', (measured) => byAverage(specReplicas, milli(target.averageValue!), name, pods(), measured, tolerances, now))
    return { replicas, name: `${name} resource`, status: status({ averageValue: text(usage) }) }
  }
  if (target.averageUtilization === undefined) throw new Error('invalid resource metric source: neither an average utilization target nor an average value (usage) target was set')
  const { replicas, usage, utilization } = await proposed('utilization', (measured) => byUtilization(specReplicas, target.averageUtilization!, name, container, pods(), measured, tolerances, now))
  return { replicas, name: `${name} ${container === undefined ? '' : 'container '}resource utilization (percentage of request)`, status: status({ averageUtilization: utilization, averageValue: text(usage) }) }
}

async function ofPods({ metric, target }: NonNullable<V2MetricSpec['pods']>, { metrics, namespace, selector, pods, specReplicas, tolerances, now }: MetricContext): Promise<MetricProposal> {
  const measured = await metrics.pods(metric.name, namespace, selector, metric.selector).catch((error: unknown) => {
    throw new Error(`unable to get metric ${metric.name}: ${textOf(error)}`)
  })
  const { replicas, usage } = byAverage(specReplicas, milli(target.averageValue ?? '0'), undefined, pods(), measured, tolerances, now)
  return { replicas, name: `pods metric ${metric.name}`, status: { type: 'Pods', pods: { metric, current: { averageValue: text(usage) } } } }
}

async function ofObject({ metric, target, describedObject }: NonNullable<V2MetricSpec['object']>, context: MetricContext): Promise<MetricProposal> {
  const { metrics, mapper, namespace, pods, specReplicas, statusReplicas, tolerances } = context
  let usage: number
  try {
    const kind = await mapper.kindOf(describedObject.apiVersion ?? 'v1', describedObject.kind)
    usage = await metrics.object(metric.name, namespace, kind, describedObject.name, metric.selector)
  } catch (error) {
    throw new Error(`unable to get metric ${metric.name}: ${describedObject.kind} on ${namespace} ${describedObject.name}/${textOf(error)}`)
  }
  const name = `external metric ${metric.name}`
  if (target.type === 'Value' && target.value !== undefined) {
    const proposal = byValue(specReplicas, usage, milli(target.value), pods(), tolerances)
    return { replicas: proposal.replicas, name: `${describedObject.kind} metric ${metric.name}`, status: { type: 'Object', object: { describedObject, metric, current: { value: text(proposal.usage) } } } }
  }
  if (target.type === 'AverageValue' && target.averageValue !== undefined) {
    const proposal = byShare(statusReplicas, usage, milli(target.averageValue), tolerances)
    return { replicas: proposal.replicas, name, status: { type: 'Object', object: { describedObject, metric, current: { averageValue: text(proposal.usage) } } } }
  }
  throw new Error('invalid object metric source: neither a value target nor an average value target was set')
}

async function ofExternal({ metric, target }: NonNullable<V2MetricSpec['external']>, { metrics, namespace, pods, specReplicas, statusReplicas, tolerances }: MetricContext): Promise<MetricProposal> {
  const selector = metric.selector ? JSON.stringify(metric.selector) : 'nil'
  if (target.averageValue === undefined && target.value === undefined) throw new Error('invalid external metric source: neither a value target nor an average value target was set')
  const values = await metrics.external(metric.name, namespace, metric.selector).catch((error: unknown) => {
    throw new Error(`failed to get ${metric.name} external metric: unable to get external metric ${namespace}/${metric.name}/${selector}: ${textOf(error)}`)
  })
  const usage = values.reduce((sum, value) => sum + value, 0)
  const name = `external metric ${metric.name}(${selector})`
  if (target.averageValue !== undefined) {
    const proposal = byShare(statusReplicas, usage, milli(target.averageValue), tolerances)
    return { replicas: proposal.replicas, name, status: { type: 'External', external: { metric, current: { averageValue: text(proposal.usage) } } } }
  }
  const proposal = byValue(specReplicas, usage, milli(target.value!), pods(), tolerances)
  return { replicas: proposal.replicas, name, status: { type: 'External', external: { metric, current: { value: text(proposal.usage) } } } }
}

/** The autoscaler's own tolerances, or the controller manager's. */
export function tolerancesOf({ spec }: V2HorizontalPodAutoscaler): Tolerances {
  const of = (given: string | undefined): number => (given === undefined ? 0.1 : milli(given) / 1000)
  return { up: of(spec.behavior?.scaleUp?.tolerance), down: of(spec.behavior?.scaleDown?.tolerance) }
}

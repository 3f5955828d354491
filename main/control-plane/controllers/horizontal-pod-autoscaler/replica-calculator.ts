import type { Pod } from '../../../api/generated/types.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { isPodReady, isSidecar } from '../../../api/machinery/pod.ts'
import { milliValueOf, mustParseQuantity } from '../../../api/machinery/quantity.ts'
import { parseTime, timeOr0 } from '../../../api/machinery/time.ts'
import type { PodMetric, PodMetrics } from './metrics-client.ts'

/** --horizontal-pod-autoscaler-cpu-initialization-period and -initial-readiness-delay. */
const cpuInitializationMs = 300_000
const initialReadinessMs = 30_000
const noPods = 'no pods returned by selector while calculating replica count'

/** By how much a ratio may differ from 1 without anything being done about it. */
export interface Tolerances {
  readonly up: number
  readonly down: number
}

function within({ up, down }: Tolerances, ratio: number): boolean {
  return 1 - down <= ratio && ratio <= 1 + up
}

/** How pods count. */
export interface PodGroups {
  readonly ready: number
  readonly unready: readonly string[]
  readonly missing: readonly string[]
  readonly ignored: readonly string[]
}

/** Pods on their way out are ignored; pending ones, and for CPU those that are still starting, are not ready; running ones without a
 *  measurement are missing. */
export function groupPods(pods: readonly Pod[], metrics: PodMetrics, resource: string | undefined, now: number): PodGroups {
  let ready = 0
  const unready: string[] = []
  const missing: string[] = []
  const ignored: string[] = []
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata
    const metric = metrics.get(name)
    if (deletionTimestamp || pod.status?.phase === 'Failed') ignored.push(name)
    else if (pod.status?.phase === 'Pending') unready.push(name)
    else if (!metric) missing.push(name)
    else if (resource === 'cpu' && isStarting(pod, metric, now)) unready.push(name)
    else ready++
  }
  return { ready, unready, missing, ignored }
}

function isStarting({ status }: Pod, metric: PodMetric, now: number): boolean {
  const condition = conditionOf(status?.conditions, 'Ready')
  const startTime = parseTime(status?.startTime)
  if (!condition || startTime === undefined) return true
  const changed = timeOr0(condition.lastTransitionTime)
  if (startTime + cpuInitializationMs > now) return condition.status === 'False' || metric.timestamp < changed + metric.windowMs
  // Never ready so far.
  return condition.status === 'False' && startTime + initialReadinessMs > changed
}

export interface Proposal {
  readonly replicas: number
  /** Thousandths. */
  readonly usage: number
  /** Percent of what was requested. */
  readonly utilization?: number
}

/** What a set of measurements amounts to, against the target. */
interface Ratio {
  readonly ratio: number
  readonly usage: number
  readonly utilization?: number
}

/** Replicas so that pods use `targetPercent` of what they request of the resource. */
export function byUtilization(replicas: number, targetPercent: number, resource: string, container: string | undefined, pods: readonly Pod[], metrics: PodMetrics, tolerances: Tolerances, now: number): Proposal {
  if (pods.length === 0) throw new Error(noPods)
  const groups = groupPods(pods, metrics, resource, now)
  const measured = measuredOf(metrics, groups)
  const requests = requestsOf(pods, resource, container)
  const fallback = Math.max(100, targetPercent)
  return propose(replicas, groups, measured, tolerances, (name) => Math.trunc(((requests.get(name) ?? 0) * fallback) / 100), (values) => {
    let used = 0
    let requested = 0
    let count = 0
    for (const [name, value] of values) {
      const request = requests.get(name)
      if (request === undefined) continue
      used += value
      requested += request
      count++
    }
    if (requested === 0) throw new Error('no metrics returned matched known pods')
    const utilization = Math.trunc((used * 100) / requested)
    return { ratio: utilization / targetPercent, usage: Math.trunc(used / count), utilization }
  })
}

/** Replicas so that pods have `target` thousandths each on average. */
export function byAverage(replicas: number, target: number, resource: string | undefined, pods: readonly Pod[], metrics: PodMetrics, tolerances: Tolerances, now: number): Proposal {
  if (pods.length === 0) throw new Error(noPods)
  const groups = groupPods(pods, metrics, resource, now)
  return propose(replicas, groups, measuredOf(metrics, groups), tolerances, () => target, (values) => {
    let used = 0
    for (const value of values.values()) used += value
    const usage = Math.trunc(used / values.size)
    return { ratio: usage / target, usage }
  })
}

/** Replicas for one value of something else that more replicas bring down. */
export function byValue(replicas: number, usage: number, target: number, pods: readonly Pod[], tolerances: Tolerances): Proposal {
  const ratio = usage / target
  if (replicas === 0) return { replicas: Math.ceil(ratio), usage }
  if (within(tolerances, ratio)) return { replicas, usage }
  if (pods.length === 0) throw new Error(noPods)
  return { replicas: Math.ceil(ratio * pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length), usage }
}

/** Replicas for one value that they share, `target` each. */
export function byShare(statusReplicas: number, usage: number, target: number, tolerances: Tolerances): Proposal {
  const replicas = within(tolerances, usage / (target * statusReplicas)) ? statusReplicas : Math.ceil(usage / target)
  return { replicas, usage: Math.ceil(usage / statusReplicas) }
}

function measuredOf(metrics: PodMetrics, { ignored, unready }: PodGroups): Map<string, number> {
  const values = new Map([...metrics].map(([name, { value }]) => [name, value]))
  for (const name of [...ignored, ...unready]) values.delete(name)
  if (values.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)')
  return values
}

/** Pods that could not be measured, or are not ready, are taken to use what moves the result least: with them the answer may become smaller,
 *  never turn round. */
function propose(replicas: number, { ready, unready, missing }: PodGroups, values: Map<string, number>, tolerances: Tolerances, fullOf: (pod: string) => number, reckon: (values: ReadonlyMap<string, number>) => Ratio): Proposal {
  const { ratio, usage, utilization } = reckon(values)
  const answer = (count: number): Proposal => ({ replicas: count, usage, ...(utilization === undefined ? {} : { utilization }) })
  const upWithUnready = unready.length > 0 && ratio > 1
  if (!upWithUnready && missing.length === 0) return answer(within(tolerances, ratio) ? replicas : Math.ceil(ratio * ready))
  if (ratio < 1) for (const name of missing) values.set(name, fullOf(name))
  else if (ratio > 1) for (const name of missing) values.set(name, 0)
  if (upWithUnready) for (const name of unready) values.set(name, 0)
  const { ratio: next } = reckon(values)
  if (within(tolerances, next) || (ratio < 1 && next > 1) || (ratio > 1 && next < 1)) return answer(replicas)
  const count = Math.ceil(next * values.size)
  if ((next < 1 && count > replicas) || (next > 1 && count < replicas)) return answer(replicas)
  return answer(count)
}

/** What pods request of a resource, in thousandths, by name. */
function requestsOf(pods: readonly Pod[], resource: string, container: string | undefined): Map<string, number> {
  const requests = new Map<string, number>()
  for (const pod of pods) {
    const whole = (pod.spec as { resources?: { requests?: Record<string, string> } } | undefined)?.resources?.requests?.[resource]
    if (container === undefined && whole !== undefined) {
      requests.set(pod.metadata.name, milliValueOf(mustParseQuantity(whole)))
      continue
    }
    let sum = 0
    for (const each of [...(pod.spec?.initContainers ?? []).filter(isSidecar), ...(pod.spec?.containers ?? [])]) {
      if (container !== undefined && container !== each.name) continue
      const request = each.resources?.requests?.[resource]
      if (request === undefined) throw new Error(`missing request for ${resource} in container ${each.name} of Pod ${pod.metadata.name}`)
      sum += milliValueOf(mustParseQuantity(request))
    }
    requests.set(pod.metadata.name, sum)
  }
  return requests
}

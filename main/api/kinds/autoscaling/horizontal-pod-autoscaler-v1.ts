/** autoscaling/v1: the stored form is v2's; what v1's fields cannot say travels in annotations, so that a client which reads and
 *  writes v1 loses nothing. */
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec, HorizontalPodAutoscalerStatus, ObjectMeta, V2HorizontalPodAutoscaler, V2HorizontalPodAutoscalerStatus, V2MetricSpec } from '../../generated/types.ts'
import { goJson } from '../../machinery/go-text.ts'
import { columnOf } from '../columns.ts'
import { defineKind } from '../kind.ts'
import type { Subresource } from '../kind.ts'
import { autoscalerColumns, autoscalerHealth, autoscalerRelations, defaultCpuUtilization, horizontalPodAutoscalerKind } from './horizontal-pod-autoscaler.ts'
import { behaviorFrom, behaviorText } from './v1-behavior.ts'
import { metricFromV1, metricToV1, statusFromV1, statusToV1 } from './v1-metrics.ts'

const prefix = 'autoscaling.alpha.kubernetes.io/'
const metricsAnnotation = `${prefix}metrics`
const behaviorAnnotation = `${prefix}behavior`
const currentMetricsAnnotation = `${prefix}current-metrics`
const conditionsAnnotation = `${prefix}conditions`
const roundTripAnnotations = [metricsAnnotation, behaviorAnnotation, `${prefix}scale-down-tolerance`, `${prefix}scale-up-tolerance`, currentMetricsAnnotation, conditionsAnnotation]

/** The v1 form of a stored autoscaler. */
export function autoscalerToV1(stored: V2HorizontalPodAutoscaler): HorizontalPodAutoscaler {
  const { metrics = [], behavior } = stored.spec
  const { currentMetrics, conditions } = stored.status ?? {}
  const others = metrics.filter((metric) => !isCpuShare(metric)).map(metricToV1)
  const annotations: Record<string, string> = {}
  if (others.length > 0) annotations[metricsAnnotation] = goJson(others)
  if (behavior) annotations[behaviorAnnotation] = behaviorText(behavior)
  if (currentMetrics?.length) annotations[currentMetricsAnnotation] = goJson(currentMetrics.map(statusToV1))
  if (conditions?.length) {
    annotations[conditionsAnnotation] = goJson(conditions.map(({ type, status, lastTransitionTime = null, reason, message }) => ({ type, status, lastTransitionTime, ...(reason ? { reason } : {}), ...(message ? { message } : {}) })))
  }
  const { minReplicas, maxReplicas, scaleTargetRef } = stored.spec
  const share = metrics.find(({ type, resource }) => type === 'Resource' && resource?.name === 'cpu')?.resource?.target.averageUtilization
  const spec: HorizontalPodAutoscalerSpec = {
    scaleTargetRef,
    ...(minReplicas === undefined ? {} : { minReplicas }),
    maxReplicas,
    ...(share === undefined ? {} : { targetCPUUtilizationPercentage: share }),
  }
  return { apiVersion: 'autoscaling/v1', kind: stored.kind, metadata: withAnnotations(stored.metadata, annotations), spec, status: statusOf(stored.status) }
}

function isCpuShare({ type, resource }: V2MetricSpec): boolean {
  return type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined
}

function statusOf(status: V2HorizontalPodAutoscalerStatus | undefined): HorizontalPodAutoscalerStatus {
  const { observedGeneration, lastScaleTime, currentReplicas = 0, desiredReplicas = 0, currentMetrics } = status ?? { desiredReplicas: 0 }
  const shares = (currentMetrics ?? []).filter(({ type, resource }) => type === 'Resource' && resource?.name === 'cpu').map(({ resource }) => resource?.current.averageUtilization)
  const share = shares.filter((each) => each !== undefined).at(-1)
  return {
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    currentReplicas,
    desiredReplicas,
    ...(share === undefined ? {} : { currentCPUUtilizationPercentage: share }),
  }
}

/** The metadata with these annotations in place of those that an earlier conversion may have left. */
function withAnnotations(metadata: ObjectMeta, made: Readonly<Record<string, string>>): ObjectMeta {
  const { annotations, ...rest } = metadata
  const kept = Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !roundTripAnnotations.includes(key)))
  const all = { ...kept, ...made }
  return Object.keys(all).length > 0 ? { ...rest, annotations: all } : rest
}

/** What is stored of a v1 autoscaler. */
export function autoscalerFromV1(given: HorizontalPodAutoscaler): V2HorizontalPodAutoscaler {
  const { annotations = {} } = given.metadata
  const { scaleTargetRef, minReplicas, maxReplicas, targetCPUUtilizationPercentage: share } = given.spec
  const metrics: V2MetricSpec[] = (listIn(annotations[metricsAnnotation]) as Parameters<typeof metricFromV1>[0][]).map(metricFromV1)
  if (share !== undefined) metrics.push(cpuShare(share))
  if (metrics.length === 0) metrics.push(cpuShare(defaultCpuUtilization))
  const behavior = behaviorFrom(annotations[behaviorAnnotation] ?? '')
  const spec: V2HorizontalPodAutoscaler['spec'] = {
    scaleTargetRef,
    minReplicas: minReplicas ?? 1,
    maxReplicas,
    metrics,
    ...(behavior ? { behavior } : {}),
  }
  return { apiVersion: 'autoscaling/v2', kind: given.kind, metadata: withAnnotations(given.metadata, {}), spec, status: statusFrom(given.status, annotations) }
}

function cpuShare(averageUtilization: number): V2MetricSpec {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } }
}

function statusFrom(given: HorizontalPodAutoscalerStatus | undefined, annotations: Readonly<Record<string, string>>): V2HorizontalPodAutoscalerStatus {
  const { observedGeneration, lastScaleTime, currentReplicas, desiredReplicas = 0, currentCPUUtilizationPercentage: share } = given ?? { currentReplicas: 0 }
  const current = (listIn(annotations[currentMetricsAnnotation]) as Parameters<typeof statusFromV1>[0][]).map(statusFromV1)
  if (current.length === 0 && share !== undefined) current.push({ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: share } } })
  const conditions = listIn(annotations[conditionsAnnotation]).map((condition) => Object.fromEntries(Object.entries(condition).filter(([, value]) => value !== null))) as unknown as NonNullable<V2HorizontalPodAutoscalerStatus['conditions']>
  return {
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    ...(currentReplicas ? { currentReplicas } : {}),
    desiredReplicas,
    ...(current.length > 0 ? { currentMetrics: current } : {}),
    ...(conditions.length > 0 ? { conditions } : {}),
  }
}

/** The objects of a list in an annotation; none where it is absent or says something else. */
function listIn(text: string | undefined): object[] {
  if (!text) return []
  try {
    const value = JSON.parse(text) as unknown
    return Array.isArray(value) && value.every((each) => typeof each === 'object' && each !== null) ? (value as object[]) : []
  } catch {
    return []
  }
}

const { validateName, allowUnconditionalUpdate, defaultPropagation } = horizontalPodAutoscalerKind.strategy

export const horizontalPodAutoscalerV1Kind = defineKind<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
  storagePrefix: 'horizontalpodautoscalers',
  storedAs: {
    group: 'autoscaling',
    kind: 'HorizontalPodAutoscaler',
    toStored: autoscalerFromV1,
    fromStored: (stored) => autoscalerToV1(stored as V2HorizontalPodAutoscaler),
  },
  strategy: { validateName, allowUnconditionalUpdate, defaultPropagation },
  // Their hooks run on the stored form, as the whole strategy does.
  subresources: horizontalPodAutoscalerKind.subresources as unknown as readonly Subresource<HorizontalPodAutoscaler>[],
  columns: autoscalerColumns.map((column) => columnOf(column, autoscalerFromV1)),
  health: (autoscaler) => autoscalerHealth(autoscalerFromV1(autoscaler)),
  relations: (autoscaler) => autoscalerRelations(autoscalerFromV1(autoscaler)),
})

import type { V2HorizontalPodAutoscaler, V2HPAScalingRules } from '../../generated/types.ts'
import { conditionOf } from '../../machinery/conditions.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import type { Column, Health, Relation } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { validateHorizontalPodAutoscaler, validateHorizontalPodAutoscalerStatusUpdate, validateHorizontalPodAutoscalerUpdate } from './horizontal-pod-autoscaler-validation.ts'
import { metricTargetsText } from './metric-targets.ts'

const spec = 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec'
const status = 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus'

/** The share of the requested cpu that is aimed at when nothing else is. */
export const defaultCpuUtilization = 80

const scaleUpDefaults: V2HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
}
const scaleDownDefaults: V2HPAScalingRules = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] }

/** What may be said of both versions: the stored form is this one, so is the table. */
export const autoscalerColumns: readonly Column<V2HorizontalPodAutoscaler>[] = [
  nameColumn(),
  column('Reference', 'scaleTargetRef points to the target resource to scale, and is used to the pods for which metrics should be collected, as well as to actually change the replica count.', (autoscaler) => `${autoscaler.spec.scaleTargetRef.kind}/${autoscaler.spec.scaleTargetRef.name}`),
  column('Targets', [spec, 'metrics'], (autoscaler) => metricTargetsText(autoscaler.spec.metrics, autoscaler.status?.currentMetrics)),
  column('MinPods', [spec, 'minReplicas'], (autoscaler) => String(autoscaler.spec.minReplicas ?? '<unset>')),
  column('MaxPods', [spec, 'maxReplicas'], (autoscaler) => autoscaler.spec.maxReplicas ?? 0),
  column('Replicas', [status, 'currentReplicas'], (autoscaler) => autoscaler.status?.currentReplicas ?? 0),
  ageColumn(),
]

export const horizontalPodAutoscalerKind = defineKind<V2HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  storagePrefix: 'horizontalpodautoscalers',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    defaults(autoscaler) {
      const it = autoscaler.spec
      autoscaler.status ??= { desiredReplicas: 0 }
      it.minReplicas ??= 1
      if (!it.metrics?.length) it.metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: defaultCpuUtilization } } }]
      if (!it.behavior) return
      it.behavior.scaleUp = { ...structuredClone(scaleUpDefaults), ...it.behavior.scaleUp }
      it.behavior.scaleDown = { ...structuredClone(scaleDownDefaults), ...it.behavior.scaleDown }
    },
    prepareForCreate(autoscaler) {
      autoscaler.status = { desiredReplicas: 0 }
    },
    prepareForUpdate: keepStatus,
    validate: validateHorizontalPodAutoscaler,
    validateUpdate: validateHorizontalPodAutoscalerUpdate,
  },
  subresources: [statusSubresource(validateHorizontalPodAutoscalerStatusUpdate)],
  columns: autoscalerColumns,
  health: autoscalerHealth,
  relations: autoscalerRelations,
})

export function autoscalerHealth({ status: it, spec: { maxReplicas } }: V2HorizontalPodAutoscaler): Health {
  const stopped = (['AbleToScale', 'ScalingActive'] as const).map((type) => conditionOf(it?.conditions, type)).find((condition) => condition?.status === 'False')
  if (stopped) return { mark: stopped.reason === 'ScalingDisabled' ? 'pending' : 'failed', sentence: stopped.message || 'it cannot scale' }
  if (!it?.conditions?.length) return { mark: 'pending', sentence: 'it has not looked at its metrics yet' }
  const limited = it.desiredReplicas === maxReplicas ? ', the most that it may' : ''
  return { mark: 'running', sentence: `it wants ${it.desiredReplicas} replicas${limited}` }
}

export function autoscalerRelations({ metadata, spec: { scaleTargetRef } }: V2HorizontalPodAutoscaler): Relation[] {
  const slash = scaleTargetRef.apiVersion?.indexOf('/') ?? -1
  return [{ role: 'scales', group: slash < 0 ? '' : scaleTargetRef.apiVersion!.slice(0, slash), kind: scaleTargetRef.kind, name: scaleTargetRef.name, namespace: metadata.namespace ?? '' }]
}

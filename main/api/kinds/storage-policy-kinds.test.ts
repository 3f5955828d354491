/** Defaults and validation of the kinds of storage, quotas, policy, autoscaling and runtimes, with upstream's words. */
import { describe, expect, it } from 'vitest'
import type { V2HorizontalPodAutoscaler } from '../generated/types.ts'
import { decodeTyped } from '../machinery/codec/typed.ts'
import { fieldErrorText } from '../machinery/field-error.ts'
import type { KubeObject } from '../machinery/object.ts'
import { mustSchemaOf } from '../machinery/schema.ts'
import { horizontalPodAutoscalerKind } from './autoscaling/horizontal-pod-autoscaler.ts'
import { autoscalerFromV1, autoscalerToV1 } from './autoscaling/horizontal-pod-autoscaler-v1.ts'
import { metricTargetsText } from './autoscaling/metric-targets.ts'
import { limitRangeKind } from './core/limit-range.ts'
import { persistentVolumeClaimKind } from './core/persistent-volume-claim.ts'
import { persistentVolumeKind } from './core/persistent-volume.ts'
import { resourceQuotaKind } from './core/resource-quota.ts'
import type { Kind, StrategyContext } from './kind.ts'
import { apiVersionOf } from './kind.ts'
import { runtimeClassKind } from './node/runtime-class.ts'
import { podDisruptionBudgetKind } from './policy/pod-disruption-budget.ts'
import { csiDriverKind } from './storage/csi-driver.ts'
import { csiNodeKind } from './storage/csi-node.ts'
import { csiStorageCapacityKind } from './storage/csi-storage-capacity.ts'
import { storageClassKind } from './storage/storage-class.ts'
import { volumeAttachmentKind } from './storage/volume-attachment.ts'
import { volumeAttributesClassKind } from './storage/volume-attributes-class.ts'

const context: StrategyContext = { now: 0, timestamp: '1970-01-01T00:00:00Z', user: 'somebody', dryRun: false, uuid: () => 'u', suffix: () => 's' }

/** As the server has an object just before it is validated. */
function made<T extends KubeObject>(kind: Kind<T>, body: object): T {
  const { object } = decodeTyped<T>({ apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name: 'x' }, ...structuredClone(body) }, mustSchemaOf(kind.schema))
  kind.strategy.defaults?.(object)
  kind.strategy.prepareForCreate?.(object, context)
  return object
}

function errorsOf<T extends KubeObject>(kind: Kind<T>, body: object): string[] {
  return (kind.strategy.validate?.(made(kind, body)) ?? []).map(fieldErrorText)
}

function updateErrors<T extends KubeObject>(kind: Kind<T>, before: object, after: object): string[] {
  const old = made(kind, before)
  const object = made(kind, after)
  kind.strategy.prepareForUpdate?.(object, old, context)
  return (kind.strategy.validateUpdate?.(object, old) ?? []).map((error) => fieldErrorText(error).split('\n')[0]!)
}

const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
const volume = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/data' } }
const autoscaler = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 3 }
const cpu = (target: object): object => ({ type: 'Resource', resource: { name: 'cpu', target } })
const attachment = { attacher: 'disk.example.com', nodeName: 'worker-1', source: { persistentVolumeName: 'disk' } }

describe('defaults', () => {
  it('give containers of limit ranges the maximum, then the limit, then the minimum', () => {
    const { spec } = made(limitRangeKind, { spec: { limits: [{ type: 'Container', max: { cpu: '2', memory: '1Gi' }, default: { cpu: '1' }, min: { storage: '1' } }, { type: 'Pod', max: { cpu: '2' } }] } })
    expect(spec?.limits).toEqual([
      { type: 'Container', max: { cpu: '2', memory: '1Gi' }, default: { cpu: '1', memory: '1Gi' }, defaultRequest: { cpu: '1', memory: '1Gi', storage: '1' }, min: { storage: '1' } },
      { type: 'Pod', max: { cpu: '2' } },
    ])
  })

  it('fill in volumes, claims and classes', () => {
    expect(made(persistentVolumeKind, { spec: volume })).toMatchObject({ spec: { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem', hostPath: { path: '/data', type: '' } }, status: { phase: 'Pending', lastPhaseTransitionTime: '1970-01-01T00:00:00Z' } })
    expect(made(persistentVolumeClaimKind, { spec: { ...claim, dataSource: { kind: 'PersistentVolumeClaim', name: 'old' } } })).toMatchObject({ spec: { volumeMode: 'Filesystem', dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'old' } }, status: { phase: 'Pending' } })
    const populated = made(persistentVolumeClaimKind, { spec: { ...claim, dataSource: { apiGroup: 'example.com', kind: 'Backup', name: 'old' }, dataSourceRef: { apiGroup: 'example.com', kind: 'Backup', name: 'old', namespace: 'other' } } })
    expect(populated.spec).toMatchObject({ dataSource: { apiGroup: 'example.com', kind: 'Backup', name: 'old' }, dataSourceRef: { apiGroup: 'example.com', kind: 'Backup', name: 'old' } })
    expect(populated.spec?.dataSourceRef?.namespace).toBeUndefined()
    expect(made(storageClassKind, { provisioner: 'a' })).toMatchObject({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' })
    expect(made(csiDriverKind, {}).spec).toEqual({ attachRequired: true, podInfoOnMount: false, storageCapacity: false, fsGroupPolicy: 'ReadWriteOnceWithFSType', volumeLifecycleModes: ['Persistent'], requiresRepublish: false, seLinuxMount: false })
  })

  it('fill in the rules of autoscalers, one direction at a time', () => {
    const { spec } = made(horizontalPodAutoscalerKind, { spec: { ...autoscaler, behavior: { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } } } })
    expect(spec.behavior).toEqual({
      scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
      scaleDown: { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
    })
  })
})

describe('what is refused on create', () => {
  it.each<[string, Kind<never>, object, string[]]>([
    ['an unknown limit type, twice', limitRangeKind, { spec: { limits: [{ type: 'Node' }, { type: 'Node' }] } }, ['spec.limits[0].type: Invalid value: "Node": must be a standard limit type or fully qualified', 'spec.limits[1].type: Invalid value: "Node": must be a standard limit type or fully qualified', 'spec.limits[1].type: Duplicate value: "Node"']],
    ['defaults for pods', limitRangeKind, { spec: { limits: [{ type: 'Pod', default: { cpu: '1' } }] } }, ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"]],
    ['claims without a limit', limitRangeKind, { spec: { limits: [{ type: 'PersistentVolumeClaim' }] } }, ['spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided']],
    ['a ratio out of reach', limitRangeKind, { spec: { limits: [{ type: 'Pod', min: { cpu: '500m' }, max: { cpu: '1' }, maxLimitRequestRatio: { cpu: '3' } }] } }, ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000']],
    ['pods in halves', resourceQuotaKind, { spec: { hard: { pods: '1500m' } } }, ['spec.hard[pods]: Invalid value: "1500m": must be an integer']],
    ['scopes that exclude each other', resourceQuotaKind, { spec: { scopes: ['BestEffort', 'NotBestEffort'] } }, ['spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes']],
    ['a scope that the resource has not', resourceQuotaKind, { spec: { hard: { 'requests.cpu': '1' }, scopes: ['BestEffort'] } }, ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource']],
    ['a scope with values', resourceQuotaKind, { spec: { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] } } }, ["spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"]],
    ['a volume of nothing', persistentVolumeKind, {}, ['spec.accessModes: Required value', 'spec.capacity: Required value', 'spec.capacity: Unsupported value: null: supported values: "storage"', 'spec: Required value: must specify a volume type']],
    ['two volumes in one', persistentVolumeKind, { spec: { ...volume, nfs: { server: 'a', path: '/' } } }, ['spec.nfs: Forbidden: may not specify more than 1 volume type']],
    ['a local volume anywhere', persistentVolumeKind, { spec: { ...volume, hostPath: undefined, local: { path: '/disk' } } }, ['spec.nodeAffinity: Required value: Local volume requires node affinity']],
    ['modes that do not go together', persistentVolumeKind, { spec: { ...volume, accessModes: ['ReadWriteOncePod', 'ReadWriteMany'] } }, ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes']],
    ['the whole disk recycled', persistentVolumeKind, { spec: { ...volume, hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' } }, ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"]],
    ['a CSI volume without a handle', persistentVolumeKind, { spec: { ...volume, hostPath: undefined, csi: { driver: 'a b', volumeHandle: '' } } }, [expect.stringMatching(/^spec\.csi\.driver: Invalid value: "a b": a lowercase RFC 1123 subdomain/) as string, 'spec.csi.volumeHandle: Required value']],
    ['a claim of nothing', persistentVolumeClaimKind, {}, ['spec.accessModes: Required value: at least 1 access mode is required', 'spec.resources[storage]: Required value']],
    ['a claim of zero', persistentVolumeClaimKind, { spec: { ...claim, resources: { requests: { storage: '0' } } } }, ['spec.resources[storage]: Invalid value: "0": must be greater than zero']],
    ['sources that differ', persistentVolumeClaimKind, { spec: { ...claim, dataSource: { kind: 'PersistentVolumeClaim', name: 'a' }, dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'b' } } }, ['spec: Invalid value: {}: must match dataSourceRef']],
    ['a class without a provisioner', storageClassKind, { reclaimPolicy: 'Recycle', volumeBindingMode: 'Later' }, ['provisioner: Required value', 'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"', 'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"']],
    ['a topology twice', storageClassKind, { provisioner: 'a', allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a', 'b'] }] }, { matchLabelExpressions: [{ key: 'zone', values: ['b', 'a'] }] }] }, ['allowedTopologies[1].matchLabelExpressions: Duplicate value: ""']],
    ['attributes without any', volumeAttributesClassKind, { driverName: 'a' }, ['parameters: Required value: must contain at least one key/value pair']],
    ['a driver without an id', csiNodeKind, { spec: { drivers: [{ name: 'a', nodeID: '' }, { name: 'a', nodeID: 'b' }] } }, ['spec.drivers[0].nodeID: Required value', 'spec.drivers[1].name: Duplicate value: "a"']],
    ['tokens for a moment', csiDriverKind, { spec: { tokenRequests: [{ audience: 'a', expirationSeconds: 60 }, { audience: 'a' }], volumeLifecycleModes: ['Eternal'] } }, ['spec.tokenRequests[0].expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes', 'spec.tokenRequests[1].audience: Duplicate value: "a"', 'spec.volumeLifecycleModes: Unsupported value: "Eternal": supported values: "Persistent", "Ephemeral"']],
    ['less than nothing left', csiStorageCapacityKind, { storageClassName: 'a', capacity: '-1Gi' }, ['capacity: Invalid value: "-1Gi": must be greater than or equal to 0']],
    ['two sources attached', volumeAttachmentKind, { spec: { ...attachment, source: { persistentVolumeName: 'a', inlineVolumeSpec: {} } } }, ['spec.source: Forbidden: must specify exactly one of inlineVolumeSpec and persistentVolumeName']],
    ['an inline volume of another kind', volumeAttachmentKind, { spec: { ...attachment, source: { inlineVolumeSpec: { accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' } } } } }, ['spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes']],
    ['a budget of more than all', podDisruptionBudgetKind, { spec: { minAvailable: '150%', unhealthyPodEvictionPolicy: 'Never' } }, ['spec.minAvailable: Invalid value: "150%": must not be greater than 100%', 'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"']],
    ['a metric without a target', horizontalPodAutoscalerKind, { spec: { ...autoscaler, metrics: [cpu({})] } }, ['spec.metrics[0].resource.target.type: Required value: must specify a metric target type', 'spec.metrics[0].resource.target.type: Invalid value: "": must be either Utilization, Value, or AverageValue', 'spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization']],
    ['a metric of another type', horizontalPodAutoscalerKind, { spec: { ...autoscaler, metrics: [{ ...cpu({ type: 'Utilization', averageUtilization: 50 }), type: 'Pods' }] } }, ['spec.metrics[0].pods: Required value: must populate information for the given metric source']],
    ['a target of no group', horizontalPodAutoscalerKind, { spec: { ...autoscaler, scaleTargetRef: { kind: 'Deployment', name: 'web' } } }, ['spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group']],
    ['a controller of the core group, which is right', horizontalPodAutoscalerKind, { spec: { ...autoscaler, scaleTargetRef: { kind: 'ReplicationController', name: 'web' } } }, []],
    ['a policy for ever', horizontalPodAutoscalerKind, { spec: { ...autoscaler, behavior: { scaleUp: { policies: [{ type: 'Pods', value: 0, periodSeconds: 3600 }] }, scaleDown: { stabilizationWindowSeconds: 4000, policies: [] } } } }, ['spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero', 'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 3600: must be less than or equal to 1800', 'spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 4000: must be less than or equal to 3600']],
    ['a handler with a capital', runtimeClassKind, { handler: 'Runsc' }, [expect.stringMatching(/^handler: Invalid value: "Runsc": a lowercase RFC 1123 label/) as string]],
  ] as never)('%s', (_, kind, body, errors) => {
    expect(errorsOf(kind, body)).toEqual(errors)
  })
})

describe('what may change', () => {
  it.each<[string, Kind<never>, object, object, string[]]>([
    ['scopes of a quota may not', resourceQuotaKind, { spec: { scopes: ['Terminating'] } }, { spec: { scopes: ['NotTerminating'] } }, ['spec.scopes: Invalid value: ["NotTerminating"]: field is immutable']],
    ['a volume may get a node affinity', persistentVolumeKind, { spec: volume }, { spec: { ...volume, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] } } } }, []],
    ['a claim may get the class it lacked', persistentVolumeClaimKind, { spec: claim }, { spec: { ...claim, storageClassName: 'fast' } }, []],
    ['a claim that waits may not grow', persistentVolumeClaimKind, { spec: claim }, { spec: { ...claim, resources: { requests: { storage: '2Gi' } } } }, ['spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims']],
    ['the handler may not', runtimeClassKind, { handler: 'a' }, { handler: 'b' }, ['handler: Invalid value: "b": field is immutable']],
    ['a driver on a node may take more volumes', csiNodeKind, { spec: { drivers: [{ name: 'a', nodeID: 'n', allocatable: { count: 1 } }] } }, { spec: { drivers: [{ name: 'a', nodeID: 'n', allocatable: { count: 2 } }] } }, []],
  ] as never)('%s', (_, kind, before, after, errors) => {
    expect(updateErrors(kind, before, after)).toEqual(errors)
  })

  it('claims, volumes and classes warn of what is old', () => {
    const old = { metadata: { name: 'x', annotations: { 'volume.beta.kubernetes.io/storage-class': 'fast' } }, spec: { ...claim, resources: { requests: { storage: '1500m' } } } }
    expect(persistentVolumeClaimKind.strategy.warnings?.(made(persistentVolumeClaimKind, old), undefined)).toEqual([
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
      'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
    ])
    expect(persistentVolumeKind.strategy.warnings?.(made(persistentVolumeKind, { spec: { ...volume, persistentVolumeReclaimPolicy: 'Recycle' } }), undefined)).toEqual(['spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.'])
    expect(storageClassKind.strategy.warnings?.(made(storageClassKind, { provisioner: 'a', allowedTopologies: [{ matchLabelExpressions: [{ key: 'failure-domain.beta.kubernetes.io/zone', values: ['a'] }] }] }), undefined)).toEqual(['allowedTopologies[0].matchLabelExpressions[0].key: deprecated since v1.17; use "topology.kubernetes.io/zone" instead'])
  })
})

describe('the targets of autoscalers', () => {
  const object = { describedObject: { kind: 'Ingress', name: 'main' }, metric: { name: 'rate' } }
  it.each<[Parameters<typeof metricTargetsText>[0], Parameters<typeof metricTargetsText>[1], string]>([
    [undefined, undefined, '<none>'],
    [[{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }], [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 12, averageValue: '12m' } } }], 'cpu: 12%/80%'],
    [[{ type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '100Mi' } } }], [{ type: 'Resource', resource: { name: 'memory', current: { averageValue: '50Mi' } } }], 'memory: 50Mi/100Mi'],
    [[{ type: 'ContainerResource', containerResource: { container: 'a', name: 'cpu', target: { type: 'Utilization' } } }], undefined, 'cpu: <unknown>/<auto>'],
    [[{ type: 'Object', object: { ...object, target: { type: 'AverageValue', averageValue: '10' } } }], [{ type: 'Object', object: { ...object, current: { averageValue: '5' } } }], '5/10 (avg)'],
    [[{ type: 'External', external: { metric: { name: 'queue' }, target: { type: 'Value', value: '30' } } }, { type: 'Odd' }], [{ type: 'External', external: { metric: { name: 'queue' }, current: { value: '7' } } }], '7/30, <unknown type>'],
  ])('%#', (specs, statuses, text) => {
    expect(metricTargetsText(specs, statuses)).toBe(text)
  })
})

describe('autoscaling/v1', () => {
  const full: V2HorizontalPodAutoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', annotations: { own: 'kept' } },
    spec: {
      ...autoscaler,
      minReplicas: 2,
      metrics: [
        { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 70 } } },
        { type: 'Object', object: { describedObject: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'main' }, metric: { name: 'rate', selector: { matchLabels: { a: 'b' } } }, target: { type: 'Value', value: '10' } } },
        { type: 'Pods', pods: { metric: { name: 'requests' }, target: { type: 'AverageValue', averageValue: '1k' } } },
        { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'main', target: { type: 'Utilization', averageUtilization: 40 } } },
        { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '5' } } },
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 55 } } },
      ],
      behavior: { scaleUp: { stabilizationWindowSeconds: 5, selectPolicy: 'Min', policies: [{ type: 'Pods', value: 1, periodSeconds: 15 }], tolerance: '50m' } },
    },
    status: {
      observedGeneration: 3,
      lastScaleTime: '2026-01-01T00:00:00Z',
      currentReplicas: 2,
      desiredReplicas: 3,
      currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 60, averageValue: '60m' } } }, { type: 'Pods', pods: { metric: { name: 'requests' }, current: { averageValue: '900' } } }],
      conditions: [{ type: 'ScalingActive', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'ValidMetricFound', message: 'a < b' }],
    },
  }

  it('carries in annotations what it has no fields for', () => {
    const v1 = autoscalerToV1(full)
    expect(v1.spec).toEqual({ scaleTargetRef: autoscaler.scaleTargetRef, minReplicas: 2, maxReplicas: 3, targetCPUUtilizationPercentage: 55 })
    expect(v1.status).toEqual({ observedGeneration: 3, lastScaleTime: '2026-01-01T00:00:00Z', currentReplicas: 2, desiredReplicas: 3, currentCPUUtilizationPercentage: 60 })
    expect(Object.keys(v1.metadata.annotations ?? {}).sort()).toEqual(['autoscaling.alpha.kubernetes.io/behavior', 'autoscaling.alpha.kubernetes.io/conditions', 'autoscaling.alpha.kubernetes.io/current-metrics', 'autoscaling.alpha.kubernetes.io/metrics', 'own'])
    expect(autoscalerFromV1(v1)).toEqual(full)
  })

  it('forgives annotations that say nothing', () => {
    const annotations = { 'autoscaling.alpha.kubernetes.io/metrics': 'nonsense', 'autoscaling.alpha.kubernetes.io/behavior': '{}', 'autoscaling.alpha.kubernetes.io/conditions': '3' }
    const { metadata, spec } = autoscalerFromV1({ apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: { name: 'web', annotations }, spec: autoscaler })
    expect(metadata).toEqual({ name: 'web' })
    expect(spec).toEqual({ ...autoscaler, minReplicas: 1, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }] })
  })
})

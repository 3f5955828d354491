/** Kinds that no controller is needed for, through their whole life on a server: create, table, update, status, delete. */
import { beforeAll, describe, expect, it } from 'vitest'
import { startServer } from './testing/start-server.ts'
import type { TestServer } from './testing/start-server.ts'

interface Life {
  readonly path: string
  readonly object: { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string; readonly annotations?: object }; readonly [field: string]: unknown }
  /** What the table shows of it just after it was created, by column. */
  readonly row: Readonly<Record<string, unknown>>
  /** The wide columns. */
  readonly wide?: readonly string[]
  /** A merge patch, and what it must not change. */
  readonly refused?: readonly [patch: object, message: string]
  readonly status?: object
  /** Columns after the status was set. */
  readonly then?: Readonly<Record<string, unknown>>
  readonly generation?: number
  /** Whether PUT without a resourceVersion is an update. */
  readonly unconditional: boolean
}

const inDefault = (group: string, plural: string): string => `/apis/${group}/namespaces/default/${plural}`
const core = (plural: string): string => `/api/v1/namespaces/default/${plural}`
const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'fast', volumeName: 'disk' } }

const lives: readonly Life[] = [
  {
    path: core('limitranges'),
    object: { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'usual' }, spec: { limits: [{ type: 'Container', max: { cpu: '2' }, default: { memory: '512Mi' }, min: { cpu: '100m' } }] } },
    row: { Name: 'usual', 'Created At': '2026-01-01T00:00:00Z' },
    refused: [{ spec: { limits: [{ type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } }] } }, 'LimitRange "usual" is invalid: spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'],
    unconditional: true,
  },
  {
    path: core('resourcequotas'),
    object: { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'team' }, spec: { hard: { pods: '10', 'requests.cpu': '4', 'limits.memory': '8Gi' } } },
    row: { Name: 'team', Request: '', Limit: '', Age: '0s' },
    refused: [{ spec: { hard: { cpus: '1' } } }, 'ResourceQuota "team" is invalid: [spec.hard[cpus]: Invalid value: "cpus": must be a standard resource type or fully qualified, spec.hard[cpus]: Invalid value: "cpus": must be a standard resource for quota]'],
    status: { hard: { pods: '10', 'requests.cpu': '4', 'limits.memory': '8Gi' }, used: { pods: '3', 'requests.cpu': '1500m', 'limits.memory': '1Gi' } },
    then: { Request: 'pods: 3/10, requests.cpu: 1500m/4', Limit: 'limits.memory: 1Gi/8Gi' },
    unconditional: true,
  },
  {
    path: '/api/v1/persistentvolumes',
    object: { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'disk' }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteMany', 'ReadWriteOnce'], hostPath: { path: '/data' }, storageClassName: 'fast', claimRef: { namespace: 'default', name: 'data' } } },
    row: { Name: 'disk', Capacity: '1Gi', 'Access Modes': 'RWO,RWX', 'Reclaim Policy': 'Retain', Status: 'Pending', Claim: 'default/data', StorageClass: 'fast', VolumeAttributesClass: '<unset>', Reason: '', Age: '0s', VolumeMode: 'Filesystem' },
    wide: ['VolumeMode'],
    refused: [{ spec: { hostPath: { path: '/other' } } }, 'PersistentVolume "disk" is invalid: spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n'],
    status: { phase: 'Bound' },
    then: { Status: 'Bound' },
    unconditional: true,
  },
  {
    path: core('persistentvolumeclaims'),
    object: claim,
    row: { Name: 'data', Status: 'Pending', Volume: 'disk', Capacity: '0', 'Access Modes': '', StorageClass: 'fast', VolumeAttributesClass: '<unset>', Age: '0s', VolumeMode: 'Filesystem' },
    wide: ['VolumeMode'],
    refused: [{ spec: { storageClassName: 'slow' } }, 'PersistentVolumeClaim "data" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n'],
    status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] },
    then: { Status: 'Bound', Capacity: '1Gi', 'Access Modes': 'RWO' },
    unconditional: true,
  },
  {
    path: core('podtemplates'),
    object: { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'shape' }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'nginx' }, { name: 'side', image: 'busybox' }] } } },
    row: { Name: 'shape', Containers: 'main,side', Images: 'nginx,busybox', 'Pod Labels': 'app=web' },
    refused: [{ template: { spec: { containers: [] } } }, 'PodTemplate "shape" is invalid: template.spec.containers: Required value'],
    generation: 1,
    unconditional: true,
  },
  {
    path: '/apis/storage.k8s.io/v1/storageclasses',
    object: { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'fast', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }, provisioner: 'example.com/disk', parameters: { kind: 'ssd' } },
    row: { Name: 'fast (default)', Provisioner: 'example.com/disk', ReclaimPolicy: 'Delete', VolumeBindingMode: 'Immediate', AllowVolumeExpansion: false, Age: '0s' },
    refused: [{ reclaimPolicy: 'Retain', parameters: { kind: 'hdd' } }, 'StorageClass.storage.k8s.io "fast" is invalid: [parameters: Forbidden: updates to parameters are forbidden., reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.]'],
    unconditional: true,
  },
  {
    path: '/apis/storage.k8s.io/v1/csinodes',
    object: { apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: { name: 'worker-1' }, spec: { drivers: [{ name: 'disk.example.com', nodeID: 'worker-1', topologyKeys: ['example.com/zone'], allocatable: { count: 8 } }] } },
    row: { Name: 'worker-1', Drivers: 1, Age: '0s' },
    refused: [{ spec: { drivers: [{ name: 'disk.example.com', nodeID: 'other' }] } }, 'CSINode.storage.k8s.io "worker-1" is invalid: spec.drivers: Invalid value: {"Name":"disk.example.com","NodeID":"other","TopologyKeys":null,"Allocatable":null}: field is immutable'],
    unconditional: false,
  },
  {
    path: '/apis/storage.k8s.io/v1/csidrivers',
    object: { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: 'disk.example.com' }, spec: { tokenRequests: [{ audience: 'disk' }], volumeLifecycleModes: ['Persistent', 'Ephemeral'] } },
    row: { Name: 'disk.example.com', AttachRequired: true, PodInfoOnMount: false, StorageCapacity: false, TokenRequests: 'disk', RequiresRepublish: false, Modes: 'Persistent,Ephemeral', Age: '0s' },
    refused: [{ spec: { attachRequired: false } }, 'CSIDriver.storage.k8s.io "disk.example.com" is invalid: spec.attachedRequired: Invalid value: false: field is immutable'],
    unconditional: false,
  },
  {
    path: inDefault('storage.k8s.io/v1', 'csistoragecapacities'),
    object: { apiVersion: 'storage.k8s.io/v1', kind: 'CSIStorageCapacity', metadata: { name: 'left' }, storageClassName: 'fast', capacity: '10240Mi' },
    row: { Name: 'left', StorageClassName: 'fast', Capacity: '10Gi' },
    refused: [{ storageClassName: 'slow' }, 'CSIStorageCapacity.storage.k8s.io "left" is invalid: storageClassName: Invalid value: "slow": field is immutable'],
    unconditional: false,
  },
  {
    path: '/apis/storage.k8s.io/v1/volumeattachments',
    object: { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', metadata: { name: 'att' }, spec: { attacher: 'disk.example.com', nodeName: 'worker-1', source: { persistentVolumeName: 'disk' } }, status: { attached: true } },
    row: { Name: 'att', Attacher: 'disk.example.com', PV: 'disk', Node: 'worker-1', Attached: false, Age: '0s' },
    refused: [{ spec: { nodeName: 'worker-2' } }, 'VolumeAttachment.storage.k8s.io "att" is invalid: spec: Invalid value: {"Attacher":"disk.example.com","Source":{"PersistentVolumeName":"disk","InlineVolumeSpec":null},"NodeName":"worker-2"}: field is immutable'],
    status: { attached: true },
    then: { Attached: true },
    unconditional: false,
  },
  {
    path: '/apis/storage.k8s.io/v1/volumeattributesclasses',
    object: { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttributesClass', metadata: { name: 'gold' }, driverName: 'disk.example.com', parameters: { iops: '1000' } },
    row: { Name: 'gold', DriverName: 'disk.example.com', Age: '0s' },
    refused: [{ parameters: { iops: '2000' } }, 'VolumeAttributesClass.storage.k8s.io "gold" is invalid: parameters: Forbidden: updates to parameters are forbidden.'],
    unconditional: true,
  },
  {
    path: inDefault('policy/v1', 'poddisruptionbudgets'),
    object: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'guard' }, spec: { minAvailable: '50%', selector: { matchLabels: { app: 'web' } } } },
    row: { Name: 'guard', 'Min Available': '50%', 'Max Unavailable': 'N/A', 'Allowed Disruptions': 0, Age: '0s' },
    refused: [{ spec: { maxUnavailable: 1 } }, 'PodDisruptionBudget.policy "guard" is invalid: spec: Invalid value: {"MinAvailable":"50%","Selector":{"matchLabels":{"app":"web"}},"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set'],
    status: { disruptionsAllowed: 2, currentHealthy: 4, desiredHealthy: 2, expectedPods: 4, observedGeneration: 1 },
    then: { 'Allowed Disruptions': 2 },
    generation: 1,
    unconditional: false,
  },
  {
    path: inDefault('autoscaling/v2', 'horizontalpodautoscalers'),
    object: { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'web' }, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 5 } },
    row: { Name: 'web', Reference: 'Deployment/web', Targets: 'cpu: <unknown>/80%', MinPods: '1', MaxPods: 5, Replicas: 0, Age: '0s' },
    refused: [{ spec: { minReplicas: 0, maxReplicas: 0 } }, 'HorizontalPodAutoscaler.autoscaling "web" is invalid: [spec.minReplicas: Invalid value: 0: must be greater than or equal to 1, spec.maxReplicas: Invalid value: 0: must be greater than 0, spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas]'],
    status: { currentReplicas: 3, desiredReplicas: 4, currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 92, averageValue: '92m' } } }] },
    then: { Targets: 'cpu: 92%/80%', Replicas: 3 },
    unconditional: true,
  },
  {
    path: '/apis/node.k8s.io/v1/runtimeclasses',
    object: { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'gvisor' }, handler: 'runsc', overhead: { podFixed: { memory: '64Mi' } } },
    row: { Name: 'gvisor', Handler: 'runsc', Age: '0s' },
    refused: [{ handler: 'other' }, 'RuntimeClass.node.k8s.io "gvisor" is invalid: handler: Invalid value: "other": field is immutable'],
    unconditional: false,
  },
]

const merge = { 'content-type': 'application/merge-patch+json' }
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }

describe('kinds of their own', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer()
  })

  it.each(lives.map((life) => [life.object.kind, life] as const))('%s', async (_, life) => {
    const { call } = server
    const { name } = life.object.metadata
    const one = `${life.path}/${name}`
    const cells = async (): Promise<Record<string, unknown>> => {
      const { json } = await call('GET', one, undefined, table)
      const wide = json.columnDefinitions.filter((column: { priority: number }) => column.priority > 0).map((column: { name: string }) => column.name)
      expect(wide).toEqual(life.wide ?? [])
      return Object.fromEntries(json.columnDefinitions.map((column: { name: string }, index: number) => [column.name, json.rows[0].cells[index]]))
    }

    const dry = await call('POST', `${life.path}?dryRun=All&fieldValidation=Strict`, structuredClone(life.object))
    expect(dry.json).toMatchObject({ metadata: { name } })
    const created = await call('POST', life.path, structuredClone(life.object))
    expect(created.status).toBe(201)
    expect(created.json.metadata.generation).toBe(life.generation)
    expect(Object.entries(await cells())).toEqual(Object.entries(life.row))

    const labelled = await call('PATCH', one, { metadata: { labels: { tier: 'gold' } } }, merge)
    expect(labelled.json.metadata).toMatchObject({ labels: { tier: 'gold' } })
    expect(labelled.json.metadata.generation).toBe(life.generation)
    const { resourceVersion: _version, ...unversioned } = labelled.json.metadata
    const put = await call('PUT', one, { ...labelled.json, metadata: unversioned })
    if (life.unconditional) expect(put.status).toBe(200)
    else expect(put.json.message).toContain('metadata.resourceVersion: Invalid value: 0: must be specified for an update')
    if (life.refused) {
      const [patch, message] = life.refused
      const refused = await call('PATCH', one, patch, merge)
      expect(refused.status).toBe(422)
      if (message.endsWith('\n')) expect(refused.json.message.startsWith(message)).toBe(true)
      else expect(refused.json.message).toBe(message)
    }

    if (life.status) {
      // The main endpoint leaves the status alone, the status endpoint everything else.
      await call('PATCH', one, { status: life.status }, merge)
      expect(Object.entries(await cells())).toEqual(Object.entries(life.row))
      const updated = await call('PATCH', `${one}/status`, { status: life.status, spec: null }, merge)
      expect(updated.json.status).toMatchObject(life.status)
      expect(updated.json.spec).toEqual(labelled.json.spec)
      expect(await cells()).toEqual({ ...life.row, ...life.then })
      expect((await call('GET', `${one}/status`)).json.status).toMatchObject(life.status)
    } else expect((await call('GET', `${one}/status`)).status).toBe(404)

    const deleted = await call('DELETE', one)
    expect(deleted.status).toBe(200)
    await call('PATCH', one, [{ op: 'remove', path: '/metadata/finalizers' }], { 'content-type': 'application/json-patch+json' })
    expect((await call('GET', one)).status).toBe(404)
  })

  it('claims take a volume once, and change in size when bound', async () => {
    const { call } = server
    const path = core('persistentvolumeclaims')
    const { volumeName: _volume, ...spec } = claim.spec
    await call('POST', path, { ...claim, metadata: { name: 'late' }, spec })
    const late = `${path}/late`
    expect((await call('PATCH', late, { spec: { volumeName: 'disk' } }, merge)).status).toBe(200)
    expect((await call('PATCH', late, { spec: { volumeName: 'other' } }, merge)).status).toBe(422)
    const bigger = { spec: { resources: { requests: { storage: '2Gi' } } } }
    expect((await call('PATCH', late, bigger, merge)).status).toBe(422)
    await call('PATCH', `${late}/status`, { status: { phase: 'Bound', capacity: { storage: '1Gi' } } }, merge)
    const grown = await call('PATCH', late, bigger, merge)
    // Whether the class lets it grow is an admission plugin's question.
    expect([200, 403]).toContain(grown.status)
    const smaller = await call('PATCH', late, { spec: { resources: { requests: { storage: '512Mi' } } } }, merge)
    expect(smaller.json.message).toContain('spec.resources.requests.storage: Forbidden: field can not be less than status.capacity')
  })

  it('autoscalers are the same in both versions', async () => {
    const { call } = server
    const v1 = inDefault('autoscaling/v1', 'horizontalpodautoscalers')
    const v2 = inDefault('autoscaling/v2', 'horizontalpodautoscalers')
    await call('POST', v1, { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: { name: 'old' }, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 3, targetCPUUtilizationPercentage: 50 } })
    expect((await call('GET', `${v2}/old`)).json).toMatchObject({ apiVersion: 'autoscaling/v2', spec: { minReplicas: 1, maxReplicas: 3, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }] } })
    await call('PATCH', `${v2}/old`, { spec: { metrics: [{ type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '100Mi' } } }], behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } } }, merge)
    await call('PATCH', `${v2}/old/status`, { status: { desiredReplicas: 1, conditions: [{ type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale', lastTransitionTime: '2026-01-01T00:00:00Z' }] } }, merge)
    const seen = (await call('GET', `${v1}/old`)).json
    expect(seen.spec).toEqual({ scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 3 })
    expect(seen.metadata.annotations).toEqual({
      'autoscaling.alpha.kubernetes.io/metrics': '[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"100Mi"}}]',
      'autoscaling.alpha.kubernetes.io/behavior': '{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15},{"Type":"Percent","Value":100,"PeriodSeconds":15}],"Tolerance":null},"ScaleDown":{"StabilizationWindowSeconds":60,"SelectPolicy":"Max","Policies":[{"Type":"Percent","Value":100,"PeriodSeconds":15}],"Tolerance":null}}',
      'autoscaling.alpha.kubernetes.io/conditions': '[{"type":"AbleToScale","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z","reason":"ReadyForNewScale"}]',
    })
    const before = (await call('GET', `${v2}/old`)).json
    await call('PUT', `${v1}/old`, { ...seen, metadata: { ...seen.metadata, labels: { seen: 'twice' } } })
    const after = (await call('GET', `${v2}/old`)).json
    expect(after.metadata.labels).toEqual({ seen: 'twice' })
    expect([after.spec, after.status, after.metadata.annotations]).toEqual([before.spec, before.status, undefined])
  })

  it('component statuses come from the components', async () => {
    const { call } = server
    const { json, headers } = await call('GET', '/api/v1/componentstatuses', undefined, table)
    expect(headers['warning']).toBe('299 - "v1 ComponentStatus is deprecated in v1.19+"')
    expect(json.rows.map((row: { cells: unknown[] }) => row.cells)).toEqual([
      ['controller-manager', 'Unhealthy', 'Get "https://127.0.0.1:10257/healthz": dial tcp 127.0.0.1:10257: connect: connection refused', ''],
      ['etcd-0', 'Healthy', 'ok', ''],
      ['scheduler', 'Unhealthy', 'Get "https://127.0.0.1:10259/healthz": dial tcp 127.0.0.1:10259: connect: connection refused', ''],
    ])
    expect((await call('GET', '/api/v1/componentstatuses?fieldSelector=metadata.name%3Detcd-0')).json.items).toHaveLength(1)
    expect((await call('GET', '/api/v1/componentstatuses/etcd-0')).json.conditions).toEqual([{ type: 'Healthy', status: 'True', message: 'ok' }])
    expect((await call('GET', '/api/v1/componentstatuses/nobody')).json).toMatchObject({ code: 500, message: 'Component not found: nobody' })
    expect((await call('POST', '/api/v1/componentstatuses', { apiVersion: 'v1', kind: 'ComponentStatus', metadata: { name: 'a' } })).status).toBe(405)
  })
})

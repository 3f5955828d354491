import { beforeAll, describe, expect, test } from 'vitest'
import { startServer } from '../../main/control-plane/apiserver/testing/start-server.ts'
import type { TestServer } from '../../main/control-plane/apiserver/testing/start-server.ts'

/** What the official list asks of every resource's API: it is in the discovery documents; create, get, list (here and in
 *  all namespaces, by label), watch, update, patch, delete and deletecollection; /status and /scale where there are some. */
interface Resource {
  readonly group: string
  readonly plural: string
  readonly kind: string
  readonly clusterWide?: boolean
  /** Everything but apiVersion, kind and metadata. */
  readonly fields?: Readonly<Record<string, unknown>>
  /** A status that its strategy keeps as it is. */
  readonly status?: Readonly<Record<string, unknown>>
  readonly scaled?: boolean
}

const pod = { containers: [{ name: 'main', image: 'busybox:1.36' }] }
const selector = { matchLabels: { app: 'sample' } }
const template = { metadata: { labels: { app: 'sample' } }, spec: pod }
const condition = { type: 'Sample', status: 'True', reason: 'Tested', message: 'said so', lastTransitionTime: '2026-01-01T00:00:00Z' }
const workloadStatus = { replicas: 1, conditions: [{ type: 'Sample', status: 'True', reason: 'Tested', message: 'said so' }] }
const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }]
const webhook = { name: 'check.example.com', clientConfig: { url: 'https://hook.example.com/check' }, sideEffects: 'None', admissionReviewVersions: ['v1'], rules }
const involved = { kind: 'Pod', namespace: 'default', name: 'somebody', apiVersion: 'v1' }

const resources: readonly Resource[] = [
  { group: 'v1', plural: 'configmaps', kind: 'ConfigMap', fields: { data: { a: '1' } } },
  { group: 'v1', plural: 'secrets', kind: 'Secret', fields: { stringData: { a: '1' } } },
  { group: 'v1', plural: 'endpoints', kind: 'Endpoints', fields: { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] } },
  { group: 'v1', plural: 'events', kind: 'Event', fields: { involvedObject: involved, reason: 'Tested', message: 'said so', type: 'Normal', source: { component: 'tester' } } },
  { group: 'v1', plural: 'limitranges', kind: 'LimitRange', fields: { spec: { limits: [{ type: 'Container', max: { cpu: '2' } }] } } },
  { group: 'v1', plural: 'nodes', kind: 'Node', clusterWide: true, status: { phase: 'Running' } },
  { group: 'v1', plural: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', fields: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'none' } }, status: { phase: 'Pending', conditions: [{ type: 'Sample', status: 'True', reason: 'Tested', message: 'said so' }] } },
  { group: 'v1', plural: 'persistentvolumes', kind: 'PersistentVolume', clusterWide: true, fields: { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], csi: { driver: 'disks.example.com', volumeHandle: 'one' } } }, status: { phase: 'Failed', reason: 'Tested', message: 'said so' } },
  { group: 'v1', plural: 'pods', kind: 'Pod', fields: { spec: { ...pod, volumes: [{ name: 'inline', csi: { driver: 'disks.example.com' } }] } }, status: { phase: 'Pending', message: 'said so', reason: 'Tested' } },
  { group: 'v1', plural: 'podtemplates', kind: 'PodTemplate', fields: { template } },
  { group: 'v1', plural: 'replicationcontrollers', kind: 'ReplicationController', fields: { spec: { replicas: 1, selector: { app: 'sample' }, template } }, status: workloadStatus, scaled: true },
  { group: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota', fields: { spec: { hard: { cpu: '500', memory: '1Ti' } } }, status: { hard: { cpu: '500' }, used: { cpu: '1' } } },
  { group: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', fields: { automountServiceAccountToken: false } },
  { group: 'v1', plural: 'services', kind: 'Service', fields: { spec: { ports: [{ port: 80 }], selector: { app: 'sample' } } }, status: { loadBalancer: {}, conditions: [condition] } },
  { group: 'apps/v1', plural: 'controllerrevisions', kind: 'ControllerRevision', fields: { data: { spec: { template: {} } }, revision: 1 } },
  { group: 'apps/v1', plural: 'daemonsets', kind: 'DaemonSet', fields: { spec: { selector, template } }, status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0, conditions: workloadStatus.conditions } },
  { group: 'apps/v1', plural: 'deployments', kind: 'Deployment', fields: { spec: { replicas: 1, selector, template } }, status: workloadStatus, scaled: true },
  { group: 'apps/v1', plural: 'replicasets', kind: 'ReplicaSet', fields: { spec: { replicas: 1, selector, template } }, status: workloadStatus, scaled: true },
  { group: 'apps/v1', plural: 'statefulsets', kind: 'StatefulSet', fields: { spec: { replicas: 1, serviceName: 'sample', selector, template } }, status: workloadStatus, scaled: true },
  { group: 'batch/v1', plural: 'cronjobs', kind: 'CronJob', fields: { spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: { spec: { ...pod, restartPolicy: 'Never' } } } } } }, status: { lastScheduleTime: '2026-01-01T00:00:00Z' } },
  { group: 'batch/v1', plural: 'jobs', kind: 'Job', fields: { spec: { suspend: true, template: { spec: { ...pod, restartPolicy: 'Never' } } } }, status: { conditions: [{ type: 'Suspended', status: 'True', reason: 'Tested', message: 'said so' }] } },
  { group: 'policy/v1', plural: 'poddisruptionbudgets', kind: 'PodDisruptionBudget', fields: { spec: { minAvailable: 1, selector } }, status: { conditions: [condition], currentHealthy: 1, desiredHealthy: 1, disruptionsAllowed: 0, expectedPods: 1 } },
  { group: 'certificates.k8s.io/v1', plural: 'certificatesigningrequests', kind: 'CertificateSigningRequest', clusterWide: true, fields: { spec: { signerName: 'example.com/mine', usages: ['client auth'], request: certificateRequest() } }, status: { conditions: [{ type: 'Failed', status: 'True', reason: 'Tested', message: 'said so' }] } },
  { group: 'coordination.k8s.io/v1', plural: 'leases', kind: 'Lease', fields: { spec: { holderIdentity: 'somebody', leaseDurationSeconds: 30, leaseTransitions: 0 } } },
  { group: 'discovery.k8s.io/v1', plural: 'endpointslices', kind: 'EndpointSlice', fields: { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }] } },
  { group: 'events.k8s.io/v1', plural: 'events', kind: 'Event', fields: { regarding: involved, eventTime: '2026-01-01T00:00:00.000000Z', reportingController: 'example.com/tester', reportingInstance: 'tester-1', action: 'Do', reason: 'Tested', note: 'said so', type: 'Normal' } },
  { group: 'flowcontrol.apiserver.k8s.io/v1', plural: 'flowschemas', kind: 'FlowSchema', clusterWide: true, fields: { spec: { matchingPrecedence: 10_000, priorityLevelConfiguration: { name: 'global-default' }, distinguisherMethod: { type: 'ByUser' } } }, status: { conditions: [condition] } },
  { group: 'flowcontrol.apiserver.k8s.io/v1', plural: 'prioritylevelconfigurations', kind: 'PriorityLevelConfiguration', clusterWide: true, fields: { spec: { type: 'Limited', limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } } } }, status: { conditions: [condition] } },
  { group: 'networking.k8s.io/v1', plural: 'ingressclasses', kind: 'IngressClass', clusterWide: true, fields: { spec: { controller: 'example.com/controller' } } },
  { group: 'networking.k8s.io/v1', plural: 'ingresses', kind: 'Ingress', fields: { spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } } }, status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } } },
  { group: 'node.k8s.io/v1', plural: 'runtimeclasses', kind: 'RuntimeClass', clusterWide: true, fields: { handler: 'runc' } },
  { group: 'rbac.authorization.k8s.io/v1', plural: 'roles', kind: 'Role', fields: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] } },
  { group: 'scheduling.k8s.io/v1', plural: 'priorityclasses', kind: 'PriorityClass', clusterWide: true, fields: { value: 5 } },
  { group: 'storage.k8s.io/v1', plural: 'csidrivers', kind: 'CSIDriver', clusterWide: true, fields: { spec: { attachRequired: false } } },
  { group: 'storage.k8s.io/v1', plural: 'csinodes', kind: 'CSINode', clusterWide: true, fields: { spec: { drivers: [] } } },
  { group: 'storage.k8s.io/v1', plural: 'csistoragecapacities', kind: 'CSIStorageCapacity', fields: { storageClassName: 'fast', capacity: '1Gi' } },
  { group: 'storage.k8s.io/v1', plural: 'storageclasses', kind: 'StorageClass', clusterWide: true, fields: { provisioner: 'disks.example.com' } },
  { group: 'storage.k8s.io/v1', plural: 'volumeattachments', kind: 'VolumeAttachment', clusterWide: true, fields: { spec: { attacher: 'disks.example.com', nodeName: 'worker-1', source: { persistentVolumeName: 'disk' } } }, status: { attached: true } },
  { group: 'storage.k8s.io/v1', plural: 'volumeattributesclasses', kind: 'VolumeAttributesClass', clusterWide: true, fields: { driverName: 'disks.example.com', parameters: { speed: 'high' } } },
  { group: 'admissionregistration.k8s.io/v1', plural: 'mutatingwebhookconfigurations', kind: 'MutatingWebhookConfiguration', clusterWide: true, fields: { webhooks: [{ ...webhook, rules: [{ ...rules[0], resources: ['nothing'] }] }] } },
  { group: 'admissionregistration.k8s.io/v1', plural: 'validatingwebhookconfigurations', kind: 'ValidatingWebhookConfiguration', clusterWide: true, fields: { webhooks: [{ ...webhook, rules: [{ ...rules[0], resources: ['nothing'] }] }] } },
  { group: 'admissionregistration.k8s.io/v1', plural: 'validatingadmissionpolicies', kind: 'ValidatingAdmissionPolicy', clusterWide: true, fields: { spec: { matchConstraints: { resourceRules: rules }, validations: [{ expression: 'true' }] } }, status: { observedGeneration: 1, conditions: [condition] } },
  { group: 'admissionregistration.k8s.io/v1', plural: 'validatingadmissionpolicybindings', kind: 'ValidatingAdmissionPolicyBinding', clusterWide: true, fields: { spec: { policyName: 'none', validationActions: ['Deny'] } } },
]

/** A signed PKCS#10 request for CN=tester, made once with openssl; what it says is of no matter here. */
function certificateRequest(): string {
  const der = 'MIHLMHMCAQAwETEPMA0GA1UEAwwGdGVzdGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+iyVjhYerNuvH6igPj8TlxgABSP2UyXiicxC21l81+MqwfE4cQAxu4V9WgFvXztxSg3jco3VanYyhAMoU2WrVKAAMAoGCCqGSM49BAMCA0gAMEUCIQCabAETG6Pmz7qtC6FYwXgtlROkctVyZqovP6FgyshElwIgLh/xHjmf0aXHENLBl4Ku7UTBgi9lMuPkfMvRtqHrSP0='
  return btoa(`-----BEGIN CERTIFICATE REQUEST-----\n${der}\n-----END CERTIFICATE REQUEST-----\n`)
}

const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
const merge = { 'content-type': 'application/merge-patch+json' }
let server: TestServer

beforeAll(async () => {
  server = await startServer()
  // What the service account controller would make.
  await server.call('POST', '/api/v1/namespaces/default/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } })
})

describe.each(resources.map((each) => [`${each.plural}.${each.group}`, each] as const))('%s', (_, { group, plural, kind, clusterWide, fields, status, scaled }) => {
  const base = group === 'v1' ? '/api/v1' : `/apis/${group}`
  const everywhere = `${base}/${plural}`
  const collection = clusterWide ? everywhere : `${base}/namespaces/default/${plural}`
  const label = `set=${plural}`
  const sample = (name: string): object => ({ apiVersion: group, kind, metadata: { name, labels: { set: plural } }, ...fields })

  test('is in the discovery documents with its verbs', async () => {
    const { json } = await server.call('GET', base)
    const found = json.resources.find(({ name }: { name: string }) => name === plural)
    expect(found).toMatchObject({ kind, namespaced: !clusterWide })
    expect([...found.verbs].sort()).toEqual(['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'])
    const names = json.resources.map(({ name }: { name: string }) => name)
    if (status) expect(names).toContain(`${plural}/status`)
    if (scaled) expect(names).toContain(`${plural}/scale`)
  })

  test('is created, read, listed, watched, patched, updated and deleted', async () => {
    const { call } = server
    const before = await call('GET', `${collection}?labelSelector=${label}`)
    const watch = await server.watch(`${collection}?watch=true&labelSelector=${label}&resourceVersion=${before.json.metadata.resourceVersion}`)
    const created = await call('POST', collection, sample('a'))
    expect(created.json).toMatchObject({ kind, metadata: { name: 'a' } })
    expect(created.status).toBe(201)
    expect((await call('GET', `${collection}/a`)).json.metadata.uid).toBe(created.json.metadata.uid)
    expect((await call('GET', `${everywhere}?labelSelector=${label}`)).json.items.map((each: { metadata: { name: string } }) => each.metadata.name)).toEqual(['a'])
    const patched = await call('PATCH', `${collection}/a`, { metadata: { annotations: { patched: 'true' } } }, strategic)
    expect(patched.json.metadata.annotations).toMatchObject({ patched: 'true' })
    const updated = await call('PUT', `${collection}/a`, { ...patched.json, metadata: { ...patched.json.metadata, annotations: { ...patched.json.metadata.annotations, updated: 'true' } } })
    expect(updated.json.metadata.annotations).toMatchObject({ patched: 'true', updated: 'true' })
    expect((await call('PUT', `${collection}/a`, created.json)).status, 'a stale copy').toBe(409)
    const deleted = await call('DELETE', `${collection}/a?gracePeriodSeconds=0`)
    expect(deleted.status).toBeLessThan(300)
    await letGo(`${collection}/a`)
    expect((await call('GET', `${collection}/a`)).json).toMatchObject({ kind: 'Status', code: 404, reason: 'NotFound' })
    await server.run(100)
    const seen = watch.events.map(({ type }) => type)
    expect([seen[0], seen[1], seen.at(-1)]).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
    watch.cancel()
  })

  if (status)
    test('has a status of its own', async () => {
      const { call } = server
      await call('POST', collection, sample('s'))
      const patched = await call('PATCH', `${collection}/s/status`, { metadata: { annotations: { patchedstatus: 'true' } }, status }, merge)
      expect(patched.json.status, JSON.stringify(patched.json)).toMatchObject(holding(status))
      const read = await call('GET', `${collection}/s/status`)
      expect(read.json.status, JSON.stringify(read.json)).toMatchObject(holding(status))
      const replaced = await call('PUT', `${collection}/s/status`, { ...read.json, metadata: { ...read.json.metadata, labels: { ...read.json.metadata.labels } } })
      expect(replaced.status, JSON.stringify(replaced.json)).toBe(200)
      expect(replaced.json.spec, 'what is wanted stays').toEqual(read.json.spec)
      await call('DELETE', `${collection}/s?gracePeriodSeconds=0`)
      await letGo(`${collection}/s`)
    })

  if (scaled)
    test('is scaled', async () => {
      const { call } = server
      await call('POST', collection, sample('r'))
      const scale = await call('GET', `${collection}/r/scale`)
      expect(scale.json).toMatchObject({ apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 1 }, status: { selector: 'app=sample' } })
      expect((await call('PUT', `${collection}/r/scale`, { ...scale.json, spec: { replicas: 2 } })).json.spec.replicas).toBe(2)
      expect((await call('PATCH', `${collection}/r/scale`, { spec: { replicas: 4 } }, merge)).json.spec.replicas).toBe(4)
      expect((await call('GET', `${collection}/r`)).json.spec.replicas).toBe(4)
      await call('DELETE', `${collection}/r`)
      await letGo(`${collection}/r`)
    })

  test('goes by the collection, and only what the selector names', async () => {
    const { call } = server
    for (const name of ['c1', 'c2']) expect((await call('POST', collection, sample(name))).status).toBe(201)
    expect((await call('POST', collection, { ...sample('kept'), metadata: { name: 'kept', labels: { other: plural } } })).status).toBe(201)
    expect((await call('DELETE', `${collection}?labelSelector=${label}&gracePeriodSeconds=0`)).status).toBe(200)
    for (const name of ['c1', 'c2']) await letGo(`${collection}/${name}`)
    expect((await call('GET', `${collection}?labelSelector=${label}`)).json.items).toEqual([])
    expect((await call('GET', `${collection}/kept`)).json.metadata.deletionTimestamp).toBeUndefined()
    await call('DELETE', `${collection}/kept?gracePeriodSeconds=0`)
    await letGo(`${collection}/kept`)
  })
})

/** A status as wanted, beside conditions that the server itself keeps. */
function holding(status: Readonly<Record<string, unknown>>): object {
  const { conditions } = status as { conditions?: readonly object[] }
  return conditions ? { ...status, conditions: expect.arrayContaining(conditions.map((each) => expect.objectContaining(each) as unknown)) as unknown } : status
}

/** Takes the finalizers off that only a controller would, which does not run here. */
async function letGo(path: string): Promise<void> {
  const { json } = await server.call('GET', path)
  if (json.metadata?.deletionTimestamp && json.metadata.finalizers) await server.call('PATCH', path, { metadata: { finalizers: null } }, merge)
}

test('a namespace is patched, updated, finalized and has a status', async () => {
  const { call } = server
  await call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'sample' } })
  const path = '/api/v1/namespaces/sample'
  expect((await call('PATCH', path, { metadata: { labels: { patched: 'true' } } }, strategic)).json.metadata.labels).toMatchObject({ patched: 'true', 'kubernetes.io/metadata.name': 'sample' })
  expect((await call('GET', `${path}/status`)).json.status).toEqual({ phase: 'Active' })
  const condition = { type: 'StatusPatch', status: 'True', reason: 'Tested', message: 'said so' }
  expect((await call('PATCH', `${path}/status`, { status: { conditions: [condition] } }, merge)).json.status.conditions).toMatchObject([condition])
  const { json } = await call('GET', path)
  const finalized = await call('PUT', `${path}/finalize`, { ...json, spec: { finalizers: [...json.spec.finalizers, 'example.com/mine'] } })
  expect(finalized.json.spec.finalizers).toEqual(['kubernetes', 'example.com/mine'])
  expect((await call('PUT', `${path}/finalize`, { ...finalized.json, spec: { finalizers: ['kubernetes'] } })).json.spec.finalizers).toEqual(['kubernetes'])
})

test.each(['ConfigMap', 'Secret'])('%s: refuses an empty key, and is immutable once it says so', async (kind) => {
  const { call } = server
  const collection = `/api/v1/namespaces/default/${kind.toLowerCase()}s`
  const body = (data: object): object => ({ apiVersion: 'v1', kind, metadata: { name: 'fixed' }, data })
  expect((await call('POST', collection, body({ '': 'eA==' }))).json).toMatchObject({ code: 422, reason: 'Invalid' })
  await call('POST', collection, body({ a: 'eA==' }))
  const patch = (change: object): Promise<{ status: number }> => call('PATCH', `${collection}/fixed`, change, merge)
  expect((await patch({ data: { a: 'eQ==' } })).status).toBe(200)
  expect((await patch({ immutable: true })).status).toBe(200)
  expect((await patch({ data: { a: 'eg==' } })).status).toBe(422)
  expect((await patch({ immutable: false })).status).toBe(422)
  expect((await patch({ metadata: { labels: { still: 'free' } } })).status).toBe(200)
  expect((await call('DELETE', `${collection}/fixed`)).status).toBe(200)
})

test('every group prefers a version that it has, and lists its resources', async () => {
  const { json } = await server.call('GET', '/apis')
  expect(json.groups.length).toBeGreaterThan(15)
  for (const { name, versions, preferredVersion } of json.groups) {
    expect(versions).toContainEqual(preferredVersion)
    for (const { groupVersion } of versions) {
      const list = (await server.call('GET', `/apis/${groupVersion}`)).json
      expect([list.groupVersion, list.resources.length > 0], name).toEqual([groupVersion, true])
    }
  }
})

test('the kubernetes service is found among the services of all namespaces', async () => {
  await server.run(5000)
  const { json } = await server.call('GET', '/api/v1/services')
  expect(json.items.map((each: { metadata: { namespace: string; name: string } }) => `${each.metadata.namespace}/${each.metadata.name}`)).toContain('default/kubernetes')
})

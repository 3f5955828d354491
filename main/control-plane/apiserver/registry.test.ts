/** What the generic registry does with every kind. */
import { describe, expect, it } from 'vitest'
import type { inProcessEtcd } from '../etcd/in-process.ts'
import type { Process } from '../../kernel/machine.ts'
import { Machine } from '../../kernel/machine.ts'
import { SimulatedDisk } from '../../kernel/disk.ts'
import { HttpClient } from '../../kernel/http.ts'
import { kubeApiserver } from './server.ts'
import type { ApiServer } from './server.ts'
import { admin, startServer } from './testing/start-server.ts'
import { es256Tokens, generateTokenKey } from './tokens.node.ts'

const configMap = (name: string, more: object = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...more } })
const configMaps = '/api/v1/namespaces/default/configmaps'
const merge = { 'content-type': 'application/merge-patch+json' }
const apply = { 'content-type': 'application/apply-patch+yaml' }
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }

describe('names', () => {
  it('are generated, and made anew when taken', async () => {
    const { call } = await startServer()
    const names = new Set<string>()
    for (let index = 0; index < 20; index++) names.add((await call('POST', configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'made-' } })).json.metadata.name)
    expect(names.size).toBe(20)
    for (const name of names) expect(name).toMatch(/^made-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  })
})

describe('deletion', () => {
  it('follows the propagation policy', async () => {
    const { call } = await startServer()
    const path = '/apis/apps/v1/namespaces/default/replicasets'
    const set = (name: string) => ({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } } })
    for (const name of ['one', 'two', 'three']) await call('POST', path, set(name))
    const foreground = await call('DELETE', `${path}/one?propagationPolicy=Foreground`)
    expect(foreground).toMatchObject({ status: 202, json: { metadata: { finalizers: ['foregroundDeletion'], deletionGracePeriodSeconds: 0, generation: 2 } } })
    const orphan = await call('DELETE', `${path}/two`, { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Orphan' })
    expect(orphan.json.metadata.finalizers).toEqual(['orphan'])
    expect((await call('DELETE', `${path}/three?propagationPolicy=Background`)).json).toMatchObject({ kind: 'Status', status: 'Success', details: { name: 'three', group: 'apps', kind: 'replicasets' } })
    expect((await call('DELETE', `${path}/one`, { propagationPolicy: 'Nonsense' })).json).toMatchObject({ code: 422, message: expect.stringContaining('DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Nonsense": supported values: "Foreground", "Background", "Orphan", "nil"') })
    const added = await call('PATCH', `${path}/one`, { metadata: { finalizers: ['foregroundDeletion', 'example.com/more'] } }, merge)
    expect(added.json.message).toContain('metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/more"}')
  })

  it('heeds preconditions', async () => {
    const { call } = await startServer()
    const { json } = await call('POST', configMaps, configMap('one'))
    const refused = await call('DELETE', `${configMaps}/one`, { preconditions: { uid: 'other' } })
    expect(refused.json).toMatchObject({ code: 409, message: `Operation cannot be fulfilled on ConfigMap "one": the UID in the precondition (other) does not match the UID in record (${json.metadata.uid}). The object might have been deleted and then recreated` })
    expect((await call('DELETE', `${configMaps}/one`, { preconditions: { uid: json.metadata.uid, resourceVersion: json.metadata.resourceVersion } })).status).toBe(200)
  })

  it('of a collection takes what the selector names', async () => {
    const { call } = await startServer()
    for (const [name, app] of [['a', 'x'], ['b', 'y'], ['c', 'x']] as const) await call('POST', configMaps, configMap(name, { labels: { app } }))
    expect((await call('DELETE', `${configMaps}?labelSelector=app%3Dx`)).json.items).toHaveLength(2)
    expect((await call('GET', configMaps)).json.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['b'])
  })

  it('of a namespace waits for its finalizer', async () => {
    const { call, watch, run } = await startServer()
    await call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'going' } })
    const seen = await watch('/api/v1/namespaces?watch=true&fieldSelector=metadata.name%3Dgoing')
    const deleting = await call('DELETE', '/api/v1/namespaces/going')
    expect(deleting.json).toMatchObject({ status: { phase: 'Terminating' }, spec: { finalizers: ['kubernetes'] }, metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })
    expect((await call('POST', '/api/v1/namespaces/going/configmaps', configMap('late'))).json).toMatchObject({
      code: 403, message: 'configmaps "late" is forbidden: unable to create new content in namespace going because it is being terminated', details: { causes: [{ reason: 'NamespaceTerminating' }] },
    })
    await call('PUT', '/api/v1/namespaces/going/finalize', { ...deleting.json, spec: { finalizers: [] } })
    expect((await call('GET', '/api/v1/namespaces/going')).status).toBe(404)
    await run(10)
    expect(seen.events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
    expect((await call('POST', '/api/v1/namespaces/gone/configmaps', configMap('x'))).json).toMatchObject({ code: 404, message: 'namespaces "gone" not found' })
  })
})

describe('writes', () => {
  it('that are dry leave nothing behind', async () => {
    const { call } = await startServer()
    const created = await call('POST', `${configMaps}?dryRun=All`, configMap('dry'))
    expect(created).toMatchObject({ status: 201, json: { metadata: { name: 'dry', uid: expect.any(String) } } })
    expect(created.json.metadata.resourceVersion).toBeUndefined()
    expect((await call('GET', `${configMaps}/dry`)).status).toBe(404)
    await call('POST', configMaps, configMap('wet'))
    expect((await call('DELETE', `${configMaps}/wet?dryRun=All`)).status).toBe(200)
    expect((await call('PATCH', `${configMaps}/wet?dryRun=All`, { data: { a: '1' } }, merge)).json.data).toEqual({ a: '1' })
    expect((await call('GET', `${configMaps}/wet`)).json.data).toBeUndefined()
  })

  it('of status and spec keep to their own half, and count generations', async () => {
    const { call } = await startServer()
    const path = '/apis/apps/v1/namespaces/default/deployments'
    await call('POST', path, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } }, status: { replicas: 7 } })
    const created = (await call('GET', `${path}/web`)).json
    expect(created).toMatchObject({ metadata: { generation: 1 }, spec: { replicas: 1, strategy: { type: 'RollingUpdate' } } })
    expect(created.status.replicas).toBeUndefined()
    const status = await call('PATCH', `${path}/web/status`, { spec: { replicas: 9 }, status: { replicas: 3 } }, merge)
    expect(status.json).toMatchObject({ metadata: { generation: 1 }, spec: { replicas: 1 }, status: { replicas: 3 } })
    const spec = await call('PATCH', `${path}/web`, { spec: { replicas: 2 }, status: { replicas: 8 } }, merge)
    expect(spec.json).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 2 }, status: { replicas: 3 } })
    const scale = await call('GET', `${path}/web/scale`)
    expect(scale.json).toMatchObject({ kind: 'Scale', apiVersion: 'autoscaling/v1', spec: { replicas: 2 }, status: { replicas: 3, selector: 'a=b' } })
    const scaled = await call('PUT', `${path}/web/scale`, { ...scale.json, spec: { replicas: 5 } })
    expect(scaled.json.spec.replicas).toBe(5)
    expect((await call('PATCH', `${path}/web/scale`, { spec: { replicas: -1 } }, merge)).json.message).toBe('Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0')
    expect((await call('GET', `${path}/web`)).json.metadata.generation).toBe(3)
  })

  it('by apply own fields, conflict, and may be forced', async () => {
    const { call } = await startServer()
    const applied = (data: object, manager: string, force = '') => call('PATCH', `${configMaps}/applied?fieldManager=${manager}${force}`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data }, apply)
    expect((await applied({ a: '1' }, 'one')).status).toBe(201)
    expect((await applied({ a: '1' }, 'one')).status).toBe(200)
    const conflict = await applied({ a: '2' }, 'two')
    expect(conflict.json).toMatchObject({ code: 409, reason: 'Conflict', message: 'Apply failed with 1 conflict: conflict with "one": .data.a', details: { causes: [{ reason: 'FieldManagerConflict', field: '.data.a' }] } })
    expect((await applied({ a: '2' }, 'two', '&force=true')).json.data).toEqual({ a: '2' })
    const left = await applied({ b: '3' }, 'two')
    expect(left.json.data).toEqual({ b: '3' })
  })

  it('that race are all kept', async () => {
    const { call, client, settle } = await startServer()
    await call('POST', configMaps, configMap('raced'))
    const { configMapKind } = await import('../../api/kinds/core/config-map.ts')
    await settle(Promise.all(Array.from({ length: 20 }, (_, index) => client().patch(configMapKind, 'raced', 'default', 'merge', { data: { [`k${index}`]: 'v' } }))))
    expect(Object.keys((await call('GET', `${configMaps}/raced`)).json.data)).toHaveLength(20)
  })
})

describe('answers', () => {
  it('come as tables, metadata, YAML and protobuf', async () => {
    const { call } = await startServer()
    await call('POST', configMaps, { ...configMap('one'), data: { a: '1', b: '2' } })
    const list = await call('GET', configMaps, undefined, table)
    expect(list.json).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1', rows: [{ cells: ['one', 2, '0s'], object: { kind: 'PartialObjectMetadata', metadata: { name: 'one' } } }] })
    expect(list.json.columnDefinitions.map((column: { name: string }) => column.name)).toEqual(['Name', 'Data', 'Age'])
    expect((await call('GET', `${configMaps}?includeObject=None`, undefined, table)).json.rows[0].object).toBeUndefined()
    const partial = await call('GET', configMaps, undefined, { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' })
    expect(partial.json).toMatchObject({ kind: 'PartialObjectMetadataList', items: [{ kind: 'PartialObjectMetadata', metadata: { name: 'one' } }] })
    expect(partial.json.items[0].data).toBeUndefined()
    expect((await call('GET', `${configMaps}/one`, undefined, { accept: 'application/yaml' })).json).toContain('kind: ConfigMap\n')
    const binary = await call('GET', `${configMaps}/one`, undefined, { accept: 'application/vnd.kubernetes.protobuf' })
    expect([...(binary.body as Uint8Array).slice(0, 4)]).toEqual([0x6b, 0x38, 0x73, 0x00])
  })

  it('show core events as events.k8s.io, and the other way round', async () => {
    const { call, watch, run } = await startServer()
    const seen = await watch('/apis/events.k8s.io/v1/namespaces/default/events?watch=true')
    await call('POST', '/api/v1/namespaces/default/events', { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e1' }, involvedObject: { kind: 'Pod', name: 'web', namespace: 'default' }, reason: 'Started', message: 'Started it', type: 'Normal' })
    expect((await call('GET', '/apis/events.k8s.io/v1/namespaces/default/events/e1')).json).toMatchObject({ apiVersion: 'events.k8s.io/v1', regarding: { name: 'web' }, note: 'Started it' })
    await run(10)
    expect(seen.events).toMatchObject([{ type: 'ADDED', object: { apiVersion: 'events.k8s.io/v1', note: 'Started it' } }])
    expect((await call('GET', '/apis/events.k8s.io/v1/namespaces/default/events?fieldSelector=regarding.name%3Dweb')).json.items).toHaveLength(1)
    await run(3_700_000)
    expect((await call('GET', '/api/v1/namespaces/default/events/e1')).status).toBe(404)
  })

  it('begin with what is there, for streaming lists', async () => {
    const { call, watch, run } = await startServer()
    await call('POST', configMaps, configMap('one'))
    const stream = await watch(`${configMaps}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`)
    await run(10)
    expect(stream.events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK'])
    expect(stream.events[1]!.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' })
    await run(61_000)
    expect(stream.events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK', 'BOOKMARK'])
  })

  it('say Expired when history was compacted', async () => {
    let etcd!: ReturnType<typeof inProcessEtcd>
    const other = await startWithEtcd((made) => (etcd = made))
    const first = await other.call('POST', configMaps, configMap('one'))
    for (const name of ['two', 'three']) await other.call('POST', configMaps, configMap(name))
    const page = await other.call('GET', `${configMaps}?limit=1`)
    await other.settle(etcd.compact((await other.settle(etcd.status())).header.revision))
    await other.call('POST', configMaps, configMap('four'))
    await other.settle(etcd.compact((await other.settle(etcd.status())).header.revision))
    const next = await other.call('GET', `${configMaps}?limit=1&continue=${page.json.metadata.continue}`)
    expect(next.json).toMatchObject({ code: 410, reason: 'Expired', metadata: { continue: expect.any(String) } })
    const rest = await other.call('GET', `${configMaps}?continue=${next.json.metadata.continue}`)
    expect(rest.json.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['three', 'two'])
    expect((await other.call('GET', `${configMaps}?resourceVersion=${first.json.metadata.resourceVersion}&resourceVersionMatch=Exact`)).json).toMatchObject({ code: 410, message: 'The resourceVersion for the provided list is too old.' })
  })
})

describe('several servers on one etcd', () => {
  it('see each other\'s writes, and one alone goes on', async () => {
    let shared!: ReturnType<typeof inProcessEtcd>
    const one = await startWithEtcd((made) => (shared = made))
    const machine = new Machine(one.network, 'controlplane-2', '192.168.64.20', new SimulatedDisk(one.kernel, 'controlplane-2'))
    let second!: ApiServer
    machine.start('kube-apiserver', (process: Process) => {
      second = kubeApiserver({ etcd: shared, tokens: es256Tokens(generateTokenKey()), advertisedAddress: '192.168.64.20', freeze: true })(process)
      return second
    })
    await one.settle(second.ready)
    const client = new HttpClient(one.somebody, { address: '192.168.64.20', port: 6443 }, admin)
    const ask = async (method: string, path: string, body?: object) => (await one.settle(client.request({ method, path, headers: {}, ...(body ? { body } : {}) }))).body as { metadata: { name: string }; items: object[]; spec: { clusterIP: string }; subsets: { addresses: { ip: string }[] }[] }
    const seen = await one.watch(`${configMaps}?watch=true`)
    expect((await ask('POST', configMaps, configMap('by-two'))).metadata.name).toBe('by-two')
    expect((await one.call('GET', `${configMaps}/by-two`)).status).toBe(200)
    expect((await one.call('GET', configMaps)).json.items).toHaveLength(1)
    await one.run(10)
    expect(seen.events).toMatchObject([{ type: 'ADDED', object: { metadata: { name: 'by-two' } } }])
    expect((await ask('GET', '/api/v1/namespaces/default/endpoints/kubernetes')).subsets[0]!.addresses.map(({ ip }) => ip)).toEqual(['192.168.64.10', '192.168.64.20'])
    const service = (await one.call('POST', '/api/v1/namespaces/default/services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } })).json
    await one.run(10)
    const taken = await ask('POST', '/api/v1/namespaces/default/services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'b' }, spec: { clusterIP: service.spec.clusterIP, ports: [{ port: 80 }] } })
    expect(taken).toMatchObject({ code: 422 })
    one.controlplane.process('kube-apiserver')!.crash()
    expect((await ask('GET', configMaps)).items).toHaveLength(1)
  })

  it('find everything again after a restart', async () => {
    let shared!: ReturnType<typeof inProcessEtcd>
    const one = await startWithEtcd((made) => (shared = made))
    const { json } = await one.call('POST', configMaps, configMap('kept'))
    one.controlplane.process('kube-apiserver')!.crash()
    let again!: ApiServer
    one.controlplane.start('kube-apiserver', (process) => {
      again = kubeApiserver({ etcd: shared, tokens: es256Tokens(generateTokenKey()), advertisedAddress: '192.168.64.10', freeze: true })(process)
      return again
    })
    await one.settle(again.ready)
    await one.run(10)
    expect((await one.call('GET', `${configMaps}/kept`)).json).toEqual(json)
  })
})

/** A server whose etcd outlives it. */
async function startWithEtcd(given: (etcd: ReturnType<typeof inProcessEtcd>) => void) {
  return startServer({}, given)
}

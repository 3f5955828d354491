import { describe, expect, it } from 'vitest'
import { startServer } from './testing/start-server.ts'

const pod = (name: string, spec: object = {}) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'main', image: 'nginx' }], ...spec } })
const path = '/api/v1/namespaces/default/pods'
const serviceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }

async function startWithAccount() {
  const started = await startServer()
  await started.call('POST', '/api/v1/namespaces/default/serviceaccounts', serviceAccount)
  return started
}

describe('pods', () => {
  it('wait for a service account, then get its token volume, tolerations and priority', async () => {
    const { call } = await startServer()
    const early = await call('POST', path, pod('web'))
    expect(early.json).toMatchObject({ code: 403, message: 'pods "web" is forbidden: error looking up service account default/default: serviceaccount "default" not found' })
    await call('POST', '/api/v1/namespaces/default/serviceaccounts', serviceAccount)
    const { json } = await call('POST', path, pod('web'))
    expect(json.spec.serviceAccountName).toBe('default')
    expect(json.spec.volumes[0].name).toMatch(/^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    expect(json.spec.containers[0].volumeMounts).toEqual([{ name: json.spec.volumes[0].name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }])
    expect(json.spec.tolerations.map((toleration: { key: string }) => toleration.key)).toEqual(['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'])
    expect(json.spec).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority', restartPolicy: 'Always' })
    expect(json.status).toMatchObject({ phase: 'Pending', qosClass: 'BestEffort' })
  })

  it('are bound once, deleted with grace, and go when the kubelet says so', async () => {
    const { call } = await startWithAccount()
    await call('POST', path, pod('web'))
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'web' }, target: { kind: 'Node', name: 'worker-1' } }
    expect((await call('POST', `${path}/web/binding`, binding)).status).toBe(201)
    expect((await call('POST', `${path}/web/binding`, binding)).json).toMatchObject({ code: 409, message: 'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "worker-1"' })
    expect((await call('GET', `${path}?fieldSelector=spec.nodeName%3Dworker-1`)).json.items).toHaveLength(1)
    const deleting = await call('DELETE', `${path}/web`)
    expect(deleting.json.metadata).toMatchObject({ deletionGracePeriodSeconds: 30, deletionTimestamp: '2026-01-01T00:00:30Z' })
    const shorter = await call('DELETE', `${path}/web`, { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 5 })
    expect(shorter.json.metadata).toMatchObject({ deletionGracePeriodSeconds: 5, deletionTimestamp: '2026-01-01T00:00:05Z' })
    await call('DELETE', `${path}/web`, { gracePeriodSeconds: 0 })
    expect((await call('GET', `${path}/web`)).status).toBe(404)
  })

  it('stay while finalizers hold them', async () => {
    const { call } = await startWithAccount()
    await call('POST', path, { ...pod('held'), metadata: { name: 'held', finalizers: ['example.com/hold'] } })
    const deleting = await call('DELETE', `${path}/held`)
    expect(deleting.json.metadata).toMatchObject({ deletionGracePeriodSeconds: 0, finalizers: ['example.com/hold'] })
    expect((await call('POST', path, pod('held'))).json.message).toBe('object is being deleted: pods "held" already exists')
    await call('PATCH', `${path}/held`, [{ op: 'remove', path: '/metadata/finalizers' }], { 'content-type': 'application/json-patch+json' })
    expect((await call('GET', `${path}/held`)).status).toBe(404)
  })

  it('of a token request carry who they are', async () => {
    const { call } = await startWithAccount()
    const created = await call('POST', path, pod('web'))
    const { json } = await call('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', {
      apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: created.json.metadata.uid } },
    })
    const me = async () => (await call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }, { authorization: `Bearer ${json.status.token}` }, null)).json
    const { userInfo } = (await me()).status
    expect(userInfo).toMatchObject({ username: 'system:serviceaccount:default:default', groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'] })
    expect(userInfo.extra['authentication.kubernetes.io/pod-name']).toEqual(['web'])
    await call('DELETE', `${path}/web`)
    expect(await me()).toMatchObject({ code: 401 })
  })
})

describe('services', () => {
  const service = (name: string, spec: object = {}) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }], selector: { app: 'x' }, ...spec } })
  const services = '/api/v1/namespaces/default/services'

  it('get addresses and ports of their own, keep them, and give them back', async () => {
    const { call } = await startServer()
    const own = await call('GET', `${services}/kubernetes`)
    expect(own.json.spec.clusterIP).toBe('10.96.0.1')
    const one = await call('POST', services, service('one', { type: 'NodePort' }))
    expect(one.json.spec.clusterIP).toMatch(/^10\./)
    expect(one.json.spec.clusterIPs).toEqual([one.json.spec.clusterIP])
    expect(one.json.spec).toMatchObject({ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', internalTrafficPolicy: 'Cluster', externalTrafficPolicy: 'Cluster' })
    const port = one.json.spec.ports[0].nodePort as number
    expect(port).toBeGreaterThanOrEqual(30_000)
    const taken = await call('POST', services, service('two', { clusterIP: one.json.spec.clusterIP }))
    expect(taken.json).toMatchObject({ code: 422, message: `Service "two" is invalid: spec.clusterIPs: Invalid value: ["${one.json.spec.clusterIP}"]: failed to allocate IP ${one.json.spec.clusterIP}: provided IP is already allocated` })
    expect((await call('POST', services, service('two', { type: 'NodePort', ports: [{ port: 80, nodePort: port }] }))).json.message).toBe(`Service "two" is invalid: spec.ports[0].nodePort: Invalid value: ${port}: provided port is already allocated`)
    const again = await call('PUT', `${services}/one`, service('one', { type: 'NodePort', ports: [{ port: 80 }, { port: 81, name: 'b' }].map((each) => ({ name: 'a', ...each })) }))
    expect(again.json.spec.clusterIP).toBe(one.json.spec.clusterIP)
    expect(again.json.spec.ports[0].nodePort).toBe(port)
    await call('DELETE', `${services}/one`)
    expect((await call('POST', services, service('two', { clusterIP: one.json.spec.clusterIP }))).status).toBe(201)
  })
})

import { describe, expect, it } from 'vitest'
import { startServer } from '../testing/start-server.ts'

const kubelet = { commonName: 'system:node:worker-1', organizations: ['system:nodes'] }
const strategic = { 'content-type': 'application/strategic-merge-patch+json' }

async function start() {
  const started = await startServer()
  const { call } = started
  const ask = async (method: string, path: string, body?: object, headers = {}) => {
    const { status, json } = await call(method, path, body, headers, kubelet)
    return status < 300 ? status : (json.message as string)
  }
  await call('POST', '/api/v1/namespaces/default/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } })
  await call('POST', '/api/v1/namespaces/default/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'other' } })
  for (const name of ['used', 'unused', 'of-volume']) {
    await call('POST', '/api/v1/namespaces/default/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
    await call('POST', '/api/v1/namespaces/default/secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name } })
  }
  await call('POST', '/api/v1/persistentvolumes', { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv' }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], claimRef: { namespace: 'default', name: 'data' }, csi: { driver: 'd', volumeHandle: 'h', nodePublishSecretRef: { namespace: 'default', name: 'of-volume' } } } })
  const made = await call('POST', '/api/v1/namespaces/default/pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { nodeName: 'worker-1', volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }, { name: 't', projected: { sources: [{ serviceAccountToken: { audience: 'vault', path: 't' } }] } }], containers: [{ name: 'c', image: 'i', envFrom: [{ configMapRef: { name: 'used' } }, { secretRef: { name: 'used' } }] }] } })
  await call('POST', '/api/v1/namespaces/default/pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'elsewhere' }, spec: { nodeName: 'worker-2', containers: [{ name: 'c', image: 'i' }] } })
  await started.run(10)
  return { ...started, ask, uid: made.json.metadata.uid as string }
}

const denied = (what: string, rest: string, reason = '') => `${what} is forbidden: User "system:node:worker-1" cannot ${rest}${reason ? `: ${reason}` : ''}`
const unrelated = "no relationship found between node 'worker-1' and this object"

describe('a kubelet reads', () => {
  it('what its pods refer to', async () => {
    const { ask } = await start()
    expect(await ask('GET', '/api/v1/namespaces/default/configmaps/used')).toBe(200)
    expect(await ask('GET', '/api/v1/namespaces/default/secrets/used')).toBe(200)
    expect(await ask('GET', '/api/v1/namespaces/default/secrets/of-volume')).toBe(200)
    expect(await ask('GET', '/api/v1/namespaces/default/secrets?fieldSelector=metadata.name%3Dused')).toBe(200)
    expect(await ask('GET', '/api/v1/persistentvolumes/pv')).toBe(200)
    expect(await ask('GET', '/api/v1/namespaces/default/pods/web')).toBe(200)
    expect(await ask('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dworker-1')).toBe(200)
    expect(await ask('GET', '/api/v1/nodes?fieldSelector=metadata.name%3Dworker-1')).toBe(200)
  })

  it.each([
    ['/api/v1/namespaces/default/configmaps/unused', denied('configmaps "unused"', 'get resource "configmaps" in API group "" in the namespace "default"', unrelated)],
    ['/api/v1/namespaces/default/secrets/unused', denied('secrets "unused"', 'get resource "secrets" in API group "" in the namespace "default"', unrelated)],
    ['/api/v1/namespaces/default/secrets', denied('secrets', 'list resource "secrets" in API group "" in the namespace "default"', 'No Object name found')],
    ['/api/v1/secrets', denied('secrets', 'list resource "secrets" in API group "" at the cluster scope', 'can only read namespaced object of this type')],
    ['/api/v1/namespaces/default/persistentvolumeclaims', denied('persistentvolumeclaims', 'list resource "persistentvolumeclaims" in API group "" in the namespace "default"', 'can only get individual resources of this type')],
    ['/api/v1/namespaces/default/pods/elsewhere', denied('pods "elsewhere"', 'get resource "pods" in API group "" in the namespace "default"', unrelated)],
    ['/api/v1/pods', denied('pods', 'list resource "pods" in API group "" at the cluster scope', 'can only list/watch pods with spec.nodeName field selector')],
    ['/api/v1/nodes', denied('nodes', 'list resource "nodes" in API group "" at the cluster scope', "node 'worker-1' cannot read all nodes, only its own Node object")],
    ['/api/v1/nodes/worker-2', denied('nodes "worker-2"', 'get resource "nodes" in API group "" at the cluster scope', "node 'worker-1' cannot read 'worker-2', only its own Node object")],
    ['/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x', denied('leases.coordination.k8s.io "x"', 'get resource "leases" in API group "coordination.k8s.io" in the namespace "kube-system"', 'can only access leases in the "kube-node-lease" system namespace')],
    ['/api/v1/namespaces/default/endpoints', denied('endpoints', 'list resource "endpoints" in API group "" in the namespace "default"')],
  ])('not %s', async (path, message) => {
    const { ask } = await start()
    expect(await ask('GET', path)).toBe(message)
  })
})

describe('a kubelet writes', () => {
  const node = (name: string, labels = {}) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } })
  const forbidden = (what: string, reason: string) => `${what} is forbidden: ${reason}`

  it('its own node, but neither its taints nor the labels that steer others', async () => {
    const { ask } = await start()
    expect(await ask('POST', '/api/v1/nodes', node('worker-2'))).toBe(forbidden('nodes "worker-2"', 'node "worker-1" is not allowed to modify node "worker-2"'))
    expect(await ask('POST', '/api/v1/nodes', node('worker-1', { 'node-role.kubernetes.io/master': '', 'a.node-restriction.kubernetes.io/x': 'y' }))).toBe(forbidden('nodes "worker-1"', 'node "worker-1" is not allowed to set the following labels: a.node-restriction.kubernetes.io/x, node-role.kubernetes.io/master'))
    expect(await ask('POST', '/api/v1/nodes', node('worker-1', { 'kubernetes.io/os': 'linux', 'node.kubernetes.io/x': 'y', mine: 'yes' }))).toBe(201)
    expect(await ask('PATCH', '/api/v1/nodes/worker-1', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }, strategic)).toBe(forbidden('nodes "worker-1"', 'node "worker-1" is not allowed to modify taints'))
    expect(await ask('PATCH', '/api/v1/nodes/worker-1', { metadata: { labels: { 'kubernetes.io/evil': 'x' } } }, strategic)).toBe(forbidden('nodes "worker-1"', 'is not allowed to modify labels: kubernetes.io/evil'))
    expect(await ask('PATCH', '/api/v1/nodes/worker-1', { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'y' }] } }, strategic)).toBe(forbidden('nodes "worker-1"', 'node "worker-1" is not allowed to modify ownerReferences'))
  })

  it('the status of its own pods', async () => {
    const { ask } = await start()
    expect(await ask('PATCH', '/api/v1/namespaces/default/pods/web/status', { status: { phase: 'Running' } }, strategic)).toBe(200)
    expect(await ask('PATCH', '/api/v1/namespaces/default/pods/web/status', { metadata: { labels: { a: 'b' } } }, strategic)).toBe(forbidden('pods "web"', 'node "worker-1" cannot update labels through pod status'))
    expect(await ask('PATCH', '/api/v1/namespaces/default/pods/elsewhere/status', { status: { phase: 'Failed' } }, strategic)).toBe(forbidden('pods "elsewhere"', 'node "worker-1" can only update pod status for pods with spec.nodeName set to itself'))
    expect(await ask('DELETE', '/api/v1/namespaces/default/pods/elsewhere')).toBe(forbidden('pods "elsewhere"', 'node "worker-1" can only delete pods with spec.nodeName set to itself'))
  })

  it('mirror pods and no others', async () => {
    const { ask, call } = await start()
    const { json } = await call('POST', '/api/v1/nodes', node('worker-1'), {}, kubelet)
    await call('POST', '/api/v1/namespaces/kube-system/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } })
    const pod = (more: object, spec: object = {}) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'm', annotations: { 'kubernetes.io/config.mirror': 'x' }, ...more }, spec: { nodeName: 'worker-1', containers: [{ name: 'c', image: 'i' }], ...spec } })
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'worker-1', uid: json.metadata.uid, controller: true }
    const path = '/api/v1/namespaces/kube-system/pods'
    expect(await ask('POST', path, pod({ annotations: {} }))).toBe(forbidden('pods "m"', 'pod does not have "kubernetes.io/config.mirror" annotation, node "worker-1" can only create mirror pods'))
    expect(await ask('POST', path, pod({}))).toBe(forbidden('pods "m"', 'node "worker-1" can only create pods with an owner reference set to itself'))
    expect(await ask('POST', path, pod({ ownerReferences: [{ ...owner, uid: 'wrong' }] }))).toBe(forbidden('pods "m"', `node worker-1 UID mismatch: expected wrong got ${owner.uid}`))
    expect(await ask('POST', path, pod({ ownerReferences: [owner] }, { volumes: [{ name: 's', secret: { secretName: 's' } }] }))).toBe(forbidden('pods "m"', 'a mirror pod may not reference secrets'))
    expect(await ask('POST', path, pod({ ownerReferences: [owner] }))).toBe(201)
  })

  it('tokens for its own pods, for audiences that they ask for', async () => {
    const { ask, uid } = await start()
    const request = (spec: object) => ({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec })
    const path = '/api/v1/namespaces/default/serviceaccounts/default/token'
    const pod = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid }
    expect(await ask('POST', path, request({}))).toBe(forbidden('serviceaccounts "default"', 'node requested token not bound to a pod'))
    expect(await ask('POST', path, request({ boundObjectRef: { ...pod, uid: undefined } }))).toBe(forbidden('serviceaccounts "default"', 'node requested token with a pod binding without a uid'))
    expect(await ask('POST', path, request({ boundObjectRef: pod }))).toBe(201)
    expect(await ask('POST', path, request({ audiences: ['vault'], boundObjectRef: pod }))).toBe(201)
    expect(await ask('POST', path, request({ audiences: ['elsewhere'], boundObjectRef: pod }))).toBe(forbidden('serviceaccounts "default"', 'audience "elsewhere" not found in pod spec volume'))
    expect(await ask('POST', '/api/v1/namespaces/default/serviceaccounts/other/token', request({ boundObjectRef: pod }))).toBe(denied('serviceaccounts "other"', 'create resource "serviceaccounts/token" in API group "" in the namespace "default"', unrelated))
  })
})

import { describe, expect, it } from 'vitest'
import { startServer } from '../testing/start-server.ts'

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const role = (name: string, verbs: string[]) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name }, rules: [{ apiGroups: [''], resources: ['pods'], verbs }] })
const bob = { commonName: 'bob', organizations: [] }

/** bob may read pods and write roles and bindings in `default`. */
async function startWithBob() {
  const started = await startServer()
  const { call } = started
  await call('POST', `${rbac}/namespaces/default/roles`, { ...role('bobs', ['get', 'list']), rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }, { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: ['create', 'get', 'update'] }] })
  await call('POST', `${rbac}/namespaces/default/rolebindings`, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name: 'bobs' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'bobs' }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob' }] })
  await started.run(10)
  return started
}

describe('granting', () => {
  it('is allowed for what one has, and for no more', async () => {
    const { call } = await startWithBob()
    expect((await call('POST', `${rbac}/namespaces/default/roles`, role('less', ['get']), {}, bob)).status).toBe(201)
    expect((await call('POST', `${rbac}/namespaces/default/roles`, role('more', ['get', 'delete', 'update']), {}, bob)).json).toMatchObject({
      code: 403,
      message: 'roles.rbac.authorization.k8s.io "more" is forbidden: user "bob" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["delete" "update"]}',
    })
    const binding = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name: 'grab' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob' }] }
    expect((await call('POST', `${rbac}/namespaces/default/rolebindings`, binding, {}, bob)).json).toMatchObject({ code: 403, message: expect.stringContaining('is attempting to grant RBAC permissions not currently held') })
    expect((await call('GET', '/api/v1/namespaces/default/secrets', undefined, {}, bob)).status).toBe(403)
  })
})

describe('impersonating', () => {
  it('needs the verb, and then asks as the other', async () => {
    const { call } = await startWithBob()
    expect((await call('GET', '/api/v1/namespaces/default/pods', undefined, { 'impersonate-user': 'jane' }, bob)).json.message).toBe('users "jane" is forbidden: User "bob" cannot impersonate resource "users" in API group "" at the cluster scope')
    expect((await call('GET', '/api/v1/namespaces/default/pods', undefined, { 'impersonate-user': 'jane' })).json.message).toBe('pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"')
    expect((await call('GET', '/api/v1/namespaces/default/pods', undefined, { 'impersonate-user': 'bob' })).status).toBe(200)
    expect((await call('GET', '/api/v1/namespaces/default/pods', undefined, { 'impersonate-group': 'x' })).json.code).toBe(400)
  })
})

describe('kubelets', () => {
  it('read what their pods refer to, and touch their own node only', async () => {
    const { call, run } = await startServer()
    const kubelet = { commonName: 'system:node:worker-1', organizations: ['system:nodes'] }
    await call('POST', '/api/v1/namespaces/default/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } })
    for (const name of ['used', 'unused']) await call('POST', '/api/v1/namespaces/default/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
    await call('POST', '/api/v1/namespaces/default/pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { nodeName: 'worker-1', containers: [{ name: 'c', image: 'i', envFrom: [{ configMapRef: { name: 'used' } }] }] } })
    await run(10)
    expect((await call('GET', '/api/v1/namespaces/default/configmaps/used', undefined, {}, kubelet)).status).toBe(200)
    expect((await call('GET', '/api/v1/namespaces/default/configmaps/unused', undefined, {}, kubelet)).json.message).toBe('configmaps "unused" is forbidden: User "system:node:worker-1" cannot get resource "configmaps" in API group "" in the namespace "default": no relationship found between node \'worker-1\' and this object')
    const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } })
    expect((await call('POST', '/api/v1/nodes', node('worker-1'), {}, kubelet)).json).toMatchObject({ spec: { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] } })
    expect((await call('POST', '/api/v1/nodes', node('worker-2'), {}, kubelet)).json).toMatchObject({ code: 403, message: 'nodes "worker-2" is forbidden: node "worker-1" is not allowed to modify node "worker-2"' })
    expect((await call('DELETE', '/api/v1/namespaces/default/pods/web', undefined, {}, kubelet)).status).toBe(200)
  })
})

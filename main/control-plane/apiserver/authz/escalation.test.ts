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

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

  it('includes aggregation for administrators only, and says what could not be looked up', async () => {
    const { call, run } = await startWithBob()
    const make = (kind: string, name: string, rest: object) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { name }, ...rest })
    const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob' }]
    const roleRef = (name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name })
    await call('POST', `${rbac}/clusterroles`, make('ClusterRole', 'writers', { rules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'], verbs: ['create', 'update', 'patch'] }, { nonResourceURLs: ['/metrics/*'], verbs: ['get'] }] }))
    await call('POST', `${rbac}/clusterrolebindings`, make('ClusterRoleBinding', 'writers', { roleRef: roleRef('writers'), subjects }))
    await call('POST', `${rbac}/clusterrolebindings`, make('ClusterRoleBinding', 'dangling', { roleRef: roleRef('gone'), subjects }))
    await run(10)
    const aggregate = make('ClusterRole', 'sum', { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] }, rules: [] })
    expect((await call('POST', `${rbac}/clusterroles`, aggregate, {}, bob)).json.message).toBe('clusterroles.rbac.authorization.k8s.io "sum" is forbidden: must have cluster-admin privileges to use an aggregationRule')
    expect((await call('POST', `${rbac}/clusterroles`, make('ClusterRole', 'urls', { rules: [{ nonResourceURLs: ['/metrics/slis'], verbs: ['get'] }] }), {}, bob)).status).toBe(201)
    expect((await call('POST', `${rbac}/clusterroles`, make('ClusterRole', 'more', { rules: [{ nonResourceURLs: ['/logs'], verbs: ['get'] }, { apiGroups: [''], resources: ['pods'], resourceNames: ['a'], verbs: ['get'] }] }), {}, bob)).json.message).toBe(
      'clusterroles.rbac.authorization.k8s.io "more" is forbidden: user "bob" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], ResourceNames:["a"], Verbs:["get"]}\n{NonResourceURLs:["/logs"], Verbs:["get"]}; resolution errors: [clusterrole.rbac.authorization.k8s.io "gone" not found]')
    expect((await call('POST', `${rbac}/clusterroles`, aggregate)).status).toBe(201)
  })

  it('may be allowed by the verbs escalate and bind', async () => {
    const { call, run } = await startWithBob()
    const rules = [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['escalate'] }, { apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'], resourceNames: ['view'], verbs: ['bind'] }]
    await call('POST', `${rbac}/namespaces/default/roles`, { ...role('granting', []), rules })
    await call('POST', `${rbac}/namespaces/default/rolebindings`, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name: 'granting' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'granting' }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob' }] })
    await run(10)
    expect((await call('POST', `${rbac}/namespaces/default/roles`, role('all', ['*']), {}, bob)).status).toBe(201)
    const bind = async (name: string) => (await call('POST', `${rbac}/namespaces/default/rolebindings`, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }, subjects: [] }, {}, bob)).status
    expect(await bind('view')).toBe(201)
    expect(await bind('edit')).toBe(403)
    expect(await bind('no-such-role')).toBe(404)
  })
})

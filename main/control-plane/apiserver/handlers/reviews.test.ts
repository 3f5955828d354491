import { describe, expect, it } from 'vitest'
import { startServer } from '../testing/start-server.ts'

const group = '/apis/authorization.k8s.io/v1'
const node = { user: 'system:node:n', groups: ['system:nodes', 'system:authenticated'] }

async function start() {
  const server = await startServer()
  const post = async (plural: string, spec: object, namespace = '', certificate?: { commonName: string; organizations: string[] }) => {
    const kinds: Record<string, string> = { subjectaccessreviews: 'SubjectAccessReview', localsubjectaccessreviews: 'LocalSubjectAccessReview', selfsubjectaccessreviews: 'SelfSubjectAccessReview', selfsubjectrulesreviews: 'SelfSubjectRulesReview' }
    const { json } = await server.call('POST', `${group}${namespace ? `/namespaces/${namespace}` : ''}/${plural}`, { apiVersion: 'authorization.k8s.io/v1', kind: kinds[plural], spec }, {}, certificate)
    return json.code ? (json.message as string) : json.status
  }
  return { ...server, post }
}

const attributes = (verb: string, resource: string, more: object = {}) => ({ resourceAttributes: { verb, resource, version: 'v1', ...more } })

describe('access reviews', () => {
  it('answer with the reason', async () => {
    const { post } = await start()
    expect(await post('subjectaccessreviews', { user: 'x', groups: ['system:masters'], ...attributes('delete', 'nodes') })).toEqual({ allowed: true })
    expect(await post('subjectaccessreviews', { user: 'jane', ...attributes('get', 'pods', { namespace: 'default' }) })).toEqual({ allowed: false })
    expect(await post('subjectaccessreviews', { user: 'jane', groups: ['system:authenticated'], nonResourceAttributes: { path: '/openapi/v3/apis', verb: 'get' } })).toEqual({ allowed: true, reason: 'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery" to Group "system:authenticated"' })
    expect(await post('subjectaccessreviews', { ...node, ...attributes('get', 'secrets', { namespace: 'default', name: 's' }) })).toEqual({ allowed: false, reason: "no relationship found between node 'n' and this object" })
  })

  it('look at selectors', async () => {
    const { post } = await start()
    const listing = (selector: object) => ({ ...node, ...attributes('list', 'pods', selector) })
    const refused = { allowed: false, reason: 'can only list/watch pods with spec.nodeName field selector' }
    expect(await post('subjectaccessreviews', listing({}))).toEqual(refused)
    expect(await post('subjectaccessreviews', listing({ fieldSelector: { rawSelector: 'spec.nodeName=n' } }))).toEqual({ allowed: true })
    expect(await post('subjectaccessreviews', listing({ fieldSelector: { requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['n'] }] } }))).toEqual({ allowed: true })
    expect(await post('subjectaccessreviews', listing({ fieldSelector: { requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['m'] }] } }))).toEqual(refused)
    expect(await post('subjectaccessreviews', listing({ fieldSelector: { requirements: [{ key: 'spec.nodeName', operator: 'NotIn', values: ['n'] }] } }))).toEqual(refused)
    expect(await post('subjectaccessreviews', listing({ fieldSelector: { rawSelector: 'spec.nodeName' }, labelSelector: { rawSelector: 'a in (' } }))).toEqual({
      ...refused,
      evaluationError: '[spec.resourceAttributes.fieldSelector ignored due to parse error, spec.resourceAttributes.labelSelector ignored due to parse error]',
    })
  })

  it('are asked properly', async () => {
    const { post } = await start()
    expect(await post('subjectaccessreviews', { user: 'jane' })).toContain('exactly one of nonResourceAttributes or resourceAttributes must be specified')
    expect(await post('subjectaccessreviews', attributes('get', 'pods'))).toContain('at least one of user or group must be specified')
    expect(await post('localsubjectaccessreviews', { user: 'jane', ...attributes('get', 'pods', { namespace: 'other' }) }, 'default')).toContain('must match metadata.namespace')
    expect(await post('localsubjectaccessreviews', { user: 'jane', ...attributes('get', 'pods', { namespace: 'default' }) }, 'default')).toEqual({ allowed: false })
    expect(await post('selfsubjectrulesreviews', {})).toBe('no namespace on request')
  })

  it('tell somebody their own rules, and what could not be looked up', async () => {
    const { post, call, run } = await start()
    const jane = { commonName: 'jane', organizations: [] }
    expect(await post('selfsubjectaccessreviews', attributes('get', 'pods', { namespace: 'default' }), '', jane)).toEqual({ allowed: false })
    const bind = (name: string, role: string) => call('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }] })
    await call('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'r' }, rules: [{ apiGroups: [''], resources: ['pods'], resourceNames: ['a'], verbs: ['get'] }] })
    await bind('good', 'r')
    await bind('bad', 'gone')
    await run(10)
    const rules = await post('selfsubjectrulesreviews', { namespace: 'default' }, '', jane)
    expect(rules).toMatchObject({ incomplete: false, evaluationError: 'role.rbac.authorization.k8s.io "gone" not found' })
    expect(rules.resourceRules).toContainEqual({ apiGroups: [''], resources: ['pods'], resourceNames: ['a'], verbs: ['get'] })
    expect(rules.nonResourceRules).toContainEqual({ nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'], verbs: ['get'] })
    expect((await post('selfsubjectrulesreviews', { namespace: 'default' }, '', { commonName: 'system:node:n', organizations: ['system:nodes'] })).incomplete).toBe(true)
  })
})

it('a token review needs a token', async () => {
  const { call } = await startServer()
  expect((await call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: {} })).json).toMatchObject({ code: 400, message: 'token is required for TokenReview in authentication' })
})

import { describe, expect, it } from 'vitest'
import { startServer } from '../testing/start-server.ts'
import type { TestServer } from '../testing/start-server.ts'

const admission = '/apis/admissionregistration.k8s.io/v1'
const rbac = '/apis/rbac.authorization.k8s.io/v1'
const author = { commonName: 'author', organizations: ['authors'] }
const rule = { operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }
const policy = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' }, spec: { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, matchConstraints: { resourceRules: [rule] }, validations: [{ expression: 'true' }] } }
const binding = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: 'b' }, spec: { policyName: 'p', validationActions: ['Deny'], paramRef: { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' } } }

async function allow({ call }: TestServer, name: string, rules: object[]): Promise<void> {
  await call('POST', `${rbac}/clusterroles`, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules })
  await call('POST', `${rbac}/clusterrolebindings`, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'authors' }] })
}

describe('references of policies', () => {
  it('lead to what their author may read', async () => {
    const server = await startServer()
    const { call, run } = server
    await allow(server, 'write-policies', [{ apiGroups: ['admissionregistration.k8s.io'], resources: ['*'], verbs: ['*'] }])
    await run(50)
    const refused = await call('POST', `${admission}/validatingadmissionpolicies`, policy, {}, author)
    expect(refused.json).toMatchObject({ code: 422, reason: 'Invalid' })
    expect(refused.json.message).toBe('ValidatingAdmissionPolicy.admissionregistration.k8s.io "p" is invalid: spec.paramKind: Forbidden: user &{author  [authors system:authenticated] map[]} must have "get" permission on all objects of the referenced paramKind (kind=ConfigMap, apiVersion=v1)')
    expect((await call('POST', `${admission}/validatingadmissionpolicies`, policy)).status).toBe(201)
    await run(50)
    expect((await call('POST', `${admission}/validatingadmissionpolicybindings`, binding, {}, author)).json.message).toContain('spec.paramRef: Forbidden: user &{author  [authors system:authenticated] map[]} does not have "get" permission on the object referenced by paramRef')
    await allow(server, 'read-config-maps', [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }])
    await run(50)
    expect((await call('POST', `${admission}/validatingadmissionpolicybindings`, binding, {}, author)).status).toBe(201)
    expect((await call('POST', `${admission}/validatingadmissionpolicies`, { ...policy, metadata: { name: 'q' } }, {}, author)).status).toBe(201)
  })
})

describe('administrators\' access to devices', () => {
  it('needs a labelled namespace', async () => {
    const { call, run } = await startServer()
    const claim = { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', metadata: { name: 'c' }, spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'd', adminAccess: true } }] } } }
    const path = '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims'
    expect((await call('POST', path, claim)).json.message).toContain('spec.devices.requests[0].exactly.adminAccess: Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace')
    await call('PATCH', '/api/v1/namespaces/default', { metadata: { labels: { 'resource.kubernetes.io/admin-access': 'true' } } }, { 'content-type': 'application/merge-patch+json' })
    await run(50)
    expect((await call('POST', path, claim)).status).toBe(201)
  })
})

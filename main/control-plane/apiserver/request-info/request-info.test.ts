import { describe, expect, it } from 'vitest'
import { requestInfoOf } from './request-info.ts'

describe('requestInfoOf', () => {
  it.each([
    ['GET', '/api/v1/namespaces', { verb: 'list', resource: 'namespaces', namespace: '', name: '' }],
    ['GET', '/api/v1/namespaces/other', { verb: 'get', resource: 'namespaces', namespace: 'other', name: 'other' }],
    ['PUT', '/api/v1/namespaces/other/finalize', { verb: 'update', resource: 'namespaces', subresource: 'finalize', namespace: 'other', name: 'other' }],
    ['GET', '/api/v1/namespaces/other/pods', { verb: 'list', resource: 'pods', namespace: 'other', name: '' }],
    ['GET', '/api/v1/namespaces/other/pods?watch=true', { verb: 'watch', resource: 'pods', namespace: 'other' }],
    ['GET', '/api/v1/namespaces/other/pods?watch=false', { verb: 'list' }],
    ['GET', '/api/v1/watch/namespaces/other/pods', { verb: 'watch', resource: 'pods', namespace: 'other' }],
    ['GET', '/api/v1/watch/pods', { verb: 'watch', resource: 'pods', namespace: '' }],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Dfoo', { verb: 'list', name: 'foo' }],
    ['GET', '/api/v1/namespaces/other/pods/foo/log', { verb: 'get', resource: 'pods', subresource: 'log', name: 'foo', parts: ['foo', 'log'] }],
    ['GET', '/api/v1/nodes/n/proxy/metrics/cadvisor', { verb: 'get', resource: 'nodes', subresource: 'proxy', name: 'n' }],
    ['DELETE', '/apis/apps/v1/namespaces/a/deployments', { verb: 'deletecollection', group: 'apps', version: 'v1', resource: 'deployments' }],
    ['DELETE', '/apis/apps/v1/namespaces/a/deployments/d', { verb: 'delete', name: 'd' }],
    ['PATCH', '/apis/apps/v1/namespaces/a/deployments/d/scale', { verb: 'patch', subresource: 'scale' }],
    ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { verb: 'create', resource: 'selfsubjectaccessreviews' }],
  ])('%s %s', (method, path, expected) => {
    expect(requestInfoOf(method, path)).toMatchObject({ isResource: true, ...expected })
  })

  it.each([['GET', '/'], ['GET', '/api'], ['GET', '/api/v1'], ['GET', '/apis/apps/v1'], ['GET', '/healthz'], ['POST', '/metrics'], ['GET', '/openapi/v3/api/v1']])('%s %s names no resource', (method, path) => {
    expect(requestInfoOf(method, path)).toMatchObject({ isResource: false, verb: method.toLowerCase(), path })
  })
})

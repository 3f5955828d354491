import { describe, expect, it } from 'vitest'
import { startServer } from '../testing/start-server.ts'

describe('OpenAPI', () => {
  it('has an index whose documents can be kept by their hash', async () => {
    const { call } = await startServer()
    const index = (await call('GET', '/openapi/v3')).json as { paths: Record<string, { serverRelativeURL: string }> }
    const url = index.paths['apis/apps/v1']!.serverRelativeURL
    expect(url).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{32}$/)
    const document = await call('GET', url)
    expect(document.headers).toMatchObject({ 'cache-control': 'public, immutable', etag: `"${url.split('=')[1]}"` })
    expect(document.json).toMatchObject({ openapi: '3.0.0', paths: { '/apis/apps/v1/namespaces/{namespace}/deployments': {} } })
    expect((await call('GET', url, undefined, { 'if-none-match': document.headers['etag']! })).status).toBe(304)
    expect((await call('GET', '/openapi/v3/apis/nosuch/v1')).status).toBe(404)
  })

  it('comes in version 2 as JSON and as protobuf', async () => {
    const { call } = await startServer()
    expect((await call('GET', '/openapi/v2')).json).toMatchObject({ swagger: '2.0', definitions: { 'io.k8s.api.core.v1.Pod': { 'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Pod' }] } } })
    const binary = await call('GET', '/openapi/v2', undefined, { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' })
    expect(binary.headers['content-type']).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf')
    expect(new TextDecoder('latin1').decode((binary.body as Uint8Array).subarray(0, 12))).toContain('2.0')
  })
})

describe('discovery', () => {
  it('is aggregated when asked, and group by group otherwise', async () => {
    const { call } = await startServer()
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json'
    const whole = await call('GET', '/apis', undefined, { accept })
    expect(whole.headers['content-type']).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
    expect(whole.json).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' })
    const apps = whole.json.items.find((group: { metadata: { name: string } }) => group.metadata.name === 'apps')
    expect(apps.versions[0].resources.find(({ resource }: { resource: string }) => resource === 'deployments')).toMatchObject({
      responseKind: { group: 'apps', version: 'v1', kind: 'Deployment' }, scope: 'Namespaced', singularResource: 'deployment', shortNames: ['deploy'], categories: ['all'],
      subresources: [{ subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } }, { subresource: 'status' }],
    })
    expect((await call('GET', '/apis', undefined, { accept, 'if-none-match': whole.headers['etag']! })).status).toBe(304)
    expect((await call('GET', '/apis')).json).toMatchObject({ kind: 'APIGroupList' })
    expect((await call('GET', '/api')).json).toMatchObject({ kind: 'APIVersions', versions: ['v1'] })
    expect((await call('GET', '/apis/apps')).json).toMatchObject({ kind: 'APIGroup', name: 'apps', preferredVersion: { groupVersion: 'apps/v1', version: 'v1' } })
    const core = (await call('GET', '/api/v1')).json as { resources: { name: string; kind: string; verbs: string[] }[] }
    expect(core.resources.find(({ name }) => name === 'pods/eviction')).toEqual({ name: 'pods/eviction', singularName: '', namespaced: true, group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] })
    expect(core.resources.find(({ name }) => name === 'pods')!.verbs).toEqual(['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'])
  })
})

import { describe, expect, it } from 'vitest'
import { SimulatedDisk } from '../../../kernel/disk.ts'
import { serveHttp } from '../../../kernel/http.ts'
import type { HttpRequest, ServerExchange } from '../../../kernel/http.ts'
import { Machine } from '../../../kernel/machine.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { OutboundCall } from '../outbound/door.ts'
import { startServer } from '../testing/start-server.ts'
import type { TestServer } from '../testing/start-server.ts'

const services = '/apis/apiregistration.k8s.io/v1/apiservices'
const path = '/apis/birds.example.com/v1'
const address = '10.96.0.50'
const resources = [
  { name: 'gulls', singularName: 'gull', namespaced: true, kind: 'Gull', verbs: ['get', 'list', 'watch'], shortNames: ['gu'] },
  { name: 'gulls/status', singularName: '', namespaced: true, kind: 'Gull', verbs: ['get'] },
]

const apiService = {
  apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'v1.birds.example.com' },
  spec: { group: 'birds.example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true, service: { namespace: 'default', name: 'birds', port: 443 } },
}
const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'birds' }, spec: { clusterIP: address, selector: { app: 'birds' }, ports: [{ name: 'https', port: 443 }] } }
const slice = {
  apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'birds-1', labels: { 'kubernetes.io/service-name': 'birds' } },
  addressType: 'IPv4', endpoints: [{ addresses: ['10.244.1.5'], conditions: { ready: true } }], ports: [{ name: 'https', port: 443 }],
}

/** A server of its own at the Service's address. */
function extension(server: TestServer, serve: (exchange: ServerExchange) => boolean = () => false): { readonly process: Process; readonly seen: HttpRequest[] } {
  const seen: HttpRequest[] = []
  const process = new Machine(server.network, 'birds', address, new SimulatedDisk(server.kernel, 'birds')).start('birds', () => ({}))
  serveHttp(process.stack, 443, (exchange) => {
    seen.push(exchange.request)
    if (serve(exchange)) return
    const json = { 'content-type': 'application/json' }
    if (exchange.request.path === path) exchange.respond({ status: 200, headers: json, body: { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'birds.example.com/v1', resources } })
    else if (exchange.request.path === '/openapi/v3') exchange.respond({ status: 200, headers: json, body: { paths: { 'apis/birds.example.com/v1': { serverRelativeURL: '/openapi/v3/apis/birds.example.com/v1?hash=AB12' } } } })
    else exchange.respond({ status: 404, headers: {}, body: new TextEncoder().encode('404 page not found\n') })
  }, { scope: process.scope })
  return { process, seen }
}

async function condition(server: TestServer): Promise<string> {
  const found = (await server.call('GET', `${services}/v1.birds.example.com`)).json.status.conditions?.[0]
  return found ? `${found.status} ${found.reason}: ${found.message}` : 'none'
}

async function installed(serve?: (exchange: ServerExchange) => boolean): Promise<{ server: TestServer; seen: HttpRequest[]; process: Process }> {
  const server = await startServer()
  const { seen, process } = extension(server, serve)
  await server.call('POST', '/api/v1/namespaces/default/services', service)
  await server.call('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', slice)
  expect((await server.call('POST', services, apiService)).status).toBe(201)
  await server.run(100)
  return { server, seen, process }
}

describe('aggregation', () => {
  it('says step by step what is missing', async () => {
    const server = await startServer()
    await server.call('POST', services, apiService)
    await server.run(100)
    expect(await condition(server)).toBe('False ServiceNotFound: service/birds in "default" is not present')
    expect(await server.call('GET', `${path}/gulls`)).toMatchObject({ status: 503, json: 'service unavailable\n' })
    await server.call('POST', '/api/v1/namespaces/default/services', { ...service, spec: { ...service.spec, ports: [{ name: 'https', port: 8443 }] } })
    await server.run(100)
    expect(await condition(server)).toBe('False ServicePortError: service/birds in "default" is not listening on port 443')
    await server.call('PATCH', '/api/v1/namespaces/default/services/birds', [{ op: 'replace', path: '/spec/ports/0/port', value: 443 }], { 'content-type': 'application/json-patch+json' })
    await server.run(100)
    expect(await condition(server)).toBe('False EndpointsNotFound: cannot find endpointslices for service/birds in "default"')
    await server.call('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', { ...slice, endpoints: [] })
    await server.run(100)
    expect(await condition(server)).toBe('False MissingEndpoints: endpointslices for service/birds in "default" have no addresses with port name "https"')
    const { process } = extension(server, (exchange) => {
      exchange.respond({ status: 500, headers: {} })
      return true
    })
    await server.call('PATCH', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/birds-1', { endpoints: slice.endpoints }, { 'content-type': 'application/merge-patch+json' })
    await server.run(100)
    expect(await condition(server)).toBe('False FailedDiscoveryCheck: failing or missing response from https://10.96.0.50:443/apis/birds.example.com/v1: bad status from https://10.96.0.50:443/apis/birds.example.com/v1: 500')
    process.scope.close()
    await server.run(6_000)
    expect(await condition(server)).toMatch(/^False FailedDiscoveryCheck: failing or missing response from https:\/\/10\.96\.0\.50:443\/apis\/birds\.example\.com\/v1: Get "https:\/\/10\.96\.0\.50:443\/apis\/birds\.example\.com\/v1": dial tcp/)
  })

  it('is available when its server answers, and found by those who look for it', async () => {
    const { server } = await installed()
    expect(await condition(server)).toBe('True Passed: all checks passed')
    const groups = (await server.call('GET', '/apis')).json.groups as { name: string }[]
    expect(groups.at(-1)).toEqual({ name: 'birds.example.com', versions: [{ groupVersion: 'birds.example.com/v1', version: 'v1' }], preferredVersion: { groupVersion: 'birds.example.com/v1', version: 'v1' } })
    expect((await server.call('GET', '/apis/birds.example.com')).json).toMatchObject({ kind: 'APIGroup', name: 'birds.example.com' })
    expect((await server.call('GET', path)).json.resources).toEqual(resources)
    const aggregated = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' }
    const found = (): Promise<unknown> => server.call('GET', '/apis', undefined, aggregated).then(({ json }) => json.items.at(-1))
    expect(await found()).toEqual({
      metadata: { name: 'birds.example.com' },
      versions: [{
        version: 'v1', freshness: 'Current',
        resources: [{
          resource: 'gulls', responseKind: { group: 'birds.example.com', version: 'v1', kind: 'Gull' }, scope: 'Namespaced', singularResource: 'gull', verbs: ['get', 'list', 'watch'], shortNames: ['gu'],
          subresources: [{ subresource: 'status', responseKind: { group: 'birds.example.com', version: 'v1', kind: 'Gull' }, verbs: ['get'] }],
        }],
      }],
    })
    expect((await server.call('GET', '/openapi/v3')).json.paths['apis/birds.example.com/v1']).toEqual({ serverRelativeURL: '/openapi/v3/apis/birds.example.com/v1?hash=AB12' })
    await server.call('DELETE', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/birds-1')
    await server.run(100)
    expect(await found()).toMatchObject({ versions: [{ version: 'v1', freshness: 'Stale' }] })
    await server.call('DELETE', `${services}/v1.birds.example.com`)
    await server.run(100)
    expect(await found()).not.toMatchObject({ metadata: { name: 'birds.example.com' } })
    expect((await server.call('GET', `${path}/gulls`)).status).toBe(404)
  })

  it('passes requests on with who sends them, and judges first whether they may', async () => {
    const { server, seen } = await installed((exchange) => {
      if (!exchange.request.path.includes('/gulls')) return false
      exchange.respond({ status: 201, headers: { 'content-type': 'application/json', connection: 'x-hop', 'x-hop': 'y', 'audit-id': 'theirs' }, body: { kind: 'Gull', apiVersion: 'birds.example.com/v1' } })
      return true
    })
    seen.length = 0
    const one = { commonName: 'one', organizations: ['a,b', 'system:masters'] }
    const answer = await server.call('POST', `${path}/namespaces/default/gulls?dryRun=All`, { kind: 'Gull' }, { authorization: 'Bearer x', 'x-remote-user': 'root', 'x-mine': '1' }, one)
    expect(answer).toMatchObject({ status: 201, json: { kind: 'Gull' } })
    expect(answer.headers).not.toHaveProperty('x-hop')
    expect(answer.headers['audit-id']).not.toBe('theirs')
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({
      method: 'POST', path: `${path}/namespaces/default/gulls?dryRun=All`, body: { kind: 'Gull' }, certificate: { commonName: 'front-proxy-client', organizations: [] },
      headers: { 'x-remote-user': 'one', 'x-remote-group': 'a,b\nsystem:masters\nsystem:authenticated', 'x-mine': '1', host: '10.96.0.50:443', 'x-forwarded-proto': 'https' },
    })
    expect(seen[0]!.headers).not.toHaveProperty('authorization')
    const refused = await server.call('GET', `${path}/namespaces/default/gulls`, undefined, {}, { commonName: 'two', organizations: [] })
    expect(refused.json).toMatchObject({ code: 403, message: 'gulls.birds.example.com is forbidden: User "two" cannot list resource "gulls" in API group "birds.example.com" in the namespace "default"' })
    expect(seen).toHaveLength(1)
  })

  it('passes watches on until either side ends', async () => {
    let cancelled = 0
    const open: ServerExchange[] = []
    const { server, process } = await installed((exchange) => {
      if (!exchange.request.path.includes('watch=true')) return false
      exchange.open({ status: 200, headers: { 'content-type': 'application/json' } })
      exchange.onCancel(() => cancelled++)
      open.push(exchange)
      return true
    })
    const watch = await server.watch(`${path}/gulls?watch=true`)
    open[0]!.send([{ type: 'ADDED', object: { metadata: { name: 'a' } } }])
    await server.run(50)
    expect(watch.events.map(({ type }) => type)).toEqual(['ADDED'])
    watch.cancel()
    await server.run(50)
    expect(cancelled).toBe(1)
    const second = await server.watch(`${path}/gulls?watch=true`)
    process.scope.close()
    await server.run(50)
    expect(second.ended()).toBe(true)
    expect(await server.call('GET', `${path}/gulls`)).toMatchObject({ status: 503, json: expect.stringMatching(/^error trying to reach service: dial tcp/) })
  })

  it('asks what is outside the simulation through the door', async () => {
    const calls: OutboundCall[] = []
    const server = await startServer({
      outbound: {
        call(call) {
          calls.push(call)
          const body = call.url.endsWith('/birds.example.com/v1') ? { resources } : call.url.includes('/openapi') ? {} : { kind: 'GullList', items: [] }
          return Promise.resolve({ status: 200, contentType: 'application/json', body: JSON.stringify(body) })
        },
      },
    })
    await server.call('POST', '/api/v1/namespaces/default/services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'birds' }, spec: { type: 'ExternalName', externalName: 'birds.example.org' } })
    await server.call('POST', services, apiService)
    await server.run(100)
    expect(await condition(server)).toBe('True Passed: all checks passed')
    calls.length = 0
    expect(await server.call('GET', `${path}/gulls?limit=5`)).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' }, json: { kind: 'GullList' } })
    expect(calls).toMatchObject([{ url: `https://birds.example.org:443${path}/gulls?limit=5`, method: 'GET', insecure: true, serverName: 'birds.default.svc', body: '', headers: { 'x-remote-user': 'kubernetes-admin', 'x-remote-group': ['system:masters', 'system:authenticated'] } }])
  })

  it('believes a front proxy, and nobody else, about who sends a request', async () => {
    const { call } = await startServer()
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
    const ask = (commonName: string): Promise<{ json: { status: { userInfo: unknown } } }> =>
      call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', review, { 'x-remote-user': 'one', 'x-remote-group': 'a\nb', 'x-remote-extra-scopes': 'x' }, { commonName, organizations: [] })
    expect((await ask('front-proxy-client')).json.status.userInfo).toEqual({ username: 'one', groups: ['a', 'b', 'system:authenticated'], extra: { scopes: ['x'] } })
    expect((await ask('two')).json.status.userInfo).toMatchObject({ username: 'two' })
  })

  it('tells servers behind it how to know it', async () => {
    const { call } = await startServer({ clientAuthority: 'pem' })
    expect((await call('GET', '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication')).json.data).toMatchObject({ 'client-ca-file': 'pem', 'requestheader-allowed-names': '["front-proxy-client"]', 'requestheader-username-headers': '["X-Remote-User"]' })
  })
})

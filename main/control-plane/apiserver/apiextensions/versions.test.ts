import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { SimulatedDisk } from '../../../kernel/disk.ts'
import { Machine } from '../../../kernel/machine.ts'
import { HttpClient } from '../../../kernel/http.ts'
import type { EtcdClient } from '../../etcd/client.ts'
import { kubeApiserver } from '../server.ts'
import { admin, startServer } from '../testing/start-server.ts'
import { es256Tokens, generateTokenKey } from '../tokens.node.ts'
import type { ConversionCaller } from './conversion.ts'

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const json = (body: object): Uint8Array => new TextEncoder().encode(JSON.stringify(body))
const merge = { 'content-type': 'application/merge-patch+json' }

const version = (name: string, storage: boolean, properties: object, more: object = {}): object => ({ name, served: true, storage, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } }, ...more })

function hosts(versions: object[], more: object = {}): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'hosts.example.com' },
    spec: { group: 'example.com', scope: 'Cluster', names: { plural: 'hosts', kind: 'Host' }, versions, ...more },
  }
}

const v1 = '/apis/example.com/v1/hosts'
const v2 = '/apis/example.com/v2/hosts'
const webhook = { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://hooks.example.com/convert' } } }

/** v1 has `address`, v2 `host` and `port`. */
const caller: ConversionCaller = (_crd, { request, apiVersion }) =>
  Promise.resolve({
    kind: 'ConversionReview', apiVersion,
    response: {
      uid: request!.uid,
      result: { status: 'Success' },
      convertedObjects: request!.objects.map((object): KubeObject => {
        const { spec, ...rest } = object as KubeObject & { spec: { address?: string; host?: string; port?: number } }
        const [host, port] = (spec.address ?? '').split(':')
        const converted = request!.desiredAPIVersion.endsWith('v2') ? { host, port: Number(port) } : { address: `${spec.host}:${spec.port}` }
        return { ...rest, apiVersion: request!.desiredAPIVersion, spec: converted } as unknown as KubeObject
      }),
    },
  })

describe('several versions', () => {
  it('are the same objects, with each version\'s fields and defaults', async () => {
    const { call, run } = await startServer()
    await call('POST', definitions, hosts([version('v1', true, { a: { type: 'string' } }), version('v2', false, { a: { type: 'string' }, b: { type: 'integer', default: 7 } }, { deprecated: true })]))
    await run(100)
    await call('POST', v1, { apiVersion: 'example.com/v1', kind: 'Host', metadata: { name: 'x' }, spec: { a: '1' } })
    const seen = await call('GET', `${v2}/x`)
    expect(seen.json).toMatchObject({ apiVersion: 'example.com/v2', spec: { a: '1', b: 7 } })
    expect(seen.headers['warning']).toBe('299 - "example.com/v2 Host is deprecated"')
    await call('PATCH', `${v2}/x`, json({ spec: { b: 9 } }), merge)
    expect((await call('GET', `${v1}/x`)).json).toMatchObject({ apiVersion: 'example.com/v1', spec: { a: '1' } })
    expect((await call('GET', `${v2}/x`)).json.spec).toEqual({ a: '1', b: 9 })
    expect((await call('GET', '/apis/example.com')).json.preferredVersion.version).toBe('v2')
  })

  it('are rewritten in the storage version when they are written again', async () => {
    const { call, run } = await startServer()
    const versions = (stored: string): object[] => [version('v1', stored === 'v1', { a: { type: 'string' } }), version('v2', stored === 'v2', { a: { type: 'string' } })]
    await call('POST', definitions, hosts(versions('v1')))
    await run(100)
    const created = await call('POST', v1, { apiVersion: 'example.com/v1', kind: 'Host', metadata: { name: 'x' }, spec: { a: '1' } })
    await call('PATCH', `${definitions}/hosts.example.com`, json({ spec: { versions: versions('v2') } }), merge)
    await run(100)
    expect((await call('GET', `${definitions}/hosts.example.com`)).json.status.storedVersions).toEqual(['v1', 'v2'])
    const same = await call('PATCH', `${v1}/x`, json({}), merge)
    expect(same.json.metadata.resourceVersion).not.toBe(created.json.metadata.resourceVersion)
    const again = await call('PATCH', `${v1}/x`, json({}), merge)
    expect(again.json.metadata.resourceVersion).toBe(same.json.metadata.resourceVersion)
    const dropped = await call('PATCH', `${definitions}/hosts.example.com`, json({ spec: { versions: versions('v2').slice(1) } }), merge)
    expect(dropped.json.message).toContain('status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version')
  })

  it('are converted by a webhook, in reads, writes, lists and watches', async () => {
    const server = await startServer()
    const { call, run, watch } = server
    server.server.customResources!.conversionCaller = caller
    const both = [version('v1', true, { address: { type: 'string' } }), version('v2', false, { host: { type: 'string' }, port: { type: 'integer' } })]
    expect((await call('POST', definitions, hosts(both, { conversion: webhook }))).status).toBe(201)
    await run(100)
    const watched = await watch(`${v2}?watch=true`)
    await call('POST', v1, { apiVersion: 'example.com/v1', kind: 'Host', metadata: { name: 'x' }, spec: { address: 'a:1' } })
    expect((await call('GET', `${v2}/x`)).json.spec).toEqual({ host: 'a', port: 1 })
    const created = await call('POST', v2, { apiVersion: 'example.com/v2', kind: 'Host', metadata: { name: 'y' }, spec: { host: 'b', port: 2 } })
    expect(created.json).toMatchObject({ apiVersion: 'example.com/v2', spec: { host: 'b', port: 2 } })
    expect((await call('GET', v1)).json.items.map(({ spec }: { spec: object }) => spec)).toEqual([{ address: 'a:1' }, { address: 'b:2' }])
    expect((await call('PATCH', `${v2}/x`, json({ spec: { port: 9 } }), merge)).json.spec).toEqual({ host: 'a', port: 9 })
    expect((await call('GET', `${v1}/x`)).json.spec).toEqual({ address: 'a:9' })
    await run(100)
    expect(watched.events.map(({ type, object }) => [type, object.apiVersion, (object as KubeObject & { spec: object }).spec])).toEqual([
      ['ADDED', 'example.com/v2', { host: 'a', port: 1 }], ['ADDED', 'example.com/v2', { host: 'b', port: 2 }], ['MODIFIED', 'example.com/v2', { host: 'a', port: 9 }],
    ])
  })

  it('say why a conversion failed', async () => {
    const server = await startServer()
    const { call, run } = server
    const both = [version('v1', true, { address: { type: 'string' } }), version('v2', false, { host: { type: 'string' } })]
    await call('POST', definitions, hosts(both, { conversion: webhook }))
    await run(100)
    await call('POST', v1, { apiVersion: 'example.com/v1', kind: 'Host', metadata: { name: 'x' }, spec: { address: 'a:1' } })
    const answers: readonly (readonly [ConversionCaller, string])[] = [
      [() => Promise.reject(new Error('dial tcp: connection refused')), 'dial tcp: connection refused'],
      [(_crd, { apiVersion }) => Promise.resolve({ kind: 'ConversionReview', apiVersion }), 'response not set'],
      [(crd, review) => caller(crd, review).then((answer) => ({ ...answer, response: { ...answer.response, uid: 'other' } })), 'expected response.uid='],
      [(_crd, { apiVersion, request }) => Promise.resolve({ kind: 'ConversionReview', apiVersion, response: { uid: request!.uid, result: { status: 'Failed', message: 'no' } } }), 'no'],
      [(_crd, { apiVersion, request }) => Promise.resolve({ kind: 'ConversionReview', apiVersion, response: { uid: request!.uid, result: { status: 'Success' }, convertedObjects: [] } }), 'expected 1 converted objects, got 0'],
      [(_crd, { apiVersion, request }) => Promise.resolve({ kind: 'ConversionReview', apiVersion, response: { uid: request!.uid, result: { status: 'Success' }, convertedObjects: request!.objects } }), 'invalid converted object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v1)'],
    ]
    for (const [answer, text] of answers) {
      server.server.customResources!.conversionCaller = answer
      const found = await call('GET', `${v2}/x`)
      expect(found.status).toBe(500)
      expect(found.json.message).toContain('conversion webhook for example.com/v1, Kind=Host failed: ')
      expect(found.json.message).toContain(text)
    }
    expect((await call('GET', `${v1}/x`)).status).toBe(200)
  })
})

describe('names', () => {
  it('belong to the first who took them, until they are free', async () => {
    const { call, run } = await startServer()
    const named = (plural: string, kind: string, shortNames: string[]): object => ({
      apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.example.com` },
      spec: { group: 'example.com', scope: 'Cluster', names: { plural, kind, shortNames }, versions: [version('v1', true, {})] },
    })
    await call('POST', definitions, named('hosts', 'Host', ['h']))
    await run(100)
    await call('POST', definitions, named('others', 'Host', ['h']))
    await run(100)
    const conflicting = (await call('GET', `${definitions}/others.example.com`)).json
    expect(conflicting.status.conditions).toMatchObject([{ type: 'NamesAccepted', status: 'False', reason: 'ListKindConflict', message: '"HostList" is already in use' }, { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }])
    expect((await call('GET', '/apis/example.com/v1/others')).status).toBe(404)
    await call('DELETE', `${definitions}/hosts.example.com`)
    await run(200)
    expect((await call('GET', `${definitions}/others.example.com`)).json.status.conditions).toMatchObject([{ type: 'NamesAccepted', status: 'True' }, { type: 'Established', status: 'True' }])
    expect((await call('GET', '/apis/example.com/v1/others')).status).toBe(200)
  })
})

describe('another server on the same etcd', () => {
  it('serves the same, also after the first has gone', async () => {
    let etcd: EtcdClient | undefined
    const first = await startServer({}, (given) => void (etcd = given))
    await first.call('POST', definitions, hosts([version('v1', true, { a: { type: 'string' } })]))
    await first.run(100)
    await first.call('POST', v1, { apiVersion: 'example.com/v1', kind: 'Host', metadata: { name: 'x' }, spec: { a: '1' } })
    const machine = new Machine(first.network, 'controlplane-2', '192.168.64.20', new SimulatedDisk(first.kernel, 'controlplane-2'))
    let ready!: Promise<void>
    machine.start('kube-apiserver', (process) => {
      const server = kubeApiserver({ etcd: etcd!, tokens: es256Tokens(generateTokenKey()), advertisedAddress: '192.168.64.20', freeze: true })(process)
      ready = server.ready
      return server
    })
    await first.kernel.settle(ready)
    const http = new HttpClient(first.somebody, { address: '192.168.64.20', port: 6443 }, admin)
    const get = async (path: string): Promise<{ status: number; body: { items?: object[]; spec?: object } }> => {
      const response = await first.kernel.settle(http.request({ method: 'GET', path, headers: {} }))
      return { status: response.status, body: response.body as never }
    }
    expect((await get(v1)).body.items).toHaveLength(1)
    // What one server is told, all of them serve.
    await first.call('POST', definitions, { ...hosts([version('v1', true, {})]), metadata: { name: 'guests.example.com' }, spec: { group: 'example.com', scope: 'Cluster', names: { plural: 'guests', kind: 'Guest' }, versions: [version('v1', true, {})] } })
    await first.run(200)
    expect((await get('/apis/example.com/v1/guests')).status).toBe(200)
    await first.call('DELETE', `${definitions}/hosts.example.com`)
    await first.run(200)
    expect((await get(v1)).status).toBe(404)
    expect((await get(`${definitions}/hosts.example.com`)).status).toBe(404)
  })
})

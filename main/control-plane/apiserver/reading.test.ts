/** Lists and watches: which version they show, how they go on, what forms they come in. */
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeProtobuf } from '../../api/machinery/codec/protobuf.ts'
import { HttpClient } from '../../kernel/http.ts'
import type { inProcessEtcd } from '../etcd/in-process.ts'
import { partialDefinition } from './negotiation/partial-definitions.ts'
import { kubeApiserver } from './server.ts'
import type { ApiServer } from './server.ts'
import { admin, startServer } from './testing/start-server.ts'
import type { TestServer } from './testing/start-server.ts'
import { es256Tokens, generateTokenKey } from './tokens.node.ts'

const configMaps = '/api/v1/namespaces/default/configmaps'
const configMap = (name: string, labels?: Record<string, string>) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...(labels ? { labels } : {}) } })

interface Listed {
  readonly code?: number
  readonly message?: string
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string; readonly remainingItemCount?: number }
  readonly items: { readonly metadata: { readonly name: string; readonly resourceVersion: string } }[]
}

describe('resourceVersionMatch', () => {
  let server: TestServer
  let old: string
  let now: string
  const names = async (query: string): Promise<string> => {
    const { json } = (await server.call('GET', `${configMaps}?${query}`)) as { json: Listed }
    if (json.code !== undefined) return `${json.code} ${json.message}`
    return json.items.map(({ metadata }) => metadata.name).join(',') + (json.metadata.continue ? '…' : '')
  }
  beforeAll(async () => {
    server = await startServer()
    for (const name of ['a', 'b', 'c']) ({ metadata: { resourceVersion: old } } = (await server.call('POST', configMaps, configMap(name))).json as Listed)
    await server.call('DELETE', `${configMaps}/b`)
    await server.call('POST', configMaps, configMap('d'))
    ;({ metadata: { resourceVersion: now } } = (await server.call('GET', configMaps)).json as Listed)
  })

  // The table of the API's reference: what is asked, and what is shown.
  it.each([
    ['', 'a,c,d'],
    ['limit=2', 'a,c…'],
    ['limit=-5', 'a,c,d'],
    ['resourceVersion=0', 'a,c,d'],
    ['resourceVersion=0&limit=2', 'a,c,d'],
    ['resourceVersion=OLD', 'a,c,d'],
    ['resourceVersion=OLD&limit=2', 'a,b…'],
    ['resourceVersion=OLD&resourceVersionMatch=Exact', 'a,b,c'],
    ['resourceVersion=OLD&resourceVersionMatch=Exact&limit=2', 'a,b…'],
    ['resourceVersion=OLD&resourceVersionMatch=NotOlderThan', 'a,c,d'],
    ['resourceVersion=OLD&resourceVersionMatch=NotOlderThan&limit=2', 'a,c…'],
    ['resourceVersion=0&resourceVersionMatch=NotOlderThan', 'a,c,d'],
    ['resourceVersion=NOW&resourceVersionMatch=NotOlderThan', 'a,c,d'],
    ['resourceVersionMatch=Exact', '422 ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided'],
    ['resourceVersionMatch=NotOlderThan', '422 ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided'],
    ['resourceVersion=0&resourceVersionMatch=Exact', '422 ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"'],
    ['resourceVersion=1&resourceVersionMatch=Some', '422 ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "Some": supported values: "Exact", "NotOlderThan", ""'],
    ['resourceVersion=1&resourceVersionMatch=Exact&continue=x', '422 ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for continue'],
    ['sendInitialEvents=false', '422 ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list'],
    ['watch=1&resourceVersionMatch=NotOlderThan', '422 ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'],
    ['watch=1&sendInitialEvents=true', '422 ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'],
    ['resourceVersion=99999&resourceVersionMatch=Exact', 'TOO LARGE'],
    ['resourceVersion=99999&resourceVersionMatch=NotOlderThan', 'TOO LARGE'],
  ])('%s', async (query, expected) => {
    const shown = await names(query.replace('OLD', old).replace('NOW', now))
    if (expected === 'TOO LARGE') expect(shown).toMatch(/^504 Timeout: Too large resource version: 99999, current: \d+$/)
    else expect(shown).toBe(expected)
  })

  it('with a continue token goes by the token', async () => {
    const first = (await server.call('GET', `${configMaps}?limit=1`)).json as Listed
    expect(first.metadata.remainingItemCount).toBe(2)
    await server.call('POST', configMaps, configMap('bb'))
    const token = encodeURIComponent(first.metadata.continue!)
    expect(await names(`limit=1&continue=${token}`)).toBe('c…')
    expect(await names(`continue=${token}`)).toBe('c,d')
    expect(await names(`continue=${token}&resourceVersion=0`)).toBe('c,d')
    expect(await names(`continue=${token}&resourceVersion=${now}`)).toBe('400 specifying resource version is not allowed when using continue')
    const next = (await server.call('GET', `${configMaps}?limit=1&continue=${token}`)).json as Listed
    expect(next.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
    for (const [start, problem] of [['../secrets/', 'invalid key: ../secrets/'], ['', 'continue key is not valid: encoded start key empty (version meta.k8s.io/v1)']] as const) {
      expect(await names(`continue=${btoa(JSON.stringify({ v: 'meta.k8s.io/v1', rv: 5, start })).replace(/=+$/, '')}`)).toBe(`400 invalid continue token: ${problem}`)
    }
  })
})

describe('watches', () => {
  it('end in time, with a bookmark before', async () => {
    const server = await startServer()
    await server.call('POST', configMaps, configMap('a'))
    const watch = await server.watch(`${configMaps}?watch=1&timeoutSeconds=10&allowWatchBookmarks=true`)
    await server.run(7_900)
    expect(watch.events.map(({ type }) => type)).toEqual(['ADDED'])
    await server.run(200)
    expect(watch.events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK'])
    expect(watch.ended()).toBe(false)
    await server.run(2_000)
    expect(watch.ended()).toBe(true)
  })

  it('see one object, by path or field, and only what their selector shows', async () => {
    const server = await startServer()
    await server.call('POST', configMaps, configMap('a', { app: 'x' }))
    await server.call('POST', configMaps, configMap('b', { app: 'y' }))
    const byPath = await server.watch('/api/v1/watch/namespaces/default/configmaps/a')
    const byField = await server.watch(`${configMaps}?watch=1&fieldSelector=metadata.name%3Da`)
    const byLabel = await server.watch(`${configMaps}?watch=1&labelSelector=app%3Dx`)
    await server.call('PATCH', `${configMaps}/b`, { metadata: { labels: { app: 'x' } } }, { 'content-type': 'application/merge-patch+json' })
    await server.call('PATCH', `${configMaps}/a`, { metadata: { labels: { app: 'y' } } }, { 'content-type': 'application/merge-patch+json' })
    await server.call('DELETE', `${configMaps}/a`)
    await server.run(10)
    const shown = ({ events }: { events: readonly { type: string; object: { metadata: { name?: string } } }[] }): string[] => events.map(({ type, object }) => `${type} ${object.metadata.name}`)
    expect(shown(byPath)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a'])
    expect(shown(byField)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a'])
    expect(shown(byLabel)).toEqual(['ADDED a', 'ADDED b', 'DELETED a'])
  })

  it('from a version that is forgotten say so in an event', async () => {
    let etcd!: ReturnType<typeof inProcessEtcd>
    const server = await startServer({}, (made) => (etcd = made))
    await server.call('POST', configMaps, configMap('a'))
    // A server that starts anew knows nothing of what was before.
    server.controlplane.process('kube-apiserver')!.crash()
    let again!: ApiServer
    server.controlplane.start('kube-apiserver', (process) => (again = kubeApiserver({ etcd, tokens: es256Tokens(generateTokenKey()), advertisedAddress: '192.168.64.10' })(process)))
    await server.settle(again.ready)
    await server.run(10)
    for (const query of ['', '&allowWatchBookmarks=true']) {
      const watch = await server.watch(`${configMaps}?watch=1&resourceVersion=1${query}`)
      await server.run(10)
      expect(watch.status).toBe(200)
      expect(watch.events).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: expect.stringMatching(/^too old resource version: 1 \(\d+\)$/) as string } }])
      expect(watch.ended()).toBe(true)
    }
  })

  it('that lie idle by the thousand cost nobody anything', async () => {
    const server = await startServer()
    const watches = []
    for (let index = 0; index < 2_000; index++) watches.push(await server.watch(`${configMaps}?watch=1&fieldSelector=metadata.name%3Dnone-${index}`))
    const began = performance.now()
    for (let index = 0; index < 20; index++) await server.call('POST', configMaps, configMap(`x${index}`))
    expect(performance.now() - began).toBeLessThan(15_000)
    expect(watches.every(({ events }) => events.length === 0)).toBe(true)
    for (const watch of watches) watch.cancel()
    await server.run(10)
    expect((server.process as unknown as { view(topic: string): { watches: number } }).view('requests').watches).toBe(0)
  })

  it('that end before they begin leave nothing behind', async () => {
    const server = await startServer()
    const { somebody, kernel } = server
    const client = new HttpClient(somebody, { address: '192.168.64.10', port: 6443 }, admin)
    void client.stream({ method: 'GET', path: `${configMaps}?watch=1`, headers: {} }).catch(() => undefined)
    await kernel.runFor(0.3)
    client.close()
    await server.run(100)
    expect((server.process as unknown as { view(topic: string): { watches: number } }).view('requests').watches).toBe(0)
    const cache = (server.process as unknown as { view(topic: string): { resources: { watchers: number }[] } }).view('watch-cache')
    expect(cache.resources.reduce((sum, { watchers }) => sum + watchers, 0)).toBe(0)
  })
})

describe('forms', () => {
  it.each([
    ['application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json', 200],
    ['application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1', 200],
    ['application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1', 406],
    ['application/yaml;as=Table;g=meta.k8s.io;v=v1', 200],
    ['application/json;as=Table;g=meta.k8s.io', 406],
    ['application/cbor', 406],
    ['application/cbor, application/json;q=0.1', 200],
    ['text/plain, */*', 200],
    ['application/json; charset=utf-8', 200],
    ['*/*;q=0.0, application/yaml', 200],
    [',,;;', 406],
  ])('Accept: %s', async (accept, status) => {
    const server = await startServer()
    const answer = await server.call('GET', '/api/v1/namespaces', undefined, { accept })
    expect(answer.status).toBe(status)
  })

  it('of metadata alone can be binary', async () => {
    const server = await startServer()
    const read = (bytes: unknown): unknown => decodeProtobuf(bytes as Uint8Array, partialDefinition)
    const accept = (kind: string): string => `application/vnd.kubernetes.protobuf;as=${kind};g=meta.k8s.io;v=v1`
    const list = await server.call('GET', '/api/v1/namespaces', undefined, { accept: accept('PartialObjectMetadataList') })
    expect(list.headers['content-type']).toBe('application/vnd.kubernetes.protobuf')
    expect(read(list.body)).toMatchObject({ apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadataList', items: expect.arrayContaining([expect.objectContaining({ metadata: expect.objectContaining({ name: 'default' }) as object })]) as object })
    const one = await server.call('GET', '/api/v1/namespaces/default', undefined, { accept: accept('PartialObjectMetadata') })
    expect(read(one.body)).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'default', uid: expect.any(String) as string } })
  })

  it('that a document has not are refused', async () => {
    const server = await startServer()
    expect((await server.call('GET', '/api', undefined, { accept: 'application/vnd.kubernetes.protobuf' })).status).toBe(406)
  })

  it('of watches are streams, never YAML', async () => {
    const server = await startServer()
    const answer = await server.call('GET', '/api/v1/namespaces?watch=1', undefined, { accept: 'application/yaml' })
    expect(answer.status).toBe(406)
    expect(answer.json).toContain('application/json;stream=watch,')
  })

  it('of bodies in CBOR are refused', async () => {
    const server = await startServer()
    const answer = await server.call('POST', configMaps, new Uint8Array([0xd9, 0xd9, 0xf7, 0xa0]), { 'content-type': 'application/cbor' })
    expect(answer.json).toMatchObject({ code: 415, reason: 'UnsupportedMediaType' })
    const patch = await server.call('PATCH', `${configMaps}/x`, new Uint8Array([0xa0]), { 'content-type': 'application/apply-patch+cbor' })
    expect(patch.json).toMatchObject({ code: 415 })
  })
})

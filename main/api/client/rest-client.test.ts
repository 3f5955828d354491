import { describe, expect, it } from 'vitest'
import { HttpClient, serveHttp, type HttpRequest, type ServerExchange } from '../../kernel/http.ts'
import type { WatchEvent } from '../machinery/object.ts'
import { isExpired, isNotFound, notFound, resourceVersionTooOld } from '../machinery/status-error.ts'
import { restClient } from './rest-client.ts'
import { testPod, testPodKind } from './testing/test-kinds.ts'
import { testBench } from './testing/test-process.ts'

function setUp(answer: (exchange: ServerExchange) => void) {
  const bench = testBench()
  const requests: HttpRequest[] = []
  serveHttp(bench.machine.stack, 6443, (exchange) => {
    requests.push(exchange.request)
    answer(exchange)
  })
  const transport = new HttpClient(bench.process, { address: '192.168.64.10', port: 6443 }, { commonName: 'me', organizations: [] })
  return { ...bench, requests, client: restClient(transport, { userAgent: 'test/1' }) }
}

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))

describe('the REST client', () => {
  it('asks the paths that the API has', async () => {
    const pod = testPod('web')
    const { kernel, client, requests } = setUp((exchange) => exchange.respond({ status: 200, headers: {}, body: pod }))
    await kernel.settle(client.get(testPodKind, 'web', 'default'))
    await kernel.settle(client.list(testPodKind, { labelSelector: 'app in (a,b)', limit: 5 }))
    await kernel.settle(client.create(testPodKind, pod, { fieldManager: 'me', dryRun: true }))
    await kernel.settle(client.update(testPodKind, pod, { subresource: 'status' }))
    await kernel.settle(client.patch(testPodKind, 'web', 'default', 'apply', {}, { force: true }))
    await kernel.settle(client.delete(testPodKind, 'web', 'default', { propagationPolicy: 'Foreground' }))
    await kernel.settle(client.deleteCollection(testPodKind, { namespace: 'default', labelSelector: 'a=b' }))
    await kernel.settle(client.createSubresource(testPodKind, 'web', 'default', 'binding', { target: { name: 'n' } }))
    expect(requests.map((request) => `${request.method} ${request.path}`)).toEqual([
      'GET /api/v1/namespaces/default/pods/web',
      'GET /api/v1/pods?labelSelector=app%20in%20(a%2Cb)&limit=5',
      'POST /api/v1/namespaces/default/pods?fieldManager=me&dryRun=All',
      'PUT /api/v1/namespaces/default/pods/web/status',
      'PATCH /api/v1/namespaces/default/pods/web?force=true',
      'DELETE /api/v1/namespaces/default/pods/web',
      'DELETE /api/v1/namespaces/default/pods?labelSelector=a%3Db',
      'POST /api/v1/namespaces/default/pods/web/binding',
    ])
    expect(requests[4]!.headers['content-type']).toBe('application/apply-patch+yaml')
    expect(requests[5]!.body).toEqual({ kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Foreground' })
    expect(requests[0]).toMatchObject({ certificate: { commonName: 'me' }, headers: { 'user-agent': 'test/1' } })
  })

  it('throws the Status that it was answered, by reference or in bytes, and a generic one without', async () => {
    const status = notFound({ group: '', resource: 'pods' }, 'web').status
    const answers = [status, bytes(status), bytes('<html>')]
    const { kernel, client } = setUp((exchange) => exchange.respond({ status: 404, headers: {}, body: answers.shift()! }))
    await expect(kernel.settle(client.get(testPodKind, 'web', 'default'))).rejects.toSatisfy(isNotFound)
    await expect(kernel.settle(client.get(testPodKind, 'web', 'default'))).rejects.toThrow('pods "web" not found')
    await expect(kernel.settle(client.get(testPodKind, 'web', 'default'))).rejects.toThrow('the server could not find the requested resource (get pods web)')
  })

  it('gives items of a list their kind', async () => {
    const list = { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '7' }, items: [{ metadata: { name: 'a' } }] }
    const { kernel, client } = setUp((exchange) => exchange.respond({ status: 200, headers: { 'content-type': 'application/json' }, body: bytes(list) }))
    expect((await kernel.settle(client.list(testPodKind))).items).toEqual([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }])
  })

  it('delivers watch events by reference and in bytes cut anywhere, and ends with the error event', async () => {
    const event = (name: string): WatchEvent => ({ type: 'ADDED', object: testPod(name) })
    const text = bytes(`${JSON.stringify(event('b'))}\n${JSON.stringify(event('c'))}\n`)
    const { kernel, client, requests } = setUp((exchange) => {
      exchange.open({ status: 200, headers: {} })
      exchange.send([event('a')])
      exchange.send(text.slice(0, 40))
      exchange.send(text.slice(40))
      exchange.send([{ type: 'ERROR', object: resourceVersionTooOld(1, 9).status }])
    })
    const seen: string[] = []
    let ended: Error | undefined
    client.watch(testPodKind, { resourceVersion: '1', allowBookmarks: true, timeoutSeconds: 300 }, (events) => void seen.push(...events.map((each) => each.object.metadata.name)), (error) => (ended = error))
    await kernel.runFor(100)
    expect(seen).toEqual(['a', 'b', 'c'])
    expect(ended).toSatisfy(isExpired)
    expect(requests[0]!.path).toBe('/api/v1/pods?resourceVersion=1&watch=true&allowWatchBookmarks=true&timeoutSeconds=300')
  })

  it('tells the server when a watch is cancelled', async () => {
    let cancelled = false
    const { kernel, client } = setUp((exchange) => {
      exchange.onCancel(() => (cancelled = true))
      exchange.open({ status: 200, headers: {} })
    })
    const watch = client.watch(testPodKind, {}, () => {}, () => {})
    await kernel.runFor(100)
    watch.cancel()
    await kernel.runFor(100)
    expect(cancelled).toBe(true)
  })

  it('neither says nor hears anything after its process crashed', async () => {
    const { kernel, machine, client, requests } = setUp(() => {})
    const heard: string[] = []
    const ask = (): void => {
      client.get(testPodKind, 'web', 'default').then(() => heard.push('answer'), () => {
        heard.push('error')
        ask()
      })
    }
    ask()
    await kernel.runFor(100)
    machine.process('test')!.crash()
    ask()
    await kernel.runFor(60_000)
    expect(heard).toEqual([])
    expect(requests).toHaveLength(1)
  })
})

/** What a fuzzer sends: whatever it is, the answer is a Status (or a page of text where no resource is named), it comes soon, the server
 *  does not panic, and others are served as before. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer } from './testing/start-server.ts'
import type { TestServer } from './testing/start-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  await server.call('POST', '/api/v1/namespaces/default/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'here' }, data: { key: 'value' } })
})
afterAll(() => {
  expect(server.process.journal.lines().filter(({ text }) => text.includes('panic')).map(({ text }) => text.slice(0, 500))).toEqual([])
})

const configMaps = '/api/v1/namespaces/default/configmaps'
const runs = { numRuns: 150 }

/** Asks, and checks what is true of every answer. */
async function ask(method: string, path: string, headers: Record<string, string> = {}, body?: Uint8Array): Promise<void> {
  const answer = await server.call(method, path, body, headers)
  expect(answer.status).toBeGreaterThanOrEqual(200)
  expect(answer.status).toBeLessThan(600)
  if (answer.status === 500) expect(String((answer.json as { message?: string }).message)).toMatch(/resourceVersion|unable to|Internal error|no preferred|Get |Post /)
  const { json } = answer
  if (answer.status >= 400 && typeof json === 'object' && json !== null) expect(json).toMatchObject({ kind: 'Status', status: 'Failure', code: answer.status })
}

const text = fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom('', '0', '-1', '1e9', '9223372036854775807', '99999999999999999999', 'true', 'x=y', 'a in (b,c)', '!a', ',', '=', '(', 'metadata.name=here', '\u0000', '%', '%zz', '../..', 'null'))
const parameter = fc.tuple(
  fc.constantFrom('watch', 'limit', 'continue', 'labelSelector', 'fieldSelector', 'resourceVersion', 'resourceVersionMatch', 'sendInitialEvents', 'allowWatchBookmarks', 'timeoutSeconds', 'timeout', 'pretty', 'dryRun', 'fieldManager', 'fieldValidation', 'force', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy', 'includeObject', 'container', 'command', 'ports', 'path', 'tailLines', 'sinceTime'),
  text,
)
const query = fc.array(parameter, { maxLength: 6 }).map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value.replace(/\p{Surrogate}/gu, ''))}`).join('&')}`))
const target = fc.oneof(
  fc.constantFrom(configMaps, `${configMaps}/here`, `${configMaps}/nosuch`, '/api/v1/namespaces/default', '/api/v1/nodes', '/apis/apps/v1/namespaces/default/deployments/x/scale', '/api/v1/namespaces/default/pods/x/log', '/api/v1/namespaces/default/pods/x/exec', '/api/v1/namespaces/default/pods/x/eviction', '/api/v1/namespaces/default/services/a:b:c/proxy/x', '/apis', '/api', '/version', '/openapi/v3', '/livez', '/metrics/slis', '/nosuch', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'),
  fc.array(fc.oneof(fc.constantFrom('api', 'apis', 'v1', 'namespaces', 'default', 'pods', 'watch', 'proxy', 'apps', '..', '.', '', 'status', '%2e%2e', '%00', '%'), fc.string({ maxLength: 8 }).map(encodeURIComponent)), { maxLength: 9 }).map((parts) => `/${parts.join('/')}`),
)
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'BREW')
const headers = fc.dictionary(
  fc.constantFrom('accept', 'content-type', 'accept-encoding', 'content-encoding', 'content-length', 'user-agent', 'connection', 'upgrade', 'sec-websocket-protocol', 'x-stream-protocol-version', 'authorization', 'x-forwarded-for', 'impersonate-user', 'impersonate-group', 'impersonate-extra-x', 'if-none-match', 'x-remote-user', 'expect'),
  fc.oneof(text, fc.constantFrom('application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf', 'application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml', 'application/json;as=Table;g=meta.k8s.io;v=v1', 'gzip', 'websocket', 'Upgrade', 'Bearer x.y.z', 'SPDY/3.1', '*/*;q=abc', 'a/b/c;;;=,')),
  { maxKeys: 5 },
)

describe('hostile requests', () => {
  it('with any path, method, query and headers are answered', async () => {
    await fc.assert(fc.asyncProperty(method, target, query, headers, async (verb, path, parameters, given) => ask(verb, path + (given['upgrade'] === undefined ? parameters : ''), given)), { numRuns: 400 })
    expect((await server.call('GET', '/api/v1/namespaces/default')).status).toBe(200)
  })

  it('with any watch parameters are answered, and end', async () => {
    const watches = (): number => (server.process as unknown as { view(topic: string): { watches: number } }).view('requests').watches
    const before = watches()
    const watchParameter = fc.tuple(fc.constantFrom('sendInitialEvents', 'allowWatchBookmarks', 'resourceVersion', 'resourceVersionMatch', 'labelSelector', 'fieldSelector', 'limit', 'continue', 'timeoutSeconds'), fc.oneof(text, fc.constantFrom('true', 'false', 'NotOlderThan', 'Exact', '1', '0')))
    await fc.assert(
      fc.asyncProperty(fc.array(watchParameter, { maxLength: 5 }), async (pairs) => {
        const watch = await server.watch(`${configMaps}?watch=1&${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value.replace(/\p{Surrogate}/gu, ''))}`).join('&')}`)
        expect([200, 400, 410, 422, 500, 504]).toContain(watch.status)
        watch.cancel()
        await server.run(1)
      }),
      runs,
    )
    expect(watches()).toBeLessThanOrEqual(before)
  })

  it('with any bytes as a body are answered', async () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 60 }).map((rest) => Uint8Array.from([0x6b, 0x38, 0x73, 0x00, ...rest])), fc.json().map((json) => new TextEncoder().encode(json)))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(['POST', configMaps], ['PUT', `${configMaps}/here`], ['PATCH', `${configMaps}/here`], ['DELETE', `${configMaps}/nosuch`], ['POST', '/api/v1/namespaces/default/pods/x/binding'], ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews']), fc.constantFrom('application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf', 'application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml', 'text/plain', ''), bytes, async ([verb, path], type, body) =>
        ask(verb!, `${path!}?dryRun=All&fieldManager=x`, { 'content-type': type }, body)),
      { numRuns: 400 },
    )
  })

  it('with a protobuf body that is cut or changed anywhere are answered', async () => {
    await server.call('POST', configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'whole' }, data: { key: 'value' } })
    const whole = (await server.call('GET', `${configMaps}/whole`, undefined, { accept: 'application/vnd.kubernetes.protobuf' })).body as Uint8Array
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), fc.array(fc.tuple(fc.integer({ min: 0, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }), async (length, changes) => {
        const body = whole.slice(0, length)
        for (const [at, value] of changes) if (at < body.length) body[at] = value
        await ask('PUT', `${configMaps}/whole?dryRun=All`, { 'content-type': 'application/vnd.kubernetes.protobuf' }, body)
      }),
      runs,
    )
  })
})

/** Half a second on a machine of its own; tests share theirs. What this is about would take minutes. */
const soonMs = 15_000

describe('large input', () => {
  const large = 200_000
  const encode = (given: string): Uint8Array => new TextEncoder().encode(given)
  it.each([
    ['a label selector of many terms', 'GET', `${configMaps}?labelSelector=${encodeURIComponent('a=b,'.repeat(large / 4))}`],
    ['a label selector of one long name', 'GET', `${configMaps}?labelSelector=${'a'.repeat(large)}`],
    ['a label selector of brackets', 'GET', `${configMaps}?labelSelector=${encodeURIComponent(`a in (${'b,'.repeat(large / 2)})`)}`],
    ['a label selector of spaces', 'GET', `${configMaps}?labelSelector=${encodeURIComponent(`a${' '.repeat(large)}b`)}`],
    ['a field selector of backslashes', 'GET', `${configMaps}?fieldSelector=metadata.name%3D${encodeURIComponent('\\'.repeat(large))}`],
    ['a field selector of many terms', 'GET', `${configMaps}?fieldSelector=${encodeURIComponent('metadata.name=a,'.repeat(large / 16))}`],
    ['a timeout of digits', 'GET', `${configMaps}?timeout=${'1'.repeat(large)}`],
    ['a limit of digits', 'GET', `${configMaps}?limit=${'1'.repeat(large)}`],
    ['a continue token', 'GET', `${configMaps}?continue=${'A'.repeat(large)}`],
    ['a path of slashes', 'GET', `/api/v1${'/'.repeat(large)}pods`],
    ['a path of segments', 'GET', `/api/v1${'/a'.repeat(large / 2)}`],
    ['a path of dots', 'GET', `/api/v1/namespaces/${'%2e'.repeat(large / 3)}/pods`],
    ['many parameters', 'GET', `${configMaps}?${'a=b&'.repeat(large / 4)}`],
    ['many excluded checks', 'GET', `/readyz?verbose&exclude=${'a,'.repeat(large / 2)}`],
    ['a sinceTime', 'GET', `/api/v1/namespaces/default/pods/x/log?sinceTime=${'2'.repeat(large)}`],
    ['a field manager', 'POST', `${configMaps}?fieldManager=${'x'.repeat(large)}`, encode('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n"}}')],
    ['deep lists of JSON', 'POST', configMaps, encode('['.repeat(1_000_000))],
    ['deep objects of JSON', 'POST', configMaps, encode('{"a":'.repeat(500_000))],
    ['deep lists in a field', 'POST', configMaps, encode(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n"},"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)],
    ['a name without end', 'POST', configMaps, encode(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${'a'.repeat(2_000_000)}"}}`)],
    ['many keys', 'POST', configMaps, encode(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n"},"data":{${Array.from({ length: 100_000 }, (_, index) => `"k${index}":"v"`).join(',')}}}`)],
    ['many unknown fields', 'POST', `${configMaps}?fieldValidation=Strict`, encode(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n"},${Array.from({ length: 50_000 }, (_, index) => `"f${index}":1`).join(',')}}`)],
    ['many finalizers', 'POST', configMaps, encode(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n","finalizers":[${Array.from({ length: 20_000 }, (_, index) => `"x.y/f${index}"`).join(',')}]}}`)],
  ])('%s is answered soon', async (_what, verb, path, body?: Uint8Array) => {
    const began = performance.now()
    await ask(verb, path, body ? { 'content-type': 'application/json' } : {}, body)
    expect(performance.now() - began).toBeLessThan(soonMs)
  }, soonMs * 2)

  it.each([
    ['Accept', { accept: 'a/b;c=d,'.repeat(large / 8) }],
    ['Accept parameters', { accept: `application/json${';a=b'.repeat(large / 4)}` }],
    ['User-Agent', { 'user-agent': '/'.repeat(large) }],
    ['Content-Type', { 'content-type': ';'.repeat(large) }],
    ['Impersonate-Group', { 'impersonate-user': 'jane', 'impersonate-group': 'g,'.repeat(large / 2) }],
    ['Authorization', { authorization: `Bearer ${'a.'.repeat(large / 2)}` }],
    ['X-Forwarded-For', { 'x-forwarded-for': '1.1.1.1, '.repeat(large / 9) }],
  ] as [string, Record<string, string>][])('a large %s header is answered soon', async (_name, given) => {
    const began = performance.now()
    await ask('GET', configMaps, given)
    expect(performance.now() - began).toBeLessThan(soonMs)
  }, soonMs * 2)
})

describe('what is remembered', () => {
  it('grows little, however long what strangers ask is', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const held = (): number => {
      collect()
      return process.memoryUsage().heapUsed
    }
    const other = await startServer()
    const ask = (index: number) => other.call('GET', `/nosuch/${index}-${'x'.repeat(100_000)}`, undefined, { accept: `application/json;x=${index}-${'y'.repeat(50_000)}, */*`, 'user-agent': `${index}-${'z'.repeat(50_000)}` }, null)
    for (let index = 0; index < 20; index++) await ask(index)
    const before = held()
    // 200 requests of 200 kB: less than a tenth of them may stay.
    for (let index = 20; index < 220; index++) await ask(index)
    expect(held() - before).toBeLessThan(4 * 1024 * 1024)
  }, 30_000)
})

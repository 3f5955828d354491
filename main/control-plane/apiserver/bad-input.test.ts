/** What a confused or hostile client can send: every answer is Kubernetes' own, and the server goes on. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestServer } from './testing/start-server.ts'
import { startServer } from './testing/start-server.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const json = { 'content-type': 'application/json' }
const configMaps = '/api/v1/namespaces/default/configmaps'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  expect((await server.call('GET', '/readyz')).status).toBe(200)
  // No input may lead to a fault of the server's own.
  expect(server.process.journal.lines().filter(({ text }) => text.includes('panic')).map(({ text }) => text.slice(0, 600))).toEqual([])
})

describe('bad bodies', () => {
  const cases: readonly (readonly [string, string | Uint8Array, number, string | RegExp])[] = [
    ['nothing', '', 400, /the object provided is unrecognized \(must be of type ConfigMap\)/],
    ['cut JSON', '{"apiVersion":"v1"', 400, /unexpected end of JSON input/],
    ['no JSON', 'hello', 400, /invalid character 'h' looking for beginning of value/],
    ['a list', '[]', 400, /json: cannot unmarshal array into Go value/],
    ['a number', '7', 400, /cannot unmarshal number/],
    ['another kind', '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"}}', 400, /Pod in version "v1" cannot be handled as a ConfigMap/],
    ['another version', '{"apiVersion":"v2","kind":"ConfigMap","metadata":{"name":"x"}}', 400, /v2/],
    ['a number for text', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":1}}', 400, /ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap\.data of type string/],
    ['text for metadata', '{"apiVersion":"v1","kind":"ConfigMap","metadata":"x"}', 400, /cannot unmarshal string into Go/],
    ['no name', '{"apiVersion":"v1","kind":"ConfigMap"}', 422, 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'],
    ['another namespace', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","namespace":"other"}}', 400, 'the namespace of the provided object does not match the namespace sent on the request'],
    ['deep nesting', `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, 400, /exceeded max depth/],
    ['too much', new Uint8Array(3 * 1024 * 1024 + 1), 413, 'Request entity too large: limit is 3145728'],
  ]
  for (const [what, body, code, message] of cases) {
    it(`${what} is answered with ${code}`, async () => {
      const answer = await server.call('POST', configMaps, typeof body === 'string' ? bytes(body) : body, json)
      expect(answer.json).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code })
      if (typeof message === 'string') expect(answer.json.message).toBe(message)
      else expect(answer.json.message).toMatch(message)
      expect(answer.status).toBe(code)
    })
  }

  it('a form that is not read is 415', async () => {
    const answer = await server.call('POST', configMaps, bytes('a=b'), { 'content-type': 'application/x-www-form-urlencoded' })
    expect(answer.json).toMatchObject({ code: 415, reason: 'UnsupportedMediaType', message: 'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf' })
    const cbor = await server.call('PATCH', `${configMaps}/x`, bytes('{}'), { 'content-type': 'application/cbor' })
    expect(cbor.json).toMatchObject({ code: 415 })
  })

  it('a form that is not written is 406', async () => {
    expect((await server.call('GET', configMaps, undefined, { accept: 'application/cbor' })).json).toMatchObject({ code: 406, reason: 'NotAcceptable', message: 'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf' })
  })
})

describe('bad queries', () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['?labelSelector=a%3D%3D%3Db', 400, /unable to parse requirement|found '='/],
    ['?labelSelector=_', 400, /name part must consist of/],
    ['?fieldSelector=spec.nope%3Dx', 400, /field label not supported|is not a known field selector/],
    ['?limit=many', 400, /strconv\.ParseInt: parsing "many": invalid syntax/],
    ['?continue=nonsense', 400, /invalid continue token: continue key is not valid: invalid character/],
    ['?continue=a%20b', 400, /illegal base64 data at input byte 1/],
    ['?resourceVersion=abc', 500, /resourceVersion: Invalid value: "abc": strconv\.ParseUint: parsing "abc": invalid syntax/],
    ['?resourceVersionMatch=Exact', 422, /resourceVersionMatch is forbidden unless resourceVersion is provided/],
    ['?sendInitialEvents=true', 422, /sendInitialEvents is forbidden for list/],
    ['?watch=true&sendInitialEvents=true', 422, /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan/],
    ['?resourceVersion=999999', 504, /Too large resource version: 999999, current: \d+/],
    ['?watch=true&timeoutSeconds=x', 400, /strconv\.ParseInt/],
  ]
  for (const [query, code, message] of cases) {
    it(`${query} is ${code}`, async () => {
      const answer = await server.call('GET', configMaps + query)
      expect(answer.json).toMatchObject({ kind: 'Status', code })
      expect(answer.json.message).toMatch(message)
    })
  }

  it('write options are checked', async () => {
    const create = (query: string) => server.call('POST', configMaps + query, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } })
    expect((await create('?dryRun=Some')).json.message).toBe('CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"')
    expect((await create('?fieldValidation=Hard')).json).toMatchObject({ code: 422 })
    expect((await create(`?fieldManager=${'x'.repeat(129)}`)).json.message).toContain('fieldManager: Too long: may not be more than 128 bytes')
    const apply = await server.call('PATCH', `${configMaps}/x`, bytes('{}'), { 'content-type': 'application/apply-patch+yaml' })
    expect(apply.json.message).toBe('PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch')
  })
})

describe('bad paths', () => {
  it('unknown ones are told apart', async () => {
    expect((await server.call('GET', '/nosuch')).json).toBe('404 page not found\n')
    expect((await server.call('GET', '/apis/nosuch.example.com/v1/things')).json).toBe('404 page not found\n')
    expect((await server.call('GET', '/apis/apps/v1/things')).json).toMatchObject({ code: 404, reason: 'NotFound', message: 'the server could not find the requested resource', details: {} })
    expect((await server.call('POST', `${configMaps}/x`, {})).json).toMatchObject({ code: 405, reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource' })
    expect((await server.call('BREW', configMaps)).json).toMatchObject({ code: 405 })
    expect((await server.call('GET', '/api/v1/namespaces/default/pods/x/nosuch')).json).toMatchObject({ code: 404 })
  })
})

describe('bad patches', () => {
  it('are refused in upstream words', async () => {
    await server.call('POST', configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'patched' }, data: { a: '1' } })
    const patch = (type: string, body: string) => server.call('PATCH', `${configMaps}/patched`, bytes(body), { 'content-type': `application/${type}` })
    expect((await patch('merge-patch+json', '{')).json).toMatchObject({ code: 400 })
    expect((await patch('merge-patch+json', '{"data":{"a":1}}')).json).toMatchObject({ code: 422 })
    expect((await patch('merge-patch+json', '{"metadata":{"name":"other"}}')).json).toMatchObject({ code: 400, message: 'the name of the object (other) does not match the name on the URL (patched)' })
    expect((await patch('merge-patch+json', '{"metadata":{"uid":"other"}}')).json).toMatchObject({ code: 409 })
    expect((await patch('json-patch+json', '{"op":"add"}')).json.code).toBeGreaterThanOrEqual(400)
    expect((await patch('json-patch+json', '[{"op":"remove","path":"/data/zz"}]')).json).toMatchObject({ code: 422, reason: 'Invalid' })
    expect((await patch('strategic-merge-patch+json', '[]')).json).toMatchObject({ code: 400 })
    expect((await patch('nosuch-patch', '{}')).json).toMatchObject({ code: 415, message: 'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml' })
    expect((await server.call('GET', `${configMaps}/patched`)).json.data).toEqual({ a: '1' })
  })
})

/** Whatever comes, the answer is whole: a success, a Status whose code is the answer's, or one of the router's plain texts. */
function checkAnswer(answer: { readonly status: number; readonly json: { readonly kind?: string; readonly code?: number } | string }): void {
  expect(answer.status).toBeGreaterThanOrEqual(200)
  expect(answer.status).toBeLessThan(600)
  if (answer.status < 400 || typeof answer.json === 'string') return
  expect(answer.json).toMatchObject({ kind: 'Status', code: answer.status })
}

const anyMethod = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS')
const anySegment = fc.oneof(fc.constantFrom('api', 'apis', 'v1', 'apps', 'namespaces', 'default', 'pods', 'deployments', 'configmaps', 'status', 'scale', 'log', 'x', '', '..', '%', '%2F', 'watch', 'proxy'), fc.string({ maxLength: 8 }).map(encodeURIComponent))
const anyPath = fc.oneof(
  fc.array(anySegment, { maxLength: 8 }).map((segments) => `/${segments.join('/')}`),
  fc.constantFrom(configMaps, `${configMaps}/x`, '/apis/apps/v1/namespaces/default/deployments', '/api/v1/namespaces/default/pods/x', '/api/v1/namespaces', '/apis/rbac.authorization.k8s.io/v1/clusterroles'),
)
const anyQuery = fc.oneof(fc.constant(''), fc.array(fc.tuple(fc.constantFrom('limit', 'continue', 'labelSelector', 'fieldSelector', 'resourceVersion', 'dryRun', 'fieldManager', 'force', 'pretty', 'fieldValidation', 'gracePeriodSeconds', 'propagationPolicy'), fc.string({ maxLength: 12 })), { maxLength: 4 }).map((pairs) => `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`))
const anyType = fc.constantFrom('application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf', 'application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml', 'text/plain', '')
const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc.uint8Array({ maxLength: 64 }).map((tail) => Uint8Array.from([0x6b, 0x38, 0x73, 0x00, ...tail])),
  fc.json({ maxDepth: 4 }).map(bytes),
  fc.record({ apiVersion: fc.constantFrom('v1', 'apps/v1', ''), kind: fc.constantFrom('ConfigMap', 'Pod', 'Deployment', 'DeleteOptions', ''), metadata: fc.oneof(fc.jsonValue(), fc.record({ name: fc.constantFrom('x', 'y', 'NO'), labels: fc.jsonValue(), finalizers: fc.jsonValue(), managedFields: fc.jsonValue(), ownerReferences: fc.jsonValue() }, { requiredKeys: [] })), spec: fc.jsonValue(), data: fc.jsonValue() }, { requiredKeys: ['apiVersion', 'kind'] }).map((value) => bytes(JSON.stringify(value))),
)

describe('anything at all', () => {
  it('is answered, and harms nobody', async () => {
    await fc.assert(
      fc.asyncProperty(anyMethod, anyPath, anyQuery, anyType, anyBody, async (method, path, query, type, body) => {
        const answer = await server.call(method, path + query, method === 'GET' || method === 'HEAD' ? undefined : body, { 'content-type': type })
        checkAnswer(answer)
      }),
      { numRuns: 1_500 },
    )
  }, 60_000)

  it('as an object for any kind is answered', async () => {
    const kinds = ['/api/v1/namespaces/default/pods', '/api/v1/namespaces/default/services', '/api/v1/nodes', '/apis/apps/v1/namespaces/default/deployments', '/apis/apps/v1/namespaces/default/daemonsets', '/api/v1/namespaces/default/events', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', '/apis/rbac.authorization.k8s.io/v1/clusterroles', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', '/apis/events.k8s.io/v1/namespaces/default/events', '/api/v1/namespaces/default/endpoints', '/apis/coordination.k8s.io/v1/namespaces/default/leases', '/api/v1/namespaces']
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...kinds), fc.record({ metadata: fc.oneof(fc.jsonValue(), fc.constant({ name: 'x' })), spec: fc.oneof(fc.jsonValue(), fc.record({ containers: fc.jsonValue(), template: fc.jsonValue(), selector: fc.jsonValue(), ports: fc.jsonValue(), replicas: fc.jsonValue() }, { requiredKeys: [] })), status: fc.jsonValue(), rules: fc.jsonValue(), subsets: fc.jsonValue(), endpoints: fc.jsonValue() }, { requiredKeys: ['metadata'] }), async (path, object) => {
        checkAnswer(await server.call('POST', `${path}?dryRun=All`, bytes(JSON.stringify(object)), json))
      }),
      { numRuns: 1_500 },
    )
  }, 60_000)
})

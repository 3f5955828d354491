/** Patches as clients send them: what is answered, in the words of upstream's. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestServer } from '../testing/start-server.ts'
import { startServer } from '../testing/start-server.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const configMap = '/api/v1/namespaces/default/configmaps/patched'
const deployment = '/apis/apps/v1/namespaces/default/deployments/patched'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  await server.call('POST', '/api/v1/namespaces/default/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'patched' }, data: { a: '1' } })
  await server.call('POST', '/apis/apps/v1/namespaces/default/deployments', {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'patched' },
    spec: { replicas: 1, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } },
  })
}, 30_000)
afterAll(() => server.call('GET', '/readyz'))

const types = { json: 'application/json-patch+json', merge: 'application/merge-patch+json', strategic: 'application/strategic-merge-patch+json', apply: 'application/apply-patch+yaml' }
const patch = (path: string, type: keyof typeof types, body: unknown) => server.call('PATCH', path, bytes(typeof body === 'string' ? body : JSON.stringify(body)), { 'content-type': types[type] })

const refused = 'the server rejected our request due to an error in our request'

describe('patches that are refused', () => {
  it.each<[keyof typeof types, string, unknown, number, string]>([
    ['json', configMap, '{"op":"add"}', 400, 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
    ['json', `${configMap}?fieldValidation=Ignore`, '{"op":"add"}', 400, 'json: cannot unmarshal object into Go value of type jsonpatch.Patch'],
    ['json', configMap, '[', 400, 'error decoding patch: unexpected end of JSON input'],
    ['json', configMap, [{ op: 'test', path: '/data/a', value: '2' }], 422, refused],
    ['json', configMap, [{ op: 'remove', path: '/data/z' }], 422, refused],
    ['json', configMap, Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/data/a', value: '1' })), 413, 'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001'],
    ['json', `${configMap}?fieldValidation=Strict`, '[{"op":"test","path":"/data/a","value":"1","note":""},{"op":"test","path":"/data/a","path":"/data/a","value":"1"}]', 422, 'strict decoding error: json patch unknown field "[0].note", json patch duplicate field "[1].path"'],
    ['merge', configMap, '[]', 400, 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['merge', configMap, 'null', 400, 'Invalid JSON Patch'],
    ['merge', `${configMap}?fieldValidation=Ignore`, '{', 400, 'Invalid JSON Patch'],
    ['merge', configMap, { metadata: { name: 'other' } }, 400, 'the name of the object (other) does not match the name on the URL (patched)'],
    ['merge', configMap, { metadata: { namespace: 'other' } }, 400, 'the namespace of the provided object does not match the namespace sent on the request'],
    ['merge', configMap, { metadata: { resourceVersion: '1' } }, 409, 'Operation cannot be fulfilled on configmaps "patched": the object has been modified; please apply your changes to the latest version and try again'],
    ['merge', `${configMap}?fieldValidation=Strict`, '{"data":{"a":"1","a":"1"},"dat":{}}', 422, 'strict decoding error: duplicate field "data.a", unknown field "dat"'],
    ['strategic', deployment, '[]', 400, 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['strategic', deployment, { spec: { template: { spec: { containers: [{ image: 'j' }] } } } }, 500, 'map: map[image:j] does not contain declared merge key: name'],
    ['strategic', deployment, { spec: { template: { spec: { $retainKeys: 'x' } } } }, 400, 'invalid patch format of retainKeys'],
    ['strategic', `${deployment}?fieldValidation=Strict`, '{"spec":{"paused":true,"paused":true,"pawsed":true}}', 422, 'strict decoding error: duplicate field "spec.paused", unknown field "spec.pawsed"'],
    ['apply', `${configMap}?fieldManager=m`, '[]', 400, 'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['apply', `${configMap}?fieldManager=m`, 'kind: Secret\napiVersion: v1', 400, 'invalid object type: /v1, Kind=Secret'],
    ['apply', `${deployment}?fieldManager=m`, 'kind: Deployment\napiVersion: apps/v1beta1', 400, 'invalid object type: apps/v1beta1, Kind=Deployment'],
    ['apply', `${configMap}?fieldManager=m`, 'kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: other', 400, 'the name of the object (other) does not match the name on the URL (patched)'],
    ['apply', '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/ports?fieldManager=m', 'kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\nmetadata:\n  name: ports\nspec:\n  podSelector: {}\n  ingress: [{ports: [{port: 2147483648}]}]', 500, 'failed to convert new object (/ports; networking.k8s.io/v1, Kind=NetworkPolicy) to proper version: unable to convert unstructured object to networking.k8s.io/v1, Kind=NetworkPolicy: json: cannot unmarshal number 2147483648 into Go value of type int32'],
    ['apply', `${configMap}?fieldManager=m`, 'kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: patched\ndat: {}', 500, 'failed to create typed patch object (/patched; /v1, Kind=ConfigMap): .dat: field not declared in schema'],
    ['apply', `${configMap}?fieldManager=m&fieldValidation=Strict`, 'kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: patched\ndata:\n  b: "1"\n  b: "2"', 400, 'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key "b" already set in map'],
    ['apply', '/api/v1/namespaces/default/configmaps/nameless?fieldManager=m', 'kind: ConfigMap\napiVersion: v1', 400, 'the name of the object (nameless based on URL) was undeterminable: name must be provided'],
    ['apply', '/api/v1/namespaces/default/configmaps/fresh?fieldManager=m', 'kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: fresh\n  uid: u', 409, 'Operation cannot be fulfilled on configmaps "fresh": uid mismatch: the provided object specified uid u, and no existing object was found'],
    ['apply', `${configMap}?fieldManager=m`, 'kind: ConfigMap\napiVersion: v1\nmetadata:\n  resourceVersion: "1"\ndata:\n  new: "1"', 409, 'Operation cannot be fulfilled on configmaps "patched": the object has been modified; please apply your changes to the latest version and try again'],
  ])('%s %s %j', async (type, path, body, code, message) => {
    const answer = await patch(path, type, body)
    expect(answer.json).toMatchObject({ kind: 'Status', code, message: expect.stringContaining(message) as string })
    expect(answer.status).toBe(code)
  })
})

describe('patches that are taken', () => {
  it('an apply that names nothing but its kind is for the object in the URL', async () => {
    const answer = await patch(`${configMap}?fieldManager=nameless`, 'apply', 'kind: ConfigMap\napiVersion: v1\ndata:\n  c: "1"\n  c: "2"')
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ data: { a: '1', c: '2' } })
    expect(answer.headers['warning']).toContain('line 5: key \\"c\\" already set in map')
  })

  it('an apply that changes nothing leaves the resourceVersion', async () => {
    const config = 'kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: same\n  namespace: default\ndata:\n  a: "1"'
    const path = '/api/v1/namespaces/default/configmaps/same?fieldManager=m'
    const first = await patch(path, 'apply', config)
    expect(first.status).toBe(201)
    const second = await patch(path, 'apply', config)
    expect(second.status).toBe(200)
    expect(second.json).toEqual(first.json)
  })

  it('a strategic null is no change', async () => {
    const before = await server.call('GET', deployment)
    expect((await patch(deployment, 'strategic', 'null')).json.metadata.resourceVersion).toBe(before.json.metadata.resourceVersion)
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TestServer } from '../../main/control-plane/apiserver/testing/start-server.ts'
import { startWebhookBench } from '../../main/control-plane/apiserver/testing/webhook-bench.node.ts'
import type { WebhookBench } from '../../main/control-plane/apiserver/testing/webhook-bench.node.ts'
import { allowing, patching, refusing } from '../../main/control-plane/apiserver/testing/webhook-server.node.ts'
import type { WebhookServer } from '../../main/control-plane/apiserver/testing/webhook-server.node.ts'

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const configurations = '/apis/admissionregistration.k8s.io/v1'
const merge = { 'content-type': 'application/merge-patch+json' }

/** What the official list asks of webhooks for custom resources and for their definitions. */
describe('webhooks', () => {
  let bench: WebhookBench
  let hooks: WebhookServer
  let server: TestServer

  beforeAll(async () => {
    bench = await startWebhookBench()
    ;({ hooks, server } = bench)
  })
  afterAll(() => bench.close())
  beforeEach(async () => {
    hooks.seen.length = 0
    for (const plural of ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations']) await server.call('DELETE', `${configurations}/${plural}`)
  })

  const version = (name: string, data: object, more: object = {}): object => ({ name, served: true, storage: false, schema: { openAPIV3Schema: { type: 'object', properties: { data } } }, ...more })
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  const closed = { type: 'object', properties: { 'mutation-start': { type: 'string' }, 'mutation-stage-1': { type: 'string' } } }
  const definition = (plural: string, versions: object[], labels: object = {}): object => ({
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.example.com`, labels },
    spec: { group: 'example.com', scope: 'Namespaced', names: { plural, kind: `Kind${plural}` }, versions },
  })
  async function define(plural: string, ...versions: object[]): Promise<string> {
    expect((await server.call('POST', definitions, definition(plural, versions))).status).toBe(201)
    await server.run(100)
    return `/apis/example.com/v1/namespaces/default/${plural}`
  }
  const custom = (plural: string, name: string, data: object, version = 'v1'): object => ({ apiVersion: `example.com/${version}`, kind: `Kind${plural}`, metadata: { name }, data })
  async function configure(kind: 'Validating' | 'Mutating', path: string, rule: object, ...more: object[]): Promise<void> {
    const webhooks = [{}, ...more].map((each, index) => ({
      name: `w${index}.example.com`, clientConfig: { url: `${hooks.url}${path}${index || ''}`, caBundle: hooks.caBundle },
      rules: [{ operations: ['CREATE', 'UPDATE', 'DELETE'], apiGroups: ['example.com'], apiVersions: ['*'], ...rule }], sideEffects: 'None', admissionReviewVersions: ['v1'], ...each,
    }))
    const { status, json } = await server.call('POST', `${configurations}/${kind.toLowerCase()}webhookconfigurations`, { apiVersion: 'admissionregistration.k8s.io/v1', kind: `${kind}WebhookConfiguration`, metadata: { name: 'w' }, webhooks })
    expect(status, JSON.stringify(json)).toBe(201)
  }
  /** Adds the next stage to whatever stage has been reached. */
  const staging = (from: string, to: string) => (review: Parameters<typeof patching>[0]): object =>
    review.body.request.object.data?.[from] === 'yes' ? patching(review, [{ op: 'add', path: `/data/${to}`, value: 'yes' }]) : allowing(review)

  test('deny that custom resources are created, updated and deleted', async () => {
    const path = await define('denied', version('v1', open, { storage: true }))
    hooks.on('/deny', (review) => {
      const { operation, object, oldObject } = review.body.request as { operation: string; object: { data: { value: string } } | null; oldObject: { data: { value: string } } | null }
      if (operation === 'DELETE') {
        expect(object).toBeNull()
        return oldObject!.data.value === 'keep' ? refusing(review, { message: 'the custom resource cannot be deleted because it contains unwanted key and value' }) : allowing(review)
      }
      return object!.data.value === 'bad' ? refusing(review, { message: 'the custom resource contains unwanted data' }) : allowing(review)
    })
    await configure('Validating', '/deny', { resources: ['denied'] })
    const refusal = { code: 400, message: 'admission webhook "w0.example.com" denied the request: the custom resource contains unwanted data' }
    expect((await server.call('POST', path, custom('denied', 'a', { value: 'bad' }))).json).toMatchObject(refusal)
    expect((await server.call('POST', path, custom('denied', 'a', { value: 'keep' }))).status).toBe(201)
    expect((await server.call('PATCH', `${path}/a`, { data: { value: 'bad' } }, merge)).json).toMatchObject(refusal)
    expect((await server.call('DELETE', `${path}/a`)).json).toMatchObject({ code: 400, message: 'admission webhook "w0.example.com" denied the request: the custom resource cannot be deleted because it contains unwanted key and value' })
    expect((await server.call('DELETE', path)).json).toMatchObject({ code: 400 })
    expect((await server.call('GET', `${path}/a`)).json.data).toEqual({ value: 'keep' })
    expect((await server.call('PATCH', `${path}/a`, { data: { value: 'fine' } }, merge)).status).toBe(200)
    expect((await server.call('DELETE', `${path}/a`)).status).toBe(200)
    expect(hooks.seen.at(-1)!.body.request).toMatchObject({ operation: 'DELETE', kind: { group: 'example.com', version: 'v1', kind: 'Kinddenied' }, oldObject: { data: { value: 'fine' } } })
  })

  test('mutate a custom resource, one after the other', async () => {
    const path = await define('mutated', version('v1', open, { storage: true }))
    hooks.on('/stage', staging('mutation-start', 'mutation-stage-1'))
    hooks.on('/stage1', staging('mutation-stage-1', 'mutation-stage-2'))
    await configure('Mutating', '/stage', { resources: ['mutated'], operations: ['CREATE'] }, {})
    const { json } = await server.call('POST', path, custom('mutated', 'a', { 'mutation-start': 'yes' }))
    expect(json.data).toEqual({ 'mutation-start': 'yes', 'mutation-stage-1': 'yes', 'mutation-stage-2': 'yes' })
  })

  test('lose what they add beyond the schema', async () => {
    const path = await define('pruned', version('v1', closed, { storage: true }))
    hooks.on('/stage', staging('mutation-start', 'mutation-stage-1'))
    hooks.on('/stage1', staging('mutation-stage-1', 'mutation-stage-2'))
    await configure('Mutating', '/stage', { resources: ['pruned'] }, {})
    const { json } = await server.call('POST', path, custom('pruned', 'a', { 'mutation-start': 'yes' }))
    expect(json.data).toEqual({ 'mutation-start': 'yes', 'mutation-stage-1': 'yes' })
    expect((await server.call('GET', `${path}/a`)).json.data).toEqual(json.data)
  })

  test('mutate through a version that is not the stored one, before and after that changes', async () => {
    const path = await define('versioned', version('v1', open, { storage: true }), version('v2', open))
    hooks.on('/stage', staging('mutation-start', 'mutation-stage-1'))
    await configure('Mutating', '/stage', { resources: ['versioned'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'] })
    expect((await server.call('POST', path, custom('versioned', 'a', { 'mutation-start': 'yes' }))).json.data).toEqual({ 'mutation-start': 'yes', 'mutation-stage-1': 'yes' })
    const crd = (await server.call('GET', `${definitions}/versioned.example.com`)).json
    const versions = (crd.spec.versions as { name: string }[]).map((each) => ({ ...each, storage: each.name === 'v2' }))
    expect((await server.call('PUT', `${definitions}/versioned.example.com`, { ...crd, spec: { ...crd.spec, versions } })).status).toBe(200)
    await server.run(100)
    expect((await server.call('GET', `${definitions}/versioned.example.com`)).json.status.storedVersions).toEqual(['v1', 'v2'])
    const touched = await server.call('PATCH', `${path}/a`, { data: { 'mutation-stage-1': null, dummy: 'test' } }, merge)
    expect(touched.json).toMatchObject({ apiVersion: 'example.com/v1', data: { dummy: 'test', 'mutation-start': 'yes', 'mutation-stage-1': 'yes' } })
    hooks.seen.length = 0
    // Equivalent, the default: the rule names v1, the request says v2, the webhook is asked in v1.
    const other = await server.call('POST', path.replace('/v1/', '/v2/'), custom('versioned', 'b', { 'mutation-start': 'yes' }, 'v2'))
    expect(other.json).toMatchObject({ apiVersion: 'example.com/v2', data: { 'mutation-stage-1': 'yes' } })
    expect(hooks.seen[0]!.body.request).toMatchObject({ kind: { version: 'v1' }, requestKind: { version: 'v2' }, object: { apiVersion: 'example.com/v1' } })
  })

  test('deny that a definition is created', async () => {
    hooks.on('/deny', (review) => (review.body.request.object.metadata.labels?.['webhook-e2e-test'] ? refusing(review, { message: 'the crd contains unwanted label' }) : allowing(review)))
    await configure('Validating', '/deny', { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], operations: ['CREATE'] })
    expect((await server.call('POST', definitions, definition('unwanted', [version('v1', open, { storage: true })], { 'webhook-e2e-test': 'yes' }))).json).toMatchObject({ code: 400, message: 'admission webhook "w0.example.com" denied the request: the crd contains unwanted label' })
    await server.run(100)
    expect((await server.call('GET', '/apis/example.com/v1/namespaces/default/unwanted')).status).toBe(404)
    await define('wanted', version('v1', open, { storage: true }))
  })
})

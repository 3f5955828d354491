import { beforeAll, describe, expect, test } from 'vitest'
import { startServer } from '../../main/control-plane/apiserver/testing/start-server.ts'
import type { TestServer } from '../../main/control-plane/apiserver/testing/start-server.ts'

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const merge = { 'content-type': 'application/merge-patch+json' }
const apply = { 'content-type': 'application/apply-patch+yaml' }

interface Version {
  readonly name: string
  readonly served?: boolean
  readonly schema?: object
}

function definition(plural: string, kind: string, options: { group?: string; versions?: readonly Version[]; labels?: object } = {}): { metadata: { name: string; labels: object }; [field: string]: unknown } {
  const { group = 'example.com', versions = [{ name: 'v1' }], labels = {} } = options
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind },
      versions: versions.map(({ name, served = true, schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }, index) => ({ name, served, storage: index === 0, schema: { openAPIV3Schema: schema }, subresources: { status: {} } })),
    },
  }
}

let server: TestServer
const define = async (...of: Parameters<typeof definition>): Promise<void> => {
  const made = await server.call('POST', definitions, definition(...of))
  expect(made.status, JSON.stringify(made.json)).toBe(201)
  await server.run(100)
}
const collection = (plural: string, version = 'v1', group = 'example.com'): string => `/apis/${group}/${version}/namespaces/default/${plural}`

/** The published schema of a kind, from /openapi/v3; undefined when its group and version are not published. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a schema is looked into
async function published(kind: string, version = 'v1', group = 'example.com'): Promise<any> {
  const { status, json } = await server.call('GET', `/openapi/v3/apis/${group}/${version}`)
  if (status !== 200) return undefined
  return json.components.schemas[`${group.split('.').reverse().join('.')}.${version}.${kind}`]
}

beforeAll(async () => {
  server = await startServer()
})

describe('definitions', () => {
  test('are in the discovery documents', async () => {
    const groups = (await server.call('GET', '/apis')).json.groups
    expect(groups.find(({ name }: { name: string }) => name === 'apiextensions.k8s.io')).toMatchObject({ versions: [{ groupVersion: 'apiextensions.k8s.io/v1', version: 'v1' }] })
    const { resources } = (await server.call('GET', '/apis/apiextensions.k8s.io/v1')).json
    expect(resources.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['customresourcedefinitions', 'customresourcedefinitions/status']))
  })

  test('are created, watched, listed by label and deleted as a collection', async () => {
    const { json } = await server.call('GET', definitions)
    const watch = await server.watch(`${definitions}?watch=true&labelSelector=set%3Dlisted&resourceVersion=${json.metadata.resourceVersion}`)
    for (let index = 0; index < 10; index++) await define(`things${index}`, `Thing${index}`, { labels: { set: 'listed' } })
    await define('other', 'Other')
    expect((await server.call('GET', `${definitions}?labelSelector=set%3Dlisted`)).json.items).toHaveLength(10)
    expect((await server.call('DELETE', `${definitions}?labelSelector=set%3Dlisted`)).status).toBe(200)
    await server.run(2000)
    expect((await server.call('GET', definitions)).json.items.map((each: { metadata: { name: string } }) => each.metadata.name)).toEqual(['other.example.com'])
    const types = watch.events.map(({ type }) => type)
    expect(types.filter((type) => type === 'ADDED')).toHaveLength(10)
    expect(types.filter((type) => type === 'DELETED')).toHaveLength(10)
    expect(types).toContain('MODIFIED')
    watch.cancel()
  })

  test('have a status that is read, updated and patched', async () => {
    const path = `${definitions}/other.example.com/status`
    const read = await server.call('GET', path)
    const condition = { type: 'Sample', status: 'True', reason: 'Tested', message: 'said so', lastTransitionTime: '2026-01-01T00:00:00Z' }
    const updated = await server.call('PUT', path, { ...read.json, status: { ...read.json.status, conditions: [...read.json.status.conditions, condition] } })
    expect(updated.json.status.conditions.map(({ type }: { type: string }) => type)).toEqual(['NamesAccepted', 'Established', 'Sample'])
    expect((await server.call('PATCH', path, { status: { conditions: [condition] } }, merge)).json.status.conditions).toMatchObject([condition])
  })
})

describe('defaults', () => {
  test('apply to what was stored before and to what comes, and stay when they go', async () => {
    const schema = (properties: object): object => ({ type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' }, ...properties } })
    await define('defaulted', 'Defaulted', { versions: [{ name: 'v1', schema: schema({}) }] })
    const path = collection('defaulted')
    const body = (name: string): object => ({ apiVersion: 'example.com/v1', kind: 'Defaulted', metadata: { name } })
    expect((await server.call('POST', path, body('old'))).json).not.toHaveProperty('a')
    const change = async (properties: object): Promise<void> => {
      const { json } = await server.call('GET', `${definitions}/defaulted.example.com`)
      const [version] = json.spec.versions
      const put = await server.call('PUT', `${definitions}/defaulted.example.com`, { ...json, spec: { ...json.spec, versions: [{ ...version, schema: { openAPIV3Schema: schema(properties) } }] } })
      expect(put.status).toBe(200)
      await server.run(100)
    }
    await change({ a: { type: 'string', default: 'A' } })
    expect((await server.call('GET', `${path}/old`)).json.a).toBe('A')
    expect((await server.call('POST', path, body('new'))).json.a).toBe('A')
    await change({ b: { type: 'string', default: 'B' } })
    expect((await server.call('GET', `${path}/new`)).json).toMatchObject({ a: 'A', b: 'B' })
    expect((await server.call('GET', `${path}/old`)).json).not.toHaveProperty('a')
  })
})

describe('fields that nobody knows', () => {
  const schema = { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } }
  const strict = '?fieldValidation=Strict&fieldManager=tester'

  beforeAll(async () => {
    await define('checked', 'Checked', { versions: [{ name: 'v1', schema }] })
    await define('loose', 'Loose')
    await define('embedding', 'Embedding', {
      versions: [{ name: 'v1', schema: { type: 'object', properties: { template: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true } } } }],
    })
  })

  const custom = (kind: string, name: string, more: object): object => ({ apiVersion: 'example.com/v1', kind, metadata: { name }, ...more })

  test('pass where the schema lets them, and a right object passes', async () => {
    expect((await server.call('POST', `${collection('loose')}${strict}`, custom('Loose', 'a', { whatever: { deep: 1 } }))).json).toMatchObject({ whatever: { deep: 1 } })
    expect((await server.call('PATCH', `${collection('loose')}/b${strict}`, custom('Loose', 'b', { whatever: 1 }), apply)).status).toBe(201)
    expect((await server.call('POST', `${collection('checked')}${strict}`, custom('Checked', 'a', { spec: { size: 1 } }))).status).toBe(201)
    expect((await server.call('PATCH', `${collection('checked')}/b${strict}`, custom('Checked', 'b', { spec: { size: 1 } }), apply)).status).toBe(201)
  })

  test.each([
    ['beside the schema', 'checked', 'Checked', { spec: { size: 1, colour: 'red' } }, 'unknown field "spec.colour"'],
    ['in metadata', 'checked', 'Checked', { metadata: { name: 'x', nickname: 'y' } }, 'unknown field "metadata.nickname"'],
    ['in metadata of an embedded object', 'embedding', 'Embedding', { template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', nickname: 'y' } } }, 'unknown field "template.metadata.nickname"'],
  ])('are refused %s', async (_, plural, kind, more, message) => {
    const created = await server.call('POST', `${collection(plural)}${strict}`, custom(kind, 'x', more))
    expect(created.json).toMatchObject({ kind: 'Status', code: 400, reason: 'BadRequest' })
    expect(created.json.message).toContain(message)
  })

  test('twice the same field is refused, also in a built-in kind', async () => {
    const text = (body: string): Uint8Array => new TextEncoder().encode(body)
    const json = { 'content-type': 'application/json' }
    const loose = await server.call('POST', `${collection('loose')}${strict}`, text('{"apiVersion":"example.com/v1","kind":"Loose","metadata":{"name":"d"},"x":1,"x":2}'), json)
    expect([loose.status, loose.json.message]).toEqual([400, expect.stringContaining('duplicate field "x"')])
    const map = await server.call('POST', `/api/v1/namespaces/default/configmaps${strict}`, text('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"d","nickname":"y"},"immutable":true,"immutable":false,"unknown":1}'), json)
    expect(map.status).toBe(400)
    for (const part of ['duplicate field "immutable"', 'unknown field "unknown"', 'unknown field "metadata.nickname"']) expect(map.json.message).toContain(part)
  })
})

describe('what OpenAPI says of them', () => {
  test('is the schema, also without one and where anything may be', async () => {
    await define('schemed', 'Schemed', { versions: [{ name: 'v1', schema: { type: 'object', properties: { spec: { type: 'object', required: ['size'], properties: { size: { type: 'integer' } } } } } }] })
    await define('partly', 'Partly', { versions: [{ name: 'v1', schema: { type: 'object', properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, description: 'anything' } } } }] })
    expect((await published('Schemed')).properties.spec).toMatchObject({ required: ['size'], properties: { size: { type: 'integer' } } })
    expect(await published('Loose')).toMatchObject({ 'x-kubernetes-preserve-unknown-fields': true })
    expect((await published('Partly')).properties.spec).toMatchObject({ 'x-kubernetes-preserve-unknown-fields': true })
  })

  test('covers several groups, versions and kinds, and follows them', async () => {
    await define('apples', 'Apple', { group: 'fruit.example.com' })
    await define('pears', 'Pear', { group: 'fruit.example.com' })
    await define('apples', 'Apple', { group: 'tree.example.com', versions: [{ name: 'v2' }, { name: 'v3' }] })
    expect(await published('Apple', 'v1', 'fruit.example.com')).toBeDefined()
    expect(await published('Pear', 'v1', 'fruit.example.com')).toBeDefined()
    expect(await published('Apple', 'v2', 'tree.example.com')).toBeDefined()
    expect(await published('Apple', 'v3', 'tree.example.com')).toBeDefined()
    const path = `${definitions}/apples.tree.example.com`
    await server.call('PATCH', path, [{ op: 'replace', path: '/spec/versions/1/name', value: 'v4' }], { 'content-type': 'application/json-patch+json' })
    await server.run(100)
    expect(await published('Apple', 'v3', 'tree.example.com')).toBeUndefined()
    expect(await published('Apple', 'v4', 'tree.example.com')).toBeDefined()
    await server.call('PATCH', path, [{ op: 'replace', path: '/spec/versions/1/served', value: false }], { 'content-type': 'application/json-patch+json' })
    await server.run(100)
    expect(await published('Apple', 'v4', 'tree.example.com')).toBeUndefined()
    expect(await published('Apple', 'v2', 'tree.example.com')).toBeDefined()
  })
})

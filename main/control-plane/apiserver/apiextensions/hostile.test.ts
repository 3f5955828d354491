import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startServer } from '../testing/start-server.ts'

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const bytes = (body: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(body))
const json = { 'content-type': 'application/json' }

const crd = (schema: unknown, more: object = {}, version: object = {}): object => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'things.example.com' },
  spec: { group: 'example.com', scope: 'Cluster', names: { plural: 'things', kind: 'Thing' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version }], ...more },
})

const nested = (depth: number): object => {
  let schema: object = { type: 'string' }
  for (let level = 0; level < depth; level++) schema = { type: 'object', properties: { a: schema } }
  return schema
}

describe('definitions that mean no good', () => {
  it.each<[string, unknown, string]>([
    ['no schema', undefined, 'spec.versions[0].schema.openAPIV3Schema: Required value'],
    ['a reference', { type: 'object', properties: { a: { $ref: '#/x', type: 'object' } } }, '$ref is not supported'],
    ['quadratic uniqueness', { type: 'object', properties: { a: { type: 'array', uniqueItems: true, items: { type: 'string' } } } }, 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'],
    ['items that are nothing in a list of schemas', { type: 'object', properties: { a: { type: 'array', items: [null, { properties: { b: null } }] } } }, 'items must be a schema object and not an array'],
    ['nothing for a property of items', { type: 'object', properties: { a: { type: 'array', items: { type: 'object', properties: { b: null } } } } }, 'properties[a].items.properties[b].type: Required value: must not be empty for specified object fields'],
    ['a type that is no text in the schema of all values', { type: 'object', additionalProperties: { type: 7 } }, 'json: cannot unmarshal number into Go struct field JSONSchemaProps.type of type string'],
    ['a dependency that is nothing', { type: 'object', dependencies: { a: null } }, 'dependencies is not supported'],
    ['an unknown type', { type: 'object', properties: { a: { type: 'text' } } }, 'Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"'],
    ['a default of the wrong type', { type: 'object', properties: { a: { type: 'string', default: 1 } } }, 'spec.versions[0].schema.openAPIV3Schema.properties[a].default'],
    ['a default with fields that nobody knows', { type: 'object', properties: { a: { type: 'object', properties: {}, default: { b: 1 } } } }, 'must not have unknown fields'],
    ['map lists without keys', { type: 'object', properties: { a: { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } } } }, 'must not be empty if x-kubernetes-list-type is map'],
    ['keys that may be absent', { type: 'object', properties: { a: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: { type: 'object', properties: { k: { type: 'string' } } } } } }, 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'],
    ['a pattern that repeats without end', { type: 'object', properties: { a: { type: 'string', pattern: 'a{1000}{1000}{1000}' } } }, 'must be a valid regular expression'],
    ['a schema that is deep', nested(700), 'exceeded max depth'],
    ['rules that cost too much', { type: 'object', properties: { a: { type: 'array', items: { type: 'array', items: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self.matches("^(a+)+$")' }] } } } } }, 'exceeds budget by factor of'],
    ['rules that do not compile', { type: 'object', 'x-kubernetes-validations': [{ rule: 'self.'.repeat(300) }] }, 'compilation failed'],
    ['a rule without end', { type: 'object', 'x-kubernetes-validations': [{ rule: `${'('.repeat(3_000)}true${')'.repeat(3_000)}` }] }, 'expression recursion limit exceeded'],
  ])('%s', async (_name, schema, text) => {
    const { call } = await startServer()
    const answer = await call('POST', definitions, bytes(crd(schema)), json)
    expect(answer.json.kind).toBe('Status')
    expect([400, 422]).toContain(answer.status)
    expect(answer.json.message).toContain(text)
  })

  it.each<[string, object, string]>([
    ['another name', { metadata: { name: 'x.example.com' } }, 'must be spec.names.plural+"."+spec.group'],
    ['a group of the community', { metadata: { name: 'things.x.k8s.io' }, spec: { ...(crd({ type: 'object' }) as { spec: object }).spec, group: 'x.k8s.io' } }, 'protected groups must have approval annotation "api-approved.kubernetes.io"'],
    ['two storage versions', { spec: { ...(crd({ type: 'object' }) as { spec: object }).spec, versions: [1, 2].map((n) => ({ name: `v${n}`, served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } })) } }, 'must have exactly one version marked as storage version'],
    ['a webhook without an address', { spec: { ...(crd({ type: 'object' }) as { spec: object }).spec, conversion: { strategy: 'Webhook' } } }, 'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook'],
    ['an unknown scope', { spec: { ...(crd({ type: 'object' }) as { spec: object }).spec, scope: 'Galaxy' } }, 'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"'],
  ])('with %s', async (_name, over, text) => {
    const { call } = await startServer()
    const answer = await call('POST', definitions, bytes({ ...crd({ type: 'object' }), ...over }), json)
    expect(answer.json).toMatchObject({ kind: 'Status', code: 422, reason: 'Invalid' })
    expect(answer.json.message).toContain(text)
  })

  it('any JSON at all gets a Status or is taken', async () => {
    const { call } = await startServer()
    const value = fc.jsonValue({ maxDepth: 4 })
    const schema = fc.record({ type: fc.constantFrom('object', 'array', 'string', 1, null), properties: value, items: value, additionalProperties: value, required: value, enum: value, default: value, pattern: fc.oneof(fc.string(), value), 'x-kubernetes-validations': value, 'x-kubernetes-list-type': value, anyOf: value, maximum: value }, { requiredKeys: [] })
    await fc.assert(fc.asyncProperty(fc.oneof(value, schema), fc.oneof(fc.constant({}), value), async (made, more) => {
      const answer = await call('POST', `${definitions}?dryRun=All`, bytes(crd(made, typeof more === 'object' && more !== null ? more : {})), json)
      expect([201, 400, 413, 422]).toContain(answer.status)
    }), { numRuns: 150 })
  })
})

describe('objects that mean no good', () => {
  it('get a Status in bounded time', async () => {
    const { call, run } = await startServer()
    const schema = {
      type: 'object',
      properties: {
        any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        text: { type: 'string', pattern: '^(a+)+$' },
        list: { type: 'array', maxItems: 1000, items: { type: 'string', maxLength: 10 }, 'x-kubernetes-validations': [{ rule: 'self.all(x, self.all(y, x.size() + y.size() >= 0))' }] },
      },
    }
    expect((await call('POST', definitions, bytes(crd(schema)), json)).status).toBe(201)
    await run(100)
    const path = '/apis/example.com/v1/things'
    const send = async (body: object): Promise<{ status: number; json: { message?: string } }> => call('POST', path, bytes({ apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'x' }, ...body }), json)
    expect((await send({ text: `${'a'.repeat(50_000)}b` })).status).toBe(422)
    expect((await send({ list: Array.from({ length: 1000 }, () => 'a') })).json.message).toContain('operation cancelled: actual cost limit exceeded')
    expect((await send({ metadata: { name: 'x', labels: 7 } })).status).toBe(400)
    expect((await send({ metadata: [] })).status).toBe(400)
    expect((await send({ list: { a: 1 } })).status).toBe(422)
    const deep = `{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"deep"},"any":${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}}`
    expect([201, 400]).toContain((await call('POST', path, new TextEncoder().encode(deep), json)).status)
    const deeper = `{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"deep"},"any":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`
    expect((await call('POST', path, new TextEncoder().encode(deeper), json)).status).toBe(400)
    expect((await call('POST', path, new Uint8Array([0x6b, 0x38, 0x73, 0, 1]), { 'content-type': 'application/vnd.kubernetes.protobuf' })).json).toMatchObject({ code: 415, reason: 'UnsupportedMediaType', message: 'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml' })
    expect((await call('GET', path, undefined, { accept: 'application/vnd.kubernetes.protobuf' })).status).toBe(406)
    expect((await call('PATCH', `${path}/x`, bytes({}), { 'content-type': 'application/strategic-merge-patch+json' })).json).toMatchObject({ code: 415 })
  })
})

import { describe, expect, it } from 'vitest'
import { startServer } from '../testing/start-server.ts'
import type { TestServer } from '../testing/start-server.ts'

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

function widgets(over: object = {}, version: object = {}): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['all'] },
      versions: [{
        name: 'v1', served: true, storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: {
          spec: { type: 'object', required: ['size'], properties: { size: { type: 'integer', minimum: 1, maximum: 10 }, color: { type: 'string', enum: ['red', 'blue'], default: 'red' }, replicas: { type: 'integer' }, parts: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], items: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, weight: { type: 'integer' } } } } } },
          status: { type: 'object', properties: { replicas: { type: 'integer' }, ready: { type: 'boolean' }, selector: { type: 'string' } } },
        } } },
        subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' } },
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }, { name: 'Color', type: 'string', jsonPath: '.spec.color', priority: 1 }, { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
        selectableFields: [{ jsonPath: '.spec.color' }],
        ...version,
      }],
      ...over,
    },
  }
}

async function withWidgets(): Promise<TestServer> {
  const server = await startServer()
  expect((await server.call('POST', definitions, widgets())).status).toBe(201)
  await server.run(100)
  return server
}

const path = '/apis/example.com/v1/namespaces/default/widgets'
const widget = (name: string, spec: object, more: object = {}): object => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec, ...more })

describe('a custom resource definition', () => {
  it('is established, and its objects are served', async () => {
    const { call } = await withWidgets()
    const crd = (await call('GET', `${definitions}/widgets.example.com`)).json
    expect(crd.status).toMatchObject({
      acceptedNames: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wd'], categories: ['all'] },
      storedVersions: ['v1'],
      conditions: [{ type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }, { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }],
    })
    const created = await call('POST', path, widget('a', { size: 2, odd: 1 }, { status: { ready: true } }))
    expect(created.status).toBe(201)
    expect(created.json).toMatchObject({ metadata: { name: 'a', generation: 1 }, spec: { size: 2, color: 'red' } })
    expect(created.json.spec.odd).toBeUndefined()
    expect(created.json.status).toBeUndefined()
    expect(created.headers['warning']).toBe('299 - "unknown field \\"spec.odd\\""')
    expect((await call('GET', path)).json.items).toHaveLength(1)
    expect((await call('GET', `${path}?fieldSelector=spec.color%3Dblue`)).json.items).toHaveLength(0)
    expect((await call('GET', `${path}?fieldSelector=spec.color%3Dred`)).json.items).toHaveLength(1)
  })

  it('checks values in the words of the validator', async () => {
    const { call } = await withWidgets()
    const answer = await call('POST', path, widget('a', { size: 'x', color: 'green', parts: [{ name: 'p' }, { name: 'p' }] }))
    expect(answer.json).toMatchObject({ code: 422, reason: 'Invalid' })
    expect(answer.json.message).toBe('Widget.example.com "a" is invalid: [spec.size: Invalid value: "string": spec.size in body must be of type integer: "string", spec.color: Unsupported value: "green": supported values: "red", "blue", spec.parts[1]: Duplicate value: {"name":"p"}]')
    expect((await call('POST', path, widget('b', {}))).json.message).toBe('Widget.example.com "b" is invalid: spec.size: Required value')
    expect((await call('POST', path, widget('b', { size: 11 }))).json.message).toBe('Widget.example.com "b" is invalid: spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10')
    expect((await call('POST', `${path}?fieldValidation=Strict`, widget('b', { size: 1, odd: 1 }))).json.message).toBe('Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.odd"')
  })

  it('has status and scale endpoints', async () => {
    const { call } = await withWidgets()
    await call('POST', path, widget('a', { size: 2, replicas: 1 }))
    const status = await call('PATCH', `${path}/a/status`, new TextEncoder().encode(JSON.stringify({ metadata: { labels: { x: 'y' } }, spec: { size: 9 }, status: { replicas: 1, selector: 'a=b' } })), { 'content-type': 'application/merge-patch+json' })
    expect(status.json).toMatchObject({ spec: { size: 2 }, status: { replicas: 1 }, metadata: { generation: 1 } })
    expect(status.json.metadata.labels).toBeUndefined()
    const scale = await call('GET', `${path}/a/scale`)
    expect(scale.json).toMatchObject({ kind: 'Scale', spec: { replicas: 1 }, status: { replicas: 1, selector: 'a=b' } })
    const scaled = await call('PATCH', `${path}/a/scale`, new TextEncoder().encode(JSON.stringify({ spec: { replicas: 3 } })), { 'content-type': 'application/merge-patch+json' })
    expect(scaled.json).toMatchObject({ spec: { replicas: 3 } })
    expect((await call('GET', `${path}/a`)).json).toMatchObject({ spec: { replicas: 3 }, metadata: { generation: 2 } })
    await call('POST', path, widget('none', { size: 2 }))
    expect((await call('GET', `${path}/none/scale`)).json).toMatchObject({ code: 500, message: 'Internal error occurred: the spec replicas field ".spec.replicas" does not exist' })
    expect((await call('PATCH', `${path}/a/status`, new TextEncoder().encode(JSON.stringify({ status: { replicas: -1 } })), { 'content-type': 'application/merge-patch+json' })).json.message).toBe('Widget.example.com "a" is invalid: .status.replicas: Invalid value: -1: should be a non-negative integer')
  })

  it('prints tables and is told of in discovery and OpenAPI', async () => {
    const { call } = await withWidgets()
    await call('POST', path, widget('a', { size: 2 }))
    const table = (await call('GET', path, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })).json
    expect(table.columnDefinitions.map((each: { name: string; priority: number }) => [each.name, each.priority])).toEqual([['Name', 0], ['Size', 0], ['Color', 1], ['Age', 0]])
    expect(table.rows[0].cells).toEqual(['a', 2, 'red', '0s'])
    const resources = (await call('GET', '/apis/example.com/v1')).json.resources
    expect(resources.map((each: { name: string }) => each.name)).toEqual(['widgets', 'widgets/scale', 'widgets/status'])
    const document = (await call('GET', '/openapi/v3/apis/example.com/v1')).json
    expect(document.components.schemas['com.example.v1.Widget'].properties.spec.properties.size).toMatchObject({ type: 'integer' })
    expect(document.components.schemas['com.example.v1.Widget']).toMatchObject({ 'x-kubernetes-selectable-fields': [{ fieldPath: 'spec.color' }], 'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Widget' }] })
    const old = (await call('GET', '/openapi/v2')).json.definitions['com.example.v1.Widget']
    expect(old.properties.spec.properties.color).toEqual({ type: 'string', enum: ['red', 'blue'] })
  })

  it('merges applied configurations by the schema', async () => {
    const { call } = await withWidgets()
    const apply = (manager: string, spec: object): ReturnType<typeof call> => call('PATCH', `${path}/a?fieldManager=${manager}`, new TextEncoder().encode(JSON.stringify(widget('a', spec))), { 'content-type': 'application/apply-patch+yaml' })
    expect((await apply('one', { size: 1, parts: [{ name: 'p', weight: 1 }] })).status).toBe(201)
    const second = await apply('two', { size: 1, parts: [{ name: 'q', weight: 2 }] })
    expect(second.json.spec.parts).toEqual([{ name: 'p', weight: 1 }, { name: 'q', weight: 2 }])
    const conflict = await apply('two', { size: 2 })
    expect(conflict.json).toMatchObject({ code: 409, message: 'Apply failed with 1 conflict: conflict with "one": .spec.size' })
    expect((await apply('three', { size: 1, odd: 1 })).json.message).toContain('.spec.odd: field not declared in schema')
  })

  it('is watched by the fields that may be selected', async () => {
    const { call, watch, run } = await withWidgets()
    const blue = await watch(`${path}?watch=true&fieldSelector=spec.color%3Dblue`)
    const named = await watch(`${path}?watch=true&fieldSelector=metadata.name%3Da`)
    await call('POST', path, widget('a', { size: 2 }))
    await call('POST', path, widget('b', { size: 2, color: 'blue' }))
    const paint = (name: string, color: string): ReturnType<typeof call> => call('PATCH', `${path}/${name}`, new TextEncoder().encode(JSON.stringify({ spec: { color } })), { 'content-type': 'application/merge-patch+json' })
    await paint('a', 'blue')
    await paint('b', 'red')
    await run(10)
    expect(blue.events.map(({ type, object }) => [type, object.metadata.name])).toEqual([['ADDED', 'b'], ['ADDED', 'a'], ['DELETED', 'b']])
    expect(named.events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED'])
    // A change of what is served ends the watches on it.
    await call('PATCH', `${definitions}/widgets.example.com`, new TextEncoder().encode(JSON.stringify({ spec: { names: { shortNames: ['wdg'] } } })), { 'content-type': 'application/merge-patch+json' })
    await run(100)
    expect(named.ended()).toBe(true)
  })

  it('takes its objects with it when it goes', async () => {
    const { call, run } = await withWidgets()
    await call('POST', path, widget('a', { size: 2 }))
    await call('POST', path, { ...widget('b', { size: 2 }), metadata: { name: 'b', finalizers: ['example.com/hold'] } })
    const gone = await call('DELETE', `${definitions}/widgets.example.com`)
    expect(gone.json.status.conditions.at(-1)).toMatchObject({ type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending' })
    await run(100)
    expect((await call('GET', path)).json.items).toMatchObject([{ metadata: { name: 'b' } }])
    expect((await call('POST', path, widget('c', { size: 2 }))).json).toMatchObject({ code: 405, message: 'create not allowed while custom resource definition is terminating' })
    await call('PATCH', `${path}/b`, new TextEncoder().encode(JSON.stringify({ metadata: { finalizers: null } })), { 'content-type': 'application/merge-patch+json' })
    await run(100)
    expect((await call('GET', path)).status).toBe(404)
    expect((await call('GET', `${definitions}/widgets.example.com`)).status).toBe(404)
    expect((await call('GET', '/apis/example.com/v1')).status).toBe(404)
  })
})

describe('rules', () => {
  const ruled = (rules: object[], properties: object, more: object = {}): object => widgets({}, { schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', 'x-kubernetes-validations': rules, properties } } } }, subresources: undefined, additionalPrinterColumns: undefined, selectableFields: undefined, ...more })
  const numbers = { min: { type: 'integer' }, max: { type: 'integer' }, name: { type: 'string', maxLength: 10 } }

  it('judge new and changed objects', async () => {
    const { call, run } = await startServer()
    const rules = [
      { rule: 'self.min <= self.max', message: 'min must not exceed max' },
      { rule: '!has(self.name) || self.name.startsWith("a")', messageExpression: '"bad name: " + self.name', fieldPath: '.name', reason: 'FieldValueForbidden' },
      { rule: '!has(oldSelf.name) || self.name == oldSelf.name', message: 'name is immutable' },
    ]
    expect((await call('POST', definitions, ruled(rules, numbers))).status).toBe(201)
    await run(100)
    expect((await call('POST', path, widget('a', { min: 3, max: 2, name: 'bb' }))).json.message).toBe('Widget.example.com "a" is invalid: [spec: Invalid value: min must not exceed max, spec.name: Forbidden: bad name: bb]')
    expect((await call('POST', path, widget('a', { min: 1, max: 2, name: 'aa' }))).status).toBe(201)
    const patch = (spec: object): ReturnType<typeof call> => call('PATCH', `${path}/a`, new TextEncoder().encode(JSON.stringify({ spec })), { 'content-type': 'application/merge-patch+json' })
    expect((await patch({ name: 'ab' })).json.message).toBe('Widget.example.com "a" is invalid: spec: Invalid value: name is immutable')
    expect((await patch({ max: 5 })).status).toBe(200)
  })

  it('are checked with the definition', async () => {
    const { call } = await startServer()
    const refused = async (rule: object, properties: object = numbers): Promise<string> => (await call('POST', definitions, ruled([rule], properties))).json.message as string
    expect(await refused({ rule: 'self.nope == 1' })).toContain(`spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value:`)
    expect(await refused({ rule: 'self.nope == 1' })).toContain("compilation failed: ERROR: <input>:1:5: undefined field 'nope'\n | self.nope == 1\n | ....^")
    expect(await refused({ rule: 'self.min' })).toContain('cel expression must evaluate to a bool')
    expect(await refused({ rule: 'self.list.all(x, self.list.all(y, self.list.all(z, x + y + z != "")))' }, { list: { type: 'array', items: { type: 'string' } } })).toContain('estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)')
    expect(await refused({ rule: 'true', optionalOldSelf: true })).toContain('may not be set if oldSelf is not used in rule')
  })

  it('do not hold what did not change against anybody', async () => {
    const { call, run } = await startServer()
    await call('POST', definitions, ruled([], numbers))
    await run(100)
    await call('POST', path, widget('a', { min: 3, max: 2, name: 'bb' }))
    const crd = (await call('GET', `${definitions}/widgets.example.com`)).json
    const tightened = structuredClone(crd)
    tightened.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.name.maxLength = 1
    tightened.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.name['x-kubernetes-validations'] = [{ rule: 'self == "a"' }]
    expect((await call('PUT', `${definitions}/widgets.example.com`, tightened)).status).toBe(200)
    await run(100)
    const patch = (spec: object): ReturnType<typeof call> => call('PATCH', `${path}/a`, new TextEncoder().encode(JSON.stringify({ spec })), { 'content-type': 'application/merge-patch+json' })
    const kept = await patch({ min: 4 })
    expect(kept.status).toBe(200)
    expect(kept.headers['warning']).toContain('failed rule: self == \\"a\\"')
    expect((await patch({ name: 'cc' })).json.message).toContain('spec.name: Too long')
  })
})

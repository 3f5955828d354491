import { beforeAll, describe, expect, it } from 'vitest'
import { builtInKinds } from '../../api/kinds/registry.ts'
import { kindSamples } from './testing/kind-samples.ts'
import { startServer } from './testing/start-server.ts'
import type { TestServer } from './testing/start-server.ts'

const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
const merge = { 'content-type': 'application/merge-patch+json' }
let server: TestServer

beforeAll(async () => {
  server = await startServer()
})

describe.each(kindSamples.map((sample) => [`${sample.plural}.${sample.group}`, sample] as const))('%s', (_, { group, plural, namespaced, object, change, generation, status, cells }) => {
  const collection = `/apis/${group}/v1/${namespaced ? 'namespaces/default/' : ''}${plural}`
  const path = `${collection}/${object.metadata.name}`
  const kind = builtInKinds.find((each) => each.group === group && each.plural === plural)!

  it('lives its whole life', async () => {
    const { call } = server
    const created = await call('POST', collection, { apiVersion: `${group}/v1`, ...object, ...(status ? { status } : {}) })
    expect(created.json, 'created').toMatchObject({ kind: object.kind, metadata: { name: object.metadata.name } })
    expect(created.status).toBe(201)
    expect(created.json.metadata.generation).toBe(generation === undefined ? undefined : 1)
    const { json } = await call('GET', path, undefined, table)
    const shown = json.columnDefinitions.flatMap(({ name }: { name: string }, index: number) => (name === 'Name' || name === 'Age' ? [] : [json.rows[0].cells[index]]))
    expect(shown).toEqual(cells)
    const changed = await call('PATCH', path, change, merge)
    expect(changed.json, 'changed').toMatchObject({ kind: object.kind })
    expect(changed.json.metadata.generation).toBe(generation)
    const replaced = await call('PUT', path, changed.json)
    expect(replaced.json.metadata.resourceVersion, 'a write that changes nothing writes nothing').toBe(changed.json.metadata.resourceVersion)
    expect(kind.subresources.some(({ type }) => type === 'status')).toBe(status !== undefined)
    if (status) {
      const reported = await call('PATCH', `${path}/status`, { status }, merge)
      expect(reported.json, 'reported').toMatchObject({ status })
      expect(reported.json.metadata.generation).toBe(generation)
      const wiped = await call('PATCH', path, { status: null }, merge)
      expect(wiped.json.status, 'kept').toEqual(reported.json.status)
    } else expect((await call('GET', `${path}/status`)).status).toBe(404)
    expect((await call('DELETE', path)).status).toBe(200)
    expect((await call('GET', path)).status).toBe(404)
  })
})

it('has a sample of every kind of its groups', () => {
  const groups = new Set(kindSamples.map(({ group }) => group))
  const kinds = builtInKinds.filter(({ group, storagePrefix }) => groups.has(group) && storagePrefix).map(({ plural }) => plural)
  expect(kinds.sort()).toEqual(kindSamples.map(({ plural }) => plural).sort())
})

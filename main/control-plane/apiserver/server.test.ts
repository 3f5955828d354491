import { describe, expect, it } from 'vitest'
import { startServer } from './testing/start-server.ts'

const configMap = (name: string, data: Record<string, string> = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })
const path = '/api/v1/namespaces/default/configmaps'

describe('kube-apiserver', () => {
  it('creates, reads, updates, patches and deletes', async () => {
    const { call } = await startServer()
    const created = await call('POST', path, configMap('one', { a: '1' }))
    expect(created.status).toBe(201)
    expect(created.json.metadata).toMatchObject({ name: 'one', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' })
    expect(created.json.metadata.managedFields[0]).toMatchObject({ manager: 'test', operation: 'Update', fieldsV1: { 'f:data': { '.': {}, 'f:a': {} } } })
    const read = await call('GET', `${path}/one`)
    expect(read.json).toBe(created.json)
    const again = await call('POST', path, configMap('one'))
    expect(again.status).toBe(409)
    expect(again.json.message).toBe('configmaps "one" already exists')
    const updated = await call('PUT', `${path}/one`, { ...read.json, data: { a: '2' } })
    expect(updated.status).toBe(200)
    expect(Number(updated.json.metadata.resourceVersion)).toBeGreaterThan(Number(created.json.metadata.resourceVersion))
    const stale = await call('PUT', `${path}/one`, { ...read.json, data: { a: '3' } })
    expect(stale.json).toMatchObject({ code: 409, reason: 'Conflict', message: 'Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your changes to the latest version and try again' })
    const same = await call('PUT', `${path}/one`, { ...updated.json })
    expect(same.json.metadata.resourceVersion).toBe(updated.json.metadata.resourceVersion)
    const patched = await call('PATCH', `${path}/one`, { data: { b: '4' } }, { 'content-type': 'application/merge-patch+json' })
    expect(patched.json.data).toEqual({ a: '2', b: '4' })
    const deleted = await call('DELETE', `${path}/one`)
    expect(deleted.json).toMatchObject({ kind: 'Status', status: 'Success', details: { name: 'one', kind: 'configmaps', uid: created.json.metadata.uid } })
    expect((await call('GET', `${path}/one`)).json).toMatchObject({ code: 404, message: 'configmaps "one" not found' })
  })

  it('lists in pages of one snapshot', async () => {
    const { call } = await startServer()
    for (const name of ['c', 'a', 'b', 'e', 'd']) await call('POST', path, configMap(name))
    const first = await call('GET', `${path}?limit=2`)
    expect(first.json.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['a', 'b'])
    expect(first.json.metadata.remainingItemCount).toBe(3)
    await call('DELETE', `${path}/d`)
    const second = await call('GET', `${path}?limit=2&continue=${first.json.metadata.continue}`)
    expect(second.json.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['c', 'd'])
    expect(second.json.metadata.resourceVersion).toBe(first.json.metadata.resourceVersion)
    const third = await call('GET', `${path}?limit=2&continue=${second.json.metadata.continue}`)
    expect(third.json.items).toHaveLength(1)
    expect(third.json.metadata.continue).toBeUndefined()
  })

  it('watches with selectors and from a version', async () => {
    const { call, watch, run } = await startServer()
    const one = await call('POST', path, configMap('one'))
    const labelled = await watch(`${path}?watch=true&labelSelector=app%3Dx`)
    const since = await watch(`${path}?watch=true&resourceVersion=${one.json.metadata.resourceVersion}`)
    await call('PATCH', `${path}/one`, { metadata: { labels: { app: 'x' } } }, { 'content-type': 'application/merge-patch+json' })
    await call('PATCH', `${path}/one`, { metadata: { labels: { app: 'y' } } }, { 'content-type': 'application/merge-patch+json' })
    await call('DELETE', `${path}/one`)
    await run(100)
    expect(labelled.events.map((event) => event.type)).toEqual(['ADDED', 'DELETED'])
    expect(since.events.map((event) => event.type)).toEqual(['MODIFIED', 'MODIFIED', 'DELETED'])
  })

  it('refuses the anonymous in upstream words', async () => {
    const { call } = await startServer()
    const answer = await call('GET', '/api/v1/namespaces/default/pods/web/log', undefined, {}, null)
    expect(answer.json).toMatchObject({
      code: 403, reason: 'Forbidden', details: { name: 'web', kind: 'pods' },
      message: 'pods "web" is forbidden: User "system:anonymous" cannot get resource "pods/log" in API group "" in the namespace "default"',
    })
    const bad = await call('GET', path, undefined, { authorization: 'Bearer nonsense' }, null)
    expect(bad.json).toMatchObject({ code: 401, message: 'Unauthorized', reason: 'Unauthorized' })
  })

  it('wakes watchers under the span of the write', async () => {
    const { client, settle, kernel, run, somebody } = await startServer()
    const { configMapKind } = await import('../../api/kinds/core/config-map.ts')
    const causes: string[] = []
    client().watch(configMapKind as never, {}, () => {
      const span = kernel.trace.get(kernel.trace.current)
      causes.push(kernel.trace.root(kernel.trace.current)?.name ?? String(span))
    }, () => {})
    await run(50)
    causes.length = 0
    const span = somebody.span('a person types')
    await settle(client().create(configMapKind, { ...configMap('caused'), metadata: { name: 'caused', namespace: 'default' } } as never))
    somebody.endSpan(span)
    await run(50)
    expect(causes).toEqual(['a person types'])
  })
})

describe('namespaces', () => {
  it('can be read and changed by name, though requests for them name a namespace', async () => {
    const { call } = await startServer()
    expect((await call('GET', '/api/v1/namespaces/default')).json).toMatchObject({ kind: 'Namespace', metadata: { name: 'default' } })
    expect((await call('PATCH', '/api/v1/namespaces/default', { metadata: { labels: { a: 'b' } } }, { 'content-type': 'application/merge-patch+json' })).json.metadata.labels.a).toBe('b')
    expect((await call('GET', '/api/v1/namespaces/nope')).status).toBe(404)
  })
})

/** When metadata.generation rises, as clients see it; kind by kind it is in main/api/kinds/generation.test.ts. */
import { beforeAll, describe, expect, it } from 'vitest'
import { startServer } from './testing/start-server.ts'
import type { TestServer } from './testing/start-server.ts'

const merge = { 'content-type': 'application/merge-patch+json' }
const custom = '/apis/example.com/v1/namespaces/default'
let server: TestServer

beforeAll(async () => {
  server = await startServer()
  for (const [plural, kind, subresources] of [['widgets', 'Widget', { status: {} }], ['gadgets', 'Gadget', undefined]] as const) {
    await server.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.example.com` },
      spec: { group: 'example.com', scope: 'Namespaced', names: { plural, kind }, versions: [{ name: 'v1', served: true, storage: true, ...(subresources ? { subresources } : {}), schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }] },
    })
  }
  await server.run(5_000)
})

const label = { metadata: { labels: { a: 'b' } } }
const annotation = { metadata: { annotations: { a: 'b' } } }
const core = '/api/v1/namespaces/default'
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } } }
const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'x', generation: 9 }, spec: { size: 1 } }
const gadget = { ...widget, kind: 'Gadget' }

/** The generation after the creation and after each change; `status:` changes go to the status endpoint. */
type Step = readonly [change: object, generation: number | undefined, endpoint?: '/status' | '/scale']
const rows: readonly (readonly [name: string, collection: string, object: object, first: number | undefined, steps: readonly Step[]])[] = [
  ['ConfigMap', `${core}/configmaps`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: 'b' } }, undefined, [[{ data: { a: 'c' } }, undefined], [label, undefined], [{ metadata: { generation: 3 } }, undefined]]],
  ['Secret', `${core}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, stringData: { a: 'b' } }, undefined, [[{ stringData: { a: 'c' } }, undefined]]],
  ['Service', `${core}/services`, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x' }, spec: { ports: [{ port: 80 }] } }, undefined, [[{ spec: { sessionAffinity: 'ClientIP' } }, undefined]]],
  ['a ConfigMap that came with one', `${core}/configmaps`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', generation: 7 } }, 7, [[{ data: { a: 'c' } }, 7], [{ metadata: { generation: 3 } }, 7]]],
  ['Deployment', '/apis/apps/v1/namespaces/default/deployments', deployment, 1, [[label, 1], [annotation, 2], [{ spec: { replicas: 3 } }, 3], [{ spec: { replicas: 3 } }, 3], [{ status: { replicas: 1 } }, 3, '/status'], [{ spec: { replicas: 9 } }, 3, '/status'], [{ spec: { replicas: 4 } }, 4, '/scale'], [{ metadata: { generation: 40 } }, 4]]],
  ['ReplicaSet', '/apis/apps/v1/namespaces/default/replicasets', { ...deployment, kind: 'ReplicaSet' }, 1, [[annotation, 1], [{ spec: { replicas: 3 } }, 2]]],
  ['PriorityClass', '/apis/scheduling.k8s.io/v1/priorityclasses', { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'x' }, value: 1 }, 1, [[{ description: 'changed' }, 1], [{ globalDefault: false }, 1]]],
  ['CSIDriver', '/apis/storage.k8s.io/v1/csidrivers', { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: 'x' }, spec: {} }, undefined, [[{ spec: { requiresRepublish: true } }, 1], [label, 1], [{ spec: { requiresRepublish: false } }, 2]]],
  ['HorizontalPodAutoscaler', '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers', { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'x' }, spec: { maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' } } }, undefined, [[{ spec: { maxReplicas: 3 } }, undefined]]],
  ['a custom resource with a status', `${custom}/widgets`, widget, 1, [[label, 1], [annotation, 1], [{ spec: { size: 2 } }, 2], [{ other: 'field' }, 3], [{ status: { ok: true } }, 3], [{ status: { ok: true } }, 3, '/status'], [{ spec: { size: 3 } }, 3, '/status'], [{ spec: { size: 2 } }, 3], [{ metadata: { generation: 30 } }, 3]]],
  ['a custom resource without', `${custom}/gadgets`, gadget, 1, [[label, 1], [{ spec: { size: 2 } }, 2], [{ status: { ok: true } }, 3], [{ other: 'field' }, 4], [{ status: { ok: true } }, 4]]],
]

describe('metadata.generation', () => {
  it.each(rows)('of %s', async (_name, collection, object, first, steps) => {
    const dry = await server.call('POST', `${collection}?dryRun=All`, structuredClone(object))
    expect(dry.json.metadata.generation, 'dry run').toBe(first)
    const made = await server.call('POST', collection, structuredClone(object))
    expect(made.status, JSON.stringify(made.json)).toBe(201)
    expect(made.json.metadata.generation).toBe(first)
    for (const [change, generation, endpoint = ''] of steps) {
      const answer = await server.call('PATCH', `${collection}/x${endpoint}`, change, merge)
      expect(answer.status, JSON.stringify(answer.json)).toBe(200)
      expect((await server.call('GET', `${collection}/x`)).json.metadata.generation, JSON.stringify(change)).toBe(generation)
    }
    await server.call('DELETE', `${collection}/x`)
  })

  it('rises when a deletion begins, where there is one', async () => {
    for (const [plural, object, generation] of [['configmaps', { apiVersion: 'v1', kind: 'ConfigMap' }, undefined], ['replicationcontrollers', { apiVersion: 'v1', kind: 'ReplicationController', spec: { ...deployment.spec, selector: { a: 'b' } } }, 2]] as const) {
      await server.call('POST', `${core}/${plural}`, { ...object, metadata: { name: 'held', finalizers: ['example.com/held'] } })
      for (let time = 0; time < 2; time++) expect((await server.call('DELETE', `${core}/${plural}/held`)).json.metadata.generation).toBe(generation)
    }
  })

  it('is never below none', async () => {
    expect((await server.call('POST', `${core}/configmaps`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'low', generation: -1 } })).json).toMatchObject({ code: 422, message: expect.stringContaining('metadata.generation: Invalid value: -1') as string })
  })
})

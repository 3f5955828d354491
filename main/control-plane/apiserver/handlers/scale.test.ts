/** Who owns the replicas when they are written through the scale endpoint. */
import { beforeAll, expect, it } from 'vitest'
import type { ManagedFieldsEntry } from '../../../api/generated/types.ts'
import type { TestServer } from '../testing/start-server.ts'
import { startServer } from '../testing/start-server.ts'

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const deployments = '/apis/apps/v1/namespaces/default/deployments'
const applied = { 'content-type': 'application/apply-patch+yaml' }
const merged = { 'content-type': 'application/merge-patch+json' }

let server: TestServer
beforeAll(async () => {
  server = await startServer()
}, 30_000)

const configuration = (name: string, spec: object = { replicas: 1 }): object => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name },
  spec: { ...spec, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } },
})
const scale = (name: string, replicas: number): object => ({ apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name, namespace: 'default' }, spec: { replicas } })

/** Who owns the replicas of a deployment, and in which form. */
async function owners(name: string): Promise<string[]> {
  const { json } = await server.call('GET', `${deployments}/${name}`)
  return (json.metadata.managedFields as ManagedFieldsEntry[])
    .filter((entry) => 'f:replicas' in ((entry.fieldsV1 as { 'f:spec'?: object })['f:spec'] ?? {}))
    .map((entry) => `${entry.operation} ${entry.manager} ${entry.apiVersion} ${entry.subresource ?? '-'} ${entry.time === undefined ? 'timeless' : 'timed'}`)
}

it('an update takes the replicas from the applier', async () => {
  await server.call('PATCH', `${deployments}/one?fieldManager=a`, bytes(configuration('one')), applied)
  expect(await owners('one')).toEqual(['Apply a apps/v1 - timed'])
  expect((await server.call('PATCH', `${deployments}/one/scale?fieldManager=b`, bytes({ spec: { replicas: 3 } }), merged)).json.spec.replicas).toBe(3)
  expect(await owners('one')).toEqual(['Update b apps/v1 scale timeless'])
  const again = await server.call('PATCH', `${deployments}/one?fieldManager=a`, bytes(configuration('one')), applied)
  expect(again.json).toMatchObject({ code: 409, message: 'Apply failed with 1 conflict: conflict with "b" with subresource "scale" using apps/v1: .spec.replicas' })
})

it('a write that changes nothing takes nothing', async () => {
  await server.call('PATCH', `${deployments}/two?fieldManager=a`, bytes(configuration('two')), applied)
  const before = await server.call('GET', `${deployments}/two`)
  await server.call('PUT', `${deployments}/two/scale?fieldManager=b`, scale('two', 1))
  expect((await server.call('GET', `${deployments}/two`)).json).toEqual(before.json)
})

it('an apply conflicts with the owner, shares a value, and takes it by force', async () => {
  await server.call('PATCH', `${deployments}/three?fieldManager=a`, bytes(configuration('three')), applied)
  const apply = (replicas: number, query = '') => server.call('PATCH', `${deployments}/three/scale?fieldManager=b${query}`, bytes(scale('three', replicas)), applied)
  expect((await apply(2)).json).toMatchObject({ code: 409, message: 'Apply failed with 1 conflict: conflict with "a": .spec.replicas' })
  expect((await apply(1)).status).toBe(200)
  expect(await owners('three')).toEqual(['Apply b apps/v1 scale timeless', 'Apply a apps/v1 - timed'])
  expect((await apply(4, '&force=true')).json.spec.replicas).toBe(4)
  expect(await owners('three')).toEqual(['Apply b apps/v1 scale timeless'])
})

it('a dry run changes nothing; another uid and a wrong kind are refused', async () => {
  await server.call('PATCH', `${deployments}/four?fieldManager=a`, bytes(configuration('four')), applied)
  expect((await server.call('PUT', `${deployments}/four/scale?dryRun=All`, scale('four', 7))).json.spec.replicas).toBe(7)
  expect((await server.call('GET', `${deployments}/four/scale`)).json.spec.replicas).toBe(1)
  const other = { ...scale('four', 2), metadata: { name: 'four', namespace: 'default', uid: 'other' } }
  expect((await server.call('PUT', `${deployments}/four/scale`, other)).json).toMatchObject({ code: 409, message: expect.stringMatching(/^Operation cannot be fulfilled on deployments\/scale\.apps "four": Precondition failed: UID in precondition: other, UID in object meta: / ) as string })
  expect((await server.call('PATCH', `${deployments}/four/scale?fieldManager=a`, bytes(configuration('four')), applied)).json).toMatchObject({ code: 400, message: 'invalid object type: apps/v1, Kind=Deployment' })
})

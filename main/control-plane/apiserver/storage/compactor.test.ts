import { expect, it } from 'vitest'
import type { inProcessEtcd } from '../../etcd/in-process.ts'
import { startServer } from '../testing/start-server.ts'

it('lets etcd forget what was replaced more than five minutes ago', async () => {
  let etcd!: ReturnType<typeof inProcessEtcd>
  const server = await startServer({}, (made) => {
    etcd = made
  })
  const path = '/api/v1/namespaces/default/configmaps'
  for (const name of ['a', 'b', 'c']) await server.call('POST', path, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
  const page = await server.call('GET', `${path}?limit=1`)
  const revision = Number(page.json.metadata.resourceVersion)
  const next = `${path}?limit=1&continue=${encodeURIComponent(page.json.metadata.continue as string)}`
  const changed = async (value: string): Promise<void> => void (await server.call('PATCH', `${path}/b`, { data: { value } }, { 'content-type': 'application/merge-patch+json' }))
  await changed('1')
  await server.run(320_000)
  await changed('2')
  // The first round only notes where etcd stands.
  expect((await server.call('GET', next)).status).toBe(200)
  await server.run(300_000)
  const late = await server.call('GET', next)
  expect([late.status, late.json.reason]).toEqual([410, 'Expired'])
  await expect(server.settle(etcd.range({ key: '/registry/configmaps/default/b', revision }))).rejects.toThrow('required revision has been compacted')
  const key = await server.settle(etcd.range({ key: 'compact_rev_key' }))
  expect(key.kvs[0]!.version).toBe(2)
  expect((await server.call('GET', `${path}/b`)).json.data).toEqual({ value: '2' })
})

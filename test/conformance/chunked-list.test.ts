import { expect, test } from 'vitest'
import { startServer } from '../../main/control-plane/apiserver/testing/start-server.ts'
import type { EtcdClient } from '../../main/control-plane/etcd/client.ts'

const templates = '/api/v1/namespaces/default/podtemplates'
const template = (name: string): object => ({ apiVersion: 'v1', kind: 'PodTemplate', metadata: { name }, template: { spec: { containers: [{ name: 'test', image: 'test2' }] } } })
const nameOf = (index: number): string => `template-${String(index).padStart(4, '0')}`

test('a list goes on from the last key after its version was compacted away, at a newer one', async () => {
  let etcd!: EtcdClient
  const server = await startServer({}, (made) => (etcd = made))
  const page = async (token: string) => server.call('GET', `${templates}?limit=10&continue=${encodeURIComponent(token)}`)
  for (let index = 0; index < 40; index++) await server.call('POST', templates, template(nameOf(index)))
  const first = await server.call('GET', `${templates}?limit=10`)
  expect(first.json.items).toHaveLength(10)
  // Something changes behind and before the point that the list has reached.
  await server.call('POST', templates, template(`${nameOf(20)}-late`))
  await server.call('POST', templates, template(`${nameOf(2)}-missed`))
  await server.call('DELETE', `${templates}/${nameOf(30)}`)
  await server.settle(etcd.compact((await server.settle(etcd.status())).header.revision))

  const expired = await page(first.json.metadata.continue as string)
  expect(expired.json).toMatchObject({ kind: 'Status', code: 410, reason: 'Expired', message: expect.stringContaining('The provided continue parameter is too old to display a consistent list result.') as string })
  let token = expired.json.metadata.continue as string
  expect(token).toBeTruthy()
  const names: string[] = []
  const versions = new Set<string>()
  while (token) {
    const next = await page(token)
    expect(next.status, JSON.stringify(next.json)).toBe(200)
    versions.add(next.json.metadata.resourceVersion as string)
    names.push(...(next.json.items as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name))
    token = (next.json.metadata.continue as string | undefined) ?? ''
    if (token) expect(next.json.metadata.remainingItemCount).toBe(40 - 10 - names.length)
    // What comes after belongs to one version again, whatever else is written meanwhile.
    await server.call('POST', templates, template(`${nameOf(39)}-${names.length}`))
  }
  const expected = Array.from({ length: 30 }, (_, index) => nameOf(index + 10)).filter((name) => name !== nameOf(30))
  expect(names).toEqual([...expected, `${nameOf(20)}-late`].sort())
  expect(versions.size).toBe(1)
  expect(Number([...versions][0])).toBeGreaterThan(Number(first.json.metadata.resourceVersion))
})

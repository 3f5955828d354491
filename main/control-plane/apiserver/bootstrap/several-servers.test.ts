import { describe, expect, it } from 'vitest'
import { SimulatedDisk } from '../../../kernel/disk.ts'
import { HttpClient } from '../../../kernel/http.ts'
import { Machine } from '../../../kernel/machine.ts'
import type { EtcdClient } from '../../etcd/client.ts'
import { kubeApiserver } from '../server.ts'
import { admin, startServer } from '../testing/start-server.ts'
import type { TestServer } from '../testing/start-server.ts'
import { es256Tokens, generateTokenKey } from '../tokens.node.ts'
import { apiserverIdentity } from './identity-lease.ts'

/** Two servers on one etcd; `ask` asks the second. */
async function twoServers(): Promise<{ one: TestServer; second: Machine; etcd: EtcdClient; ask: (method: string, path: string, body?: object) => Promise<any> }> { // eslint-disable-line @typescript-eslint/no-explicit-any -- tests look into answers of every kind
  let etcd!: EtcdClient
  const one = await startServer({}, (made) => (etcd = made))
  const second = new Machine(one.network, 'controlplane-2', '192.168.64.20', new SimulatedDisk(one.kernel, 'controlplane-2'))
  let ready!: Promise<void>
  second.start('kube-apiserver', (process) => {
    const server = kubeApiserver({ etcd, tokens: es256Tokens(generateTokenKey()), advertisedAddress: '192.168.64.20', freeze: true })(process)
    ready = server.ready
    return server
  })
  await one.settle(ready)
  const client = new HttpClient(one.somebody, { address: '192.168.64.20', port: 6443 }, admin)
  return { one, second, etcd, ask: async (method, path, body) => (await one.settle(client.request({ method, path, headers: {}, ...(body ? { body } : {}) }))).body }
}

async function endpoints(one: TestServer): Promise<string[]> {
  const endpoints = await one.call('GET', '/api/v1/namespaces/default/endpoints/kubernetes')
  const slice = await one.call('GET', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes')
  const addresses = endpoints.json.subsets[0].addresses.map(({ ip }: { ip: string }) => ip)
  expect(slice.json.endpoints.map((endpoint: { addresses: string[] }) => endpoint.addresses[0])).toEqual(addresses)
  return addresses
}

describe('the kubernetes Service', () => {
  it('leads to every server that lives, and no longer to one that died', async () => {
    const { one, second, etcd } = await twoServers()
    expect(await endpoints(one)).toEqual(['192.168.64.10', '192.168.64.20'])
    expect((await one.settle(etcd.range({ key: '/registry/masterleases/', rangeEnd: '/registry/masterleases0' }))).kvs.map(({ key }) => key)).toEqual(['/registry/masterleases/192.168.64.10', '/registry/masterleases/192.168.64.20'])
    second.process('kube-apiserver')!.crash()
    await one.run(5_000)
    expect(await endpoints(one)).toEqual(['192.168.64.10', '192.168.64.20'])
    await one.run(25_000)
    expect(await endpoints(one)).toEqual(['192.168.64.10'])
  })

  it('leaves out a server at once that stops in order', async () => {
    const { one, second } = await twoServers()
    await one.settle(second.process('kube-apiserver')!.stop())
    expect(await endpoints(one)).toEqual(['192.168.64.10'])
  })

  it('keeps its last server when that stops', async () => {
    let etcd!: EtcdClient
    const one = await startServer({}, (made) => (etcd = made))
    await one.settle(one.controlplane.process('kube-apiserver')!.stop())
    const { kvs } = await one.settle(etcd.range({ key: '/registry/services/endpoints/default/kubernetes' }))
    expect(JSON.parse(new TextDecoder().decode(kvs[0]!.value)).subsets[0].addresses).toEqual([{ ip: '192.168.64.10' }])
  })
})

describe('identity leases', () => {
  const path = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases'

  it('name a server by its host', () => {
    expect(apiserverIdentity('controlplane')).toMatch(/^apiserver-[a-z2-7]{26}$/)
    expect(apiserverIdentity('controlplane')).not.toBe(apiserverIdentity('controlplane-2'))
  })

  it('are renewed while the server lives, and go an hour after it died', async () => {
    const { one, second } = await twoServers()
    await one.run(100)
    const leases = async (): Promise<string[]> => (await one.call('GET', `${path}?labelSelector=apiserver.kubernetes.io/identity=kube-apiserver`)).json.items.map((lease: { metadata: { labels: Record<string, string> } }) => lease.metadata.labels['kubernetes.io/hostname'])
    expect((await leases()).sort()).toEqual(['controlplane', 'controlplane-2'])
    second.process('kube-apiserver')!.crash()
    const name = apiserverIdentity('controlplane')
    const { json: before } = await one.call('GET', `${path}/${name}`)
    expect(before.spec).toMatchObject({ holderIdentity: expect.stringMatching(new RegExp(`^${name}_`)), leaseDurationSeconds: 3600 })
    await one.run(10_500)
    expect((await one.call('GET', `${path}/${name}`)).json.spec.renewTime > before.spec.renewTime).toBe(true)
    await one.run(2 * 3_600_000)
    expect(await leases()).toEqual(['controlplane'])
  })
})

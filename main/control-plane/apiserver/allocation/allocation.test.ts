import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SimulatedDisk } from '../../../kernel/disk.ts'
import { HttpClient } from '../../../kernel/http.ts'
import { Machine } from '../../../kernel/machine.ts'
import type { EtcdClient } from '../../etcd/client.ts'
import { kubeApiserver } from '../server.ts'
import { admin, startServer } from '../testing/start-server.ts'
import type { TestServer } from '../testing/start-server.ts'
import { es256Tokens, generateTokenKey } from '../tokens.node.ts'
import { bitmapOffsets, bitmapText } from './port-claims.ts'

const path = '/api/v1/namespaces/default/services'
const service = (name: string, spec: object = {}): object => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } })

interface Pair {
  readonly servers: readonly HttpClient[]
  readonly one: TestServer
  readonly etcd: EtcdClient
}

async function pair(options: { nodePorts?: { first: number; last: number }; serviceCidr?: string } = {}): Promise<Pair> {
  let etcd!: EtcdClient
  const one = await startServer(options, (made) => (etcd = made))
  const second = new Machine(one.network, 'controlplane-2', '192.168.64.20', new SimulatedDisk(one.kernel, 'controlplane-2'))
  let ready!: Promise<void>
  second.start('kube-apiserver', (process) => {
    const server = kubeApiserver({ etcd, tokens: es256Tokens(generateTokenKey()), advertisedAddress: '192.168.64.20', freeze: true, ...options })(process)
    ready = server.ready
    return server
  })
  await one.settle(ready)
  return { one, etcd, servers: ['192.168.64.10', '192.168.64.20'].map((address) => new HttpClient(one.somebody, { address, port: 6443 }, admin)) }
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers of every kind
const ask = async (client: HttpClient, method: string, at: string, body?: object): Promise<any> => (await client.request({ method, path: at, headers: {}, ...(body ? { body } : {}) })).body

async function claims({ one, etcd }: Pair): Promise<string[]> {
  const { kvs } = await one.settle(etcd.range({ key: '/registry/ipaddresses/', rangeEnd: '/registry/ipaddresses0' }))
  return kvs.map(({ key }) => key.slice('/registry/ipaddresses/'.length))
}

async function nodePorts({ one, etcd }: Pair): Promise<number[]> {
  const { kvs } = await one.settle(etcd.range({ key: '/registry/ranges/servicenodeports' }))
  return kvs[0] ? bitmapOffsets(JSON.parse(new TextDecoder().decode(kvs[0].value)).data) : []
}

describe('several servers that hand out addresses at the same instant', () => {
  it('hand out each address and port once, until there are no more', async () => {
    const lab = await pair({ serviceCidr: '10.96.0.0/27', nodePorts: { first: 30_000, last: 30_039 } })
    const answers = await lab.one.settle(Promise.all(Array.from({ length: 40 }, (_, index) => ask(lab.servers[index % 2]!, 'POST', path, service(`s${index}`, { type: 'NodePort' })))))
    const made = answers.filter(({ kind }) => kind === 'Service')
    // 30 usable addresses, of which the kubernetes Service has one.
    expect(made).toHaveLength(29)
    expect(new Set(made.map(({ spec }) => spec.clusterIP)).size).toBe(29)
    expect(new Set(made.map(({ spec }) => spec.ports[0].nodePort)).size).toBe(29)
    for (const { message } of answers.filter(({ kind }) => kind === 'Status')) expect(message).toBe('Internal error occurred: failed to allocate a serviceIP: range is full')
    expect(await claims(lab)).toHaveLength(30)
    expect(await nodePorts(lab)).toHaveLength(29)
  })

  it('give the one address or port that both were asked for to one', async () => {
    const lab = await pair()
    const address = await lab.one.settle(Promise.all(lab.servers.map((server, index) => ask(server, 'POST', path, service(`a${index}`, { clusterIP: '10.96.7.7' })))))
    expect(address.map(({ code }) => code ?? 201).sort()).toEqual([201, 422])
    expect(address.find(({ code }) => code === 422).message).toBe('Service "a1" is invalid: spec.clusterIPs: Invalid value: ["10.96.7.7"]: failed to allocate IP 10.96.7.7: provided IP is already allocated'.replace('a1', address[0].code ? 'a0' : 'a1'))
    const port = await lab.one.settle(Promise.all(lab.servers.map((server, index) => ask(server, 'POST', path, service(`p${index}`, { type: 'NodePort', ports: [{ port: 80, nodePort: 31_000 }] })))))
    expect(port.map(({ code }) => code ?? 201).sort()).toEqual([201, 422])
    // Who was refused left nothing behind.
    expect(await claims(lab)).toHaveLength(3)
    expect(await nodePorts(lab)).toEqual([1_000])
  })
})

describe('what is given back', () => {
  it('can be had again at once, from any server', async () => {
    const lab = await pair()
    const [one, two] = lab.servers as [HttpClient, HttpClient]
    const spec = { type: 'NodePort', clusterIP: '10.96.9.9', ports: [{ port: 80, nodePort: 32_000 }] }
    for (const server of [one, two, one, two]) {
      expect(await lab.one.settle(ask(server, 'POST', path, service('again', spec)))).toMatchObject({ kind: 'Service' })
      await lab.one.settle(ask(server, 'DELETE', `${path}/again`))
    }
    await lab.one.run(10)
    expect(await claims(lab)).toEqual(['10.96.0.1'])
    expect(await nodePorts(lab)).toEqual([])
  })

  it('includes what a changed type no longer needs, and what a refused or tried write took', async () => {
    const lab = await pair()
    const [one] = lab.servers as [HttpClient]
    const made = await lab.one.settle(ask(one, 'POST', path, service('a', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' })))
    expect(made.spec.healthCheckNodePort).toBeGreaterThanOrEqual(30_000)
    expect(await nodePorts(lab)).toHaveLength(2)
    await lab.one.settle(ask(one, 'POST', `${path}?dryRun=All`, service('tried', { type: 'NodePort' })))
    await lab.one.settle(ask(one, 'POST', path, service('a', { type: 'NodePort' })))
    await lab.one.settle(ask(one, 'POST', path, service('wrong', { type: 'NodePort', ports: [{ port: -1 }] })))
    await lab.one.run(10)
    expect(await nodePorts(lab)).toHaveLength(2)
    expect(await claims(lab)).toHaveLength(2)
    await lab.one.settle(ask(one, 'PUT', `${path}/a`, { ...made, spec: { ...made.spec, type: 'ClusterIP', externalTrafficPolicy: undefined } }))
    await lab.one.run(10)
    expect(await nodePorts(lab)).toEqual([])
    await lab.one.settle(ask(one, 'PUT', `${path}/a`, { ...made, metadata: { name: 'a' }, spec: { type: 'ExternalName', externalName: 'example.org' } }))
    await lab.one.run(10)
    expect(await claims(lab)).toEqual(['10.96.0.1'])
  })
})

interface AllocatedSpec {
  readonly clusterIP: string
  readonly healthCheckNodePort: number
  readonly ports: readonly { readonly nodePort: number }[]
}

describe('a dry run', () => {
  const health = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }
  const ports = (nodePort: number): object => ({ type: 'NodePort', ports: [{ port: 80, nodePort }] })
  const patchOf = (type: string) => ({ 'content-type': `application/${type}` })
  it.each<[string, string, string, object, Record<string, string> | undefined, (spec: AllocatedSpec) => boolean]>([
    ['a create', 'POST', '', service('b'), undefined, ({ clusterIP }) => /^10\./.test(clusterIP)],
    ['a create with a node port', 'POST', '', service('b', { type: 'NodePort' }), undefined, ({ clusterIP, ports: [first] }) => /^10\./.test(clusterIP) && first!.nodePort >= 30_000],
    ['a create with a health check', 'POST', '', service('b', health), undefined, ({ healthCheckNodePort }) => healthCheckNodePort >= 30_000],
    ['a create that names both', 'POST', '', service('b', { clusterIP: '10.96.8.8', ...ports(31_111) }), undefined, ({ clusterIP, ports: [first] }) => clusterIP === '10.96.8.8' && first!.nodePort === 31_111],
    ['a headless create', 'POST', '', service('b', { clusterIP: 'None' }), undefined, ({ clusterIP }) => clusterIP === 'None'],
    ['an apply of what is new', 'PATCH', '/b', service('b', { type: 'NodePort' }), patchOf('apply-patch+yaml'), ({ clusterIP, ports: [first] }) => /^10\./.test(clusterIP) && first!.nodePort >= 30_000],
    ['an update to node ports', 'PUT', '/a', service('a', { type: 'NodePort' }), undefined, ({ ports: [first] }) => first!.nodePort >= 30_000],
    ['a patch to a load balancer', 'PATCH', '/a', { spec: health }, patchOf('merge-patch+json'), ({ healthCheckNodePort }) => healthCheckNodePort >= 30_000],
    ['a patch to an external name', 'PATCH', '/a', { spec: { type: 'ExternalName', externalName: 'example.org', clusterIP: null, clusterIPs: null } }, patchOf('merge-patch+json'), ({ clusterIP }) => !clusterIP],
    ['a patch of node ports away', 'PATCH', '/n', { spec: { type: 'ClusterIP' } }, patchOf('merge-patch+json'), ({ ports: [first] }) => !first!.nodePort],
    ['a delete', 'DELETE', '/n', {}, undefined, () => true],
  ])('of %s shows what would be allocated and keeps none of it', async (_name, method, at, body, headers, isRight) => {
    const server = await startServer()
    const all = async (): Promise<unknown> => {
      const lists: unknown[] = []
      for (const each of ['/apis/networking.k8s.io/v1/ipaddresses', path]) lists.push((await server.call('GET', each)).json.items)
      return lists
    }
    await server.call('POST', path, service('a'))
    await server.call('POST', path, service('n', ports(32_222)))
    const before = await all()
    const answer = await server.call(method, `${path}${at}?dryRun=All&fieldManager=test`, method === 'DELETE' ? undefined : body, headers ?? {})
    expect(answer.status, JSON.stringify(answer.json)).toBeLessThan(300)
    if (answer.json.kind === 'Service') expect(isRight(answer.json.spec), JSON.stringify(answer.json.spec)).toBe(true)
    await server.run(50)
    expect(await all()).toEqual(before)
    // Whatever was shown may be had by another, and what is taken stays taken.
    const { clusterIP, ports: [port] = [] } = method === 'POST' && answer.json.spec.clusterIP !== 'None' ? answer.json.spec : { clusterIP: '10.96.8.8' }
    const free = await server.call('POST', path, service('other', { clusterIP, type: 'NodePort', ports: [{ port: 80, nodePort: port?.nodePort ?? 31_111 }] }))
    expect(free.status, JSON.stringify(free.json)).toBe(201)
    expect((await server.call('POST', path, service('third', ports(32_222)))).status).toBe(422)
  })

  it.each<[string, object, string]>([
    ['a taken address', { clusterIP: '10.96.0.1' }, 'failed to allocate IP 10.96.0.1: provided IP is already allocated'],
    ['an address elsewhere', { clusterIP: '1.2.3.4' }, 'the provided IP (1.2.3.4) is not in the valid range. The range of valid IPs is 10.96.0.0/12'],
    ['a taken port', ports(32_222), 'provided port is already allocated'],
    ['a port elsewhere', ports(80), 'provided port is not in the valid range. The range of valid ports is 30000-32767'],
  ])('is refused %s as the write would be', async (_name, spec, message) => {
    const server = await startServer()
    await server.call('POST', path, service('n', ports(32_222)))
    for (const query of ['?dryRun=All', '']) expect((await server.call('POST', `${path}${query}`, service('b', spec))).json).toMatchObject({ code: 422, message: expect.stringContaining(message) as string })
  })
})

describe('the repair', () => {
  it('claims what Services have that nobody claimed, and frees what no Service has', async () => {
    const lab = await pair()
    const [one] = lab.servers as [HttpClient]
    const { spec } = await lab.one.settle(ask(one, 'POST', path, service('a', { type: 'NodePort' })))
    await lab.one.settle(lab.etcd.deleteRange({ key: `/registry/ipaddresses/${spec.clusterIP}` }))
    await lab.one.settle(lab.etcd.put({ key: '/registry/ipaddresses/10.96.50.50', value: new TextEncoder().encode('{"spec":{"parentRef":{"namespace":"default","name":"gone"}}}') }))
    await lab.one.settle(lab.etcd.put({ key: '/registry/ranges/servicenodeports', value: new TextEncoder().encode(`{"data":"${bitmapText([5])}"}`) }))
    await lab.one.run(200_000)
    expect(await claims(lab)).toEqual(['10.96.0.1', spec.clusterIP, '10.96.50.50'].sort())
    expect(await nodePorts(lab)).toEqual([5, spec.ports[0].nodePort - 30_000].sort((a, b) => a - b))
    await lab.one.run(200_000)
    expect(await claims(lab)).toEqual(['10.96.0.1', spec.clusterIP].sort())
    expect(await nodePorts(lab)).toEqual([spec.ports[0].nodePort - 30_000])
  })
})

describe('bitmaps', () => {
  it('are the bytes of one large number', () => {
    expect(bitmapText([])).toBe('')
    expect(bitmapText([0])).toBe('AQ==')
    expect(bitmapText([8, 1])).toBe('AQI=')
  })

  it('keep every offset', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.nat(3_000)), (offsets) => {
      expect(bitmapOffsets(bitmapText(offsets))).toEqual([...offsets].sort((a, b) => a - b))
    }))
  })
})

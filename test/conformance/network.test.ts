import { beforeAll, describe, expect, test } from 'vitest'
import type { EndpointSlice, Service } from '../../main/api/generated/types.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { serviceKind } from '../../main/api/kinds/core/service.ts'
import { networkPolicyKind } from '../../main/api/kinds/networking/network-policy.ts'
import { endpointSliceKind } from '../../main/api/kinds/discovery/endpoint-slice.ts'
import { isPodReady } from '../../main/api/machinery/pod.ts'
import { HttpClient } from '../../main/kernel/http.ts'
import type { NetworkStack } from '../../main/kernel/network.ts'
import { queryDns } from '../../main/node/network/dns/client.ts'
import { startPodLab } from './pod-lab.ts'
import type { PodLab } from './pod-lab.ts'

const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.59'
const dnsAddress = '10.96.0.10'

let pods: PodLab

beforeAll(async () => {
  pods = await startPodLab()
  const { lab } = pods
  const ready = async (namespace: string, labelSelector: string): Promise<number> => (await lab.client.list(podKind, { namespace, labelSelector })).items.filter(isPodReady).length
  await lab.until(async () => (await ready('kube-system', 'k8s-app=kube-dns')) === 2 && (await ready('kube-system', 'k8s-app=kube-proxy')) === 3, 60_000, 'CoreDNS and kube-proxy ready')
  for (const name of ['one', 'two', 'three']) await pods.create(name, { metadata: { labels: { app: 'echo', name } }, spec: { restartPolicy: 'Always' }, container: { image: agnhost, args: ['netexec'] } })
  await pods.create('client', { container: { image: agnhost, args: ['pause'] }, spec: { restartPolicy: 'Always' } })
  for (const name of ['one', 'two', 'three', 'client']) await pods.running(name)
}, 60_000)

async function stackOf(pod: string): Promise<NetworkStack> {
  const { status } = await pods.get(pod)
  return pods.lab.cluster.network.stackAt(status!.podIP!)!
}

const worker = (): NetworkStack => pods.lab.cluster.machines.get('worker-1')!.stack

let asked = 0

/** What an HTTP server says to `from`; the dialing error's words when there is none. */
async function ask(from: NetworkStack, address: string, port: number, path = '/hostName'): Promise<string> {
  const { lab } = pods
  const process = lab.cluster.machines.get('worker-1')!.start(`asker-${asked++}`, () => ({}), { stack: from })
  try {
    const { body } = await lab.settle(new HttpClient(process, { address, port }).request({ method: 'GET', path, headers: {} }, { timeoutMs: 30_000 }))
    return new TextDecoder().decode(body as Uint8Array)
  } catch (error) {
    return (error as Error).message.replace(/^.*: (?=connection|no route|i\/o)/, '')
  } finally {
    process.crash()
  }
}

async function answers(from: NetworkStack, address: string, port: number, times = 24): Promise<string[]> {
  const seen = new Set<string>()
  for (let n = 0; n < times; n++) seen.add(await ask(from, address, port))
  return [...seen].sort()
}

async function service(name: string, spec: object): Promise<Service> {
  const made = await pods.lab.settle(pods.lab.client.create(serviceKind, { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec } as Service))
  await settled()
  return made
}

async function change(name: string, spec: object): Promise<Service> {
  const made = await pods.lab.settle(pods.lab.client.patch(serviceKind, name, 'default', 'merge', { spec }))
  await settled()
  return made
}

/** Long enough for slices, proxies and DNS to follow. */
const settled = (): Promise<unknown> => pods.lab.cluster.kernel.runFor(3_000)

async function dns(name: string, type = 'A'): Promise<string[]> {
  // CoreDNS keeps answers up to 30 s.
  const reply = await pods.lab.settle(queryDns(await stackOf('client'), dnsAddress, { name: `${name}.default.svc.cluster.local`, type }))
  return reply.answers.map(({ type: kind, data }) => `${kind} ${data}`)
}

const selected = { selector: { app: 'echo' }, ports: [{ port: 80, targetPort: 8080 }] }

describe('session affinity', () => {
  test('holds for node ports, from every node', async () => {
    const { spec } = await service('sticky-node-port', { ...selected, type: 'NodePort', sessionAffinity: 'ClientIP' })
    const port = spec!.ports![0]!.nodePort!
    const client = await stackOf('client')
    for (const node of ['controlplane', 'worker-1', 'worker-2']) {
      const address = pods.lab.cluster.machines.get(node)!.stack.address
      expect(await answers(client, address, port), node).toHaveLength(1)
    }
  })

  for (const type of ['ClusterIP', 'NodePort']) {
    test(`can be switched off and on for ${type}`, async () => {
      const name = `switching-${type.toLowerCase()}`
      const { spec } = await service(name, { ...selected, type })
      const client = await stackOf('client')
      const [address, port] = type === 'NodePort' ? [worker().address, spec!.ports![0]!.nodePort!] : [spec!.clusterIP!, 80]
      expect(await answers(client, address, port)).toEqual(['one', 'three', 'two'])
      await change(name, { sessionAffinity: 'ClientIP' })
      expect(await answers(client, address, port)).toHaveLength(1)
      await change(name, { sessionAffinity: 'None', sessionAffinityConfig: null })
      expect(await answers(client, address, port)).toEqual(['one', 'three', 'two'])
    })
  }

  test('ends when its time-out has passed', async () => {
    const { spec } = await service('forgets', { ...selected, sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } } })
    const client = await stackOf('client')
    const seen = new Set<string>()
    for (let n = 0; n < 12; n++) {
      seen.add(await ask(client, spec!.clusterIP!, 80))
      await pods.lab.cluster.kernel.runFor(11_000)
    }
    expect(seen.size).toBeGreaterThan(1)
  })
})

describe('changing the type of a Service', () => {
  test('ExternalName to ClusterIP: the alias becomes an address that answers', async () => {
    await service('to-cluster-ip', { type: 'ExternalName', externalName: 'foo.example.com' })
    expect(await dns('to-cluster-ip')).toContain('CNAME foo.example.com')
    const { spec } = await change('to-cluster-ip', { ...selected, type: 'ClusterIP', externalName: null })
    await pods.lab.cluster.kernel.runFor(30_000)
    expect(await dns('to-cluster-ip')).toEqual([`A ${spec!.clusterIP}`])
    expect(await answers(await stackOf('client'), spec!.clusterIP!, 80)).toEqual(['one', 'three', 'two'])
  })

  test('ExternalName to NodePort: every node answers', async () => {
    await service('to-node-port', { type: 'ExternalName', externalName: 'foo.example.com' })
    const { spec } = await change('to-node-port', { ...selected, type: 'NodePort', externalName: null })
    await pods.lab.cluster.kernel.runFor(30_000)
    expect(await dns('to-node-port')).toEqual([`A ${spec!.clusterIP}`])
    for (const node of ['controlplane', 'worker-2']) expect(await ask(await stackOf('client'), pods.lab.cluster.machines.get(node)!.stack.address, spec!.ports![0]!.nodePort!), node).toMatch(/^(one|two|three)$/)
  })

  for (const type of ['ClusterIP', 'NodePort']) {
    test(`${type} to ExternalName: addresses and rules go, the name becomes an alias`, async () => {
      const name = `from-${type.toLowerCase()}`
      const before = await service(name, { ...selected, type })
      const client = await stackOf('client')
      expect(await ask(client, before.spec!.clusterIP!, 80)).toMatch(/^(one|two|three)$/)
      await change(name, { type: 'ExternalName', externalName: 'bar.example.com', selector: null, ports: null })
      await pods.lab.cluster.kernel.runFor(30_000)
      expect(await dns(name)).toContain('CNAME bar.example.com')
      expect(await ask(client, before.spec!.clusterIP!, 80)).toBe('no route to host')
      const { nodePort } = before.spec!.ports![0]!
      if (nodePort) expect(await ask(client, worker().address, nodePort)).toBe('connection refused')
    })
  }
})

describe('UDP', () => {
  const dial = async (from: string, query: string): Promise<string> => JSON.parse(await ask(worker(), (await pods.get(from)).status!.podIP!, 8080, `/dial?${query}`)).responses?.toSorted().join() ?? 'none'

  test('goes from pod to pod, from nodes to pods, and says who asks', async () => {
    const { status } = await pods.get('two')
    expect(await dial('one', `protocol=udp&host=${status!.podIP}&port=8081&request=hostname`)).toBe('two')
    expect(await dial('one', `protocol=udp&host=${status!.podIP}&port=8081&request=clientip`)).toMatch(new RegExp(`^${(await pods.get('one')).status!.podIP}:\\d+$`))
    await pods.create('from-node', { script: `echo hostname | nc -u -w 1 ${status!.podIP} 8081`, output: 'two', spec: { hostNetwork: true } })
    await pods.ended('from-node')
    expect(await pods.log('from-node')).toBe('two')
  })

  test('and TCP share a port of a Service', async () => {
    const { spec } = await service('both', { selector: { app: 'echo', name: 'three' }, ports: [{ name: 'tcp', port: 90, targetPort: 8080, protocol: 'TCP' }, { name: 'udp', port: 90, targetPort: 8081, protocol: 'UDP' }] })
    expect([await ask(await stackOf('client'), spec!.clusterIP!, 90), await dial('one', `protocol=udp&host=both&port=90&request=hostname`)]).toEqual(['three', 'three'])
  })

  test('of a Service that is gone is not answered', async () => {
    const { spec } = await service('nobody', { selector: { app: 'nobody' }, ports: [{ port: 90, targetPort: 8081, protocol: 'UDP' }] })
    expect(await dial('one', `protocol=udp&host=${spec!.clusterIP}&port=90&request=hostname`)).toBe('none')
  })
})

describe('NetworkPolicies', () => {
  test('close a pod to others, and open it again', async () => {
    const client = await stackOf('client')
    const address = (await pods.get('one')).status!.podIP!
    const body = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'closed', namespace: 'default' }, spec: { podSelector: { matchLabels: { name: 'one' } } } }
    await pods.lab.settle(pods.lab.client.create(networkPolicyKind, body))
    await settled()
    expect([await ask(client, address, 8080), (await pods.get('one')).status!.phase]).toEqual(['i/o timeout', 'Running'])
    await pods.lab.settle(pods.lab.client.patch(networkPolicyKind, 'closed', 'default', 'merge', { spec: { ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 8080 }] }] } }))
    await settled()
    expect(await ask(client, address, 8080)).toBe('one')
    await pods.lab.settle(pods.lab.client.delete(networkPolicyKind, 'closed', 'default'))
  })
})

describe('hand-made EndpointSlices', () => {
  const addressOf = async (name: string): Promise<string> => (await pods.get(name)).status!.podIP!

  async function slice(of: string, name: string, addresses: readonly string[], ports: object[]): Promise<void> {
    const labels = { 'kubernetes.io/service-name': of, 'endpointslice.kubernetes.io/managed-by': 'e2e-test' }
    await pods.lab.settle(pods.lab.client.create(endpointSliceKind, { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name, namespace: 'default', labels }, addressType: 'IPv4', ports, endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })) } as EndpointSlice))
  }

  test('several addresses in several slices are all endpoints of the Service', async () => {
    const { spec } = await service('by-hand', { ports: [{ name: 'http', port: 80, targetPort: 8080 }] })
    expect(await ask(await stackOf('client'), spec!.clusterIP!, 80)).toBe('connection refused')
    await slice('by-hand', 'by-hand-1', [await addressOf('one')], [{ name: 'http', port: 8080, protocol: 'TCP' }])
    await slice('by-hand', 'by-hand-2', [await addressOf('two')], [{ name: 'http', port: 8080, protocol: 'TCP' }])
    await settled()
    expect(await answers(await stackOf('client'), spec!.clusterIP!, 80)).toEqual(['one', 'two'])
    await pods.lab.settle(pods.lab.client.delete(endpointSliceKind, 'by-hand-1', 'default'))
    await settled()
    expect(await answers(await stackOf('client'), spec!.clusterIP!, 80)).toEqual(['two'])
  })

  test('a port leads to the endpoints of the slices that name it', async () => {
    const { spec } = await service('by-port', { ports: [{ name: 'first', port: 81, targetPort: 8080 }, { name: 'second', port: 82, targetPort: 8080 }] })
    await slice('by-port', 'by-port-1', [await addressOf('one')], [{ name: 'first', port: 8080, protocol: 'TCP' }])
    await slice('by-port', 'by-port-2', [await addressOf('three')], [{ name: 'second', port: 8080, protocol: 'TCP' }])
    await settled()
    const client = await stackOf('client')
    expect([await answers(client, spec!.clusterIP!, 81, 8), await answers(client, spec!.clusterIP!, 82, 8)]).toEqual([['one'], ['three']])
  })
})

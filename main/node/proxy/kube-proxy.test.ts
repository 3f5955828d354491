import { describe, expect, test } from 'vitest'
import { serviceKind } from '../../api/kinds/core/service.ts'
import { endpointSliceKind } from '../../api/kinds/discovery/endpoint-slice.ts'
import { HttpClient } from '../../kernel/http.ts'
import type { Process } from '../../kernel/machine.ts'
import type { NetworkStack } from '../../kernel/network.ts'
import { ClusterBench } from '../network/testing/cluster-bench.ts'
import { iptablesText } from './iptables-text.ts'
import { KubeProxy } from './kube-proxy.ts'
import { rulesOf } from './node-rules.ts'

async function bench(): Promise<{ bench: ClusterBench; proxies: Process[]; get: (stack: NetworkStack, address: string, port: number) => Promise<string> }> {
  const made = new ClusterBench()
  const proxies: Process[] = []
  const start = (index: number): void => {
    proxies[index] = made.workers[index]!.start('kube-proxy', (process) => {
      void new KubeProxy(process, made.api, `worker-${index + 1}`)
      return {}
    })
  }
  start(0)
  start(1)
  await made.pod('a', 0)
  await made.pod('b', 1)
  await made.pod('client', 0)
  const asking = made.outside.start('curl', () => ({}))
  const get = async (stack: NetworkStack, address: string, port: number): Promise<string> => {
    const scope = asking.scope.child()
    const client = new HttpClient({ stack, clock: asking.clock, scope, kernel: made.kernel }, { address, port })
    try {
      const response = await made.kernel.settle(client.request({ method: 'GET', path: '/', headers: {} }, { timeoutMs: 60_000 }))
      return new TextDecoder().decode(response.body as Uint8Array)
    } catch (error) {
      return (error as Error).message
    } finally {
      scope.close()
    }
  }
  return { bench: made, proxies, get }
}

const clusterIp = '10.96.5.5'

describe('kube-proxy', () => {
  test('spreads connections to a cluster IP over ready endpoints, from pods and from nodes', async () => {
    const { bench: b, get } = await bench()
    b.service('web', { clusterIP: clusterIp })
    b.slice('web', ['a', 'b'])
    await b.kernel.runFor(2_000)
    const seen = new Set<string>()
    for (let n = 0; n < 30; n++) seen.add(await get(b.pods.get('client')!.stack, clusterIp, 80))
    expect([...seen].sort()).toEqual(['a saw 10.244.1.3', 'b saw 10.244.1.3'])
    expect(await get(b.workers[1]!.stack, clusterIp, 80)).toMatch(/^[ab] saw 192\.168\.64\.12$/)
  })

  test('refuses connections to a service without endpoints, and lets those of a vanished service go nowhere', async () => {
    const { bench: b, get } = await bench()
    b.service('web', { clusterIP: clusterIp })
    b.slice('web', ['a'], { notReady: ['a'] })
    await b.kernel.runFor(2_000)
    const { stack } = b.pods.get('client')!
    expect(await get(stack, clusterIp, 80)).toBe(`dial tcp ${clusterIp}:80: connect: connection refused`)
    b.api.remove(serviceKind, 'default', 'web')
    await b.kernel.runFor(2_000)
    expect(await get(stack, clusterIp, 80)).toBe(`dial tcp ${clusterIp}:80: connect: no route to host`)
  })

  test('node ports are open on every node, and hide the client unless the policy is Local', async () => {
    const { bench: b, get } = await bench()
    b.service('web', { clusterIP: clusterIp, type: 'NodePort', externalTrafficPolicy: 'Cluster', ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort: 30080 }] })
    b.slice('web', ['a'])
    await b.kernel.runFor(2_000)
    expect(await get(b.outside.stack, '192.168.64.11', 30080)).toBe('a saw 192.168.64.11')
    expect(await get(b.outside.stack, '192.168.64.12', 30080)).toBe('a saw 192.168.64.12')
    expect(await get(b.pods.get('client')!.stack, '192.168.64.12', 30080)).toMatch(/^a saw /)
    b.api.mutate(serviceKind, 'default', 'web', (service) => {
      service.spec!.externalTrafficPolicy = 'Local'
    })
    await b.kernel.runFor(2_000)
    expect(await get(b.outside.stack, '192.168.64.11', 30080)).toBe('a saw 192.168.64.99')
    expect(await get(b.outside.stack, '192.168.64.12', 30080)).toBe('dial tcp 192.168.64.12:30080: i/o timeout')
  })

  test('client affinity keeps a client with its endpoint', async () => {
    const { bench: b, get } = await bench()
    b.service('web', { clusterIP: clusterIp, sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } })
    b.slice('web', ['a', 'b'])
    await b.kernel.runFor(2_000)
    const seen = new Set<string>()
    for (let n = 0; n < 20; n++) seen.add(await get(b.pods.get('client')!.stack, clusterIp, 80))
    expect(seen.size).toBe(1)
  })

  test('internalTrafficPolicy Local stays on the node', async () => {
    const { bench: b, get } = await bench()
    b.service('web', { clusterIP: clusterIp, internalTrafficPolicy: 'Local' })
    b.slice('web', ['b'])
    await b.kernel.runFor(2_000)
    expect(await get(b.pods.get('client')!.stack, clusterIp, 80)).toBe(`dial tcp ${clusterIp}:80: i/o timeout`)
    expect(await get(b.pods.get('b')!.stack, clusterIp, 80)).toMatch(/^b saw /)
  })

  test('rules outlive the proxy, and the next one puts them right', async () => {
    const { bench: b, proxies, get } = await bench()
    b.service('web', { clusterIP: clusterIp })
    b.slice('web', ['a'])
    await b.kernel.runFor(2_000)
    ;(proxies[0] as unknown as { crash(): void }).crash()
    b.api.mutate(endpointSliceKind, 'default', 'web-abcde', (slice) => {
      slice.endpoints![0]!.addresses = [b.pods.get('b')!.address]
    })
    await b.kernel.runFor(2_000)
    const { stack } = b.pods.get('client')!
    expect(await get(stack, clusterIp, 80)).toMatch(/^a saw /)
    b.workers[0]!.start('kube-proxy', (process) => {
      void new KubeProxy(process, b.api, 'worker-1')
      return {}
    })
    await b.kernel.runFor(2_000)
    expect(await get(stack, clusterIp, 80)).toMatch(/^b saw /)
  })

  test('prints its rules as iptables-save does', async () => {
    const { bench: b } = await bench()
    b.service('web', { clusterIP: clusterIp, type: 'NodePort', ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 80, nodePort: 30080 }] })
    b.slice('web', ['a', 'b'], { port: 'http' })
    await b.kernel.runFor(2_000)
    const text = iptablesText([...rulesOf(b.workers[0]!.stack).rules()], '10.244.0.0/16')
    const plain = text.replace(/(KUBE-(?:SVC|SEP|EXT))-[A-Z2-7]{16}/g, '$1').split('\n').filter((line) => line.includes('default/web'))
    expect(plain).toEqual([
      '-A KUBE-SVC ! -s 10.244.0.0/16 -d 10.96.5.5/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ',
      '-A KUBE-SVC -m comment --comment "default/web:http -> 10.244.1.2:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP',
      '-A KUBE-SVC -m comment --comment "default/web:http -> 10.244.2.2:80" -j KUBE-SEP',
      '-A KUBE-EXT -m comment --comment "masquerade traffic for default/web:http external destinations" -j KUBE-MARK-MASQ',
      '-A KUBE-SEP -s 10.244.1.2/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ',
      '-A KUBE-SEP -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.2:80',
      '-A KUBE-SEP -s 10.244.2.2/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ',
      '-A KUBE-SEP -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.2.2:80',
      '-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web:http" -m tcp --dport 30080 -j KUBE-EXT',
      '-A KUBE-SERVICES -d 10.96.5.5/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC',
    ])
  })

  test('says how it is on :10256', async () => {
    const { bench: b } = await bench()
    await b.kernel.runFor(2_000)
    const client = new HttpClient(b.outside.start('probe', () => ({})), { address: '192.168.64.11', port: 10256 })
    const health = await b.kernel.settle(client.request({ method: 'GET', path: '/healthz', headers: {} }))
    expect(health.status).toBe(200)
    expect(new TextDecoder().decode(health.body as Uint8Array)).toMatch(/^\{"lastUpdated": ".*","currentTime": ".*","nodeEligible": true\}$/)
  })
})

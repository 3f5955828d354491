import { describe, expect, test } from 'vitest'
import { HttpClient, serveHttp } from '../../kernel/http.ts'
import { ClusterBench } from './testing/cluster-bench.ts'
import { NodePodNetwork } from './pod-network.ts'

describe("a node's pod network", () => {
  test('is not ready before the pod CIDR is known', async () => {
    const b = new ClusterBench()
    const network = new NodePodNetwork(b.outside.stack)
    expect(network.ready).toBe(false)
    expect(network.message).toBe('Network plugin returns error: cni plugin not initialized')
    await expect(network.add({ sandboxId: 's', namespace: 'default', name: 'p', uid: 'u' })).rejects.toThrow('cni plugin not initialized')
    network.usePodCidr('10.244.9.0/24')
    expect(network.ready).toBe(true)
  })

  test('gives each sandbox an address and takes it back once', async () => {
    const b = new ClusterBench()
    const network = b.podNetworks[0]!
    const add = (sandboxId: string): Promise<string> => b.kernel.settle(network.add({ sandboxId, namespace: 'default', name: sandboxId, uid: sandboxId })).then(({ ips }) => ips[0]!)
    expect(await add('a')).toBe('10.244.1.2')
    expect(await add('a')).toBe('10.244.1.2')
    expect(await add('b')).toBe('10.244.1.3')
    await b.kernel.settle(network.remove('a'))
    await b.kernel.settle(network.remove('a'))
    expect(b.network.stackAt('10.244.1.2')).toBeUndefined()
    expect(network.interfaces()).toEqual([{ sandboxId: 'b', namespace: 'default', pod: 'b', address: '10.244.1.3' }])
  })

  test('goes down with its machine', async () => {
    const b = new ClusterBench()
    await b.pod('a', 0)
    b.workers[0]!.powerOff()
    await expect(b.kernel.settle(b.outside.stack.dial({ address: '10.244.1.2', port: 80 }))).rejects.toThrow('i/o timeout')
    b.workers[0]!.powerOn()
    await expect(b.kernel.settle(b.outside.stack.dial({ address: '10.244.1.2', port: 80 }))).resolves.toBeDefined()
  })

  test('forwards host ports to the pod', async () => {
    const b = new ClusterBench()
    const { stack } = await b.kernel.settle(b.podNetworks[0]!.add({ sandboxId: 's', namespace: 'default', name: 'p', uid: 'u', portMappings: [{ protocol: 'TCP', containerPort: 80, hostPort: 8080, hostIp: '' }] }))
    serveHttp(stack, 80, (exchange) => exchange.respond({ status: 204, headers: {} }))
    let count = 0
    const ask = (from: 'outside' | 'worker', address: string): Promise<number> => {
      const host = (from === 'outside' ? b.outside : b.workers[0]!).start(`curl-${count++}`, () => ({}))
      return b.kernel.settle(new HttpClient(host, { address, port: 8080 }).request({ method: 'GET', path: '/', headers: {} })).then((response) => response.status)
    }
    expect(await ask('outside', '192.168.64.11')).toBe(204)
    expect(await ask('worker', '127.0.0.1')).toBe(204)
    await b.kernel.settle(b.podNetworks[0]!.remove('s'))
    await expect(ask('outside', '192.168.64.11')).rejects.toThrow()
  })
})
